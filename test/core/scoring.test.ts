import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dueFactors,
  type FactorName,
  factorNames,
  isDue,
  msUntilDue,
  neverCheckpointedScore,
  type ScoringPolicy,
  type SessionSignals,
  scoreSession,
} from '../../shared/core/scoring.ts'
import { defaultPolicy, hourMs, minuteMs, scoreOf } from '../support/core-values.ts'

const quiet: SessionSignals = {
  hoursSinceCheckpoint: 0,
  messages: 4,
  filesChanged: 0,
  contextPercent: 0,
  idleMinutes: 0,
}

/** Every threshold, weight and value differs, so that no two can be confused. */
const odd: ScoringPolicy = {
  thresholds: { time: 4, activity: 10, context: 80, idle: 20 },
  weights: { time: 0.7, activity: 0.11, context: 0.13, idle: 0.17 },
}

const near = (n: number): number => expect.closeTo(n, 12)

describe('scoreSession', () => {
  it.each<[string, Partial<SessionSignals>, Record<FactorName, number>]>([
    ['nothing at all', {}, { time: 0, activity: 0, context: 0, idle: 0 }],
    ['time by the hour', { hoursSinceCheckpoint: 3 }, { time: 0.75, activity: 0, context: 0, idle: 0 }],
    ['activity by the file', { filesChanged: 4 }, { time: 0, activity: 0.4, context: 0, idle: 0 }],
    ['context by the percent', { contextPercent: 20 }, { time: 0, activity: 0, context: 0.25, idle: 0 }],
    ['idle by the minute', { idleMinutes: 18 }, { time: 0, activity: 0, context: 0, idle: 0.9 }],
    ['a value beyond its threshold, uncapped', { filesChanged: 35 }, { time: 0, activity: 3.5, context: 0, idle: 0 }],
    [
      'everything at once',
      { hoursSinceCheckpoint: 2, filesChanged: 1, contextPercent: 120, idleMinutes: 5 },
      { time: 0.5, activity: 0.1, context: 1.5, idle: 0.25 },
    ],
  ])('measures %s as a share of the threshold', (_title, change, scores) => {
    const signals = { ...quiet, ...change }
    const factor = (name: FactorName, value: number | null) => ({
      value,
      threshold: odd.thresholds[name],
      score: near(scores[name]),
      weight: odd.weights[name],
      weighted: near(scores[name] * odd.weights[name]),
    })
    expect(scoreSession(signals, odd)).toEqual({
      factors: {
        time: factor('time', signals.hoursSinceCheckpoint),
        activity: factor('activity', signals.filesChanged),
        context: factor('context', signals.contextPercent),
        idle: factor('idle', signals.idleMinutes),
      },
      total: near(scores.time * 0.7 + scores.activity * 0.11 + scores.context * 0.13 + scores.idle * 0.17),
    })
  })

  it.each([
    ['is due by time alone once it has a message', 1, 1.5],
    ['has nothing to lose before its first message', 0, 0],
  ])('of a session that was never checkpointed %s', (_title, messages, score) => {
    const { factors, total } = scoreSession({ ...quiet, messages, hoursSinceCheckpoint: null }, odd)
    expect({ time: factors.time, total }).toEqual({
      time: { value: null, threshold: 4, score, weight: 0.7, weighted: near(score * 0.7) },
      total: near(score * 0.7),
    })
  })

  it('says 1.5 for "never checkpointed"', () => {
    expect(neverCheckpointedScore).toBe(1.5)
  })

  it.each([
    [{ hoursSinceCheckpoint: -1 }, 'hoursSinceCheckpoint is -1'],
    [{ hoursSinceCheckpoint: Number.NaN }, 'hoursSinceCheckpoint is NaN'],
    [{ messages: -1 }, 'messages is -1'],
    [{ filesChanged: Number.NaN }, 'filesChanged is NaN'],
    [{ contextPercent: Number.POSITIVE_INFINITY }, 'contextPercent is Infinity'],
    [{ idleMinutes: -0.1 }, 'idleMinutes is -0.1'],
  ])('rejects %o rather than inventing a score', (bad, message) => {
    expect(() => scoreSession({ ...quiet, ...bad }, odd)).toThrow(new RangeError(message))
  })

  it.each([11, 12, 13])('never falls when a signal rises, in no factor and not in total (seed %i)', seed => {
    fc.assert(
      fc.property(anySignals, anyPolicy, fc.constantFrom(...signalNames), amount, (signals, policy, name, more) => {
        const before = scoreSession(signals, policy)
        const after = scoreSession({ ...signals, [name]: (signals[name] ?? 0) + more }, policy)
        expect(after.total).toBeGreaterThanOrEqual(before.total)
        for (const factor of factorNames) {
          expect(after.factors[factor].score).toBeGreaterThanOrEqual(before.factors[factor].score)
        }
      }),
      { seed, numRuns: 300 },
    )
  })

  it.each([14, 15])('gives a total that is the sum of its parts (seed %i)', seed => {
    fc.assert(
      fc.property(anySignals, anyPolicy, (signals, policy) => {
        const { factors, total } = scoreSession(signals, policy)
        expect(total).toBeCloseTo(
          factorNames.reduce((sum, name) => sum + factors[name].score * policy.weights[name], 0),
          6,
        )
      }),
      { seed, numRuns: 200 },
    )
  })
})

