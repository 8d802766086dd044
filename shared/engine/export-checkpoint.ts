/** Writes a checkpoint as one archive that stands alone (`export-format.ts`), and reads it back before it counts. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { pack as createTar, type Pack } from 'tar-stream'
import type { CheckpointRecord, StreamRecord } from '../core/checkpoint.ts'
import type { RestoreRefusal } from '../core/restore.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import {
  errorCode,
  failureOf,
  readBounded,
  removeQuietly,
  removeTreeQuietly,
  sealFile,
  temporaryPath,
} from './durable-file.ts'
import { type ExportedFile, type ExportManifest, readmeOf, sumLine } from './export-format.ts'
import { bestFrameFormat, maxFrameBytes } from './frame.ts'
import type { Git } from './git-command.ts'
import { withCrLf } from './git-conversion.ts'
import { besideForm, type HeadForm } from './head-forms.ts'
import { createStep, type LongWorkOptions, type Step } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem, OpenFile, Ports } from './ports.ts'
import { packOf } from './record-check.ts'
import { openTree, type RestorableTree } from './restorable-tree.ts'
import type { LeftOut, PlannedEntry } from './restore-plan.ts'
import { whyAsKept } from './restore-side.ts'
import { nameOfKey, shownKey, treePathOf } from './tree-path.ts'

export interface ExportParts {
  readonly ports: Ports
  readonly git: Git
  readonly store: CheckpointStore
}

export interface ExportOptions extends LongWorkOptions<{ readonly done: number; readonly total: number }> {}

export type ExportDone =
  | {
      readonly ok: true
      readonly file: string
      /** Of the archive. */
      readonly bytes: number
      readonly files: number
      /** What it lacks, in sentences. */
      readonly notes: readonly string[]
    }
  | RestoreRefusal

/** @param to absolute; must not exist */
export async function exportCheckpoint(
  parts: ExportParts,
  record: CheckpointRecord,
  to: string,
  options: ExportOptions = {},
): Promise<ExportDone> {
  const { ports, store } = parts
  if (bestFrameFormat() !== 'zstd') return refuse('io-error', 'This Node cannot write zstd', 'Use Node 22.15 or newer.')
  const reader = store.packReader()
  const scratch = temporaryPath(ports, store.paths.temporary)
  try {
    const broken = store.verifyRecord(record, { readData: false })[0]
    if (broken) return refuse('damaged', `The checkpoint is damaged: ${broken.message}`, 'Export another one.')
    const opened = await openTree({ ...parts, files: ports.files, reader, record, scratch, signal: options.signal })
    if (!opened.ok) return refuse(opened.code, 'The work tree cannot be read', 'Export another one.')
    return await writeArchive({ ...parts, reader, record, tree: opened.tree, to, options })
  } catch (error) {
    const { code, message, remedy } = failureOf(error, `Exporting to ${to}`)
    return refuse(code === 'disk-full' || code === 'permission' ? code : 'io-error', message, remedy)
  } finally {
    reader.close()
    removeTreeQuietly(ports.files, scratch)
  }
}

function refuse(code: RestoreRefusal['code'], message: string, remedy: string): RestoreRefusal {
  return { ok: false, code, message, remedy }
}

interface Exporting extends ExportParts {
  readonly reader: PackReader
  readonly record: CheckpointRecord
  readonly tree: RestorableTree
  readonly to: string
  readonly options: ExportOptions
}

/** Ends the work early, with what the user is told. */
class Given extends Error {
  readonly refusal: RestoreRefusal
  constructor(refusal: RestoreRefusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

async function writeArchive(exporting: Exporting): Promise<ExportDone> {
  const { ports, to } = exporting
  let file: OpenFile
  try {
    file = ports.files.open(to, 'create')
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    return refuse('target-taken', `${to} exists already`, 'Name a file that does not exist yet.')
  }
  try {
    const tar = createTar()
    const writing = fillArchive(exporting, tar).then(
      done => done,
      error => {
        tar.destroy(error as Error)
        throw error
      },
    )
    let bytes = 0
    const compressed = pipeline(tar, zlib.createZstdCompress(), async chunks => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        file.append(chunk)
        bytes += chunk.byteLength
      }
    })
    const [done] = await Promise.allSettled([writing, compressed])
    if (done.status === 'rejected') throw done.reason
    await compressed
    sealFile(file, bytes)
    ports.files.syncFolder(path.dirname(to))
    return { ok: true, file: to, bytes, ...done.value }
  } catch (error) {
    removeQuietly(ports.files, to)
    if (error instanceof Given) return error.refusal
    throw error
  } finally {
    file.close()
  }
}

