/**
 * Finds every Claude Code session of this machine and tells what is true of it now.
 *
 * With `session-files.ts` the only engine module that knows where transcripts lie. It reads each file from where it
 * stopped, in this run or, with an index, in the one before, and writes nothing but that index. A session is its id:
 * it is followed when its file moves.
 *
 * Invariants
 * 1. A refresh gives what a detector that starts afresh would give, whatever was read before, here or in the run before.
 * 2. Whatever a user's disk holds becomes a problem of a session or a notice; it never ends a refresh and hides no
 *    other session.
 * 3. The event loop gets its turn every few milliseconds, also within one long file.
 */
import { isDeepStrictEqual } from 'node:util'
import type { DetectedSession, LiveState, SessionFacts, SessionId, TranscriptStream } from '../core/session.ts'
import { emptyFold, factsOf } from '../core/session-fold.ts'
import { createDetectorIndex } from './detector-index.ts'
import { errorCode } from './durable-file.ts'
import {
  condense,
  foldAgain,
  hasLines,
  type KeptSession,
  keepDigest,
  keepNothing,
  keptFacts,
  keptGoodbye,
  type Rereader,
  readKept,
} from './kept-session.ts'
import { createLegacyOwners } from './legacy-agents.ts'
import { type EndedClues, type LiveRegistry, liveStateOf, readLiveRegistry, rememberHeldIds } from './live-registry.ts'
import type { FilePeek, Ports } from './ports.ts'
import { createProjectResolver } from './project-resolver.ts'
import type { ScannedSession, ScanWorkers } from './scan-crew.ts'
import { createScanRound, type WaitingSession } from './scan-round.ts'
import { type FoundFile, type FoundSession, findSessionFiles } from './session-files.ts'
import { isUpToDate, type ReadState } from './stream-reader.ts'
import { createTimeSlice, type TimeSlice } from './time-slice.ts'
import { touchedBy } from './touched-paths.ts'
import { createGlance, type Glimpsed, glimpseFiles } from './transcript-glance.ts'
import { createScanner, type TranscriptScanner } from './transcript-scanner.ts'

export type DetectorPorts = Pick<Ports, 'clock' | 'files' | 'processes' | 'log'>

export interface DetectorOptions {
  /** Claude Code's config folders, absolute. One that is not there holds no sessions. */
  readonly roots: readonly string[]
  /** Where to remember between runs; absolute. Without one every run reads everything. */
  readonly indexFolder?: string
  /** Threads that help to read when there is much to read. Without them this thread reads everything. */
  readonly workers?: ScanWorkers
}

/** How far a refresh is, in sessions and in bytes that had to be read. */
export interface DetectorProgress {
  readonly done: number
  readonly total: number
  readonly doneBytes: number
  readonly totalBytes: number
}

export type OnProgress = (progress: DetectorProgress) => void

export interface TouchedSessions {
  /** Those that may be different now. */
  readonly sessions: readonly DetectedSession[]
  readonly gone: readonly SessionId[]
}

export interface Detector {
  /** True until a refresh or an index has told of a session. */
  knowsNothing(): boolean
  /**
   * A first look at the heads and tails of the newest sessions, and at the names of all others: `partial` every one,
   * to be shown and not to be decided by.
   */
  glance(): Promise<readonly DetectedSession[]>
  /**
   * Looks at everything. Refreshes follow each other. Rejects only on a defect.
   *
   * @param onProgress Called whenever others get their turn, and once at the end. Keep it short.
   * @returns most recently active first
   */
  refresh(onProgress?: OnProgress): Promise<DetectedSession[]>
  /**
   * Looks only at what a watcher saw change.
   *
   * @returns null when only a look at everything can tell
   */
  refreshPaths(paths: readonly string[]): Promise<TouchedSessions | null>
  /** What could not be read beside the sessions' own files, in words, as of the last refresh. */
  notices(): readonly string[]
  /** Waits for what was begun and writes the index. Nothing may be asked for afterwards. */
  close(): Promise<void>
}

/** A change waits this long to be saved, so that a busy session does not rewrite the index all the time. */
const saveEveryMs = 60_000
/** When more sessions than this have to be read in one look, all but so many are old. */
const condenseFrom = 200
/** An old session with more bytes than this is not read again only because someone asks for its lists. */
const keepTextFrom = 8_388_608
/** Sessions that a glance opens: about as many as a screen shows. */
const glanceAtMost = 40

