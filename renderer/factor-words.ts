/** A factor's value in its unit, and how much of a meter it fills. Pure. */
import type { FactorName } from '../shared/core/scoring.ts'
import type { Words } from './words.ts'

/** The value of a factor in its unit. @param short For where there is little room. */
export function factorValue(words: Words, name: FactorName, value: number | null, short = false): string {
  if (value === null) return words.t('factor.never')
  const duration = short ? words.shortDuration : words.duration
  switch (name) {
    case 'time':
      return duration(value * 3_600_000)
    case 'activity':
      return short ? words.number(value, 0) : words.t('factor.files', { count: value, value: words.number(value, 0) })
    case 'context':
      return words.percent(value)
    case 'idle':
      return duration(value * 60_000)
  }
}

/** How much of its meter a score fills: the limit is at three quarters, so that beyond it can be seen too. Percent. */
export function meterPercent(score: number): number {
  return Math.max(0, Math.min(100, (Number.isFinite(score) ? score : 0) * 75))
}