interface Archive {
  readonly top: string
  readonly tar: Pack
  readonly sums: string[]
  readonly step: Step<{ readonly done: number; readonly total: number }>
  readonly total: number
  readonly at: Date
  odd: number
}

async function fillArchive(exporting: Exporting, tar: Pack) {
  const { record, tree, ports, options } = exporting
  const top = `${record.session}-${record.seq}`
  const total = tree.entries.length + tree.staged.length + record.streams.length
  const step = createStep<{ done: number; total: number }>(ports.clock, options)
  const archive: Archive = { top, tar, sums: [], step, total, at: new Date(record.at), odd: 0 }
  await addBytes(archive, 'README.txt', Buffer.from(readmeOf(top)))
  await addBytes(archive, 'BRIEF.md', Buffer.from(record.brief))
  const lacking: Lacking = { lost: [], asKept: [] }
  const files = await addEntries(exporting, archive, 'files', tree.entries, lacking)
  const staged = await addEntries(exporting, archive, 'staged', tree.staged, lacking)
  const streams: ExportManifest['streams'] = []
  for (const stream of record.streams) streams.push(await addStream(exporting, archive, stream))
  const leftOut = [...tree.leftOut, ...lacking.asKept, ...lacking.lost]
  const missing = tree.heads.filter(({ kind }) => kind === 'left-out')
  const manifest = manifestOf(record, tree, { files, staged, streams, leftOut, complete: missing.length === 0 })
  await addBytes(archive, 'checkpoint.json', Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`))
  await addRaw(archive, 'SHA256SUMS', Buffer.from(archive.sums.join('')))
  tar.finalize()
  const notes = [
    ...missing.map(({ note }) => `Files that were as committed are not in it: ${note}.`),
    ...leftOut.slice(0, 20).map(({ path: name, reason }) => `${name} is not in it as it was: ${reason}.`),
    ...(leftOut.length > 20 ? [`${leftOut.length - 20} more paths are not in it; checkpoint.json lists them.`] : []),
  ]
  return { files: files.length + staged.length + streams.length, notes }
}

function manifestOf(
  record: CheckpointRecord,
  tree: RestorableTree,
  parts: Pick<ExportManifest, 'streams'> &
    Pick<NonNullable<ExportManifest['tree']>, 'files' | 'staged' | 'leftOut' | 'complete'>,
): ExportManifest {
  const { session, seq, at, title, cwd, model, why, scores, contextPercent, lastActivity, brief } = record
  const { messages, lines, compactions } = record.counts
  const { streams, files, staged, leftOut, complete } = parts
  const outer = tree.levels[0]?.manifest
  return {
    format: 'session-monitor export 1',
    record: {
      ...{ session, seq, at, title, cwd, model, why, scores, contextPercent, lastActivity, brief },
      counts: { messages, lines, compactions },
    },
    tree:
      tree.root === null || !outer
        ? null
        : {
            ...{ root: tree.root, head: outer.head, branch: outer.branch, state: outer.state },
            ...{ complete, files, staged, gone: [...tree.gone], leftOut: leftOut.map(each => ({ ...each })) },
          },
    streams,
  }
}

interface Lacking {
  readonly lost: LeftOut[]
  /** Not, or not surely, as they lay there. */
  readonly asKept: LeftOut[]
}

async function addEntries(
  { ports, reader, tree }: Exporting,
  archive: Archive,
  folder: 'files' | 'staged',
  entries: readonly PlannedEntry[],
  { lost, asKept }: Lacking,
): Promise<ExportedFile[]> {
  const added: ExportedFile[] = []
  const forms = folder === 'files' ? await tree.forms.of(entries) : new Map<string, never>()
  const formOf = ({ key }: PlannedEntry) => forms.get(key) ?? null
  for (const entry of entries) {
    const form = formOf(entry)
    const shown = shownKey(entry.key)
    if (form?.kind === 'unknown') asKept.push({ path: shown, reason: whyAsKept(form) })
    if (form?.kind === 'lfs') {
      const content = foreignContent(ports.files, form)
      if (typeof content === 'string') lost.push({ path: shown, reason: content })
      else added.push(await addEntry(archive, folder, entry, content))
    }
    if (entry.source.from !== 'store') continue
    const { pack, place, sha256 } = entry.source
    const read = reader.frame(pack, place, sha256)
    if (!read.ok) throw new Given(refuse('damaged', read.problem.message, 'Export another checkpoint.'))
    added.push(await addEntry(archive, folder, entry, read.content))
  }
  for (const [level, head] of tree.trees.entries()) {
    const wanted = entries.filter(entry => {
      return formOf(entry)?.kind !== 'lfs' && entry.source.from === 'head' && entry.source.level === level
    })
    // In parts, so that no more than one part is in memory.
    for (let from = 0; from < wanted.length; from += headPart) {
      const part = Map.groupBy(wanted.slice(from, from + headPart), ({ source }) =>
        source.from === 'head' ? source.objectId : '',
      )
      const contents = new Map<string, Buffer>()
      const problems = await head?.read([...part.keys()], (id, content) => contents.set(id, Buffer.from(content)))
      for (const [id, content] of contents) {
        for (const entry of part.get(id) ?? []) {
          const form = besideForm(formOf(entry))
          const bytes = form === 'crlf' ? withCrLf(content) : content
          const file = await addEntry(archive, form === null ? 'as-in-git' : folder, entry, bytes)
          if (form !== null) added.push(file)
        }
      }
      for (const [id, reason] of problems ?? []) {
        for (const { key } of part.get(id) ?? []) lost.push({ path: shownKey(key), reason })
      }
    }
  }
  return added
}

const headPart = 200

/** What Git LFS has, or why it is not that. */
function foreignContent(files: FileSystem, { at, bytes, sha256 }: Extract<HeadForm, { kind: 'lfs' }>): Buffer | string {
  if (bytes > maxFrameBytes) return 'it is kept by Git LFS and too large to be exported; `git lfs fetch` brings it'
  const read = readBounded(files, at, maxFrameBytes)
  const isIt = read.ok && createHash('sha256').update(read.bytes).digest('hex') === sha256
  return isIt ? read.bytes : 'what Git LFS has of it does not have its hash; `git lfs fsck` tells more'
}

async function addEntry(
  archive: Archive,
  folder: 'files' | 'staged' | 'as-in-git',
  { key, kind, mode }: PlannedEntry,
  content: Buffer,
): Promise<ExportedFile> {
  const name = nameOfKey(key)
  const isPlain = isUtf8(name) && (kind === 'file' || (isUtf8(content) && content.length > 0 && !content.includes(0)))
  const at = isPlain ? `${folder}/${name.toString('utf8')}` : `odd-names/${archive.odd++}`
  if (kind === 'link' && isPlain) await addLink(archive, at, content.toString('utf8'))
  else await addBytes(archive, at, content, mode)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path: treePathOf(name), kind, mode, bytes: content.byteLength, sha256, at }
}

async function addStream(
  { reader, record }: Exporting,
  archive: Archive,
  stream: StreamRecord,
): Promise<ExportManifest['streams'][number]> {
  const { name, bytes, sha256 } = stream
  const at = name === 'main' ? `transcript/${record.session}.jsonl` : `transcript/${record.session}/${name}`
  const hash = createHash('sha256')
  await addPieces(archive, at, bytes, 0o600, function* () {
    for (const place of stream.segments) {
      const read = reader.frame(packOf(record, place), place, null)
      if (!read.ok) throw new Given(refuse('damaged', read.problem.message, 'Export another checkpoint.'))
      hash.update(read.content)
      yield read.content
    }
  })
  if (hash.digest('hex') !== sha256) throw new Given(refuse('damaged', `Stream ${name} does not verify`, ''))
  archive.sums.push(sumLine(sha256, at))
  return { name, bytes, sha256, at }
}

async function addBytes(archive: Archive, at: string, content: Buffer, mode = 0o644): Promise<void> {
  archive.sums.push(sumLine(createHash('sha256').update(content).digest('hex'), at))
  await addRaw(archive, at, content, mode)
}

function addRaw(archive: Archive, at: string, content: Buffer, mode = 0o644): Promise<void> {
  return addPieces(archive, at, content.byteLength, mode, () => [content])
}

async function addLink({ tar, top, at: mtime }: Archive, at: string, linkname: string): Promise<void> {
  const done = Promise.withResolvers<void>()
  tar.entry({ name: `${top}/${at}`, type: 'symlink', linkname, mtime }, error => settle(done, error))
  await done.promise
}

function settle({ resolve, reject }: PromiseWithResolvers<void>, error: Error | null | undefined): void {
  if (error) reject(error)
  else resolve()
}

async function addPieces(
  archive: Archive,
  at: string,
  size: number,
  mode: number,
  pieces: () => Iterable<Uint8Array>,
): Promise<void> {
  const { tar, top, step, sums, total, at: mtime } = archive
  const done = Promise.withResolvers<void>()
  const entry = tar.entry({ name: `${top}/${at}`, size, mode, mtime }, error => settle(done, error))
  done.promise.catch(() => {})
  for (const piece of pieces()) {
    if (!entry.write(piece)) await new Promise<void>(resolve => entry.once('drain', () => resolve()))
  }
  entry.end(undefined)
  await done.promise
  if (!(await step({ done: Math.min(sums.length, total), total }))) {
    throw new Given(refuse('stopped', 'The export was stopped', 'Nothing was left behind.'))
  }
}
