/**
 * Takes an exported checkpoint into the store, every byte checked against the archive's own sums. What an archive
 * says are names to compare, never paths to write to: content goes into a pack, and only there.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { extract } from 'tar-stream'
import type { FramePlace } from '../core/checkpoint.ts'
import { type CheckpointId, checkpointId } from '../core/checkpoint-id.ts'
import type { RestoreRefusal } from '../core/restore.ts'
import { parseSessionId } from '../core/session.ts'
import type { TreeFile, TreeManifest } from '../core/work-tree.ts'
import type { CheckpointStore, RecordDraft } from './checkpoint-store.ts'
import { errorCode, failureOf, readFully } from './durable-file.ts'
import { type ExportedFile, type ExportManifest, exportSchema, sumLine } from './export-format.ts'
import { bestFrameFormat, maxFrameBytes } from './frame.ts'
import type { PackWriter } from './pack-writer.ts'
import type { OpenFile, Ports } from './ports.ts'
import { fingerprintOf } from './tree-manifest.ts'
import { isSafeTreePath, treePathBytes } from './tree-path.ts'

export interface ImportOptions {
  /** Where the project is on this machine; default where it was. Absolute. */
  readonly root?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: { readonly bytes: number; readonly total: number }) => void
}

export type ImportDone =
  | {
      readonly ok: true
      readonly checkpoint: CheckpointId
      readonly title: string
      readonly files: number
      readonly notes: readonly string[]
    }
  | RestoreRefusal

/** What lay in the archive under one name. */
interface Found {
  readonly sha256: string
  readonly bytes: number
  /** In the pack, in order; one piece for a file of the work tree. */
  readonly places: readonly FramePlace[]
}

/** One frame of a transcript. */
const pieceBytes = 8_388_608
const mostBytes = 68_719_476_736
const mostEntries = 2_000_000

class Refused extends Error {
  readonly refusal: RestoreRefusal
  constructor(code: RestoreRefusal['code'], message: string, remedy = 'Nothing was imported. Export it again.') {
    super(message)
    this.refusal = { ok: false, code, message, remedy }
  }
}

/** @param from absolute */
export async function importCheckpoint(
  ports: Ports,
  store: CheckpointStore,
  from: string,
  options: ImportOptions = {},
): Promise<ImportDone> {
  if (bestFrameFormat() !== 'zstd') {
    return new Refused('io-error', 'This Node cannot read zstd', 'Use Node 22.15 or newer.').refusal
  }
  const opened = store.newPack()
  if (!opened.ok) return { ...opened, code: opened.code === 'disk-full' ? 'disk-full' : 'io-error' }
  const { pack } = opened
  try {
    const { found, links, texts } = await readArchive(ports, from, pack, options)
    const manifest = checkedManifest(found, links, texts)
    return commit(store, pack, manifest, found, links, from, options.root ?? null)
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    if (isBadArchive(error)) return new Refused('damaged', `${from} is no whole export: ${error.message}`).refusal
    if (errorCode(error) === 'ENOENT')
      return new Refused('unknown', `There is no file ${from}`, 'Name an export.').refusal
    const { code, message, remedy } = failureOf(error, `Reading ${from}`)
    return { ok: false, code: code === 'permission' ? code : 'io-error', message, remedy }
  } finally {
    pack.abandon()
  }
}

/** What zstd and tar say of bytes that are not theirs. */
function isBadArchive(error: unknown): error is Error {
  const isDefect = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return error instanceof Error && errorCode(error) === null && !isDefect
}

interface Archive {
  readonly found: ReadonlyMap<string, Found>
  /** Text of each link, by name. */
  readonly links: ReadonlyMap<string, string>
  /** Of the two files that are read as text. */
  readonly texts: ReadonlyMap<string, string>
}

const textNames = ['checkpoint.json', 'SHA256SUMS']
const mostText = 268_435_456

