import { describe, expect, it } from 'vitest'
import type { SessionEntry } from '../../shared/engine/overview.ts'
import { createSessionRegistry } from '../../shared/engine/session-registry.ts'
import { idOf, noonMs } from '../support/core-values.ts'
import { seededRandom } from '../support/random.ts'
import { sampleSession } from '../support/sample-state.ts'

/** Only what a registry looks at. */
function entryOf(n: number, { unchanged = false, total = 0, status = 'idle' } = {}): SessionEntry {
  const live = { status }
  const view = sampleSession({ sessionId: idOf(n), score: { ...sampleSession().score, total } })
  const session = { facts: { sessionId: idOf(n) }, live, project: null }
  return { session, view, assessment: { unchanged } } as unknown as SessionEntry
}
const failed = (n: number) => ({
  kind: 'failed' as const,
  sessionId: idOf(n),
  code: 'io-error' as const,
  message: 'm',
  remedy: 'r',
})
const saved = (n: number) => ({
  kind: 'saved' as const,
  sessionId: idOf(n),
  seq: 1,
  atMs: noonMs,
  addedBytes: 1,
  tookMs: 1,
  warnings: [],
})
const ids = (views: readonly { readonly sessionId: string }[]) => views.map(({ sessionId }) => sessionId)

describe('the session registry', () => {
  it('shows the sessions of the last whole look, most urgent first', () => {
    const registry = createSessionRegistry()
    registry.replace([entryOf(1, { total: 0.1 }), entryOf(2, { total: 0.9 })])
    registry.replace([entryOf(2, { total: 0.9 }), entryOf(3, { total: 0.2 }), entryOf(4, { total: 1.2 })])
    expect(ids(registry.views())).toEqual([idOf(4), idOf(2), idOf(3)])
  })

  it('merges what was touched into a sorted list, without what is gone', () => {
    const registry = createSessionRegistry()
    registry.replace([entryOf(1, { total: 0.1 }), entryOf(2, { total: 0.9 }), entryOf(3, { total: 0.5 })])
    const merged = registry.merge([entryOf(1, { total: 2 })], new Set([idOf(3)]), registry.views())
    expect(ids(merged)).toEqual([idOf(1), idOf(2)])
    expect(merged).toEqual(registry.views())
  })

  it('keeps what is urgent until a checkpoint answers it or there is nothing to save', () => {
    const registry = createSessionRegistry()
    registry.replace([entryOf(1), entryOf(2), entryOf(3)])
    for (const n of [1, 2, 3]) registry.markUrgent(idOf(n), 'before-compaction')
    registry.noteOutcome(saved(1), noonMs)
    registry.noteOutcome(failed(2), noonMs)
    registry.replace([entryOf(1), entryOf(2), entryOf(3, { unchanged: true })])
    expect([...registry.urgent()]).toEqual([[idOf(2), 'before-compaction']])
  })

  it('sees that a session has ended since the last look, and none on the first one', () => {
    const registry = createSessionRegistry()
    registry.noteUrgent([entryOf(1, { status: 'ended' }).session])
    expect(registry.urgent().size).toBe(0)
    registry.replace([entryOf(1)])
    registry.noteUrgent([entryOf(1, { status: 'ended' }).session])
    expect([...registry.urgent()]).toEqual([[idOf(1), 'session-ended']])
  })

  it.each([91, 92, 93])('sees among what was touched what it would see among all sessions (seed %i)', seed => {
    const random = seededRandom(seed)
    const made = (n: number) => {
      const entry = entryOf(n, { status: random.pick(['busy', 'idle', 'ended', 'ended-abruptly', 'unknown']) })
      const project = random.pick([
        null,
        { root: '/a', kind: 'git' },
        { root: '/b', kind: 'missing' },
        { root: '/c', kind: 'git' },
      ])
      return { ...entry, session: { ...entry.session, project } } as SessionEntry
    }
    const [whole, touched] = [createSessionRegistry(), createSessionRegistry()]
    let events = 0
    for (let round = 0; round < 200; round++) {
      const changed = new Map(Array.from({ length: random.int(0, 3) }, () => random.int(1, 12)).map(n => [n, made(n)]))
      const sessions = [...changed.values()].map(({ session }) => session)
      const others = whole
        .all()
        .filter(({ session }) => !sessions.some(({ facts }) => facts.sessionId === session.facts.sessionId))
      whole.noteUrgent([...others.map(({ session }) => session), ...sessions])
      touched.noteUrgentOf(sessions)
      expect(new Map(touched.urgent())).toEqual(new Map(whole.urgent()))
      events += whole.urgent().size
      const gone = new Set(
        [idOf(random.int(1, 40))].filter(id => !sessions.some(({ facts }) => facts.sessionId === id)),
      )
      for (const registry of [whole, touched]) {
        registry.merge([...changed.values()], gone, registry.views())
        for (const { sessionId } of registry.views().slice(0, 1))
          registry.noteOutcome({ ...saved(1), sessionId }, noonMs)
      }
      expect(touched.views()).toEqual(whole.views())
    }
    expect(events).toBeGreaterThan(200)
  })

  it('knows when the first failed session may be tried again, and ends the waiting of what is urgent', () => {
    const registry = createSessionRegistry()
    expect(registry.untilRetryMs(noonMs)).toBe(null)
    registry.noteOutcome(failed(1), noonMs)
    registry.noteOutcome(failed(2), noonMs)
    registry.noteOutcome(failed(2), noonMs)
    expect(registry.untilRetryMs(noonMs + 10_000)).toBe(50_000)
    registry.markUrgent(idOf(1), 'process-died')
    expect(registry.untilRetryMs(noonMs + 10_000)).toBe(110_000)
  })
})
