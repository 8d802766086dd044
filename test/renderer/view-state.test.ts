import { describe, expect, it } from 'vitest'
import { hashOf, parseView, sessionsView, type View, viewOf } from '../../renderer/view-state.ts'

const sessionId = '00000000-0000-4000-8000-000000000001'

describe('the address of a view', () => {
  it.each<[string, View]>([
    ['#/sessions', sessionsView([])],
    ['#/sessions?show=failing,at-risk', sessionsView(['failing', 'at-risk'])],
    [`#/session/${sessionId}`, { kind: 'session', sessionId, tab: 'overview', seq: null }],
    [`#/session/${sessionId}/checkpoint/12`, { kind: 'session', sessionId, tab: 'checkpoint', seq: 12 }],
    [`#/session/${sessionId}/restore`, { kind: 'session', sessionId, tab: 'restore', seq: null }],
    [`#/session/${sessionId}/restore/3`, { kind: 'session', sessionId, tab: 'restore', seq: 3 }],
    ['#/activity', { kind: 'activity' }],
    ['#/settings', { kind: 'settings', section: null }],
    ['#/settings/retention', { kind: 'settings', section: 'retention' }],
    ['#/welcome', { kind: 'welcome' }],
  ])('%s names it both ways', (hash, view) => {
    expect([parseView(hash), hashOf(view)]).toEqual([view, hash])
  })
  it.each([
    '',
    '#',
    '#/',
    '#/nonsense',
    '#/session/../../etc',
    `#/session/${sessionId.replace('4', '<')}`,
    '#/sessions?show=everything',
    '#%00',
    'javascript:alert(1)',
  ])('that means nothing is the list: %s', hash => {
    expect(parseView(hash)).toEqual(sessionsView([]))
  })
  it.each([
    ['#/settings/<script>', { kind: 'settings', section: null }],
    [`#/session/${sessionId}/checkpoint/0`, { kind: 'session', sessionId, tab: 'overview', seq: null }],
    [`#/session/${sessionId}/restore/1e9`, { kind: 'session', sessionId, tab: 'restore', seq: null }],
  ])('is read as far as it makes sense: %s', (hash, view) => {
    expect(parseView(hash)).toEqual(view)
  })
})

describe('viewOf', () => {
  it.each([
    [{ view: 'sessions' }, sessionsView([])],
    [{ view: 'rescue' }, { kind: 'activity' }],
    [{ view: 'settings' }, { kind: 'settings', section: null }],
    [
      { view: 'restore', sessionId },
      { kind: 'session', sessionId, tab: 'restore', seq: null },
    ],
    [{ view: 'session', sessionId: 'nobody' }, undefined],
    [{ view: 'a place of tomorrow' }, undefined],
  ])('gives of what a host wants, %o: %o', (target, view) => {
    expect(viewOf(target as never)).toEqual(view)
  })
})
