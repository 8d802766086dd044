import { beforeEach, describe, expect, it } from 'vitest'
import { createScheduler, type Scheduler } from '../../shared/engine/scheduler.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'

const minute = 60_000

describe('the scheduler', () => {
  let clock: FakeClock
  let startedAt: number[]
  let scheduler: Scheduler
  let runMs: number
  let next: (number | null)[]

  beforeEach(() => {
    clock = createFakeClock(0)
    startedAt = []
    next = []
    runMs = 0
    const zero = clock.monotonicMs()
    scheduler = createScheduler({
      clock,
      intervalMs: () => 5 * minute,
      run: () => {
        startedAt.push((clock.monotonicMs() - zero) / minute)
        return clock.sleep(runMs)
      },
      onNext: atMs => next.push(atMs),
    })
  })

  it('runs at once and then every interval, and tells when', async () => {
    scheduler.start()
    await clock.advance(11 * minute)
    expect(startedAt).toEqual([0, 5, 10])
    expect(next).toEqual([null, 5 * minute, null, 10 * minute, null, 15 * minute])
  })

  it('does not drift with the time that cycles take', async () => {
    runMs = 2 * minute
    scheduler.start()
    await clock.advance(16 * minute)
    expect(startedAt).toEqual([0, 5, 10, 15])
  })

  it('leaves out what it missed, and never runs two cycles at a time, when a cycle takes longer than the interval', async () => {
    runMs = 7 * minute
    scheduler.start()
    await clock.advance(25 * minute)
    expect(startedAt).toEqual([0, 12, 24])
  })

  it('does not wait longer when the wall clock is set back by a day', async () => {
    scheduler.start()
    await clock.advance(minute)
    clock.jumpWallClock(-24 * 60 * minute)
    await clock.advance(10 * minute)
    expect(startedAt).toEqual([0, 5, 10])
  })

  it('takes a wall clock set forward for a suspend: one cycle, and the interval from there', async () => {
    scheduler.start()
    await clock.advance(minute)
    clock.jumpWallClock(24 * 60 * minute)
    await clock.advance(10 * minute)
    expect(startedAt).toEqual([0, 1.25, 6.25])
  })

  it.each([true, false])(
    'runs once, not many times, after a suspend (counted by the monotonic clock: %s)',
    async counted => {
      scheduler.start()
      await clock.advance(minute)
      clock.suspend(60 * minute, counted)
      await clock.advance(minute)
      expect(startedAt.length).toBe(2)
    },
  )

  it('runs at once when it is woken, and goes on from there', async () => {
    scheduler.start()
    await clock.advance(minute)
    scheduler.wake()
    await clock.advance(2 * minute)
    expect(startedAt).toEqual([0, 1])
  })

  it('begins no further cycle once it is stopped, and waits for the one that runs', async () => {
    runMs = minute
    scheduler.start()
    await clock.advance(5.5 * minute)
    let stopped = false
    void scheduler.stop().then(() => {
      stopped = true
    })
    await clock.advance(0)
    expect(stopped).toBe(false)
    await clock.advance(60 * minute)
    expect([stopped, startedAt]).toEqual([true, [0, 5]])
  })
})
