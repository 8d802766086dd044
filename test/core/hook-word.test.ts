/** The words that the real payloads of Claude Code make. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  briefFileName,
  type HookEvent,
  hookEvents,
  isWordFileName,
  parseHookWord,
  wordFileName,
  wordOfCommit,
  wordOfPayload,
} from '../../shared/core/hook-word.ts'

const fixture = path.resolve(import.meta.dirname, '../fixtures/claude-code/hooks/hook-payloads.jsonl')
const recorded = readFileSync(fixture, 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as { readonly reg: string; readonly stdin: Record<string, unknown> })
const ours = recorded.filter(({ reg }) => hookEvents.some(event => event === reg))
const now = { atMs: 1_000, pid: 42 }

describe('a word', () => {
  it.each(ours)('is made of a real payload of $reg, and survives its file', ({ reg, stdin }) => {
    const word = wordOfPayload(reg as HookEvent, stdin, now)
    expect(word).toEqual({
      v: 1,
      event: reg,
      atMs: 1_000,
      pid: 42,
      sessionId: stdin['session_id'],
      cwd: stdin['cwd'],
      detail: stdin['reason'] ?? stdin['trigger'] ?? stdin['notification_type'] ?? stdin['source'] ?? null,
    })
    expect(parseHookWord(JSON.parse(JSON.stringify(word)))).toEqual(word)
  })

  it('has a file of its own for each session and event', () => {
    const names = ours
      .map(({ reg, stdin }) => wordOfPayload(reg as HookEvent, stdin, now))
      .map(word => word && wordFileName(word))
    expect(names.every(name => name !== null && isWordFileName(name))).toBe(true)
    const kinds = ours.map(({ reg, stdin }) => `${stdin['session_id']} ${reg}`)
    expect(new Set(names).size).toBe(new Set(kinds).size)
  })

  it('of a commit names the folder alone', () => {
    const word = wordOfCommit('/home/dev/shop', 5)
    expect(word).toEqual({
      v: 1,
      event: 'post-commit',
      sessionId: null,
      cwd: '/home/dev/shop',
      detail: null,
      pid: null,
      atMs: 5,
    })
    expect(isWordFileName(wordFileName(word))).toBe(true)
    expect(wordFileName(word)).not.toBe(wordFileName(wordOfCommit('/home/dev/blog', 5)))
  })

  it.each([null, 'text', [], {}, { session_id: '../../etc/passwd' }, { session_id: 7 }])(
    'is not made of %o',
    payload => {
      expect(wordOfPayload('Stop', payload, now)).toBeNull()
    },
  )

  it.each([
    ['nothing', null],
    ['another version', { v: 2, event: 'Stop', sessionId: ours[0]?.stdin['session_id'], atMs: 1 }],
    ['an unknown event', { v: 1, event: 'Nope', sessionId: ours[0]?.stdin['session_id'], atMs: 1 }],
    ['no time', { v: 1, event: 'Stop', sessionId: ours[0]?.stdin['session_id'], atMs: 'now' }],
    ['no session', { v: 1, event: 'Stop', sessionId: null, atMs: 1 }],
  ])('is not read from a file with %s', (_title, value) => {
    expect(parseHookWord(value)).toBeNull()
  })

  it('loses what is too long or of another kind, and nothing else', () => {
    const sessionId = String(ours[0]?.stdin['session_id'])
    const word = {
      v: 1,
      event: 'Stop',
      sessionId: sessionId.toUpperCase(),
      atMs: 1,
      cwd: 'x'.repeat(5_000),
      pid: -1,
      detail: {},
    }
    expect(parseHookWord(word)).toEqual({ v: 1, event: 'Stop', sessionId, atMs: 1, cwd: null, pid: null, detail: null })
  })
})

describe('the name of a project’s briefs', () => {
  it('is readable, safe, and its own for folders that look alike', () => {
    expect(briefFileName('/home/dev/my shop')).toMatch(/^-home-dev-my-shop-[0-9a-f]{16}\.json$/)
    expect(briefFileName('/home/dev/my shop')).not.toBe(briefFileName('/home/dev/my-shop'))
    expect(briefFileName(`/${'é'.repeat(9_000)}/../..`)).toMatch(/^[A-Za-z0-9-]{1,80}\.json$/)
  })
})
