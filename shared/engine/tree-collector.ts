/**
 * Turns a listing into the files of a manifest: looks at each path, reads what nothing vouches for, and leaves out
 * what a limit or the system does not allow, with the reason.
 *
 * A path that was listed as present and is not there any more means that the tree changed under the listing, so
 * that something else may be missing from it: `vanished` asks for a new one.
 */
import { createHash } from 'node:crypto'
import type { SkippedPath, TreeFile, TreeManifest, TreePath } from '../core/work-tree.ts'
import type { IndexEntry } from './git-index.ts'
import type { Listed, ListedPath } from './git-listing.ts'
import type { Clock, FileStat } from './ports.ts'
import type { Placer } from './saved-content.ts'
import type { Budget } from './snapshot-run.ts'
import { isOldEnough, statKeyOf } from './stat-key.ts'
import { byWorth } from './tree-order.ts'
import { byteKey, byteKeyOf, isSafeTreePath, treePathOf } from './tree-path.ts'
import type { Look, ReadContent, TreeReader, Unread } from './tree-reader.ts'

/** Hashes of files by path, each good as long as the stat key is the same. Kept in memory between snapshots. */
export type HashMemory = Map<string, RememberedHash>

interface RememberedHash {
  readonly statKey: string
  readonly sha256: string
  /** As a git blob: set for entries that git was told not to look at. */
  readonly blob?: string
}

/** Files of an earlier listing of the same run, with the stat key that they had when they were read. */
export type TakenFiles = ReadonlyMap<string, { readonly statKey: string; readonly file: TreeFile }>

export interface CollectRequest {
  readonly clock: Clock
  readonly reader: TreeReader
  readonly listed: Pick<Listed, 'status' | 'index'>
  readonly previous: TreeManifest | null
  readonly memory: HashMemory
  /** What need not be read again, and comes after what is new: a tree that moves must not outrun us twice. */
  readonly earlier: TakenFiles
  /** Null for a survey: hashes only. */
  readonly placer: Placer | null
  readonly budget: Budget
  readonly mostFileBytes: number
  /** See {@link Run.pause}. */
  readonly pause: () => Promise<void> | null
}

export interface Collected {
  readonly files: readonly TreeFile[]
  readonly gone: readonly TreePath[]
  readonly skipped: readonly SkippedPath[]
  /** Listed as present, and not there when they were looked at. */
  readonly vanished: readonly SkippedPath[]
  /** What to remember for the next time. */
  readonly memory: HashMemory
  readonly taken: TakenFiles
}

/** A path to look at. */
interface Candidate {
  readonly path: Buffer
  readonly status: string
  /** What it means if nothing lies there. */
  readonly ifAbsent: 'gone' | 'nothing' | 'vanished'
}

type Taken =
  | { readonly kind: 'file'; readonly file: TreeFile }
  | { readonly kind: 'skipped'; readonly skipped: SkippedPath }
  | { readonly kind: 'absent' }

export async function collectTree(request: CollectRequest): Promise<Collected> {
  const files: TreeFile[] = []
  const gone: TreePath[] = []
  const skipped: SkippedPath[] = []
  const memory: HashMemory = new Map()
  const previousFiles = new Map(request.previous?.files.map(file => [byteKeyOf(file.path), file]))
  const takenFiles = new Map(request.earlier)
  const taker = createTaker(request, previousFiles, memory, takenFiles)
  const vanished: SkippedPath[] = []

  for (const candidate of await candidatesOf(request, memory)) {
    const pause = request.pause()
    if (pause !== null) await pause
    // Most are known by their stat key: what need not be waited for is not.
    const answer = taker(candidate)
    const taken = answer instanceof Promise ? await answer : answer
    if (taken.kind === 'file') files.push(taken.file)
    else if (taken.kind === 'skipped') skipped.push(taken.skipped)
    else {
      if (candidate.ifAbsent === 'vanished')
        vanished.push(skip(candidate.path, 'unstable', 'it was gone when it was read'))
      if (candidate.ifAbsent === 'gone' || isTracked(candidate)) gone.push(treePathOf(candidate.path))
    }
  }
  return { files, gone, skipped, vanished, memory, taken: takenFiles }
}

