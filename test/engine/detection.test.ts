import { describe, expect, it } from 'vitest'
import type { Progress } from '../../shared/core/monitor-state.ts'
import { readingProgress } from '../../shared/engine/detection.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const megabyte = 1_000_000

describe('the progress of a first reading', () => {
  it('tells sessions, bytes, and the time that is left at the pace in bytes so far', async () => {
    const clock = createFakeClock()
    const shown: Progress[] = []
    const tell = readingProgress(clock, progress => shown.push(progress))
    await clock.advance(250)
    // Most sessions, but a quarter of the bytes.
    tell({ done: 90, total: 100, doneBytes: 25 * megabyte, totalBytes: 100 * megabyte })
    await clock.advance(750)
    tell({ done: 100, total: 100, doneBytes: 100 * megabyte, totalBytes: 100 * megabyte })
    const bytes = (done: number) => ({ done, total: 100 * megabyte })
    expect(shown).toEqual([
      { task: 'Reading transcripts', done: 90, total: 100, bytes: bytes(25 * megabyte), leftMs: 750 },
      { task: 'Reading transcripts', done: 100, total: 100, bytes: bytes(100 * megabyte), leftMs: 0 },
    ])
  })

  it('gives a few signs a second, however often it is told, and none of what is over at once', async () => {
    const clock = createFakeClock()
    const shown: Progress[] = []
    const tell = readingProgress(clock, progress => shown.push(progress))
    for (let done = 0; done < 1_000; done++) {
      tell({ done, total: 1_000, doneBytes: done, totalBytes: 1_000 })
      await clock.advance(1)
    }
    expect(shown.map(({ done, leftMs = Number.NaN }) => [done, Math.round(leftMs)])).toEqual([
      [200, 800],
      [400, 600],
      [600, 400],
      [800, 200],
    ])
  })

  it('promises no time while nothing was read', async () => {
    const clock = createFakeClock()
    const shown: Progress[] = []
    const tell = readingProgress(clock, progress => shown.push(progress))
    await clock.advance(500)
    tell({ done: 0, total: 2, doneBytes: 0, totalBytes: 10 })
    expect(shown).toEqual([{ task: 'Reading transcripts', done: 0, total: 2, bytes: { done: 0, total: 10 } }])
  })
})