async function readArchive(ports: Ports, from: string, pack: PackWriter, options: ImportOptions): Promise<Archive> {
  const found = new Map<string, Found>()
  const links = new Map<string, string>()
  const texts = new Map<string, string>()
  const budget = { bytes: 0 }
  const source = ports.files.open(from, 'read')
  try {
    const unpacked = Readable.from(piecesOf(source, options)).pipe(zlib.createZstdDecompress())
    const tar = extract()
    unpacked.on('error', error => tar.destroy(error))
    unpacked.pipe(tar)
    for await (const entry of tar) {
      const { header } = entry
      const name = header.name.slice(header.name.indexOf('/') + 1)
      if (found.size + links.size > mostEntries) throw new Refused('damaged', `${from} holds too many files`)
      if (header.type === 'symlink') links.set(name, header.linkname ?? '')
      if (header.type !== 'file') {
        entry.resume()
        continue
      }
      const isText = textNames.includes(name)
      const taken = await takeEntry(
        entry as AsyncIterable<Buffer>,
        isText ? null : pack,
        header.size ?? 0,
        budget,
        name,
      )
      found.set(name, taken.found)
      if (isText) texts.set(name, taken.text)
    }
  } finally {
    source.close()
  }
  return { found, links, texts }
}

async function* piecesOf(source: OpenFile, { signal, onProgress }: ImportOptions): AsyncGenerator<Buffer> {
  const total = source.stat().size
  for (let done = 0; ; ) {
    if (signal?.aborted) throw new Refused('stopped', 'The import was stopped', 'Nothing was imported.')
    const chunk = Buffer.allocUnsafe(1_048_576)
    const read = readFully(source, chunk, done)
    if (read === 0) return
    done += read
    onProgress?.({ bytes: done, total })
    yield chunk.subarray(0, read)
  }
}

/** Files of the work tree are one frame each; what is larger than a frame may be, and transcripts, are several. */
async function takeEntry(
  entry: AsyncIterable<Buffer>,
  pack: PackWriter | null,
  size: number,
  budget: { bytes: number },
  name: string,
): Promise<{ readonly found: Found; readonly text: string }> {
  const isStream = name.startsWith('transcript/')
  if (!isStream && size > maxFrameBytes) throw new Refused('damaged', `${name} is too large`)
  const hash = createHash('sha256')
  const places: FramePlace[] = []
  let parts: Buffer[] = []
  let [held, bytes] = [0, 0]
  const flush = () => {
    if (pack === null) return
    const content = Buffer.concat(parts)
    places.push(pack.add(content, createHash('sha256').update(content).digest('hex')))
    parts = []
    held = 0
  }
  for await (const chunk of entry) {
    hash.update(chunk)
    parts.push(Buffer.from(chunk))
    held += chunk.length
    bytes += chunk.length
    budget.bytes += chunk.length
    if (budget.bytes > mostBytes || (pack === null && held > mostText)) throw new Refused('damaged', 'It is too large')
    if (isStream && held >= pieceBytes) flush()
  }
  const text = pack === null ? Buffer.concat(parts).toString('utf8') : ''
  if (held > 0 || (!isStream && places.length === 0)) flush()
  return { found: { sha256: hash.digest('hex'), bytes, places }, text }
}

/** What the archive says it holds, once that is what it holds. */
function checkedManifest(
  found: ReadonlyMap<string, Found>,
  links: ReadonlyMap<string, string>,
  texts: ReadonlyMap<string, string>,
): ExportManifest {
  const parsed = exportSchema.safeParse(parseJson(texts.get('checkpoint.json') ?? ''))
  if (!parsed.success) throw new Refused('damaged', 'It holds no checkpoint of ours', 'Choose an exported checkpoint.')
  const { tree, streams, record } = parsed.data
  if (parseSessionId(record.session) !== record.session) throw new Refused('unsafe-name', 'It names no session')
  const sums = new Set((texts.get('SHA256SUMS') ?? '').split('\n'))
  for (const [name, { sha256 }] of found) {
    const line = sumLine(sha256, name).slice(0, -1)
    if (name !== 'SHA256SUMS' && !sums.has(line))
      throw new Refused('damaged', `${name} does not have its recorded hash`)
  }
  for (const entry of [...(tree?.files ?? []), ...(tree?.staged ?? [])]) checkEntry(entry, found, links)
  for (const { at, sha256, name } of streams) {
    if (found.get(at)?.sha256 !== sha256) throw new Refused('damaged', `Stream ${name} is missing or has another hash`)
  }
  return parsed.data
}