/** Tracked ones first: when a limit is reached, they must not have been crowded out by build output. */
async function candidatesOf(request: CollectRequest, memory: HashMemory): Promise<readonly Candidate[]> {
  const { status, index } = request.listed
  const tracked = status.tracked.map(trackedCandidate)
  const isFileNow = ({ path }: IndexEntry) => isSafeTreePath(path) && isFile(request.reader.look(path))
  const links = index.links.filter(isFileNow).map(linkCandidate)
  const hidden: Candidate[] = []
  for (const entry of hiddenToLookAt(request)) {
    const pause = request.pause()
    if (pause !== null) await pause
    if (await differsFromIndex(request, entry, memory)) hidden.push(hiddenCandidate(entry))
  }
  const untracked = byWorth(status.untracked).map(
    ({ path, status }): Candidate => ({ path, status, ifAbsent: 'vanished' }),
  )
  const seen = new Set<string>()
  const newFirst = (candidates: readonly Candidate[]) => {
    if (request.earlier.size === 0) return candidates
    const isKnown = ({ path }: Candidate) => request.earlier.has(byteKey(path))
    return [...candidates.filter(each => !isKnown(each)), ...candidates.filter(isKnown)]
  }
  return [tracked, links, hidden, untracked].flatMap(newFirst).filter(({ path }) => {
    const key = byteKey(path)
    return !seen.has(key) && seen.add(key)
  })
}

function trackedCandidate({ path, status }: ListedPath): Candidate {
  return { path, status, ifAbsent: status.includes('D') ? 'gone' : 'vanished' }
}

/** A file where a submodule should be: `--ignore-submodules` hides that from the listing. */
function linkCandidate({ path }: IndexEntry): Candidate {
  return { path, status: '.T', ifAbsent: 'vanished' }
}

function hiddenCandidate({ path, sparse }: IndexEntry): Candidate {
  return { path, status: '.M', ifAbsent: sparse ? 'nothing' : 'gone' }
}

function isTracked({ status, ifAbsent }: Candidate): boolean {
  return status !== '??' && status !== '!!' && ifAbsent !== 'nothing'
}

function isFile({ kind }: Look): boolean {
  return kind === 'file' || kind === 'link'
}

/** Without those of folders that a sparse checkout left out. */
function* hiddenToLookAt({ reader, listed }: CollectRequest): Generator<IndexEntry> {
  for (const { path, entries } of listed.index.hidden) {
    const isThere = path === null || (isSafeTreePath(path) && reader.look(path).kind === 'folder')
    yield* isThere ? entries : entries.filter(({ sparse }) => !sparse)
  }
}

/** Whether an entry that git passes over has other content, or another mode, than the index says. */
async function differsFromIndex(request: CollectRequest, entry: IndexEntry, memory: HashMemory): Promise<boolean> {
  if (!isSafeTreePath(entry.path)) return false
  const look = request.reader.look(entry.path)
  if (look.kind === 'absent' || look.kind === 'folder') return !entry.sparse
  if (look.kind === 'unreadable' || look.kind === 'special') return true
  if (modeInIndex(look.kind, look.stat) !== entry.mode) return true
  const key = byteKey(entry.path)
  const remembered = request.memory.get(key)
  if (remembered?.blob !== undefined && remembered.statKey === statKeyOf(look.stat)) {
    memory.set(key, remembered)
    return remembered.blob !== entry.object
  }
  const nowMs = request.clock.nowMs()
  const reading = await request.reader.read(entry.path, request.mostFileBytes)
  if (!('content' in reading)) return true
  const blob = blobHash(reading.content, entry.object.length)
  if (isVouchable(reading, nowMs)) {
    memory.set(key, { statKey: statKeyOf(reading.stat), sha256: sha256Of(reading.content), blob })
  }
  return blob !== entry.object
}

