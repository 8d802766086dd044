import { describe, expect, it } from 'vitest'
import { cycleLine, cyclePairs, millisecondWords } from '../../cli/cycle-words.ts'
import type { CycleSummary } from '../../shared/core/monitor-state.ts'

const quiet: CycleSummary = {
  startedMs: 0,
  tookMs: 340,
  found: 1200,
  due: 0,
  dueBy: {},
  created: 0,
  heldBy: { unchanged: 1195, 'below-threshold': 5 },
  notDone: {},
  failed: 0,
  averageMs: null,
  addedBytes: 0,
}
const busy: CycleSummary = {
  ...quiet,
  tookMs: 2_400,
  due: 6,
  dueBy: { time: 4, context: 1, total: 1 },
  created: 3,
  heldBy: { 'cooling-down': 1, unchanged: 2 },
  notDone: { 'locked-elsewhere': 2 },
  failed: 1,
  averageMs: 68.4,
  addedBytes: 312_000,
}

describe('the summary of a check', () => {
  it('says what was found and why everything was held when nothing was due', () => {
    expect(cyclePairs(quiet)).toEqual([
      ['found', '1,200 sessions in 340 ms'],
      ['due', '0'],
      ['created', '0'],
      ['held', '1,200  (unchanged 1,195, below threshold 5)'],
      ['failed', '0'],
    ])
  })

  it('counts every factor, outcome and reason when something was', () => {
    expect(cyclePairs(busy)).toEqual([
      ['found', '1,200 sessions in 2.4 s'],
      ['due', '6  (time 4, files changed 0, context 1, idle 0, total 1)'],
      ['created', '3  (68 ms on average, 312 kB added)'],
      ['not done', '2  (locked elsewhere 2)'],
      ['held', '3  (unchanged 2, cooling down 1)'],
      ['failed', '1'],
    ])
  })

  it('fits a line for the live output', () => {
    expect(cycleLine(quiet)).toBe('found 1,200, due 0, created 0, held 1,200, failed 0; took 340 ms')
    expect(cycleLine(busy)).toBe(
      'found 1,200, due 6 (time 4, files changed 0, context 1, idle 0, total 1), ' +
        'created 3 (68 ms on average, 312 kB added), not done locked elsewhere 2, held 3, failed 1; took 2.4 s',
    )
  })
})

describe('millisecondWords', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.5, '1.0 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min'],
    [125_000, '2 min'],
  ])('%d ms is "%s"', (ms, words) => {
    expect(millisecondWords(ms)).toBe(words)
  })
})
