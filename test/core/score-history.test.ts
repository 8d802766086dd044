import { describe, expect, it } from 'vitest'
import { mostSamples, type ScoreSample, sampleOf, withSample } from '../../shared/core/score-history.ts'
import { scoreSession } from '../../shared/core/scoring.ts'
import { defaultSettings, policyFor } from '../../shared/core/settings.ts'
import { noonMs } from '../support/core-values.ts'
import { seededRandom } from '../support/random.ts'

const sample = (atMs: number, total = 0.5, contextTokens: number | null = null): ScoreSample => ({
  atMs,
  total,
  scores: { time: 0.1, activity: 0.1, context: 0.1, idle: 0.1 },
  contextTokens,
  contextPercent: null,
})
const minuteMs = 60_000

describe('sampleOf', () => {
  it('keeps what a curve needs, to a thousandth', () => {
    const signals = { hoursSinceCheckpoint: 1, messages: 3, filesChanged: 5, contextPercent: 50, idleMinutes: 10 }
    const score = scoreSession(signals, policyFor(defaultSettings, null).policy)
    expect(sampleOf(score, { tokens: 100_000, percent: 50.00001 }, noonMs + 0.7)).toEqual({
      atMs: noonMs,
      total: 0.683,
      scores: { time: 0.5, activity: 0.333, context: 0.667, idle: 0.333 },
      contextTokens: 100_000,
      contextPercent: 50,
    })
  })
})

describe('withSample', () => {
  it('leaves out what says the same within ten minutes, and keeps it after', () => {
    const first = withSample([], sample(noonMs))
    expect(withSample(first, sample(noonMs + minuteMs, 0.505))).toBe(first)
    expect(withSample(first, sample(noonMs + minuteMs, 0.6))).toEqual([sample(noonMs), sample(noonMs + minuteMs, 0.6)])
    expect(withSample(first, sample(noonMs + minuteMs, 0.5, 7))).toHaveLength(2)
    expect(withSample(first, sample(noonMs + 10 * minuteMs))).toHaveLength(2)
  })

  it('never runs backwards when the clock does', () => {
    const first = withSample([], sample(noonMs))
    expect(withSample(first, sample(noonMs - minuteMs, 1))).toBe(first)
  })

  it.each([1, 2, 3])('stays bounded, in order, with first and last sample, whatever comes (seed %i)', seed => {
    const random = seededRandom(seed)
    const times = Array.from({ length: 3_000 }, (_, n) => noonMs + n * minuteMs)
    const samples = times.reduce<readonly ScoreSample[]>(
      (all, atMs) => withSample(all, sample(atMs, random.next())),
      [],
    )
    expect(samples.length).toBeLessThanOrEqual(mostSamples)
    expect(samples.map(({ atMs }) => atMs)).toEqual(samples.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
    expect([samples[0]?.atMs, samples.at(-1)?.atMs]).toEqual([times[0], times.at(-1)])
  })
})
