/**
 * Finds every Claude Code session of this machine and tells what is true of it now.
 *
 * The only engine module that knows where transcripts lie. It reads each file from where it stopped, keeps what it
 * learnt in memory between refreshes, and writes nothing. A session is its id: it is followed when its file moves.
 *
 * Invariants
 * 1. A refresh gives what a detector that starts afresh would give.
 * 2. Whatever a user's disk holds becomes a problem of a session or a notice; it never ends a refresh and hides no
 *    other session.
 * 3. The event loop gets its turn every few milliseconds, also within one long file.
 */

import type { DetectedSession, SessionFacts, SessionId, TranscriptStream } from '../core/session.ts'
import { dropStream, emptyFold, factsOf, type SessionFold, saidGoodbye } from '../core/session-fold.ts'
import { createLegacyOwners } from './legacy-agents.ts'
import { type LiveRegistry, liveStateOf, readLiveRegistry } from './live-registry.ts'
import type { Ports } from './ports.ts'
import { createProjectResolver } from './project-resolver.ts'
import { type FoundFile, type FoundSession, findSessionFiles } from './session-files.ts'
import { isUpToDate, type ReadState, readStream } from './stream-reader.ts'
import { createTimeSlice, type TimeSlice } from './time-slice.ts'
import { createScanner } from './transcript-scanner.ts'

export type DetectorPorts = Pick<Ports, 'clock' | 'files' | 'processes' | 'log'>

export interface DetectorOptions {
  /** Claude Code's config folders, absolute. One that is not there holds no sessions. */
  readonly roots: readonly string[]
}

/** How far a refresh is, in sessions and in bytes that had to be read. */
export interface DetectorProgress {
  readonly done: number
  readonly total: number
  readonly doneBytes: number
  readonly totalBytes: number
}

export interface Detector {
  /**
   * Looks at everything, newest session first. Refreshes follow each other. Rejects only on a defect.
   *
   * @param onProgress Called whenever others get their turn, and once at the end. Keep it short.
   * @returns most recently active first
   */
  refresh(onProgress?: (progress: DetectorProgress) => void): Promise<DetectedSession[]>
  /** What could not be read beside the sessions' own files, in words, as of the last refresh. */
  notices(): readonly string[]
}

/** What is kept of a session between refreshes. */
interface Tracked {
  readonly fold: SessionFold
  /** By stream name, for every file that has lines. */
  readonly reads: Map<string, ReadState>
  /** Null when the fold has changed since. */
  facts: SessionFacts | null
  /** Of the last reading. */
  problems: readonly string[]
}

