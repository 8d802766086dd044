/**
 * Lays the new content of every path whole beside its place, and keeps what is there: all that a restore does before
 * the first name changes. Every byte is hashed on its way.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { CheckpointRecord, FramePlace } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import { errorCode, removeQuietly } from './durable-file.ts'
import { createForkWriter } from './fork-copy.ts'
import { withCrLf } from './git-conversion.ts'
import type { HeadTree } from './head-tree.ts'
import type { Step } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import type { FilePath, FileSystem, OpenFile } from './ports.ts'
import type { FileState } from './present-files.ts'
import { readStream } from './record-check.ts'
import { type Change, type Journal, type JournalStore, targetOf, temporaryOf } from './restore-journal.ts'
import { copyContent, copyVerified } from './verified-copy.ts'

/** Where the new content of a path comes from; null where nothing is to be there. */
export type NewContent =
  | { readonly from: 'store'; readonly pack: string; readonly place: FramePlace; readonly sha256: string }
  /** `crlf`: with CR LF for LF. */
  | { readonly from: 'head'; readonly level: number; readonly objectId: string; readonly crlf?: boolean }
  /** From the store of Git LFS. */
  | { readonly from: 'lfs'; readonly at: string }
  /** `forkTo`: as a copy that belongs to another session. */
  | { readonly from: 'stream'; readonly name: string; readonly forkTo: SessionId | null }
  | { readonly from: 'kept'; readonly at: string }

export interface ContentSource {
  readonly reader: PackReader
  readonly record: CheckpointRecord | null
  /** By level. */
  readonly trees: readonly (HeadTree | null)[]
}

export interface StageProblem {
  readonly code: 'damaged' | 'changed-since-plan' | 'stopped'
  readonly message: string
}

export interface Staged {
  /** With the hashes and sizes that are known by now. Those without content that could be had are in `lost`. */
  readonly changes: readonly Change[]
  readonly lost: ReadonlyMap<number, string>
}

/**
 * Copies what is at each path that will change to where the journal keeps it.
 *
 * @returns why not, if something is no longer as the changes have it
 * @throws {FileSystemError} as the disk has it
 */
export async function keepPresent(
  files: FileSystem,
  journals: JournalStore,
  journal: Journal,
  changes: readonly Change[],
  step: Step<number>,
): Promise<StageProblem | null> {
  for (const [n, change] of changes.entries()) {
    if (change.before === null) continue
    const copied = keepOne(files, targetOf(journal, change), journals.keptPath(journal.id, n), change.before)
    if (!copied) return changed(change)
    if (!(await step(n + 1))) return stopped
  }
  if (changes.some(({ before }) => before !== null)) files.syncFolder(path.dirname(journals.keptPath(journal.id, 0)))
  return null
}

export const stopped: StageProblem = { code: 'stopped', message: 'The restore was stopped' }

function changed({ name }: Change): StageProblem {
  return { code: 'changed-since-plan', message: `${String(name)} has changed since it was looked at` }
}

/** False if what is there is not `before`. */
function keepOne(files: FileSystem, target: FilePath, kept: string, before: FileState): boolean {
  try {
    const hash = createHash('sha256')
    if (before.kind === 'link') {
      const text = files.readLink(target)
      writeWhole(files, kept, 0o600, file => file.append(text))
      return hash.update(text).digest('hex') === before.sha256
    }
    writeWhole(files, kept, 0o600, file => {
      copyContent(files, target, chunk => {
        hash.update(chunk)
        file.append(chunk)
      })
    })
    return hash.digest('hex') === before.sha256
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR' || code === 'EINVAL') return false
    throw error
  }
}

/** A durable file of ours at `at`; what an earlier try left there goes. */
function writeWhole(files: FileSystem, at: FilePath, mode: number, write: (file: OpenFile) => void): void {
  const file = createAnew(files, at)
  try {
    write(file)
    files.chmod(at, mode)
    file.sync()
  } finally {
    file.close()
  }
}

function createAnew(files: FileSystem, at: FilePath): OpenFile {
  try {
    return files.open(at, 'create')
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    files.unlink(at)
    return files.open(at, 'create')
  }
}

/**
 * @param contents one per change
 * @throws {FileSystemError} as the disk has it
 */
