import { describe, expect, it } from 'vitest'
import { chooseLanguage, createI18n } from '../../renderer/i18n.ts'
import { createWords, durationParts, formatsFor, relativePart } from '../../renderer/words.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const british = createWords('en-GB', createI18n('en').t)

describe('durations', () => {
  it.each([
    [0, '0 secs'],
    [400, '0 secs'],
    [59_400, '59 secs'],
    [59_600, '1 min'],
    [90_000, '2 mins'],
    [hourMs - 1, '1 hr'],
    [2 * hourMs + 5 * minuteMs, '2 hrs 5 mins'],
    [dayMs + 3 * hourMs, '1 day 3 hrs'],
    [-5, '0 secs'],
    [Number.NaN, '0 secs'],
    [Number.POSITIVE_INFINITY, '0 secs'],
  ])('of %d ms are %s', (ms, text) => {
    expect(british.duration(ms)).toBe(text)
  })
  it('never show a unit that is full', () => {
    const full = Array.from({ length: 40_000 }, (_, at) => at * 11).filter(s => {
      const [first, second] = durationParts(s * 1_000)
      return (first?.unit !== 'day' && (first?.value ?? 0) >= 60) || (second?.value ?? 0) >= 60
    })
    expect(full).toEqual([])
  })
})

describe('instants', () => {
  const nowMs = Date.UTC(2026, 0, 15, 12)
  it.each([
    [0, 'now'],
    [-9_000, 'now'],
    [-5 * minuteMs, '5 minutes ago'],
    [2 * hourMs - 500, 'in 2 hours'],
    [-dayMs, 'yesterday'],
    [-3 * dayMs, '3 days ago'],
    [Number.NaN, 'now'],
  ])('%d ms away are %s', (ms, text) => {
    expect(british.ago(nowMs + ms, nowMs)).toBe(text)
  })
  it('that are none are a dash, not an error', () => {
    expect([british.dateTime(Number.NaN), british.time(1e300)]).toEqual(['–', '–'])
  })
  it('rounds to what it says', () => {
    expect(relativePart(-89 * minuteMs)).toEqual({ unit: 'hour', value: -1 })
  })
})

describe('sizes', () => {
  it.each([
    [0, '0 bytes'],
    [812, '812 bytes'],
    [999_900, '1 MB'],
    [4_210, '4.2 kB'],
    [31_000_000, '31 MB'],
    [7.4e9, '7.4 GB'],
    [-1, '0 bytes'],
    [Number.NaN, '0 bytes'],
  ])('of %d bytes are %s', (bytes, text) => {
    expect(british.bytes(bytes)).toBe(text)
  })
})

describe('languages', () => {
  it('takes the first wish that there is a catalogue for, else English', () => {
    expect([chooseLanguage(['fr-FR', 'en-GB']), chooseLanguage(['tlh']), chooseLanguage([])]).toEqual([
      'en',
      'en',
      'en',
    ])
  })
  it('writes numbers and dates as the user’s region does', () => {
    expect([formatsFor('en', ['de-DE', 'en-GB', 'en-US']), formatsFor('en', ['de-DE'])]).toEqual(['en-GB', 'en'])
  })
})
