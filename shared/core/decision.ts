/**
 * Whether a session gets a checkpoint now: one answer, with its reasons or with exactly one reason not to.
 *
 * Pure: the instant comes in as `nowMs`. The order in which requests are served is decided here too.
 */
import { type BackingOff, type BackOff, backingOff } from './back-off.ts'
import type { CheckpointCause, CheckpointRequest, UrgentEvent } from './checkpoint.ts'
import { dueFactors, isDue, msUntilDue, type SessionScore } from './scoring.ts'

/** What the decision rests on besides the score. */
export interface DecisionInput {
  readonly nowMs: number
  readonly score: SessionScore
  /** By the settings of the project. */
  readonly excluded: boolean
  /** `Infinity` for "until resumed"; null when not paused. */
  readonly pausedUntilMs: number | null
  /** No new transcript bytes and the same work tree since the last checkpoint; or nothing to save yet. */
  readonly unchanged: boolean
  /** Epoch ms of the last checkpoint that counts for the cooldown (an imported one does), or null. */
  readonly cooldownFromMs: number | null
  readonly cooldownMs: number
  /** False while the session is busy. */
  readonly idleRuns: boolean
  /** Something that cannot wait and was not answered by a checkpoint since: it skips cooldown and threshold. */
  readonly urgent: UrgentEvent | null
  /** The failures since the last success, or null. */
  readonly backOff: BackOff | null
  /** Not all of the transcript has been read: no other value here can be relied on yet. */
  readonly isPartial?: boolean
}

export type HoldReason =
  | { readonly kind: 'excluded' }
  | { readonly kind: 'paused'; readonly untilMs: number | null }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'cooling-down'; readonly untilMs: number }
  /** `dueAtMs`: when time or idle alone will make it due; null if they never will. */
  | { readonly kind: 'below-threshold'; readonly dueAtMs: number | null }
  /** Not all of its transcript has been read yet. */
  | { readonly kind: 'reading' }
  /** Due or urgent, but the last attempts failed. */
  | ({ readonly kind: 'backing-off' } & BackingOff)

export type Decision =
  | { readonly action: 'checkpoint'; readonly cause: CheckpointCause }
  | { readonly action: 'hold'; readonly reason: HoldReason }

/** The holds are tried in this order and the first that applies is the reason. */
export function decide(input: DecisionInput): Decision {
  const hold = (reason: HoldReason): Decision => ({ action: 'hold', reason })
  if (input.excluded) return hold({ kind: 'excluded' })
  if (isPaused(input.pausedUntilMs, input.nowMs)) {
    return hold({ kind: 'paused', untilMs: input.pausedUntilMs === Infinity ? null : input.pausedUntilMs })
  }
  if (input.isPartial) return hold({ kind: 'reading' })
  if (input.unchanged) return hold({ kind: 'unchanged' })
  const early = input.urgent === null ? whyTooEarly(input) : null
  if (early !== null) return hold(early)
  const waiting = backingOff(input.backOff, input.nowMs)
  if (waiting !== null) return hold({ kind: 'backing-off', ...waiting })
  return { action: 'checkpoint', cause: causeOf(input) }
}

function whyTooEarly(input: DecisionInput): HoldReason | null {
  const cooling = coolingUntilMs(input.cooldownFromMs, input.cooldownMs, input.nowMs)
  if (cooling !== null) return { kind: 'cooling-down', untilMs: cooling }
  if (isDue(input.score)) return null
  const wait = msUntilDue(input.score, input.idleRuns)
  return { kind: 'below-threshold', dueAtMs: wait === null ? null : input.nowMs + wait }
}

function causeOf({ urgent, score }: DecisionInput): CheckpointCause {
  if (urgent !== null) return { kind: 'urgent', event: urgent }
  return { kind: 'due', factors: dueFactors(score), total: score.total }
}

export function isPaused(pausedUntilMs: number | null, nowMs: number): boolean {
  return pausedUntilMs !== null && nowMs < pausedUntilMs
}

/**
 * Until when a session cools down, or null if it does not.
 *
 * The age is taken without its sign: after the clock was set back a checkpoint "from the future" is not taken
 * twice, and blocks for two cooldowns at most.
 */
export function coolingUntilMs(lastMs: number | null, cooldownMs: number, nowMs: number): number | null {
  if (lastMs === null || Math.abs(nowMs - lastMs) >= cooldownMs) return null
  return lastMs + cooldownMs
}

const rank = { manual: 0, safety: 0, urgent: 1, due: 2 } as const

/** Sort order of requests: manual, urgent, oldest last checkpoint (never first), higher total, id. */
export function compareRequests(a: CheckpointRequest, b: CheckpointRequest): number {
  return (
    rank[a.cause.kind] - rank[b.cause.kind] ||
    (a.lastCheckpointMs ?? 0) - (b.lastCheckpointMs ?? 0) ||
    b.score.total - a.score.total ||
    (a.sessionId < b.sessionId ? -1 : Number(a.sessionId > b.sessionId))
  )
}
