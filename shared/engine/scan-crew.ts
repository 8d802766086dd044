/**
 * A few worker threads that read transcripts nobody has read before, beside the thread that asks for it.
 *
 * Each worker has a bounded amount of work at a time, reads one file after the other, and its heap is bounded. What
 * a worker was given and did not answer, because it crashed or could not be started, comes back to be read by the
 * asker. Decides nothing about what is read.
 */
import { availableParallelism } from 'node:os'
import type { BriefFacts, SessionId } from '../core/session.ts'
import type { Log } from './ports.ts'
import type { FoundFile } from './session-files.ts'
import type { ReadState } from './stream-reader.ts'

export interface ScanJob {
  readonly sessionId: SessionId
  readonly files: readonly FoundFile[]
  /** Whether the answer is to hold the fold. */
  readonly keepsText: boolean
}

export interface ScannedSession {
  readonly sessionId: SessionId
  readonly bytes: number
  readonly reads: Map<string, ReadState>
  readonly problems: readonly string[]
  readonly brief: BriefFacts
  readonly goodbye: boolean
  /** The fold as JSON, if it was wanted. */
  readonly foldText: string | null
}

/** What a worker sends, one for each job. */
export type ScanAnswer = ScannedSession

export interface ScanWorkers {
  /** The built or source `scan-worker`. */
  readonly script: URL | string
  /** At least 1. */
  readonly count: number
  /** They start when there is at least so much to read that nobody has read: below that a start costs more than it saves. Default 200 MB. */
  readonly fromBytes?: number
}

/** The worker that lies beside this module, built or as source; one thread is left to whoever asks. */
export function scanWorkersBeside(): ScanWorkers {
  const here = import.meta.url
  const name = `scan-worker${here.slice(here.lastIndexOf('.'))}`
  return { script: new URL(name, here), count: Math.max(1, Math.min(3, availableParallelism() - 1)) }
}

export interface CrewParts {
  readonly workers: ScanWorkers
  /** The next jobs for a worker; empty when there are none left. Each is given out once. */
  readonly nextJobs: () => readonly ScanJob[]
  readonly onScanned: (scanned: ScannedSession) => void
  readonly log: Log
}

export interface ScanCrew {
  /** Resolves when every worker is done, with the sessions that were given out and never answered. */
  readonly done: Promise<readonly SessionId[]>
}

/** Jobs given to a worker ahead of its answers: one to work on, one to go on with. */
const batchesAhead = 2
/** Of a worker's heap, MB. It holds one session at a time. */
const heapLimit = 512

export function startCrew(parts: CrewParts): ScanCrew {
  const lost: SessionId[] = []
  const workers = Array.from({ length: parts.workers.count }, () => runWorker(parts, lost))
  return { done: Promise.all(workers).then(() => lost) }
}

function runWorker({ workers, nextJobs, onScanned, log }: CrewParts, lost: SessionId[]): Promise<void> {
  return new Promise(resolve => {
    // Loaded where there is much to read.
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    const worker = new Worker(workers.script, {
      name: 'scan',
      resourceLimits: { maxOldGenerationSizeMb: heapLimit },
    })
    const open = new Set<SessionId>()
    /** How many answers are left of each batch that was sent, oldest first. */
    const batches: number[] = []
    let isOver = false

    const end = (problem: string | null) => {
      if (isOver) return
      isOver = true
      if (problem !== null) log('warn', 'a scan worker failed; its files are read here', { problem })
      lost.push(...open)
      void worker.terminate()
      resolve()
    }
    const send = () => {
      while (batches.length < batchesAhead) {
        const jobs = nextJobs()
        if (jobs.length === 0) break
        for (const { sessionId } of jobs) open.add(sessionId)
        batches.push(jobs.length)
        worker.postMessage(jobs)
      }
      if (open.size === 0) end(null)
    }
    worker.on('error', error => end(error.message))
    worker.on('messageerror', error => end(error.message))
    worker.on('exit', code => end(`it ended with code ${code}`))
    worker.on('online', send)
    worker.on('message', (scanned: ScanAnswer) => {
      if (isOver || !open.delete(scanned.sessionId)) return
      onScanned(scanned)
      batches[0] = (batches[0] ?? 1) - 1
      if (batches[0] > 0) return
      batches.shift()
      send()
    })
  })
}