export async function stageContents(
  files: FileSystem,
  journal: Journal,
  changes: readonly Change[],
  contents: readonly (NewContent | null)[],
  source: ContentSource,
  step: Step<number>,
): Promise<Staged | StageProblem> {
  const after = new Map<number, FileState>()
  const lost = new Map<number, string>()
  const put = (n: number, content: Buffer) => {
    const change = changes[n]
    const from = contents[n]
    const bytes = from?.from === 'head' && from.crlf === true ? withCrLf(content) : content
    if (change?.after) after.set(n, stageBuffer(files, temporaryOf(journal, change, n), change.after, bytes))
  }
  const wanted = new Map<number, Map<string, number[]>>()
  for (const [n, content] of contents.entries()) {
    const change = changes[n]
    if (content === null || !change?.after) continue
    if (content.from === 'head') {
      const ofLevel = wanted.get(content.level) ?? new Map<string, number[]>()
      wanted.set(content.level, ofLevel)
      ofLevel.set(content.objectId, [...(ofLevel.get(content.objectId) ?? []), n])
      continue
    }
    if (content.from === 'lfs') {
      const why = stageForeign(files, temporaryOf(journal, change, n), change.after, content.at)
      if (why === null) after.set(n, change.after)
      else lost.set(n, why)
      if (!(await step(after.size))) return stopped
      continue
    }
    const problem =
      content.from === 'store'
        ? stageFrame(content, source.reader, buffer => put(n, buffer))
        : stagePieces(files, temporaryOf(journal, change, n), change.after, content, source)
    if (problem) return problem
    if (content.from !== 'store') after.set(n, change.after)
    if (!(await step(after.size))) return stopped
  }
  for (const [level, ids] of wanted) {
    const tree = source.trees[level]
    const take = (id: string, content: Buffer) => {
      for (const n of ids.get(id) ?? []) put(n, content)
    }
    const problems = tree ? await tree.read([...ids.keys()], take) : new Map([...ids.keys()].map(id => [id, noHead]))
    for (const [id, reason] of problems) for (const n of ids.get(id) ?? []) lost.set(n, reason)
    if (!(await step(after.size))) return stopped
  }
  return { changes: changes.map((change, n) => ({ ...change, after: after.get(n) ?? change.after })), lost }
}

/** What is wrong with it costs this one file, not the restore. Null if all is well. */
function stageForeign(files: FileSystem, at: FilePath, { mode, sha256 }: FileState, from: string): string | null {
  const why = copyVerified(
    files,
    from,
    sha256,
    () => createAnew(files, at),
    file => {
      files.chmod(at, mode)
      file.sync()
    },
  )
  if (why !== null) removeQuietly(files, at)
  return why
}

const noHead = 'git does not have its content any more'

function stageFrame(
  { pack, place, sha256 }: Extract<NewContent, { from: 'store' }>,
  reader: PackReader,
  take: (content: Buffer) => void,
): StageProblem | null {
  const read = reader.frame(pack, place, sha256)
  if (!read.ok) return { code: 'damaged', message: read.problem.message }
  take(read.content)
  return null
}

function stageBuffer(files: FileSystem, at: FilePath, wanted: FileState, content: Buffer): FileState {
  if (wanted.kind === 'link') stageLink(files, at, content)
  else writeWhole(files, at, wanted.mode, file => file.append(content))
  return { ...wanted, bytes: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') }
}

function stageLink(files: FileSystem, at: FilePath, text: Buffer): void {
  const target = path.sep === '/' ? text : text.toString('utf8')
  try {
    files.symlink(target, at)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    files.unlink(at)
    files.symlink(target, at)
  }
}

/** What may be large: streams of a transcript, and kept content. Its hash must be the one that is wanted. */
function stagePieces(
  files: FileSystem,
  at: FilePath,
  wanted: FileState,
  content: Extract<NewContent, { from: 'stream' | 'kept' }>,
  source: ContentSource,
): StageProblem | null {
  const hash = createHash('sha256')
  if (wanted.kind === 'link' && content.from === 'kept') {
    const parts: Buffer[] = []
    copyContent(files, content.at, chunk => parts.push(Buffer.from(chunk)))
    stageLink(files, at, Buffer.concat(parts))
    hash.update(Buffer.concat(parts))
  } else {
    let problem: StageProblem | null = null
    writeWhole(files, at, wanted.mode, file => {
      const put = (chunk: Uint8Array) => {
        hash.update(chunk)
        file.append(chunk)
      }
      problem = content.from === 'kept' ? copyKept(files, content.at, put) : copyStream(content, source, put)
    })
    if (problem) return problem
  }
  if (hash.digest('hex') === wanted.sha256) return null
  return { code: 'damaged', message: 'What was kept does not have its hash any more' }
}

function copyKept(files: FileSystem, at: string, put: (chunk: Uint8Array) => void): null {
  copyContent(files, at, put)
  return null
}

/** Hands on the bytes of a stream as they are to lie in their place. */
export function copyStream(
  { name, forkTo }: Extract<NewContent, { from: 'stream' }>,
  { record, reader }: Pick<ContentSource, 'record' | 'reader'>,
  put: (chunk: Uint8Array) => void,
): StageProblem | null {
  if (record === null) return { code: 'damaged', message: `There is no record with the stream ${name}` }
  const isLines = name === 'main' || name.endsWith('.jsonl')
  const writer = forkTo === null || !isLines ? null : createForkWriter(record.session, forkTo, put)
  const read = readStream(reader, record, name, writer?.write ?? put)
  writer?.end()
  return read.ok ? null : { code: 'damaged', message: read.finding.message }
}
