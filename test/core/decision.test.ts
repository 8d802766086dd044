import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backingOff } from '../../shared/core/back-off.ts'
import type { CheckpointCause, CheckpointRequest } from '../../shared/core/checkpoint.ts'
import {
  compareRequests,
  coolingUntilMs,
  type Decision,
  type DecisionInput,
  decide,
  isPaused,
} from '../../shared/core/decision.ts'
import { isDue } from '../../shared/core/scoring.ts'
import { hourMs, idOf, minuteMs, noonMs, requestOf, scoreOf } from '../support/core-values.ts'

const cooldownMs = 30 * minuteMs
const due = scoreOf({ time: 1.5, activity: 2 })
const quiet = scoreOf({ time: 0.5 })

/** Nothing stands against a checkpoint. */
const free: DecisionInput = {
  nowMs: noonMs,
  score: due,
  excluded: false,
  pausedUntilMs: null,
  unchanged: false,
  cooldownFromMs: null,
  cooldownMs,
  idleRuns: true,
  urgent: null,
  backOff: null,
}

describe('decide', () => {
  it('takes a checkpoint, with the factors that made it due, the highest first, and the total', () => {
    expect(decide(free)).toEqual({
      action: 'checkpoint',
      cause: { kind: 'due', factors: ['activity', 'time'], total: due.total },
    })
  })

  it('takes a checkpoint that only the weighted total asks for, and names no factor', () => {
    const score = scoreOf({ time: 0.9, activity: 0.9, context: 0.9, idle: 0.9 })
    expect(decide({ ...free, score })).toEqual({
      action: 'checkpoint',
      cause: { kind: 'due', factors: [], total: score.total },
    })
  })

  const minuteAgo = noonMs - minuteMs
  const backOff = { failures: 2, failedMs: minuteAgo, waitMs: 2 * minuteMs, cause: 'the disk is full' }
  const wait = { untilMs: noonMs + minuteMs, failures: 2, cause: 'the disk is full' }
  const holds: [string, Partial<DecisionInput>, object][] = [
    ['excluded', { excluded: true }, { kind: 'excluded' }],
    ['paused until a time', { pausedUntilMs: noonMs + 1 }, { kind: 'paused', untilMs: noonMs + 1 }],
    ['reading', { isPartial: true, unchanged: true }, { kind: 'reading' }],
    ['unchanged', { unchanged: true }, { kind: 'unchanged' }],
    ['cooling down', { cooldownFromMs: minuteAgo }, { kind: 'cooling-down', untilMs: minuteAgo + cooldownMs }],
    // time crosses after 1 h; idle, at 0, after 30 min.
    ['below the threshold', { score: quiet }, { kind: 'below-threshold', dueAtMs: noonMs + 30 * minuteMs }],
    ['backing off', { backOff }, { kind: 'backing-off', ...wait }],
  ]

  it.each(holds)('holds for one reason when %s', (_title, change, reason) => {
    expect(decide({ ...free, ...change })).toEqual({ action: 'hold', reason })
  })

  it.each(holds.map(([title, , reason], first) => [title, first, reason] as const))(
    'names "%s" when every later reason holds too',
    (_title, first, reason) => {
      const changes = Object.assign({}, ...holds.slice(first).map(([, change]) => change))
      expect(decide({ ...free, ...changes })).toEqual({ action: 'hold', reason })
    },
  )

  it('says null for a pause without an end, which JSON can carry', () => {
    expect(decide({ ...free, pausedUntilMs: Number.POSITIVE_INFINITY })).toEqual({
      action: 'hold',
      reason: { kind: 'paused', untilMs: null },
    })
  })

  it('does not make what is urgent wait for the cooldown or the threshold, and says what it is', () => {
    const change = { urgent: 'process-died', cooldownFromMs: minuteAgo, score: quiet } as const
    expect(decide({ ...free, ...change })).toEqual({
      action: 'checkpoint',
      cause: { kind: 'urgent', event: 'process-died' },
    })
  })

  it.each(['excluded', 'paused until a time', 'unchanged', 'backing off'])(
    'holds what is urgent too when %s',
    title => {
      const [, change, reason] = holds.find(([name]) => name === title) ?? []
      expect(decide({ ...free, urgent: 'session-ended', ...change })).toEqual({ action: 'hold', reason })
    },
  )

  it('projects time alone while the session is busy', () => {
    expect(decide({ ...free, score: quiet, idleRuns: false })).toEqual({
      action: 'hold',
      reason: { kind: 'below-threshold', dueAtMs: noonMs + hourMs },
    })
  })

  it('says that a session will never be due by itself when neither time nor idle runs', () => {
    const time = { value: null, threshold: 2, score: 0, weight: 0.3, weighted: 0 }
    const score = { ...quiet, factors: { ...quiet.factors, time }, total: 0 }
    expect(decide({ ...free, score, idleRuns: false })).toEqual({
      action: 'hold',
      reason: { kind: 'below-threshold', dueAtMs: null },
    })
  })

  it.each([31, 32, 33])('gives exactly one answer, in the documented order, whatever holds (seed %i)', seed => {
    fc.assert(
      fc.property(anyInput, input => {
        const applies = [
          ['excluded', input.excluded],
          ['paused', isPaused(input.pausedUntilMs, input.nowMs)],
          ['unchanged', input.unchanged],
          [
            'cooling-down',
            input.urgent === null && coolingUntilMs(input.cooldownFromMs, input.cooldownMs, input.nowMs) !== null,
          ],
          ['below-threshold', input.urgent === null && !isDue(input.score)],
          ['backing-off', backingOff(input.backOff, input.nowMs) !== null],
          ['checkpoint', true],
        ] as const
        expect(kindOf(decide(input))).toBe(applies.find(([, holds]) => holds)?.[0])
      }),
      { seed, numRuns: 400 },
    )
  })

  it.each([34, 35])('promises only what will come: at the named instant the hold is over (seed %i)', seed => {
    fc.assert(
      fc.property(anyInput, input => {
        const untilMs = untilOf(decide(input))
        fc.pre(untilMs !== null)
        // A cooldown from the future, after the clock was set back, begins in the middle of another wait.
        fc.pre(input.backOff === null || (input.cooldownFromMs ?? 0) <= noonMs)
        const kindAt = (nowMs: number) => kindOf(decide({ ...input, nowMs }))
        expect(kindAt(untilMs - 1)).toBe(kindAt(noonMs))
        expect(kindAt(untilMs)).not.toBe(kindAt(noonMs))
      }),
      { seed, numRuns: 200 },
    )
  })
})

