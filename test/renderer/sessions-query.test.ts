import { describe, expect, it } from 'vitest'
import {
  initialQuery,
  nextDue,
  type Row,
  rowsOf,
  type SessionsQuery,
  sessionsFor,
  sortKeys,
} from '../../renderer/sessions-query.ts'
import type { SessionView } from '../../shared/core/monitor-state.ts'
import { seededRandom } from '../support/random.ts'
import { dueSession, sampleNowMs, sampleSession } from '../support/sample-state.ts'

const shop = { root: '/home/dev/shop', name: 'shop', kind: 'git' } as const
const blog = { root: '/home/dev/blog', name: 'blog', kind: 'git' } as const
const ended = { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null } as const

const login = dueSession({ sessionId: 'a', title: 'Mend the login', project: shop, branch: 'fix/login' })
const search = sampleSession({ sessionId: 'b', title: 'Faster search', project: shop, live: ended })
const post = sampleSession({
  sessionId: 'c',
  title: 'Write a post',
  project: blog,
  protection: 'changed',
  unsaved: { messages: 2, files: 1, transcriptBytes: 900 },
})
const all = [login, post, search]

const ids = (views: readonly SessionView[]) => views.map(view => view.sessionId).join('')
const shown = (change: Partial<SessionsQuery>) => ids(sessionsFor(all, { ...initialQuery, ...change }, 'en'))

describe('sessionsFor', () => {
  it.each([
    ['everything, in the monitor’s order', {}, 'acb'],
    ['the other way round', { descending: true }, 'bca'],
    ['a word of the title, whatever its case', { search: 'LOGIN' }, 'a'],
    ['words in any order, of project and title', { search: 'search shop' }, 'b'],
    ['a word of the branch', { search: 'fix/' }, 'a'],
    ['nothing for a word that is nowhere', { search: 'nowhere' }, ''],
    ['one protection', { protections: ['changed'] }, 'c'],
    ['two protections', { protections: ['changed', 'at-risk'] }, 'ac'],
    ['live ones', { live: 'live' }, 'ac'],
    ['ended ones', { live: 'ended' }, 'b'],
    ['unsaved work only', { unsavedOnly: true }, 'c'],
    ['by title', { sort: 'title' }, 'bac'],
    ['by project, equal ones in the monitor’s order', { sort: 'project' }, 'cab'],
    ['by what is unsaved, most first', { sort: 'unsaved', descending: true }, 'cab'],
    ['by what is due next', { sort: 'next' }, 'acb'],
  ] as const)('shows %s', (_title, change, expected) => {
    expect(shown(change as Partial<SessionsQuery>)).toBe(expected)
  })

  it.each([1, 2, 3])('loses and doubles no session, by whatever it sorts (seed %i)', seed => {
    const random = seededRandom(`sessions-query-${seed}`)
    const views = Array.from({ length: 300 }, () =>
      sampleSession({
        sessionId: random.uuid(),
        title: random.pick(['', 'Äpfel', 'apple', '10', '9', '\ud800']),
        project: random.pick([shop, blog, null]),
        protection: random.pick(['failing', 'at-risk', 'changed', 'protected', 'excluded']),
      }),
    )
    for (const sort of sortKeys) {
      const sorted = sessionsFor(views, { ...initialQuery, sort, descending: random.chance(0.5) }, 'de')
      expect(new Set(sorted)).toEqual(new Set(views))
      expect(sorted).toHaveLength(views.length)
    }
  })
})

describe('rowsOf', () => {
  const words = (rows: readonly Row[]) =>
    rows.map(row => (row.kind === 'group' ? `${row.name} ${row.sessions} ${row.worst}` : row.view.sessionId))

  it('puts each project above its sessions, the most urgent project first', () => {
    expect(words(rowsOf(all, { ...initialQuery, grouped: true }))).toEqual([
      'shop 2 at-risk',
      'a',
      'b',
      'blog 1 changed',
      'c',
    ])
  })
  it('shows of a folded project its row only', () => {
    const query = { ...initialQuery, grouped: true, folded: new Set([shop.root]) }
    expect(words(rowsOf(all, query))).toEqual(['shop 2 at-risk', 'blog 1 changed', 'c'])
  })
})

describe('nextDue', () => {
  const hold = (reason: unknown) =>
    nextDue(sampleSession({ decision: { action: 'hold', reason } as SessionView['decision'] }))

  it.each([
    [{ kind: 'unchanged' }, { kind: 'nothing' }],
    [{ kind: 'paused', untilMs: null }, { kind: 'paused' }],
    [
      { kind: 'paused', untilMs: sampleNowMs },
      { kind: 'at', atMs: sampleNowMs },
    ],
    [
      { kind: 'cooling-down', untilMs: 5 },
      { kind: 'at', atMs: 5 },
    ],
    [
      { kind: 'below-threshold', dueAtMs: 7 },
      { kind: 'at', atMs: 7 },
    ],
    [{ kind: 'below-threshold', dueAtMs: null }, { kind: 'event' }],
    [{ kind: 'excluded' }, { kind: 'excluded' }],
    [{ kind: 'a reason of tomorrow' }, { kind: 'nothing' }],
  ])('says of %o: %o', (reason, expected) => {
    expect(hold(reason)).toEqual(expected)
  })
  it('is now for what is due', () => {
    expect(nextDue(login)).toEqual({ kind: 'now' })
  })
})
