import { describe, expect, it } from 'vitest'
import { createProgress, renderBar } from '../../cli/progress.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeTerminal } from './fake-terminal.ts'

const at = (done: number) => ({ task: 'Reading transcripts', done, total: 200 })

describe('renderBar', () => {
  it.each([
    [0, 'Reading transcripts  [------------------------]  0 of 200'],
    [100, 'Reading transcripts  [############------------]  100 of 200'],
    [200, 'Reading transcripts  [########################]  200 of 200'],
  ])('shows %i of 200', (done, expected) => {
    expect(renderBar(at(done), 79)).toBe(expected)
  })

  it('tells bytes and the time left where they are known', () => {
    const bytes = { done: 1_200_000_000, total: 2_300_000_000 }
    expect(renderBar({ ...at(100), bytes, leftMs: 4_000 }, 100)).toBe(
      'Reading transcripts  [############------------]  100 of 200, 1.2 GB of 2.3 GB, 4 s left',
    )
  })

  it('shows an unknown total as empty rather than as done', () => {
    expect(renderBar({ task: 'Looking', done: 0, total: 0 }, 79)).toContain('[------------------------]')
  })

  it('cuts the words first, and the bar where there is no room for it', () => {
    expect(renderBar(at(100), 50)).toBe('Reading t…  [############------------]  100 of 200')
    expect(renderBar(at(100), 30)).toBe('Reading transcripts: 100 of 2…')
  })

  it('lets no control character of a task through', () => {
    expect(renderBar({ ...at(1), task: 'a\u001b[2Jb' }, 79)).not.toContain('\u001b')
  })
})

describe('createProgress', () => {
  const erase = '\r\u001b[2K'

  it('draws over itself on a terminal, not too often, and leaves nothing behind', async () => {
    const clock = createFakeClock()
    const { terminal, out, err } = createFakeTerminal({ columns: 80 })
    const progress = createProgress(terminal, clock)
    progress.show(at(1))
    await clock.advance(299)
    expect(err()).toBe('')
    progress.show(at(20))
    await clock.advance(1)
    progress.show(at(21))
    progress.show(at(22))
    await clock.advance(80)
    progress.show(null)
    progress.show(null)
    expect(err().split(erase)).toEqual(['', renderBar(at(20), 79), renderBar(at(22), 79), ''])
    expect([out(), clock.sleepers()]).toEqual(['', 0])
  })

  it('shows work that gives no further sign, since it may be waiting', async () => {
    const clock = createFakeClock()
    const { terminal, err } = createFakeTerminal({ columns: 80 })
    createProgress(terminal, clock).show(at(0))
    await clock.advance(300)
    expect(err()).toBe(erase + renderBar(at(0), 79))
  })

  it('makes way for every printed line', async () => {
    const clock = createFakeClock()
    const { terminal, err } = createFakeTerminal({ columns: 80 })
    const progress = createProgress(terminal, clock)
    progress.show(at(5))
    await clock.advance(300)
    terminal.note('session-monitor: no')
    terminal.note('session-monitor: no')
    expect(err()).toBe(`${erase}${renderBar(at(5), 79)}${erase}session-monitor: no\nsession-monitor: no\n`)
  })

  it('writes whole lines to a pipe, seldom, and none for short work, however often it comes', async () => {
    const clock = createFakeClock()
    const { terminal, err } = createFakeTerminal()
    const progress = createProgress(terminal, clock)
    for (const done of [1, 2, 3]) {
      progress.show(at(done))
      await clock.advance(1_900)
      progress.show(null)
    }
    expect(err()).toBe('')
    progress.show(at(4))
    await clock.advance(2_000)
    progress.show(at(50))
    await clock.advance(9_999)
    progress.show(at(90))
    await clock.advance(1)
    progress.show(null)
    expect(err()).toBe('Reading transcripts: 4 of 200\nReading transcripts: 90 of 200\n')
  })
})
