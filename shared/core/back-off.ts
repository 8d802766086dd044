/**
 * How long a session waits after a failed checkpoint before the next one is tried by itself: longer with every
 * failure in a row, so that what cannot work is not tried without end. Pure. By hand is always tried at once.
 */
import type { CheckpointOutcome } from './checkpoint.ts'
import type { SessionId } from './session.ts'

/** The failures in a row of one session. */
export interface BackOff {
  /** At least 1. */
  readonly failures: number
  /** When the last one happened, epoch ms. */
  readonly failedMs: number
  /** 0 when an urgent event has made an end of the waiting. */
  readonly waitMs: number
  /** Why the last one failed, in words. */
  readonly cause: string
}

/** What a decision needs of a back-off that is not over. */
export interface BackingOff {
  readonly untilMs: number
  readonly failures: number
  readonly cause: string
}

export type BackOffs = ReadonlyMap<SessionId, BackOff>

const waitMinutes = [1, 2, 4, 8, 16, 30] as const

/** The back-offs after `outcome`: a failure adds to its session's, an answer that is none ends it. */
export function noteOutcome(backOffs: BackOffs, outcome: CheckpointOutcome, nowMs: number): BackOffs {
  const { sessionId, kind } = outcome
  if (kind === 'failed') {
    const failures = (backOffs.get(sessionId)?.failures ?? 0) + 1
    const minutes = waitMinutes[Math.min(failures, waitMinutes.length) - 1] ?? 30
    const waitMs = minutes * 60_000
    return new Map(backOffs).set(sessionId, { failures, failedMs: nowMs, waitMs, cause: outcome.message })
  }
  if ((kind !== 'saved' && kind !== 'unchanged') || !backOffs.has(sessionId)) return backOffs
  return new Map([...backOffs].filter(([id]) => id !== sessionId))
}

/** The back-offs with the waiting of one session at its end; its failures stay counted. */
export function endWaiting(backOffs: BackOffs, sessionId: SessionId): BackOffs {
  const known = backOffs.get(sessionId)
  return known === undefined ? backOffs : new Map(backOffs).set(sessionId, { ...known, waitMs: 0 })
}

/**
 * Null when there is nothing to wait for.
 *
 * As with the cooldown the age is taken without its sign, so that a clock that was set back ends the waiting
 * instead of prolonging it.
 */
export function backingOff(known: BackOff | null, nowMs: number): BackingOff | null {
  if (known === null || Math.abs(nowMs - known.failedMs) >= known.waitMs) return null
  return { untilMs: known.failedMs + known.waitMs, failures: known.failures, cause: known.cause }
}
