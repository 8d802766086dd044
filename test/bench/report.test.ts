import { describe, expect, it } from 'vitest'
import { figure, goalOf, notBuiltYet, toMarkdown } from './report.ts'

describe('goalOf', () => {
  it.each([
    [3.5, 'met'],
    [3.6, 'missed'],
    [null, 'not measured'],
  ] as const)('%d against at most 3.5 is %s', (measured, verdict) => {
    expect(goalOf('scan', 3.5, '×', measured).verdict).toBe(verdict)
  })
})

describe('figure', () => {
  it.each([
    [1234.5, '1,235'],
    [123.45, '123'],
    [12.345, '12.3'],
    [1.2345, '1.23'],
    [0.12345, '0.123'],
    [0, '0'],
  ])('writes %d as %s', (value, text) => {
    expect(figure(value)).toBe(text)
  })
})

describe('toMarkdown', () => {
  it('shows setting, tables, what was promised, and what was wrong', () => {
    const text = toMarkdown({
      title: 'A day: scan',
      setting: ['2 cores'],
      tables: [{ title: 'Times', columns: ['what', 'ms'], rows: [['read', '12']] }],
      goals: [notBuiltYet('two threads', '≤ 2.5 ×', 'no workers')],
      failures: ['1 session is wrong'],
    })
    expect(text).toBe(`## A day: scan

- 2 cores

**Times**

| what | ms  |
|------|-----|
| read | 12  |

**Promised and measured**

| what        | promised | measured   | verdict       |
|-------------|----------|------------|---------------|
| two threads | ≤ 2.5 ×  | no workers | not built yet |

**Wrong:**
- 1 session is wrong
`)
  })
})
