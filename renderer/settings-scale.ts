/**
 * How a slider's way maps to a number: evenly over a range of few decades, by the same factor per step over more, so
 * that 3 minutes and 30 days fit on one way. Pure.
 */
import type { NumberField } from '../shared/core/settings-fields.ts'

/** Steps of every slider. */
export const sliderSteps = 200

type Range = Pick<NumberField, 'min' | 'max' | 'whole'>

/** In [0, {@link sliderSteps}]. A value out of the range is at its end. */
export function positionOf(range: Range, value: number): number {
  const inside = Math.min(range.max, Math.max(range.min, Number.isFinite(value) ? value : range.min))
  return Math.round(sliderSteps * shareOf(range, inside))
}

/** The value at a position, rounded to two digits that count, to whole numbers where only those make sense. */
export function valueAtPosition(range: Range, position: number): number {
  const share = Math.min(1, Math.max(0, position / sliderSteps))
  if (share === 0) return range.min
  if (share === 1) return range.max
  const exact = isWide(range)
    ? offset(range) * (end(range) / offset(range)) ** share + range.min - offset(range)
    : range.min + share * (range.max - range.min)
  const rounded = range.whole ? Math.round(exact) : Number(exact.toPrecision(2))
  return Math.min(range.max, Math.max(range.min, rounded))
}

function shareOf(range: Range, value: number): number {
  if (!isWide(range)) return (value - range.min) / (range.max - range.min)
  return Math.log((value - range.min + offset(range)) / offset(range)) / Math.log(end(range) / offset(range))
}

function isWide({ min, max }: Range): boolean {
  return min === 0 || max / min > 100
}

/** Where the scale begins: a range from 0 has no first factor. */
function offset({ min, max }: Range): number {
  return min > 0 ? min : max / 1_000
}

function end(range: Range): number {
  return range.max - range.min + offset(range)
}
