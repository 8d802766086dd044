import { describe, expect, it } from 'vitest'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { DetectedSession, SessionId } from '../../shared/core/session.ts'
import type { LookOptions, Overview, SessionEntry, SurveyedTree } from '../../shared/engine/overview.ts'
import { createTouchedLook } from '../../shared/engine/touched-look.ts'
import type { Detector, TouchedSessions } from '../../shared/engine/transcript-detector.ts'
import { factsOf, idOf, liveOf, recordOf, sessionOf } from '../support/core-values.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const session = (n: number, change: Partial<DetectedSession> = {}): DetectedSession => ({
  ...sessionOf({ facts: { sessionId: idOf(n) } }),
  ...change,
})
const entry = (session: DetectedSession, last: CheckpointRecord | null = null, tree: SurveyedTree | null = null) =>
  ({ session, last, tree }) as SessionEntry
const entriesOf = (...sessions: readonly DetectedSession[]) =>
  new Map(sessions.map(one => [one.facts.sessionId, entry(one)]))

/** A look over a detector that finds `found`, and what it asked the store about. */
function lookThatFinds(found: readonly DetectedSession[], touched: TouchedSessions | null = null) {
  const asked: SessionId[] = []
  const saved = recordOf()
  const overview = { entryOf: entry } as unknown as Overview
  const detector = { refresh: async () => found, refreshPaths: async () => touched } as unknown as Detector
  const last = (id: SessionId) => {
    asked.push(id)
    return saved
  }
  return { ...createTouchedLook({ clock: createFakeClock(), detector, history: { last }, overview }), asked, saved }
}

describe('a look at what was touched', () => {
  it('asks the store only about sessions that no look has seen: for the others what is known stands', () => {
    const { entryOf, asked, saved } = lookThatFinds([])
    const options = {} as LookOptions
    const known = recordOf({ seq: 7 })
    const tree = { changedPaths: ['/a'] } as unknown as SurveyedTree
    expect(entryOf(session(1), entry(session(1), known, tree), options)).toEqual(entry(session(1), known, tree))
    expect(entryOf(session(1), entry(session(1)), options).last).toBeNull()
    expect(asked).toEqual([])
    expect(entryOf(session(2), undefined, options)).toEqual(entry(session(2), saved))
    expect(asked).toEqual([idOf(2)])
  })

  it('tells what is new or different, and of what is gone', async () => {
    const [same, grown, born] = [session(1), session(2), session(3)]
    const facts = factsOf({ sessionId: idOf(2), title: 'more' })
    const touched = { sessions: [same, { ...grown, facts }, born], gone: [idOf(4)] }
    const { look } = lookThatFinds([], touched)
    expect(await look(['/x'], entriesOf(same, grown, session(4)))).toEqual({
      changed: [{ ...grown, facts }, born],
      gone: new Set([idOf(4)]),
      livesChanged: true,
    })
  })

  it.each<[string, Partial<DetectedSession>, boolean, boolean]>([
    ['nothing', {}, false, false],
    ['what its process does', { live: liveOf('busy') }, true, true],
    ['its project', { project: { root: '/other', name: 'other', kind: 'git' } }, true, true],
    ['a problem', { problems: ['odd'] }, true, false],
    ['a file', { streams: [] }, true, false],
  ])('sees that of a session changed: %s', async (_what, change, isChanged, livesChanged) => {
    const before = session(1, { live: liveOf('idle') })
    const { look } = lookThatFinds([], { sessions: [{ ...before, ...change }], gone: [] })
    const { changed, ...rest } = await look(['/x'], entriesOf(before))
    expect([changed.length, rest]).toEqual([Number(isChanged), { gone: new Set(), livesChanged }])
  })

  it('looks at everything when the paths do not tell, and then misses what is not there', async () => {
    const known = session(1)
    const { look } = lookThatFinds([known])
    const nothing = { changed: [], gone: new Set([idOf(2)]), livesChanged: false }
    expect(await look(null, entriesOf(known, session(2)))).toEqual(nothing)
    expect(await look(['/x'], entriesOf(known, session(2)))).toEqual(nothing)
  })
})
