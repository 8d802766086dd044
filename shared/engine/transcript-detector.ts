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

import path from 'node:path'
import type { DetectedSession, LiveState, SessionFacts, SessionId, TranscriptStream } from '../core/session.ts'
import { emptyFold, factsOf } from '../core/session-fold.ts'
import { createDetectorIndex } from './detector-index.ts'
import { errorCode } from './durable-file.ts'
import { createFolderMemory } from './folder-memory.ts'
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
import { isDeepStrictEqual } from './node-util.ts'
import type { FilePeek, Ports } from './ports.ts'
import { createProjectResolver } from './project-resolver.ts'
import type { ScannedSession, ScanWorkers } from './scan-crew.ts'
import { createScanRound, type WaitingSession } from './scan-round.ts'
import {
  type FoundFile,
  type FoundSession,
  type FoundStreams,
  findSessionFiles,
  rememberNames,
} from './session-files.ts'
import { isUpToDate } from './stream-reader.ts'
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
/** Sessions that a glance opens: as many as a large screen shows, at 3.5 rem each. */
const glanceAtMost = 24

export function createDetector(ports: DetectorPorts, { roots, indexFolder, workers }: DetectorOptions): Detector {
  const { clock, files, processes, log } = ports
  let scanner: TranscriptScanner | null = null
  const rereader = createRereader(files)
  const projects = createProjectResolver(files, clock)
  const owners = createLegacyOwners(files)
  const index = indexFolder === undefined ? null : createDetectorIndex(ports, indexFolder)
  const kept = index?.load() ?? new Map<SessionId, KeptSession>()
  const readName = rememberNames(kept.keys())
  const folders = createFolderMemory(files, clock, index?.loadFolders())
  let registry: LiveRegistry = { entries: new Map(), folders: new Map(), notices: [] }
  const heldIds = rememberHeldIds()
  /** By root and version. */
  const unregistered = new Map<string, Map<string | null, LiveState>>()
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
    folders.begin(roots.map(root => path.join(root, 'projects')))
    const found = await findSessionFiles(files, roots, slice, { readName, folders })
    folders.end()
    for (const file of found.legacy) adopt(found.sessions, file)
    const homeless = takeHomeless(found.sessions)
    for (const session of found.sessions.values()) noteFinding(session)
    if (kept.size > found.sessions.size) {
      for (const sessionId of kept.keys()) if (!found.sessions.has(sessionId)) kept.delete(sessionId)
    }
    await readAll(slice, onProgress)
    noteRegistry(readLiveRegistry(files, roots))
    say([...found.notices, ...homeless.flatMap(session => session.problems), ...registry.notices])
    inTurn(() => save(slice, saveEveryMs)).catch(error =>
      log('error', 'saving the index failed', { error: String(error) }),
    )
    const told: DetectedSession[] = []
    const nowMs = clock.monotonicMs()
    for (const session of kept.values()) if (session.found !== null) told.push(describe(session, session.found, nowMs))
    return told.sort(mostRecentFirst)
  }

  function noteFinding(found: FoundSession): void {
    const session = keptOf(found.sessionId)
    if (session.told !== null && !isSameFinding(session.found, found)) session.told = null
    session.found = found
    session.reread = rereader
  }

  function noteRegistry(read: LiveRegistry): void {
    const next = heldIds(read, id => (kept.get(id)?.found ?? null) !== null)
    if (!isSameTable(registry.folders, next.folders)) unregistered.clear()
    registry = next
  }

  /** Sessions that no process has registered are all alike but for these clues. */
  function liveState(clues: EndedClues): LiveState {
    if (registry.entries.size > 0 && registry.entries.has(clues.sessionId))
      return liveStateOf(registry, processes, clues)
    const known = unregistered.get(clues.root)?.get(clues.version)
    if (known !== undefined) return known
    const byVersion = unregistered.get(clues.root) ?? new Map<string | null, LiveState>()
    const live = liveStateOf(registry, processes, clues)
    unregistered.set(clues.root, byVersion.set(clues.version, live))
    return live
  }

  function adopt(sessions: ReadonlyMap<SessionId, FoundSession>, file: FoundFile): void {
    const owner = owners.ownerOf(file)
    if (owner !== null) sessions.get(owner)?.files.set(file)
  }

  function say(next: readonly string[]): void {
    for (const notice of next) if (!notices.includes(notice)) log('warn', notice)
    notices = next
  }

  async function save(slice: TimeSlice, everyMs: number): Promise<void> {
    if (index === null || clock.monotonicMs() - savedMs < everyMs) return
    await index.save(kept, () => slice.next())
    index.saveFolders(folders)
    savedMs = clock.monotonicMs()
  }

  async function readAll(slice: TimeSlice, onProgress: OnProgress): Promise<void> {
    const total = kept.size
    const waiting: WaitingSession[] = []
    for (const session of kept.values()) {
      const { found } = session
      if (found === null || session.told !== null) continue
      // What the last look left as a problem may have passed.
      if (session.problems.length === 0 && session.isCurrent(found.files)) continue
      const bytes = bytesToRead(found, session)
      waiting.push({ session: found, bytes, isNew: session.isUnread, keepsText: bytes > keepTextFrom })
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

  function bytesToRead({ files: found }: FoundSession, session: KeptSession): number {
    let bytes = 0
    for (const { stream, stat } of found.values()) {
      const before = session.reads.get(stream)
      // An empty file is looked at once all the same.
      if (hasLines(stream) && !isUpToDate(before, stat))
        bytes += Math.max(1, stat.size - (before?.position.scannedTo ?? 0))
    }
    return bytes
  }

  /** Brings what is kept of a session up to date; yields the bytes read, chunk by chunk. */
  function* read({ sessionId, files: found }: FoundSession): Generator<number> {
    yield* readKept({ files, scanner: ownScanner() }, keptOf(sessionId), found)
  }

  /** Made when there is something to read: where nothing is new there is not. */
  function ownScanner(): TranscriptScanner {
    scanner ??= createScanner()
    return scanner
  }

  function keptOf(sessionId: SessionId): KeptSession {
    const known = kept.get(sessionId)
    if (known !== undefined) return known
    const session = keepNothing(sessionId)
    kept.set(sessionId, session)
    return session
  }

  function keepScanned({ sessionId, reads, problems, brief, goodbye, foldText }: ScannedSession): void {
    const session = keptOf(sessionId)
    keepDigest(session, reads, { brief, goodbye, foldText: () => foldText })
    session.problems = problems
  }

  function describe(session: KeptSession, found: FoundSession, nowMs = clock.monotonicMs()): DetectedSession {
    const { sessionId, told: before } = session
    const facts = before?.facts ?? keptFacts(session)
    const root = found.files.get('main')?.root ?? ''
    const live = liveState({ sessionId, root, version: facts.version, saidGoodbye: keptGoodbye(session) })
    const project = projects.resolve(facts.cwd, facts.firstCwd, nowMs)
    if (before?.project === project && isSameLive(before.live, live)) return before
    const streams = before?.streams ?? streamsOf(found.files, session)
    const told = { facts, streams, live, project, problems: problemsOf(found, session) }
    // A problem may pass without a sign on the disk.
    session.told = told.problems.length === 0 ? told : null
    return told
  }

  async function glance(): Promise<readonly DetectedSession[]> {
    const slice = createTimeSlice(clock)
    noteRegistry(readLiveRegistry(files, roots))
    const read = createGlance(files, ownScanner())
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
      sessions.push(describe(keptOf(id), session))
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
    const session = kept.get(sessionId)
    const known = session?.found ?? null
    if (session !== undefined) session.told = null
    if (known !== null && updateStats(known, paths)) return known
    const found = (await findSessionFiles(files, roots, slice, { only: sessionId, readName, folders })).sessions.get(
      sessionId,
    )
    for (const file of known?.files.values() ?? []) if (file.stream.startsWith('legacy/')) found?.files.set(file)
    if (found?.files.has('main') !== true) {
      if (session !== undefined) session.found = null
      return undefined
    }
    noteFinding(found)
    return found
  }

  /** @returns false if some path is not, or no longer, that of a file that is known. */
  function updateStats(session: FoundSession, paths: readonly string[]): boolean {
    const byPath = new Map(session.files.values().map(file => [file.path, file]))
    return paths.every(at => {
      const file = byPath.get(at)
      const stat = file && statOf(at)
      if (!file || stat?.kind !== 'file') return false
      session.files.set({ ...file, stat })
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
    whole: kept => void [...readKept(parts(), kept, kept.found?.files ?? new Map())],
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
function isSameFinding(before: FoundSession | null, now: FoundSession): boolean {
  if (before === null || before.files.size !== now.files.size) return false
  if (before.problems.length + now.problems.length > 0) return false
  for (const { stream, path, stat } of now.files.values()) {
    const other = before.files.get(stream)
    if (other?.path !== path || !isSameStat(other.stat, stat)) return false
  }
  return true
}

function isSameTable<V>(a: ReadonlyMap<string, V>, b: ReadonlyMap<string, V>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}

function isSameLive(a: LiveState, b: LiveState): boolean {
  return a === b || isDeepStrictEqual(a, b)
}

function isSameStat(a: FilePeek, b: FilePeek): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino && a.dev === b.dev
}

/** Of most there are none. */
function problemsOf(found: FoundSession, session: KeptSession): readonly string[] {
  if (found.problems.length === 0) return session.problems
  return [...found.problems, ...session.problems]
}

function streamsOf(found: FoundStreams, session: KeptSession): readonly TranscriptStream[] {
  const main = found.get('main')
  // Most have one file, and a list that is filled bit by bit is given room for many.
  if (main !== undefined && found.size === 1) return [streamOf(main, session)]
  return Array.from(found.values(), file => streamOf(file, session)).sort(mainFirst)
}

function streamOf({ stream, path, stat }: FoundFile, session: KeptSession): TranscriptStream {
  const completeBytes = hasLines(stream) ? session.endByte(stream) : stat.size
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
