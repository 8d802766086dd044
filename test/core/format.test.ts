import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  count,
  cutText,
  formatAge,
  formatBytes,
  formatDuration,
  formatNumber,
  formatTokens,
  oneLine,
  printable,
} from '../../shared/core/format.ts'
import { hourMs, minuteMs, noonMs } from '../support/core-values.ts'

const dayMs = 24 * hourMs

describe('formatDuration', () => {
  it.each([
    [-5 * hourMs, '0 s'],
    [0, '0 s'],
    [499, '0 s'],
    [45_000, '45 s'],
    [59_499, '59 s'],
    [59_600, '1 min'],
    [12 * minuteMs, '12 min'],
    [59 * minuteMs + 29_000, '59 min'],
    [59 * minuteMs + 40_000, '1 h'],
    [hourMs, '1 h'],
    [3 * hourMs + 20 * minuteMs, '3 h 20 min'],
    [23 * hourMs + 59.4 * minuteMs, '23 h 59 min'],
    [23 * hourMs + 59.7 * minuteMs, '1 d'],
    [dayMs + 59 * minuteMs, '1 d'],
    [2 * dayMs + 4 * hourMs, '2 d 4 h'],
    [400 * dayMs, '400 d'],
  ])('says %d ms as "%s"', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it.each([51, 52])('never says less for more, nor a rest that fills its unit (seed %i)', seed => {
    const spans = fc.oneof(fc.nat(200_000), fc.nat(3 * hourMs), fc.nat(10 * dayMs))
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const [shorter, longer] = [Math.min(a, b), Math.max(a, b)]
        expect(msOf(formatDuration(shorter))).toBeLessThanOrEqual(msOf(formatDuration(longer)))
        expect(formatDuration(longer)).toMatch(
          /^([1-5]?\d s|[1-5]?\d min|(1?\d|2[0-3]) h( [1-5]?\d min)?|\d+ d( (1?\d|2[0-3]) h)?)$/,
        )
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('formatAge', () => {
  it.each([
    [noonMs, 'just now'],
    [noonMs - 9_999, 'just now'],
    [noonMs + 9_999, 'just now'],
    [noonMs - 10_000, '10 s ago'],
    [noonMs - 5 * minuteMs, '5 min ago'],
    [noonMs + 5 * minuteMs, 'in 5 min'],
  ])('says %d as "%s"', (atMs, text) => {
    expect(formatAge(atMs, noonMs)).toBe(text)
  })
})

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [4_200, '4.2 kB'],
    [9_949, '9.9 kB'],
    [9_950, '10 kB'],
    [999_499, '999 kB'],
    [999_600, '1.0 MB'],
    [31_000_000, '31 MB'],
    [1_300_000_000, '1.3 GB'],
    [2_000_000_000_000, '2.0 TB'],
    [5_000_000_000_000_000, '5000 TB'],
  ])('says %d as "%s"', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([53, 54])('is never off by more than a twentieth, nor four digits long below 1,000 TB (seed %i)', seed => {
    const anySize = fc.tuple(fc.nat(9_999), fc.integer({ min: 0, max: 10 })).map(([n, power]) => n * 10 ** power)
    fc.assert(
      fc.property(anySize, bytes => {
        const [value, unit] = formatBytes(bytes).split(' ') as [string, string]
        const said = Number(value) * 1_000 ** ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(unit)
        expect(Math.abs(said - bytes)).toBeLessThanOrEqual(bytes * 0.051)
        expect(value).toMatch(/^(\d{1,3}|\d\.\d)$/)
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('formatTokens', () => {
  it.each([
    [0, '0'],
    [950, '950'],
    [999, '999'],
    [1_000, '1k'],
    [12_499, '12k'],
    [999_499, '999k'],
    [999_500, '1.0M'],
    [1_200_000, '1.2M'],
    [9_949_999, '9.9M'],
    [9_950_000, '10M'],
  ])('says %d as "%s"', (tokens, text) => {
    expect(formatTokens(tokens)).toBe(text)
  })
})

describe('formatNumber', () => {
  it.each([
    [0.3, '0.3'],
    [1.25, '1.25'],
    [12, '12'],
    [0.1 + 0.2, '0.3'],
    [2 / 3, '0.67'],
    [-0.001, '0'],
  ])('says %d as "%s"', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })
})

describe('count', () => {
  it.each([
    [0, 'file', undefined, '0 files'],
    [1, 'file', undefined, '1 file'],
    [12_345, 'file', undefined, '12,345 files'],
    [1, 'reply', 'replies', '1 reply'],
    [2, 'reply', 'replies', '2 replies'],
  ])('%d %s', (n, one, plural, text) => {
    expect(count(n, one, plural)).toBe(text)
  })
})

describe('oneLine', () => {
  it.each([
    ['leaves a plain line alone', 'Mend the parser', 20, 'Mend the parser'],
    ['joins lines and collapses spaces', '  Mend\r\n\tthe   parser \n', 20, 'Mend the parser'],
    ['lets no escape sequence through', 'red \u001b[31malert\u009b0m', 40, 'red [31malert 0m'],
    ['lets no text be turned round', 'a\u202egnp.exe\u2066b\u061cc\u200fd', 40, 'a gnp.exe b c d'],
    ['keeps what fits exactly', 'twelve chars', 12, 'twelve chars'],
    ['cuts one character too many', 'twelve chars!', 12, 'twelve char…'],
    ['leaves no space before the cut', 'twelve chars', 8, 'twelve…'],
    ['cuts no character in half', 'ab😀😀', 4, 'ab…'],
  ])('%s', (_title, text, limit, line) => {
    expect(oneLine(text, limit)).toBe(line)
  })

  it.each([55, 56])('is well-formed, within its limit and free of control characters for any text (seed %i)', seed => {
    fc.assert(
      fc.property(fc.string({ unit: anyUnit, maxLength: 60 }), fc.integer({ min: 1, max: 50 }), (text, limit) => {
        const line = oneLine(text, limit)
        expect(line.length).toBeLessThanOrEqual(limit)
        expect(line.isWellFormed()).toBe(true)
        expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]| {2}|^ | $/u)
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('printable', () => {
  it('keeps every other character and their number', () => {
    expect(printable('a\u0000b\nc\u2028d  é😀')).toBe('a b c d  é😀')
  })
})

describe('cutText', () => {
  it.each([
    ['keeps lines and spaces of what fits', 'a\n  b ', 6, 'a\n  b '],
    ['takes the end off what does not', 'one\ntwo\nthree', 9, 'one\ntwo…'],
    ['keeps at least the mark', 'abc', 1, '…'],
  ])('%s', (_title, text, limit, cut) => {
    expect(cutText(text, limit)).toBe(cut)
  })
})

/** A duration in words, back in ms. */
function msOf(text: string): number {
  const units: Record<string, number> = { s: 1_000, min: minuteMs, h: hourMs, d: dayMs }
  return [...text.matchAll(/(\d+) ([a-z]+)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? Number.NaN),
    0,
  )
}

const anyUnit = fc.oneof(
  fc.constantFrom('a', ' ', '\n', '\t', '\u001b', '\u202e', '\u2028', '\u061c', '\u0085', '…'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)