describe('dueFactors', () => {
  it.each<[string, Partial<Record<FactorName, number>>, FactorName[]]>([
    ['none below 1', { time: 0.99, activity: 0.99, context: 0.99, idle: 0.99 }, []],
    ['one at exactly 1', { context: 1 }, ['context']],
    ['the highest first', { time: 1, activity: 1.4, context: 0.2, idle: 2 }, ['idle', 'activity', 'time']],
    ['equals in the order in which they are shown', { idle: 1.2, activity: 1.2 }, ['activity', 'idle']],
  ])('names %s', (_title, ratios, names) => {
    expect(dueFactors(scoreOf(ratios))).toEqual(names)
  })
})

describe('isDue', () => {
  it.each<[string, Partial<Record<FactorName, number>>, boolean]>([
    ['a factor at 1, whatever its weight', { idle: 1 }, true],
    ['every factor just below 1 with a total above 1', { time: 0.9, activity: 0.9, context: 0.9, idle: 0.9 }, true],
    ['a total of exactly 1', { activity: 0.625, context: 0.9, time: 0.9, idle: 0.15 }, true],
    ['a total just below 1', { activity: 0.6, context: 0.9, time: 0.9, idle: 0.1 }, false],
    ['nothing', {}, false],
  ])('looks at %s', (_title, ratios, due) => {
    expect(isDue(scoreOf(ratios))).toBe(due)
  })
})

describe('msUntilDue', () => {
  it.each<[string, Partial<SessionSignals>, boolean, number | null]>([
    ['0 when it is due already', { filesChanged: 15 }, true, 0],
    ['the wait for idle when that comes first', { hoursSinceCheckpoint: 1, idleMinutes: 10 }, true, 20 * minuteMs],
    ['the wait for time while it is busy', { hoursSinceCheckpoint: 0.5 }, false, 1.5 * hourMs],
    // 0.9 × 0.5 + 0.75 × 0.4 + 0.5 × 0.3 = 0.9; the rest comes at 0.3 ÷ 2 h + 0.2 ÷ 30 min = 0.55 an hour.
    [
      'the wait for the total when that comes first',
      { hoursSinceCheckpoint: 1, filesChanged: 11.25, contextPercent: 67.5 },
      true,
      Math.ceil((0.1 / 0.55) * hourMs),
    ],
    [
      'the wait for idle when the session has nothing to lose yet',
      { hoursSinceCheckpoint: null, messages: 0 },
      true,
      30 * minuteMs,
    ],
    ['1 when only noise of the arithmetic is missing', { hoursSinceCheckpoint: 2 * (1 - 1e-15) }, true, 1],
    ['never when no rate runs', { hoursSinceCheckpoint: null, messages: 0 }, false, null],
  ])('is %s', (_title, change, idleRuns, wait) => {
    expect(msUntilDue(scoreSession({ ...quiet, ...change }, defaultPolicy), idleRuns)).toBe(wait)
  })

  it.each([21, 22, 23])('is, to the millisecond, when isDue turns true (seed %i)', seed => {
    const sessions = fc.record({
      sinceMs: fc.integer({ min: 0, max: 24 * hourMs }),
      idleMs: fc.integer({ min: 0, max: 3 * hourMs }),
      filesChanged: fc.integer({ min: 0, max: 20 }),
      contextPercent: fc.integer({ min: 0, max: 90 }),
      idleRuns: fc.boolean(),
    })
    fc.assert(
      fc.property(sessions, anyPolicy, (session, policy) => {
        const scoreAfter = (ms: number) =>
          scoreSession(
            {
              hoursSinceCheckpoint: (session.sinceMs + ms) / hourMs,
              messages: 1,
              filesChanged: session.filesChanged,
              contextPercent: session.contextPercent,
              idleMinutes: session.idleRuns ? (session.idleMs + ms) / minuteMs : 0,
            },
            policy,
          )
        const wait = msUntilDue(scoreAfter(0), session.idleRuns) ?? Number.NaN
        expect({
          whole: Number.isSafeInteger(wait),
          zeroOnlyIfDue: (wait === 0) === isDue(scoreAfter(0)),
          dueBefore: wait > 1 && isDue(scoreAfter(wait - 1)),
          dueThen: isDue(scoreAfter(wait + 1)),
        }).toEqual({ whole: true, zeroOnlyIfDue: true, dueBefore: false, dueThen: true })
      }),
      { seed, numRuns: 500 },
    )
  })
})

const signalNames = ['hoursSinceCheckpoint', 'messages', 'filesChanged', 'contextPercent', 'idleMinutes'] as const
const amount = fc.double({ min: 0, max: 1e6, noNaN: true })
const anySignals: fc.Arbitrary<SessionSignals> = fc.record({
  hoursSinceCheckpoint: amount,
  messages: fc.nat(),
  filesChanged: fc.nat(),
  contextPercent: amount,
  idleMinutes: amount,
})
const perFactor = (min: number, max: number) => {
  const one = fc.integer({ min: min * 100, max: max * 100 }).map(n => n / 100)
  return fc.record({ time: one, activity: one, context: one, idle: one })
}
const anyPolicy: fc.Arbitrary<ScoringPolicy> = fc.record({
  thresholds: perFactor(0.05, 100),
  weights: perFactor(0, 10),
})
