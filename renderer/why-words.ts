/** Why a session is, or is not, to be checkpointed now, in the words of the page's language. Pure. */
import type { CheckpointCause } from '../shared/core/checkpoint.ts'
import type { HoldReason } from '../shared/core/decision.ts'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { type FactorName, factorNames, type SessionScore } from '../shared/core/scoring.ts'
import { factorValue } from './factor-words.ts'
import type { Words } from './words.ts'

/** The sentence. What the page does not know of a newer monitor is said in the monitor's own words. */
export function whyWords(words: Words, view: SessionView, nowMs: number): string {
  const { t } = words
  const { decision, score } = view
  if (decision.action === 'hold') {
    const reason = holdWords(words, decision.reason, score, nowMs)
    return reason === null ? words.name(view.why, 1_000) : t('session.why.held', { reason })
  }
  const { cause } = decision
  if (cause.kind === 'urgent') {
    return t('session.why.urgentDue', { reason: t(`session.why.urgent.${cause.event}`) })
  }
  return t('session.why.due', { reasons: causeReasons(words, cause, score).join('; ') })
}

function causeReasons(words: Words, cause: CheckpointCause, score: SessionScore): readonly string[] {
  const { t } = words
  if (cause.kind === 'manual' || cause.kind === 'safety') return [t(`session.why.${cause.kind}`)]
  if (cause.kind === 'urgent') return [t(`session.why.urgent.${cause.event}`)]
  return cause.factors.length === 0
    ? [t('session.why.total', { total: words.number(score.total) })]
    : cause.factors.map(name => factorReason(words, name, score))
}

function factorReason(words: Words, name: FactorName, score: SessionScore): string {
  const { value, threshold } = score.factors[name]
  if (value === null) return words.t('session.why.never')
  return words.t(`session.why.${name}`, {
    value: factorValue(words, name, value),
    limit: factorValue(words, name, threshold),
  })
}

function holdWords(words: Words, reason: HoldReason, score: SessionScore, nowMs: number): string | null {
  const { t } = words
  const when = (atMs: number) => words.ago(Math.max(atMs, nowMs), nowMs)
  switch (reason.kind) {
    case 'excluded':
    case 'reading':
      return t(`session.why.${reason.kind}`)
    case 'paused':
      return reason.untilMs === null
        ? t('session.why.paused')
        : t('session.why.pausedUntil', { when: when(reason.untilMs) })
    case 'unchanged':
      return t(score.factors.time.value === null ? 'session.why.nothingYet' : 'session.why.unchanged')
    case 'cooling-down':
      return t('session.why.coolingDown', { when: when(reason.untilMs) })
    case 'below-threshold': {
      const total = words.number(Math.min(score.total, 0.99))
      return reason.dueAtMs === null
        ? t('session.why.below', { total })
        : t('session.why.belowUntil', { total, when: when(reason.dueAtMs) })
    }
    case 'backing-off':
      return t('session.why.backingOff', {
        count: reason.failures,
        cause: words.name(reason.cause, 300),
        when: when(reason.untilMs),
      })
    default:
      return null
  }
}

/** The factors that decided: those that have reached 1; none where the total or something else did. */
export function decidingFactors({ decision }: SessionView): readonly FactorName[] {
  return decision.action === 'checkpoint' && decision.cause.kind === 'due' ? decision.cause.factors : []
}

/** "1.5 × 0.3 + 0.2 × 0.4 + … = 0.53". */
export function sumWords({ t, number }: Words, score: SessionScore): string {
  const terms = factorNames.map(name => {
    const { score: ratio, weight } = score.factors[name]
    return `${number(ratio)} × ${number(weight)}`
  })
  return t('session.why.table.sum', { terms: terms.join(' + '), total: number(score.total) })
}