export function createDetector(ports: DetectorPorts, { roots, indexFolder, workers }: DetectorOptions): Detector {
  const { clock, files, processes, log } = ports
  const scanner = createScanner()
  const rereader = createRereader(files)
  const projects = createProjectResolver(files, clock)
  const owners = createLegacyOwners(files)
  const index = indexFolder === undefined ? null : createDetectorIndex(ports, indexFolder)
  const kept = index?.load() ?? new Map<SessionId, KeptSession>()
  /** As of the last look at each. */
  let present: Map<SessionId, FoundSession> = new Map()
  /** What was told of each session whose files have not changed since. */
  const described = new Map<SessionId, DetectedSession>()
  let registry: LiveRegistry = { entries: new Map(), folders: new Map(), notices: [] }
  const heldIds = rememberHeldIds()
  const unregistered = new Map<string, LiveState>()
  let notices: readonly string[] = []
  let savedMs = Number.NEGATIVE_INFINITY
  let tail: Promise<unknown> = Promise.resolve()

  return {
    knowsNothing: () => kept.size === 0,
    glance: () => inTurn(glance),
    refresh: onProgress => inTurn(() => refresh(onProgress)),
    refreshPaths: paths => inTurn(() => refreshPaths(paths)),
    notices: () => notices,
    close: () => inTurn(() => save(createTimeSlice(clock), 0)),
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work)
    tail = result.catch(() => {})
    return result
  }

  async function refresh(onProgress: OnProgress = () => {}): Promise<DetectedSession[]> {
    const slice = createTimeSlice(clock)
    const found = await findSessionFiles(files, roots, slice)
    for (const file of found.legacy) adopt(found.sessions, file)
    const before = present
    const homeless = takeHomeless(found.sessions)
    present = found.sessions
    const sessions = [...present.values()]
    for (const session of sessions) {
      const { sessionId } = session
      if (described.has(sessionId) && !isSameFinding(before.get(sessionId), session)) described.delete(sessionId)
    }
    for (const sessionId of kept.keys()) if (!present.has(sessionId)) forget(sessionId)
    await readAll(sessions, slice, onProgress)
    noteRegistry(readLiveRegistry(files, roots))
    say([...found.notices, ...homeless.flatMap(session => session.problems), ...registry.notices])
    inTurn(() => save(slice, saveEveryMs)).catch(error =>
      log('error', 'saving the index failed', { error: String(error) }),
    )
    return sessions.map(describe).sort(mostRecentFirst)
  }

  function forget(sessionId: SessionId): void {
    kept.delete(sessionId)
    described.delete(sessionId)
  }

  function noteRegistry(read: LiveRegistry): void {
    const next = heldIds(read, id => present.has(id))
    if (!isDeepStrictEqual(registry.folders, next.folders)) unregistered.clear()
    registry = next
  }

  /** Sessions that no process has registered are all alike but for these clues. */
  function liveState(clues: EndedClues): LiveState {
    if (registry.entries.has(clues.sessionId)) return liveStateOf(registry, processes, clues)
    const key = `${clues.root}\n${clues.version}`
    const known = unregistered.get(key) ?? liveStateOf(registry, processes, clues)
    unregistered.set(key, known)
    return known
  }

  function adopt(sessions: ReadonlyMap<SessionId, FoundSession>, file: FoundFile): void {
    const owner = owners.ownerOf(file)
    if (owner !== null) sessions.get(owner)?.files.set(file.stream, file)
  }

  function say(next: readonly string[]): void {
    for (const notice of next) if (!notices.includes(notice)) log('warn', notice)
    notices = next
  }

  async function save(slice: TimeSlice, everyMs: number): Promise<void> {
    if (index === null || clock.monotonicMs() - savedMs < everyMs) return
    await index.save(kept, () => slice.next())
    savedMs = clock.monotonicMs()
  }

  async function readAll(sessions: readonly FoundSession[], slice: TimeSlice, onProgress: OnProgress): Promise<void> {
    const total = sessions.length
    const waiting: WaitingSession[] = []
    for (const session of sessions) {
      if (described.has(session.sessionId)) continue
      const before = kept.get(session.sessionId)
      const bytes = bytesToRead(session, before)
      const isLarge = bytes > keepTextFrom
      if (bytes > 0 || hasLost(session, before))
        waiting.push({ session, bytes, isNew: before === undefined, keepsText: isLarge })
    }
    waiting.sort((a, b) => newestFirst(a.session, b.session))
    for (const one of waiting.slice(0, condenseFrom)) one.keepsText = true
    const totalBytes = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    const isMuch = waiting.length > condenseFrom
    let done = total - waiting.length
    let doneBytes = 0
    const tell = () => onProgress({ done, total, doneBytes, totalBytes })
    const round = createScanRound({
      waiting,
      workers,
      log,
      onScanned: scanned => {
        keepScanned(scanned)
        done += 1
        doneBytes += scanned.bytes
        tell()
      },
    })
    for (let one = await round.next(); one !== null; one = await round.next()) {
      let left = one.bytes
      for (const bytes of read(one.session)) {
        // What is read once more, because its fold was not kept or it was rewritten, is nothing that was waited for.
        const awaited = Math.min(left, bytes)
        left -= awaited
        doneBytes += awaited
        if (slice.isOver()) {
          tell()
          await slice.next()
        }
      }
      done += 1
      if (isMuch) condense(keptOf(one.session.sessionId), one.keepsText)
    }
    tell()
  }

  function bytesToRead({ files: found }: FoundSession, session: KeptSession | undefined): number {
    let bytes = 0
    for (const { stream, stat } of found.values()) {
      const before = session?.reads.get(stream)
      // An empty file is looked at once all the same.
      if (hasLines(stream) && !isUpToDate(before, stat))
        bytes += Math.max(1, stat.size - (before?.position.scannedTo ?? 0))
    }
    return bytes
  }

  /** A file is gone, or the last look left a problem behind. */
  function hasLost({ files: found }: FoundSession, session: KeptSession | undefined): boolean {
    if (session === undefined) return false
    if (session.problems.length > 0) return true
    for (const stream of session.reads.keys()) if (!found.has(stream)) return true
    return false
  }

  /** Brings what is kept of a session up to date; yields the bytes read, chunk by chunk. */
  function* read({ sessionId, files: found }: FoundSession): Generator<number> {
    yield* readKept({ files, scanner }, keptOf(sessionId), found)
  }

  function keptOf(sessionId: SessionId): KeptSession {
    const known = kept.get(sessionId)
    if (known !== undefined) return known
    const session = keepNothing(sessionId)
    kept.set(sessionId, session)
    return session
  }

  function keepScanned({ sessionId, reads, problems, brief, goodbye, foldText }: ScannedSession): void {
    const session = keepDigest(sessionId, reads, { brief, goodbye, foldText: () => foldText }, true)
    session.problems = problems
    kept.set(sessionId, session)
  }

  function describe(found: FoundSession): DetectedSession {
    const { sessionId } = found
    const session = keptOf(sessionId)
    const before = described.get(sessionId)
    const facts = before?.facts ?? keptFacts(session)
    const root = found.files.get('main')?.root ?? ''
    const live = liveState({ sessionId, root, version: facts.version, saidGoodbye: keptGoodbye(session) })
    const project = projects.resolve(facts.cwd, facts.firstCwd)
    if (before?.project === project && isSameLive(before.live, live)) return before
    session.found = found.files
    session.reread = rereader
    const streams = before?.streams ?? streamsOf(found.files, session)
    const told = { facts, streams, live, project, problems: [...found.problems, ...session.problems] }
    // A problem may pass without a sign on the disk.
    if (told.problems.length === 0) described.set(sessionId, told)
    return told
  }

  async function glance(): Promise<readonly DetectedSession[]> {
    const slice = createTimeSlice(clock)
    noteRegistry(readLiveRegistry(files, roots))
    const read = createGlance(files, scanner)
    const nothing = factsOf(emptyFold(''))
    const told: DetectedSession[] = []
    for (const file of glimpseFiles(files, roots)) {
      if (slice.isOver()) await slice.next()
      told.push(provisional(file, told.length < glanceAtMost ? read(file) : unread(nothing, file)))
    }
    return told
  }

  function provisional({ sessionId, root, path: at, stat }: Glimpsed, facts: SessionFacts): DetectedSession {
    const clues = { sessionId, root, version: facts.version, saidGoodbye: false }
    const stream = { name: 'main', path: at, completeBytes: stat.size, sizeBytes: stat.size, modifiedMs: stat.mtimeMs }
    return {
      facts,
      streams: [stream],
      live: liveState(clues),
      project: projects.resolve(facts.cwd, facts.firstCwd),
      problems: [],
      partial: true,
    }
  }

  async function refreshPaths(paths: readonly string[]): Promise<TouchedSessions | null> {
    const touched = touchedBy(roots, paths)
    if (touched === null) return null
    const ids = new Set(touched.sessions.keys())
    if (touched.registry) for (const id of changedEntries()) ids.add(id)
    const slice = createTimeSlice(clock)
    const sessions: DetectedSession[] = []
    const gone: SessionId[] = []
    for (const id of ids) {
      const session = await lookAgain(id, touched.sessions.get(id) ?? [], slice)
      if (session === undefined) {
        gone.push(id)
        continue
      }
      for (const _ of read(session)) if (slice.isOver()) await slice.next()
      sessions.push(describe(session))
    }
    return { sessions, gone }
  }

  /** Sessions that the registry says something else of than before. */
  function changedEntries(): readonly SessionId[] {
    const before = registry.entries
    noteRegistry(readLiveRegistry(files, roots))
    const ids = new Set([...before.keys(), ...registry.entries.keys()])
    return [...ids].filter(id => !isDeepStrictEqual(before.get(id), registry.entries.get(id)))
  }

  /** The files of one session as they are now; undefined if it has none. */
  async function lookAgain(
    sessionId: SessionId,
    paths: readonly string[],
    slice: TimeSlice,
  ): Promise<FoundSession | undefined> {
    const known = present.get(sessionId)
    described.delete(sessionId)
    if (known !== undefined && updateStats(known, paths)) return known
    const found = (await findSessionFiles(files, roots, slice, sessionId)).sessions.get(sessionId)
    for (const [stream, file] of known?.files ?? []) if (stream.startsWith('legacy/')) found?.files.set(stream, file)
    if (found?.files.has('main') !== true) {
      present.delete(sessionId)
      return undefined
    }
    present.set(sessionId, found)
    return found
  }

  /** @returns false if some path is not, or no longer, that of a file that is known. */
  function updateStats(session: FoundSession, paths: readonly string[]): boolean {
    const byPath = new Map([...session.files.values()].map(file => [file.path, file]))
    return paths.every(at => {
      const file = byPath.get(at)
      const stat = file && statOf(at)
      if (!file || stat?.kind !== 'file') return false
      session.files.set(file.stream, { ...file, stat })
      return true
    })
  }

  function statOf(at: string): FilePeek | null {
    try {
      return files.peek(at)
    } catch (error) {
      if (errorCode(error) === null) throw error
      return null
    }
  }
}