function createTaker(
  request: CollectRequest,
  previousFiles: ReadonlyMap<string, TreeFile>,
  memory: HashMemory,
  takenFiles: Map<string, { readonly statKey: string; readonly file: TreeFile }>,
): (candidate: Candidate) => Taken | Promise<Taken> {
  const { reader, placer, budget } = request

  /** The hash that an unchanged stat key vouches for. */
  function vouched(key: string, kind: 'file' | 'link', statKey: string): string | null {
    const before = previousFiles.get(key)
    if (before?.kind === kind && before.statKey === statKey && before.torn !== true) return before.sha256
    const remembered = request.memory.get(key)
    return remembered?.statKey === statKey ? remembered.sha256 : null
  }

  function unread(candidate: Candidate, kind: 'file' | 'link', stat: FileStat): Taken | null {
    const key = byteKey(candidate.path)
    const statKey = statKeyOf(stat)
    const earlier = takenFiles.get(key)
    if (earlier?.statKey === statKey) return again(candidate, key, earlier.file)
    const sha256 = vouched(key, kind, statKey)
    const place = sha256 === null || placer === null ? null : placer.find(sha256)
    if (sha256 === null || (placer !== null && place === null)) return null
    const remembered = request.memory.get(key)
    const isIt = remembered?.statKey === statKey && remembered.sha256 === sha256
    memory.set(key, isIt ? remembered : { ...remembered, statKey, sha256 })
    return { kind: 'file', file: describe(candidate, kind, stat, { sha256, place, statKey }) }
  }

  function again({ status }: Candidate, key: string, file: TreeFile): Taken {
    const { statKey, sha256 } = file
    if (statKey !== '') memory.set(key, { ...request.memory.get(key), statKey, sha256 })
    return { kind: 'file', file: { ...file, status } }
  }

  async function read(candidate: Candidate): Promise<Taken> {
    const nowMs = request.clock.nowMs()
    const reading = await reader.read(candidate.path, Math.min(request.mostFileBytes, budget.bytes))
    if (reading.kind === 'absent') return { kind: 'absent' }
    if (!('content' in reading)) return left(candidate.path, ...whyUnread(reading))
    const { content, stat, torn } = reading
    const sha256 = sha256Of(content)
    const place = placer === null ? null : (placer.find(sha256) ?? placer.add(content, sha256))
    const key = byteKey(candidate.path)
    const statKey = isVouchable(reading, nowMs) ? statKeyOf(stat) : ''
    if (statKey !== '') memory.set(key, { ...memory.get(key), statKey, sha256 })
    const file = describe(candidate, reading.kind, stat, { sha256, place, statKey, bytes: content.length })
    if (torn) return { kind: 'file', file: { ...file, torn } }
    takenFiles.set(key, { statKey: statKeyOf(stat), file })
    return { kind: 'file', file }
  }

  const spend = (taken: Taken): Taken => {
    if (taken.kind === 'file') {
      budget.files -= 1
      budget.bytes -= taken.file.bytes
    }
    return taken
  }

  return candidate => {
    if (!isSafeTreePath(candidate.path)) return left(candidate.path, 'unsafe-name', 'this name could lead elsewhere')
    const look = reader.look(candidate.path)
    if (look.kind === 'absent' || look.kind === 'folder') return { kind: 'absent' }
    if (look.kind === 'special') return left(candidate.path, 'special', 'a pipe, socket or device')
    if (look.kind === 'unreadable') return left(candidate.path, 'unreadable', look.code)
    const { size } = look.stat
    if (size > request.mostFileBytes) return left(candidate.path, 'too-large', tooLarge(size, request.mostFileBytes))
    if (budget.files < 1) return left(candidate.path, 'snapshot-full', 'the limit on files is reached')
    if (budget.bytes < size) return left(candidate.path, 'snapshot-full', 'the limit on bytes is reached')
    const known = unread(candidate, look.kind, look.stat)
    return known === null ? read(candidate).then(spend) : spend(known)
  }
}

function describe(
  { path, status }: Candidate,
  kind: 'file' | 'link',
  stat: FileStat,
  content: Pick<TreeFile, 'sha256' | 'place' | 'statKey'> & { readonly bytes?: number },
): TreeFile {
  // A link's permission bits mean nothing and differ between systems.
  const mode = kind === 'link' ? 0o777 : stat.mode
  return { path: treePathOf(path), kind, mode, bytes: stat.size, status, ...content }
}

/** What was read, was whole, and was old enough to be recognised by its stat key. */
function isVouchable(reading: ReadContent, nowMs: number): boolean {
  return !reading.torn && isOldEnough(reading.stat, nowMs)
}

function whyUnread(reading: Unread): [SkippedPath['reason'], string] {
  if (reading.kind === 'too-large') return ['too-large', `${reading.bytes} bytes and growing`]
  if (reading.kind === 'unreadable') return ['unreadable', reading.code]
  if (reading.kind === 'special') return ['special', 'a pipe, socket or device']
  return ['unstable', 'it was replaced each time it was read']
}

function left(path: Buffer, reason: SkippedPath['reason'], detail: string): Taken {
  return { kind: 'skipped', skipped: skip(path, reason, detail) }
}

export function skip(path: Buffer, reason: SkippedPath['reason'], detail: string): SkippedPath {
  return { path: treePathOf(path), reason, detail }
}

function tooLarge(bytes: number, limit: number): string {
  return `${bytes} bytes, limit ${limit}`
}

function modeInIndex(kind: 'file' | 'link', stat: FileStat): number {
  if (kind === 'link') return 0o120000
  return (stat.mode & 0o100) === 0 ? 0o100644 : 0o100755
}

export function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function blobHash(content: Uint8Array, hexDigits: number): string {
  const hash = createHash(hexDigits === 64 ? 'sha256' : 'sha1')
  return hash.update(`blob ${content.length}\0`).update(content).digest('hex')
}
