import { describe, expect, it } from 'vitest'
import type { DetectedSession, LiveStatus } from '../../shared/core/session.ts'
import { urgentEventsBetween } from '../../shared/core/urgent-events.ts'
import { idOf, sessionOf } from '../support/core-values.ts'

const shop = { root: '/home/ann/shop', name: 'shop', kind: 'git' } as const
const blog = { root: '/home/ann/blog', name: 'blog', kind: 'git' } as const

function at(n: number, status: LiveStatus, project: DetectedSession['project'] = shop): DetectedSession {
  return { ...sessionOf({ facts: { sessionId: idOf(n) }, status }), project }
}
const between = (before: readonly DetectedSession[] | null, after: readonly DetectedSession[]) => {
  const known = before && new Map(before.map(session => [session.facts.sessionId, session]))
  return [...urgentEventsBetween(known, after)].sort()
}

describe('urgent events between two looks', () => {
  it.each<[LiveStatus, LiveStatus, string | null]>([
    ['busy', 'ended', 'session-ended'],
    ['waiting', 'ended', 'session-ended'],
    ['busy', 'ended-abruptly', 'process-died'],
    ['idle', 'ended-abruptly', 'process-died'],
    ['shell', 'ended-abruptly', 'process-died'],
    ['busy', 'idle', null],
    ['busy', 'unknown', null],
    ['ended', 'ended', null],
    ['unknown', 'ended', null],
    ['ended', 'ended-abruptly', null],
    ['ended', 'busy', null],
  ])('from %s to %s: %s', (before, after, event) => {
    expect(between([at(1, before)], [at(1, after)])).toEqual(event === null ? [] : [[idOf(1), event]])
  })

  it('sees nothing at the first look, however things stand', () => {
    expect(between(null, [at(1, 'ended-abruptly'), at(2, 'busy'), at(3, 'busy')])).toEqual([])
  })

  it('sees nothing in a session that was not there before and has ended', () => {
    expect(between([], [at(1, 'ended')])).toEqual([])
  })

  it('makes every live session of a work tree urgent when another one joins', () => {
    const before = [at(1, 'busy'), at(2, 'ended'), at(3, 'idle', blog)]
    const after = [at(1, 'busy'), at(2, 'ended'), at(3, 'idle', blog), at(4, 'busy')]
    expect(between(before, after)).toEqual([
      [idOf(1), 'work-tree-shared'],
      [idOf(4), 'work-tree-shared'],
    ])
  })

  it('says so when a session comes over from another work tree, and when it comes back to life', () => {
    const shared = [
      [idOf(1), 'work-tree-shared'],
      [idOf(2), 'work-tree-shared'],
    ]
    const after = [at(1, 'busy'), at(2, 'busy')]
    expect(between([at(1, 'busy'), at(2, 'busy', blog)], after)).toEqual(shared)
    expect(between([at(1, 'busy'), at(2, 'ended')], after)).toEqual(shared)
  })

  it('says it once: not while they go on sharing, and not when one of three leaves', () => {
    const three = [at(1, 'busy'), at(2, 'idle'), at(3, 'busy')]
    expect(between(three, three)).toEqual([])
    expect(between(three, [at(1, 'idle'), at(2, 'busy'), at(3, 'ended')])).toEqual([[idOf(3), 'session-ended']])
  })

  it('takes sessions without a work tree for strangers to each other', () => {
    const gone = { root: '/gone', name: 'gone', kind: 'missing' } as const
    expect(between([], [at(1, 'busy', null), at(2, 'busy', null)])).toEqual([])
    expect(between([], [at(1, 'busy', gone), at(2, 'busy', gone)])).toEqual([])
  })
})