/** Works at once and to its end, so that one scanner, which a reading under way does not use, serves all. */
function createRereader(files: DetectorPorts['files']): Rereader {
  let scanner: TranscriptScanner | null = null
  const parts = () => {
    scanner ??= createScanner()
    return { files, scanner }
  }
  return {
    again: kept => foldAgain(parts(), kept),
    whole: kept => void [...readKept(parts(), kept, kept.found)],
  }
}

/** All that can be said of a file that was not opened. */
function unread(nothing: SessionFacts, { sessionId, stat }: Glimpsed): SessionFacts {
  return { ...nothing, sessionId, lastActivityMs: stat.mtimeMs }
}

/** Takes out what has files of a session but not its own. */
function takeHomeless(sessions: Map<SessionId, FoundSession>): readonly FoundSession[] {
  const homeless = [...sessions.values()].filter(session => !session.files.has('main'))
  for (const { sessionId } of homeless) sessions.delete(sessionId)
  return homeless
}

/** The same files, as far as names, sizes and times tell. */
function isSameFinding(before: FoundSession | undefined, now: FoundSession): boolean {
  if (before === undefined || before.files.size !== now.files.size) return false
  if (before.problems.length + now.problems.length > 0) return false
  for (const { stream, path, stat } of now.files.values()) {
    const other = before.files.get(stream)
    if (other?.path !== path || !isSameStat(other.stat, stat)) return false
  }
  return true
}

