/**
 * Deals out what has to be read in one look: newest first to the thread that asks, and, when there is much that nobody
 * has read before, largest first to a crew of workers. Each session goes to one of them; what a worker loses comes
 * back to the asker.
 */
import type { SessionId } from '../core/session.ts'
import type { Log } from './ports.ts'
import { type ScanCrew, type ScanJob, type ScannedSession, type ScanWorkers, startCrew } from './scan-crew.ts'
import type { FoundSession } from './session-files.ts'

export interface WaitingSession {
  readonly session: FoundSession
  readonly bytes: number
  /** Nothing of it was read before. */
  readonly isNew: boolean
  /** Whether its fold is worth keeping, see `condense`. */
  keepsText: boolean
}

export interface ScanRoundParts {
  /** In the order in which the asker should read. */
  readonly waiting: readonly WaitingSession[]
  readonly workers: ScanWorkers | undefined
  readonly log: Log
  readonly onScanned: (scanned: ScannedSession) => void
}

export interface ScanRound {
  /** What the asker is to read next; null when everything has been read, here or there. */
  next(): Promise<WaitingSession | null>
}

const defaultFromBytes = 200_000_000
/** Bytes of a batch: so many that a worker rarely waits, so few that all end at the same time. */
const batch = { least: 1_000_000, most: 32_000_000, share: 8 } as const

export function createScanRound({ waiting, workers, log, onScanned }: ScanRoundParts): ScanRound {
  const taken = new Set<SessionId>()
  const fresh = waiting.filter(({ isNew }) => isNew).sort((a, b) => b.bytes - a.bytes)
  let freshBytes = fresh.reduce((sum, { bytes }) => sum + bytes, 0)
  let crew: ScanCrew | null = null
  let at = 0
  let largest = 0

  if (workers !== undefined && freshBytes >= (workers.fromBytes ?? defaultFromBytes))
    crew = startCrew({ workers, nextJobs, onScanned, log })

  return {
    next: async () => {
      const own = nextOwn()
      if (own !== null || crew === null) return own
      const lost = await crew.done
      crew = null
      for (const sessionId of lost) taken.delete(sessionId)
      at = 0
      return nextOwn()
    },
  }

  function nextOwn(): WaitingSession | null {
    for (; at < waiting.length; at++) {
      const one = waiting[at]
      if (one === undefined || taken.has(one.session.sessionId)) continue
      take(one)
      return one
    }
    return null
  }

  function nextJobs(): readonly ScanJob[] {
    const jobs: ScanJob[] = []
    const wanted = Math.min(batch.most, Math.max(batch.least, freshBytes / batch.share))
    for (let bytes = 0; bytes < wanted && largest < fresh.length; largest++) {
      const one = fresh[largest]
      if (one === undefined || taken.has(one.session.sessionId)) continue
      take(one)
      bytes += one.bytes
      jobs.push({ sessionId: one.session.sessionId, files: one.session.files.values(), keepsText: one.keepsText })
    }
    return jobs
  }

  function take({ session, bytes, isNew }: WaitingSession): void {
    taken.add(session.sessionId)
    if (isNew) freshBytes -= bytes
  }
}