export function createDetector(ports: DetectorPorts, { roots }: DetectorOptions): Detector {
  const { clock, files, processes, log } = ports
  const scanner = createScanner()
  const projects = createProjectResolver(files, clock)
  const owners = createLegacyOwners(files)
  const tracked = new Map<SessionId, Tracked>()
  let notices: readonly string[] = []
  let tail: Promise<unknown> = Promise.resolve()

  return {
    refresh: onProgress => {
      const result = tail.then(() => refresh(onProgress))
      tail = result.catch(() => {})
      return result
    },
    notices: () => notices,
  }

  async function refresh(onProgress: (progress: DetectorProgress) => void = () => {}): Promise<DetectedSession[]> {
    const slice = createTimeSlice(clock)
    const found = await findSessionFiles(files, roots, slice)
    for (const file of found.legacy) adopt(found.sessions, file)
    const sessions = [...found.sessions.values()].filter(session => session.files.has('main')).sort(newestFirst)
    forgetAllBut(new Set(sessions.map(session => session.sessionId)))
    await readAll(sessions, slice, onProgress)
    const registry = readLiveRegistry(files, roots)
    const homeless = [...found.sessions.values()].filter(session => !session.files.has('main'))
    say([...found.notices, ...homeless.flatMap(session => session.problems), ...registry.notices])
    return sessions.map(session => describe(session, registry)).sort(mostRecentFirst)
  }

  function adopt(sessions: Map<SessionId, FoundSession>, file: FoundFile): void {
    const owner = owners.ownerOf(file)
    if (owner !== null) sessions.get(owner)?.files.set(file.stream, file)
  }

  function forgetAllBut(present: ReadonlySet<SessionId>): void {
    for (const sessionId of tracked.keys()) if (!present.has(sessionId)) tracked.delete(sessionId)
  }

  function say(next: readonly string[]): void {
    for (const notice of next) if (!notices.includes(notice)) log('warn', notice)
    notices = next
  }

  async function readAll(
    sessions: readonly FoundSession[],
    slice: TimeSlice,
    onProgress: (progress: DetectorProgress) => void,
  ): Promise<void> {
    const total = sessions.length
    const totalBytes = sessions.reduce((sum, session) => sum + bytesToRead(session), 0)
    let done = 0
    let doneBytes = 0
    const pause = async () => {
      onProgress({ done, total, doneBytes, totalBytes })
      await slice.next()
    }
    for (const session of sessions) {
      for (const bytes of read(session)) {
        doneBytes += bytes
        if (slice.isOver()) await pause()
      }
      done += 1
      if (slice.isOver()) await pause()
    }
    onProgress({ done, total, doneBytes, totalBytes })
  }

  function bytesToRead({ sessionId, files: found }: FoundSession): number {
    const reads = tracked.get(sessionId)?.reads
    let bytes = 0
    for (const { stream, stat } of found.values()) {
      const before = reads?.get(stream)
      if (hasLines(stream) && !isUpToDate(before, stat))
        bytes += Math.max(0, stat.size - (before?.position.scannedTo ?? 0))
    }
    return bytes
  }

  /** Brings what is kept of a session up to date; yields the bytes read, chunk by chunk. */
  function* read(session: FoundSession): Generator<number> {
    const { sessionId } = session
    const kept = tracked.get(sessionId) ?? { fold: emptyFold(sessionId), reads: new Map(), facts: null, problems: [] }
    tracked.set(sessionId, kept)
    const problems: string[] = []
    dropVanished(kept, session)
    for (const { stream, path, stat } of session.files.values()) {
      const before = kept.reads.get(stream)
      if (!hasLines(stream) || isUpToDate(before, stat)) continue
      const { state, problem } = yield* readStream({ files, scanner, fold: kept.fold, stream, path }, before)
      kept.facts = null
      if (state !== null) kept.reads.set(stream, state)
      else kept.reads.delete(stream)
      if (problem !== null) problems.push(problem)
    }
    kept.problems = problems
  }

  function dropVanished(kept: Tracked, session: FoundSession): void {
    for (const stream of kept.reads.keys()) {
      if (session.files.has(stream)) continue
      dropStream(kept.fold, stream)
      kept.reads.delete(stream)
      kept.facts = null
    }
  }

  function describe(session: FoundSession, registry: LiveRegistry): DetectedSession {
    const { sessionId, files: found } = session
    const kept = tracked.get(sessionId)
    const fold = kept?.fold ?? emptyFold(sessionId)
    const facts = kept?.facts ?? factsOf(fold)
    if (kept) kept.facts = facts
    const clues = {
      sessionId,
      root: found.get('main')?.root ?? '',
      version: facts.version,
      saidGoodbye: saidGoodbye(fold),
    }
    return {
      facts,
      streams: [...found.values()].map(file => streamOf(file, kept?.reads.get(file.stream))).sort(mainFirst),
      live: liveStateOf(registry, processes, clues),
      project: projects.resolve(facts.cwd, facts.firstCwd),
      problems: [...session.problems, ...(kept?.problems ?? [])],
    }
  }
}

function hasLines(stream: string): boolean {
  return stream === 'main' || stream.endsWith('.jsonl')
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

function mostRecentFirst(a: DetectedSession, b: DetectedSession): number {
  const [timeA, timeB] = [a, b].map(({ facts }) => facts.lastActivityMs ?? 0)
  if (timeA !== timeB) return (timeB ?? 0) - (timeA ?? 0)
  return a.facts.sessionId < b.facts.sessionId ? -1 : 1
}