describe('isPaused', () => {
  it.each([
    ['without a pause', null, false],
    ['before its end', noonMs + 1, true],
    ['at its end', noonMs, false],
    ['until resumed', Number.POSITIVE_INFINITY, true],
  ])('%s: %j gives %j', (_title, untilMs, paused) => {
    expect(isPaused(untilMs, noonMs)).toBe(paused)
  })
})

describe('coolingUntilMs', () => {
  it.each<[string, number | null, number | null]>([
    ['not without a checkpoint', null, null],
    ['from the instant of one', noonMs, noonMs + cooldownMs],
    ['to the last millisecond', noonMs - cooldownMs + 1, noonMs + 1],
    ['no longer than the cooldown', noonMs - cooldownMs, null],
    ['from one that the clock, set back, puts into the future', noonMs + minuteMs, noonMs + minuteMs + cooldownMs],
    ['not from one so far ahead that it would block for ever', noonMs + cooldownMs, null],
  ])('cools down %s', (_title, lastMs, untilMs) => {
    expect(coolingUntilMs(lastMs, cooldownMs, noonMs)).toBe(untilMs)
  })

  it('never cools down when the cooldown is 0', () => {
    expect(coolingUntilMs(noonMs, 0, noonMs)).toBeNull()
  })
})

describe('compareRequests', () => {
  const cause = (kind: 'manual' | 'safety'): CheckpointCause => ({ kind })
  const urgent: CheckpointCause = { kind: 'urgent', event: 'session-ended' }
  const dueOf = (n: number, lastCheckpointMs: number | null, time = 1) =>
    requestOf(n, { lastCheckpointMs, score: scoreOf({ time }) })

  it('serves by hand first, then urgent, then the oldest checkpoint, none being the oldest, then total, then id', () => {
    const inOrder = [
      requestOf(8, { cause: cause('manual'), lastCheckpointMs: noonMs - 2 * hourMs }),
      requestOf(9, { cause: cause('safety'), lastCheckpointMs: noonMs - hourMs }),
      requestOf(7, { cause: urgent, lastCheckpointMs: null }),
      dueOf(6, null, 1),
      dueOf(5, noonMs - 3 * hourMs, 1),
      dueOf(4, noonMs - 2 * hourMs, 3),
      dueOf(2, noonMs - 2 * hourMs, 2),
      dueOf(3, noonMs - 2 * hourMs, 2),
    ]
    expect(inOrder.toReversed().sort(compareRequests)).toEqual(inOrder)
  })

  it.each([41, 42])(
    'is a total order: reflexive, antisymmetric, transitive, and a tie only of one session (seed %i)',
    seed => {
      fc.assert(
        fc.property(anyRequest, anyRequest, anyRequest, (a, b, c) => {
          const sign = (x: CheckpointRequest, y: CheckpointRequest) => Math.sign(compareRequests(x, y))
          const sorted = [a, b, c].sort(compareRequests) as [CheckpointRequest, CheckpointRequest, CheckpointRequest]
          expect(sign(a, a)).toBe(0)
          expect(sign(a, b) + sign(b, a)).toBe(0)
          expect(sign(sorted[0], sorted[2])).toBe(Math.max(-1, sign(sorted[0], sorted[1]) + sign(sorted[1], sorted[2])))
          expect(sign(a, b) === 0 && a.sessionId !== b.sessionId).toBe(false)
        }),
        { seed, numRuns: 500 },
      )
    },
  )
})

