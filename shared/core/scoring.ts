/**
 * How urgently a session needs a checkpoint.
 *
 * Pure: no clock, no disk. Callers turn timestamps into durations before they get here, so the same
 * signals always give the same score. Rules: DESIGN "Score and decision".
 */

/** The four factors, in the order in which they are shown. */
export const factorNames = ['time', 'activity', 'context', 'idle'] as const
export type FactorName = (typeof factorNames)[number]

/** What was measured about one session, at one instant. Every number is finite and >= 0. */
export interface SessionSignals {
  /** Hours since this session's last checkpoint; null if there is none. */
  readonly hoursSinceCheckpoint: number | null
  /** Human prompts and replies in the whole session. */
  readonly messages: number
  /** Distinct files changed since the last checkpoint, by the transcript's and the work tree's account. */
  readonly filesChanged: number
  /** Context fill in percent; 0 if unknown. May exceed 100. */
  readonly contextPercent: number
  /** Minutes since the last activity; 0 while busy. */
  readonly idleMinutes: number
}

/** One number per factor. */
export type PerFactor = { readonly [K in FactorName]: number }

/** The user's knobs. `parseSettings` has already checked the ranges: thresholds > 0, weights >= 0. */
export interface ScoringPolicy {
  /** time in hours, activity in files, context in percent, idle in minutes. */
  readonly thresholds: PerFactor
  readonly weights: PerFactor
}

export interface FactorScore {
  /** In the unit of the threshold; null for `time` when there was never a checkpoint. */
  readonly value: number | null
  readonly threshold: number
  /** value ÷ threshold. At or above 1 this factor alone makes the session due. */
  readonly score: number
  readonly weight: number
  /** score × weight: the share of the total. */
  readonly weighted: number
}

export interface SessionScore {
  readonly factors: { readonly [K in FactorName]: FactorScore }
  /** Sum of the weighted scores. At or above 1 the session is due. */
  readonly total: number
}

/** Score of `time` for a session with messages and no checkpoint at all: due, whatever its age. */
export const neverCheckpointedScore = 1.5

/**
 * Score one session. No score ever falls when a signal rises.
 *
 * @throws {RangeError} if a signal is negative, NaN or infinite: a defect upstream that an invented score would hide.
 */
export function scoreSession(signals: SessionSignals, policy: ScoringPolicy): SessionScore {
  mustCount('hoursSinceCheckpoint', signals.hoursSinceCheckpoint ?? 0)
  mustCount('messages', signals.messages)
  mustCount('filesChanged', signals.filesChanged)
  mustCount('contextPercent', signals.contextPercent)
  mustCount('idleMinutes', signals.idleMinutes)
  const factor = (name: FactorName, value: number | null, score: number): FactorScore => ({
    value,
    threshold: policy.thresholds[name],
    score,
    weight: policy.weights[name],
    weighted: score * policy.weights[name],
  })
  const ratio = (name: FactorName, value: number) => factor(name, value, value / policy.thresholds[name])
  const factors = {
    time:
      signals.hoursSinceCheckpoint === null
        ? factor('time', null, signals.messages > 0 ? neverCheckpointedScore : 0)
        : ratio('time', signals.hoursSinceCheckpoint),
    activity: ratio('activity', signals.filesChanged),
    context: ratio('context', signals.contextPercent),
    idle: ratio('idle', signals.idleMinutes),
  }
  return { factors, total: factorNames.reduce((sum, name) => sum + factors[name].weighted, 0) }
}

function mustCount(name: keyof SessionSignals, value: number): void {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name} is ${value}`)
}

/** The factors that alone make the session due, highest score first. */
export function dueFactors(score: SessionScore): readonly FactorName[] {
  return factorNames
    .filter(name => score.factors[name].score >= 1)
    .sort((a, b) => score.factors[b].score - score.factors[a].score)
}

/** True when any factor, or the total, has reached 1. */
export function isDue(score: SessionScore): boolean {
  return score.total >= 1 || dueFactors(score).length > 0
}

/**
 * How long until time and idle alone make the session due, in whole ms (within one of the exact instant), if
 * nothing else changes.
 *
 * @param idleRuns false while the session is busy: then idle stays at 0.
 * @returns 0 if it is due now; null if it never will be (all rates are 0).
 */
export function msUntilDue(score: SessionScore, idleRuns: boolean): number | null {
  if (isDue(score)) return 0
  const { time, idle } = score.factors
  const perMs = {
    time: time.value === null ? 0 : 1 / (time.threshold * 3_600_000),
    idle: idleRuns ? 1 / (idle.threshold * 60_000) : 0,
  }
  const totalPerMs = perMs.time * time.weight + perMs.idle * idle.weight
  const waits = [
    perMs.time > 0 ? (1 - time.score) / perMs.time : Number.POSITIVE_INFINITY,
    perMs.idle > 0 ? (1 - idle.score) / perMs.idle : Number.POSITIVE_INFINITY,
    totalPerMs > 0 ? (1 - score.total) / totalPerMs : Number.POSITIVE_INFINITY,
  ]
  const soonest = Math.min(...waits)
  // Less than a thousandth is noise of the arithmetic, not another millisecond.
  return Number.isFinite(soonest) ? Math.max(1, Math.ceil(soonest - 0.001)) : null
}
