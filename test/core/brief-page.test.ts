/** What a new session is told, and when it is told nothing. */
import { describe, expect, it } from 'vitest'
import { type BriefRequest, type BriefShelf, briefPage, type ShelvedSession } from '../../shared/core/brief-page.ts'

const hour = 3_600_000
const nowMs = 1_000 * hour
const request: BriefRequest = { sessionId: 'new', root: '/shop', nowMs, isAlive: () => false }

function session(change: Partial<ShelvedSession> = {}): ShelvedSession {
  const brief = '# Fix the login\n\n- Folder: /shop\n'
  return {
    sessionId: 'old',
    title: 'Fix the login',
    atMs: nowMs - 3 * hour,
    pid: null,
    unfinished: ['2 open items'],
    brief,
    ...change,
  }
}

const shelf = (...sessions: readonly ShelvedSession[]): BriefShelf => ({ v: 1, root: '/shop', sessions })

describe('the page for a new session', () => {
  it('is the brief of the last one, with what is unfinished and how long ago', () => {
    expect(briefPage(shelf(session()), request)).toBe(
      [
        'From Active Session Monitor, as background and not as a request: the last session in this project ended 3 hours ago with 2 open items.',
        'Its resume brief follows. Go by it only if the user wants to go on with that work.',
        '',
        '# Fix the login\n\n- Folder: /shop',
        '',
      ].join('\n'),
    )
  })

  it('names the others in a line each', () => {
    const other = session({
      sessionId: 'older',
      title: 'Write docs',
      atMs: nowMs - 50 * hour,
      unfinished: ['its process killed'],
    })
    expect(briefPage(shelf(session(), other), request)).toContain(
      'Unfinished too:\n- Write docs (2 days ago; its process killed): claude --resume older',
    )
  })

  it('stays below the length at which Claude Code cuts it', () => {
    const long = session({ brief: 'x'.repeat(20_000) })
    const page = briefPage(shelf(long, session({ sessionId: 'b' }), session({ sessionId: 'c' })), request)
    expect(page?.length).toBeLessThan(9_500)
    expect(page).toContain('claude --resume c')
  })

  it.each([
    ['nothing is unfinished', shelf(session({ unfinished: [] }))],
    ['the last one is older than a week', shelf(session({ atMs: nowMs - 8 * 24 * hour }))],
    ['it is the same session', shelf(session({ sessionId: 'new' }))],
    ['nothing is saved', shelf()],
    ['the shelf is another project’s', { ...shelf(session()), root: '/blog' }],
    ['the shelf is of another version', { ...shelf(session()), v: 2 }],
    ['the shelf is no shelf', 'text'],
    ['the session on it is none', { v: 1, root: '/shop', sessions: [{ sessionId: 7 }] }],
  ])('is not there when %s', (_title, value) => {
    expect(briefPage(value, request)).toBeNull()
  })

  it('leaves out a session that is open in another window', () => {
    const open = session({ pid: 4711 })
    expect(briefPage(shelf(open), { ...request, isAlive: pid => pid === 4711 })).toBeNull()
    expect(briefPage(shelf(open), request)).not.toBeNull()
  })
})
