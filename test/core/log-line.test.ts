import { describe, expect, it } from 'vitest'
import { formatLogLine, isAtLeast, parseLogLine } from '../../shared/core/log-line.ts'

const atMs = new Date(2026, 10, 7, 6, 5, 4, 32).getTime()

describe('formatLogLine', () => {
  it.each([
    ['debug', 'DEBUG'],
    ['info', 'INFO'],
    ['warn', 'WARNING'],
    ['error', 'ERROR'],
  ] as const)('writes a line as the older monitor did, with milliseconds: %s', (level, name) => {
    expect(formatLogLine({ atMs, level, message: 'Saved.' })).toBe(`2026-11-07 06:05:04,032 - ${name} - Saved.`)
  })

  it('adds the fields as JSON', () => {
    const line = formatLogLine({ atMs, level: 'info', message: 'Saved.' }, { sessionId: 'a', n: 2 })
    expect(line).toBe('2026-11-07 06:05:04,032 - INFO - Saved. {"sessionId":"a","n":2}')
  })

  it('is one line that no terminal obeys, without secrets, and bounded', () => {
    const message = `one\ntwo\u001b[2J token=ghp_${'a'.repeat(36)} ${'x'.repeat(20_000)}`
    const line = formatLogLine({ atMs, level: 'warn', message })
    expect(line).toMatch(/^2026-11-07 06:05:04,032 - WARNING - one two \[2J token=\[/)
    expect(line).not.toMatch(/[\u0000-\u001f]|ghp_/)
    expect(line.length).toBeLessThan(8_100)
  })

  it('takes fields that cannot be written as JSON', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(formatLogLine({ atMs, level: 'info', message: 'x' }, circle)).toBe('2026-11-07 06:05:04,032 - INFO - x {…}')
  })
})

describe('parseLogLine', () => {
  it('reads back what was written', () => {
    const entry = { atMs, level: 'warn', message: 'a - b' } as const
    expect(parseLogLine(formatLogLine(entry))).toEqual(entry)
  })

  it.each([
    '',
    'a line of another program',
    '2026-11-07 06:05:04,032 - LOUD - x',
    '2026-13-45 06:05:04,032 - INFO - x',
  ])('takes nothing else for one: "%s"', line => {
    expect(parseLogLine(line)).toBeNull()
  })
})

it('orders the levels', () => {
  expect([isAtLeast('warn', 'info'), isAtLeast('info', 'info'), isAtLeast('debug', 'info')]).toEqual([
    true,
    true,
    false,
  ])
})
