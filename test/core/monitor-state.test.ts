import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareViews,
  countByProtection,
  protections,
  type SessionView,
  summarise,
  withViews,
} from '../../shared/core/monitor-state.ts'
import { hourMs, liveOf, noonMs, scoreOf, stateOf, viewOf } from '../support/core-values.ts'

describe('countByProtection', () => {
  it('counts every kind, those that do not occur as 0', () => {
    const sessions = [viewOf(1), viewOf(2), viewOf(3, { protection: 'at-risk' }), viewOf(4, { protection: 'excluded' })]
    expect(countByProtection(sessions)).toEqual({ failing: 0, 'at-risk': 1, changed: 2, protected: 0, excluded: 1 })
  })
})

describe('compareViews', () => {
  it('puts first what needs the user: by protection, live, total, last activity, then id', () => {
    const ended = liveOf('ended')
    const high = scoreOf({ time: 0.9 })
    const inOrder = [
      viewOf(9, { protection: 'failing', live: ended }),
      viewOf(8, { protection: 'at-risk', live: ended }),
      viewOf(7, { score: high, lastActivityMs: noonMs - hourMs }),
      viewOf(6, { lastActivityMs: noonMs }),
      viewOf(5, { lastActivityMs: noonMs - hourMs, live: liveOf('busy') }),
      viewOf(3, { lastActivityMs: null }),
      viewOf(4, { lastActivityMs: null }),
      viewOf(2, { live: ended, score: high, lastActivityMs: noonMs }),
      viewOf(11, { protection: 'protected' }),
      viewOf(10, { protection: 'excluded' }),
    ]
    expect(inOrder.toReversed().sort(compareViews)).toEqual(inOrder)
  })

  it.each([111, 112])('is a total order: a tie only with itself, and the same from both sides (seed %i)', seed => {
    fc.assert(
      fc.property(anyView, anyView, anyView, (a, b, c) => {
        const sign = (x: SessionView, y: SessionView) => Math.sign(compareViews(x, y))
        const sorted = [a, b, c].sort(compareViews) as [SessionView, SessionView, SessionView]
        expect(sign(a, a)).toBe(0)
        expect(sign(a, b) + sign(b, a)).toBe(0)
        expect(sign(sorted[0], sorted[2])).toBe(Math.max(-1, sign(sorted[0], sorted[1]) + sign(sorted[1], sorted[2])))
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('withViews', () => {
  it.each([113])('gives what sorting everything anew would give (seed %i)', seed => {
    const views = fc.uniqueArray(anyView, { selector: view => view.sessionId, maxLength: 12 })
    fc.assert(
      fc.property(views, views, fc.array(fc.nat(12)), (before, changed, gone) => {
        const ids = new Set(gone.flatMap(i => before[i]?.sessionId ?? []))
        for (const view of changed) ids.delete(view.sessionId)
        const changedIds = new Set(changed.map(view => view.sessionId))
        const left = before.filter(({ sessionId }) => !ids.has(sessionId) && !changedIds.has(sessionId))
        const anew = [...left, ...changed].sort(compareViews)
        const sorted = before.toSorted(compareViews)
        expect(withViews(sorted, changed, ids)).toEqual(anew)
        // A guess may be right, or of a row that is no longer there.
        const guesses = [...sorted, ...changed]
        const guess = (id: string) => guesses.find(view => view.sessionId === id)
        expect(withViews(sorted, changed, ids, guess)).toEqual(anew)
        expect(withViews(sorted, changed, ids, id => ({ ...viewOf(1), sessionId: id }))).toEqual(anew)
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('summarise', () => {
  it.each<[string, SessionView[], { untilMs: number | null } | null, string]>([
    ['nothing', [], null, '0 sessions'],
    ['one session', [viewOf(1)], null, '1 session: 1 changed'],
    [
      'the worst first, in words, and only what occurs',
      [
        viewOf(1, { protection: 'protected' }),
        viewOf(2, { protection: 'at-risk' }),
        viewOf(3, { protection: 'failing' }),
      ],
      null,
      '3 sessions: 1 failing, 1 at risk, 1 protected',
    ],
    ['a pause', [viewOf(1)], { untilMs: null }, 'Paused. 1 session: 1 changed'],
    ['a pause over nothing', [], { untilMs: noonMs }, 'Paused. 0 sessions'],
    [
      'thousands',
      Array.from({ length: 1_200 }, (_, n) => viewOf(n, { protection: 'protected' })),
      null,
      '1,200 sessions: 1,200 protected',
    ],
  ])('says %s', (_title, sessions, paused, text) => {
    expect(summarise(stateOf(1, { sessions, paused }))).toBe(text)
  })
})

const anyView = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    protection: fc.constantFrom(...protections),
    status: fc.constantFrom('busy', 'idle', 'ended'),
    time: fc.constantFrom(0, 0.5),
    lastActivityMs: fc.constantFrom(null, noonMs - hourMs, noonMs),
  })
  .map(({ n, protection, status, time, lastActivityMs }) =>
    viewOf(n, { protection, live: liveOf(status), score: scoreOf({ time }), lastActivityMs }),
  )