function isSameLive(a: LiveState, b: LiveState): boolean {
  return a === b || isDeepStrictEqual(a, b)
}

function isSameStat(a: FilePeek, b: FilePeek): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino && a.dev === b.dev
}

function streamsOf(found: ReadonlyMap<string, FoundFile>, { reads }: KeptSession): readonly TranscriptStream[] {
  const streams: TranscriptStream[] = []
  for (const file of found.values()) streams.push(streamOf(file, reads.get(file.stream)))
  return streams.length > 1 ? streams.sort(mainFirst) : streams
}

function streamOf({ stream, path, stat }: FoundFile, read: ReadState | undefined): TranscriptStream {
  const completeBytes = hasLines(stream) ? (read?.position.endByte ?? 0) : stat.size
  // It may have grown between the look and the reading.
  const sizeBytes = Math.max(stat.size, completeBytes)
  return { name: stream, path, completeBytes, sizeBytes, modifiedMs: stat.mtimeMs }
}

function mainFirst(a: TranscriptStream, b: TranscriptStream): number {
  if ((a.name === 'main') !== (b.name === 'main')) return a.name === 'main' ? -1 : 1
  return a.name < b.name ? -1 : 1
}

function newestFirst(a: FoundSession, b: FoundSession): number {
  return (b.files.get('main')?.stat.mtimeMs ?? 0) - (a.files.get('main')?.stat.mtimeMs ?? 0)
}

function mostRecentFirst({ facts: a }: DetectedSession, { facts: b }: DetectedSession): number {
  const timeA = a.lastActivityMs ?? 0
  const timeB = b.lastActivityMs ?? 0
  if (timeA !== timeB) return timeB - timeA
  return a.sessionId < b.sessionId ? -1 : 1
}
