import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exitCodes } from '../../cli/exit-codes.ts'
import { resolveCheckpoint, resolveSession, shortIds } from '../../cli/resolve.ts'

const login = { sessionId: '3f2a9c1e-0000-4000-8000-000000000001', title: 'Fix the login' }
const twin = { sessionId: '3f2a9c1e-0000-4000-8000-0000000000ff', title: 'Write docs' }
const slash = { sessionId: 'aaaa0000-0000-4000-8000-000000000002', title: 'Ship part 1/2' }
const docs = { sessionId: 'bbbb0000-0000-4000-8000-000000000003', title: 'write docs' }
const hostile = { sessionId: 'cccc0000-0000-4000-8000-000000000004', title: 'evil\u001b[31m\ttitle' }
const sessions = [login, twin, slash, docs, hostile]

describe('resolveSession', () => {
  it.each([
    ['a whole id', login.sessionId, login],
    ['a whole id in upper case', login.sessionId.toUpperCase(), login],
    ['the beginning of an id', 'aaaa', slash],
    ['a beginning with hyphens', '3f2a9c1e-0000-4000-8000-0000000000f', twin],
    ['a title', 'Fix the login', login],
    ['a title in other case, with spaces around it', '  fix THE login ', login],
    ['a title with a slash', 'Ship part 1/2', slash],
    ['a title as the list shows it', 'evil [31m title', hostile],
  ])('takes %s', (_title, text, expected) => {
    expect(resolveSession(text, sessions)).toEqual({ ok: true, value: expected.sessionId })
  })

  it.each([
    ['nothing like it', 'nosuch', 'there is no session "nosuch"', 'list'],
    ['too few characters', 'aaa', 'there is no session "aaa"', 'at least 4'],
    ['an empty text', '', 'there is no session ""', 'list'],
    ['an ambiguous beginning', '3f2a9c1e', `may be 3f2a9c1e-0000-4000-8000-00000000000`, 'more of the id'],
    ['an ambiguous title', 'write docs', 'may be 3f2a9c1e "Write docs", bbbb0000 "write docs"', 'more of the id'],
  ])('refuses %s, and says what to do', (_title, text, what, remedy) => {
    const found = resolveSession(text, sessions)
    expect(found).toMatchObject({ ok: false, problem: { exitCode: exitCodes.usage } })
    expect(found).toMatchObject({ problem: { what: expect.stringContaining(what) } })
    expect(found).toMatchObject({ problem: { remedy: expect.stringContaining(remedy) } })
  })

  it('shows what was typed without its control characters', () => {
    const found = resolveSession('\u001b]0;owned\u0007', sessions)
    expect(JSON.stringify(found)).toContain('\\"]0;owned\\"')
  })
})

describe('resolveCheckpoint', () => {
  it.each([
    ['an id', `${login.sessionId}/3`, { sessionId: login.sessionId, seq: 3 }],
    ['the beginning of an id', 'aaaa/12', { sessionId: slash.sessionId, seq: 12 }],
    ['a title and a number', 'fix the login/2', { sessionId: login.sessionId, seq: 2 }],
    ['a session alone', 'aaaa', { sessionId: slash.sessionId, seq: null }],
    ['a title that ends like a number', 'Ship part 1/2', { sessionId: slash.sessionId, seq: null }],
    ['such a title with a number', 'Ship part 1/2/7', { sessionId: slash.sessionId, seq: 7 }],
  ])('takes %s', (_title, text, value) => {
    expect(resolveCheckpoint(text, sessions)).toEqual({ ok: true, value })
  })

  it.each(['nosuch/1', 'aaaa/0', 'aaaa/x', 'aaaa/'])('refuses %s', text => {
    expect(resolveCheckpoint(text, sessions)).toMatchObject({ ok: false, problem: { exitCode: exitCodes.usage } })
  })
})

describe('shortIds', () => {
  it('gives 8 characters, and as many more as tell two apart', () => {
    expect([...shortIds(sessions).values()].sort()).toEqual([
      '3f2a9c1e-0000-4000-8000-00000000000',
      '3f2a9c1e-0000-4000-8000-0000000000f',
      'aaaa0000',
      'bbbb0000',
      'cccc0000',
    ])
  })

  it('is always taken back by resolveSession (seed 11)', () => {
    const id = fc.uuid().map(sessionId => ({ sessionId, title: '' }))
    const many = fc.uniqueArray(id, { selector: each => each.sessionId, minLength: 1, maxLength: 40 })
    const property = fc.property(many, some => {
      const back = [...shortIds(some)].map(([sessionId, short]) => [resolveSession(short, some), sessionId] as const)
      expect(back.map(([found]) => found)).toEqual(back.map(([, value]) => ({ ok: true, value })))
    })
    fc.assert(property, { seed: 11, numRuns: 100 })
  })
})