const kindOf = (decision: Decision) => (decision.action === 'hold' ? decision.reason.kind : decision.action)
const untilOf = (decision: Decision) =>
  decision.action === 'hold' && 'untilMs' in decision.reason ? decision.reason.untilMs : null

const ratio = fc.constantFrom(0, 0.3, 0.9, 1, 1.5)
const anyScore = fc.record({ time: ratio, activity: ratio, context: ratio, idle: ratio }).map(ratios => scoreOf(ratios))
const nearNow = fc.integer({ min: noonMs - 2 * hourMs, max: noonMs + 2 * hourMs })
const anyInput: fc.Arbitrary<DecisionInput> = fc.record({
  nowMs: fc.constant(noonMs),
  score: anyScore,
  excluded: fc.boolean(),
  pausedUntilMs: fc.option(fc.oneof(nearNow, fc.constant(Number.POSITIVE_INFINITY))),
  unchanged: fc.boolean(),
  cooldownFromMs: fc.option(nearNow),
  cooldownMs: fc.integer({ min: 0, max: hourMs }),
  idleRuns: fc.boolean(),
  urgent: fc.constantFrom(null, 'process-died', 'work-tree-shared'),
  backOff: fc.option(
    fc.record({
      failures: fc.integer({ min: 1, max: 9 }),
      failedMs: nearNow,
      waitMs: fc.integer({ min: 0, max: hourMs }),
      cause: fc.constant('the disk is full'),
    }),
  ),
})
const anyRequest: fc.Arbitrary<CheckpointRequest> = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    cause: fc.constantFrom<CheckpointCause>(
      { kind: 'manual' },
      { kind: 'safety' },
      { kind: 'urgent', event: 'process-died' },
      { kind: 'due', factors: [], total: 1 },
    ),
    lastCheckpointMs: fc.constantFrom(null, noonMs - hourMs, noonMs),
    score: fc.constantFrom(scoreOf({ time: 1 }), scoreOf({ time: 2 })),
  })
  .map(({ n, ...rest }) => ({ ...rest, sessionId: idOf(n), requestedMs: noonMs }))
