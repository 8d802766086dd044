/** Every decision and outcome in a sentence: the text behind "why" in all user interfaces. English; pure. */
import type { CheckpointCause, CheckpointOutcome, PutOffReason, UrgentEvent } from './checkpoint.ts'
import type { Decision, HoldReason } from './decision.ts'
import { count, formatBytes, formatDuration, formatNumber } from './format.ts'
import { type FactorName, type FactorScore, factorNames, type SessionScore } from './scoring.ts'

export const factorTitles: Readonly<Record<FactorName, string>> = {
  time: 'time',
  activity: 'files changed',
  context: 'context',
  idle: 'idle',
}

/** Why a session is, or is not, to be checkpointed now. */
export function explainDecision(decision: Decision, score: SessionScore, nowMs: number): string {
  return decision.action === 'checkpoint'
    ? `Due: ${explainCause(decision.cause, score)}.`
    : `Held: ${explainHold(decision.reason, score, nowMs)}.`
}

/** Why a checkpoint is taken, without a full stop: "never checkpointed; 18 files changed (limit 15)". */
export function explainCause(cause: CheckpointCause, score: SessionScore): string {
  switch (cause.kind) {
    case 'manual':
      return 'asked for by hand'
    case 'safety':
      return 'safety checkpoint before a restore'
    case 'urgent':
      return urgentWords[cause.event]
    case 'due':
      return cause.factors.length > 0
        ? cause.factors.map(name => explainFactor(name, score.factors[name])).join('; ')
        : `weighted total ${formatNumber(score.total)} reached 1 (${explainTotal(score)})`
  }
}

/** "40 min since the last checkpoint (limit 2 h)" and the like. */
export function explainFactor(name: FactorName, factor: FactorScore): string {
  const { value, threshold } = factor
  switch (name) {
    case 'time':
      return value === null
        ? 'never checkpointed'
        : `${formatDuration(value * 3_600_000)} since the last checkpoint (limit ${formatDuration(threshold * 3_600_000)})`
    case 'activity':
      return `${count(value ?? 0, 'file')} changed (limit ${threshold})`
    case 'context':
      return `context ${formatNumber(value ?? 0)} % full (limit ${formatNumber(threshold)} %)`
    case 'idle':
      return `idle for ${formatDuration((value ?? 0) * 60_000)} (limit ${formatDuration(threshold * 60_000)})`
  }
}

/** The arithmetic: "time 1.5 × 0.3 + files changed 0.2 × 0.4 + … = 0.53". */
export function explainTotal(score: SessionScore): string {
  const terms = factorNames.map(name => {
    const { score: ratio, weight } = score.factors[name]
    return `${factorTitles[name]} ${formatNumber(ratio)} × ${formatNumber(weight)}`
  })
  return `${terms.join(' + ')} = ${formatNumber(score.total)}`
}

export function explainHold(reason: HoldReason, score: SessionScore, nowMs: number): string {
  switch (reason.kind) {
    case 'excluded':
      return 'this project is excluded in the settings'
    case 'paused':
      return reason.untilMs === null
        ? 'paused until resumed'
        : `paused for another ${formatDuration(reason.untilMs - nowMs)}`
    case 'reading':
      return 'its transcript is still being read'
    case 'unchanged':
      return score.factors.time.value === null ? 'nothing to save yet' : 'nothing changed since the last checkpoint'
    case 'cooling-down':
      return `cooling down for another ${formatDuration(reason.untilMs - nowMs)}`
    case 'below-threshold':
      // Rounding must not claim the 1 that was not reached.
      return `below every limit, total ${formatNumber(Math.min(score.total, 0.99))} of 1${projected(reason.dueAtMs, nowMs)}`
    case 'backing-off':
      return `failed ${times(reason.failures)} (${withoutStop(reason.cause)}); tried again ${ahead(reason.untilMs, nowMs)}`
  }
}

/** What became of a request, in a sentence with its remedy. */
export function explainOutcome(outcome: CheckpointOutcome, nowMs: number): string {
  switch (outcome.kind) {
    case 'saved': {
      const left = outcome.warnings.length === 0 ? '' : `; ${outcome.warnings.join('; ')}`
      return `Saved as number ${outcome.seq}, ${formatBytes(outcome.addedBytes)} added in ${Math.round(outcome.tookMs)} ms${left}.`
    }
    case 'unchanged':
      return outcome.sinceSeq === null
        ? 'Nothing to save yet.'
        : `Nothing changed since checkpoint ${outcome.sinceSeq}: it still holds everything.`
    case 'cooling-down':
      return `Another checkpointer was just here; cooling down, next ${ahead(outcome.untilMs, nowMs)}.`
    case 'locked-elsewhere':
      return `Not done: ${outcome.owner} is checkpointing. It is tried again at the next check.`
    case 'put-off':
      return `Not done: ${putOffWords[outcome.why]}.`
    case 'failed':
      return `Failed: ${sentence(outcome.message)} ${sentence(outcome.remedy)}`.trimEnd()
  }
}

const urgentWords: Readonly<Record<UrgentEvent, string>> = {
  'before-compaction': 'the context is about to be compacted',
  'session-ended': 'the session has ended',
  'process-died': 'the process of the session died',
  'work-tree-shared': 'another session works on the same files',
  'checkpoint-damaged': 'its newest checkpoint is damaged',
}

const putOffWords: Readonly<Record<PutOffReason, string>> = {
  paused: 'the monitor was paused before its turn came; it is looked at again when that is over',
  stopping: 'the monitor was stopped; it is looked at again when it runs',
  'queue-full': 'too many sessions waited already; it is looked at again at the next check',
}

function times(n: number): string {
  return n === 1 ? 'once' : `${n} times in a row`
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '')
}

function projected(dueAtMs: number | null, nowMs: number): string {
  return dueAtMs === null ? '' : `; due by time or idle ${ahead(dueAtMs, nowMs)}`
}

function ahead(atMs: number, nowMs: number): string {
  return atMs - nowMs < 1_000 ? 'now' : `in ${formatDuration(atMs - nowMs)}`
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`
}