function checkEntry(
  { path: name, kind, at, sha256 }: ExportedFile,
  found: ReadonlyMap<string, Found>,
  links: ReadonlyMap<string, string>,
): void {
  if (!isSafeTreePath(treePathBytes(name))) throw new Refused('unsafe-name', 'It names a file that leads out of it')
  const text = kind === 'link' ? links.get(at) : undefined
  const hash = text === undefined ? found.get(at)?.sha256 : createHash('sha256').update(text).digest('hex')
  if (hash !== sha256) throw new Refused('damaged', `${at} is missing or has another hash`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function commit(
  store: CheckpointStore,
  pack: PackWriter,
  manifest: ExportManifest,
  found: ReadonlyMap<string, Found>,
  links: ReadonlyMap<string, string>,
  from: string,
  root: string | null,
): ImportDone {
  const { record, tree, streams } = manifest
  const session = record.session
  const numbers = store.numbers(session)
  if (!numbers.ok) return { ...numbers, code: 'io-error' }
  const frameOf = (entry: ExportedFile): FramePlace | null => {
    const text = entry.kind === 'link' ? links.get(entry.at) : undefined
    if (text !== undefined) return pack.add(Buffer.from(text), entry.sha256)
    return found.get(entry.at)?.places[0] ?? null
  }
  const saved = tree && manifestOf(tree, root, frameOf)
  const { at, title, model, scores, counts, contextPercent, lastActivity, brief } = record
  const bytes = saved && Buffer.from(JSON.stringify(saved))
  const sha256 = bytes && createHash('sha256').update(bytes).digest('hex')
  const draft: RecordDraft = {
    ...{ session, at, title, model, scores, counts, contextPercent, lastActivity, brief },
    cwd: movedCwd(record.cwd, tree?.root ?? null, root),
    afterSeq: numbers.seqs.at(-1) ?? 0,
    cause: { kind: 'manual', imported: path.basename(from) },
    why: `imported from ${path.basename(from)}; it was checkpoint ${record.seq}`,
    streams: streams.map(({ name, bytes: size, sha256: hash, at }) => ({
      ...{ name, path: at, generation: 1, bytes: size, sha256: hash },
      segments: [...(found.get(at)?.places ?? [])],
    })),
    tree:
      saved && bytes && sha256
        ? {
            ...{ root: saved.root, manifestSha256: sha256, place: pack.add(bytes, sha256), packs: [0] },
            ...{ fingerprint: saved.fingerprint, files: saved.files.length, skipped: saved.skipped.length },
            bytes: saved.files.reduce((sum, file) => sum + file.bytes, 0),
            ...{ head: saved.head, branch: saved.branch, state: saved.state, base: saved.base },
          }
        : null,
    treeError: null,
    packs: [null],
  }
  const finished = pack.finish()
  if (!finished.ok) return { ...finished, code: finished.code === 'disk-full' ? 'disk-full' : 'io-error' }
  const [made] = store.commit([draft], finished.pack, () => true)
  if (made?.kind !== 'committed') {
    const why = made?.kind === 'failed' ? made.message : 'Another checkpoint was made at the same moment'
    return { ok: false, code: 'io-error', message: why, remedy: 'Import it again.' }
  }
  const notes =
    tree?.complete === false ? ['Files that were as committed are not in it: they need the repository.'] : []
  return {
    ok: true,
    checkpoint: checkpointId(session, made.record.seq),
    title: record.title,
    files: (saved?.files.length ?? 0) + streams.length,
    notes,
  }
}

function manifestOf(
  tree: NonNullable<ExportManifest['tree']>,
  root: string | null,
  placeOf: (entry: ExportedFile) => FramePlace | null,
): TreeManifest {
  const content = {
    head: tree.head,
    files: tree.files.map((file): TreeFile => {
      const { path: name, kind, mode, bytes, sha256 } = file
      return { path: name, kind, mode, bytes, sha256, place: placeOf(file), statKey: '0:0:0:0', status: '??' }
    }),
    staged: tree.staged.map(file => {
      const { path: name, mode, bytes, sha256 } = file
      return { path: name, mode, bytes, sha256, place: placeOf(file) }
    }),
    gone: tree.gone,
    nested: [],
  }
  return {
    v: 1,
    root: root ?? tree.root,
    ...content,
    branch: tree.branch,
    state: tree.state,
    base: 'not-pinned',
    basePin: null,
    skipped: tree.leftOut.map(({ path: name, reason }) => ({ path: name, reason: 'unreadable', detail: reason })),
    fingerprint: fingerprintOf(content),
    // Every file is recorded: HEAD has nothing to add.
    degraded: tree.complete ? 'no-head' : null,
    packs: [],
  }
}

/** The folder that the session was in, where the project is now. */
function movedCwd(cwd: string | null, before: string | null, root: string | null): string | null {
  if (cwd === null || before === null || root === null) return cwd
  if (cwd === before) return root
  return cwd.startsWith(`${before}/`) ? path.join(root, cwd.slice(before.length + 1)) : cwd
}
