import { beforeEach, describe, expect, it } from 'vitest'
import { createRetryWatch, type RetryWatch } from '../../shared/engine/retry-watch.ts'
import { createLockWorld, type LockWorld } from '../support/lock-world.ts'

describe('the watch between two cycles', () => {
  let world: LockWorld
  let watch: RetryWatch
  let wokenAtMs: number[]
  let startMs: number

  beforeEach(() => {
    world = createLockWorld()
    wokenAtMs = []
    startMs = world.clock.monotonicMs()
    const wake = () => void wokenAtMs.push(world.clock.monotonicMs() - startMs)
    watch = createRetryWatch({ clock: world.clock, lock: world.user().lock, wake })
  })

  it('wakes within 2 s of the lock being given back, once', async () => {
    const held = await world.user('the command line').mustLock()
    watch.arm({ lockedElsewhere: true, retryMs: null })
    await world.clock.advance(9_000)
    held.release()
    await world.clock.advance(60_000)
    expect(wokenAtMs).toEqual([10_000])
  })

  it('wakes within 2 s of the end of the process that held it', async () => {
    const holder = world.user('the command line')
    await holder.mustLock()
    watch.arm({ lockedElsewhere: true, retryMs: null })
    await world.clock.advance(3_000)
    world.machine.end(holder.pid)
    await world.clock.advance(60_000)
    expect(wokenAtMs).toEqual([4_000])
  })

  it('counts the silence of one that hangs, so that it is followed after ten minutes and not an hour', async () => {
    const files = world.files.another()
    files.makeFolder('/data/lock')
    const hung =
      '{"pid":7,"start":null,"boot":null,"domain":"elsewhere","host":"forge","token":"t","atMs":0,"name":"x"}\n'
    const file = files.open('/data/lock/000000000001', 'create')
    file.append(Buffer.from(hung))
    file.close()
    watch.arm({ lockedElsewhere: true, retryMs: null })
    await world.clock.advance(15 * 60_000)
    expect(wokenAtMs).toEqual([602_000])
  })

  it('wakes when the first back-off is over, whatever the wall clock does', async () => {
    watch.arm({ lockedElsewhere: false, retryMs: 60_000 })
    world.clock.jumpWallClock(86_400_000)
    await world.clock.advance(59_999)
    expect(wokenAtMs).toEqual([])
    await world.clock.advance(1)
    expect(wokenAtMs).toEqual([60_000])
  })

  it('wakes for whichever comes first', async () => {
    await world.user('the command line').mustLock()
    watch.arm({ lockedElsewhere: true, retryMs: 5_000 })
    await world.clock.advance(60_000)
    expect(wokenAtMs).toEqual([5_000])
  })

  it('forgets what it was armed with when it is armed again, disarmed, or armed with nothing', async () => {
    watch.arm({ lockedElsewhere: false, retryMs: 5_000 })
    watch.arm({ lockedElsewhere: false, retryMs: 9_000 })
    await world.clock.advance(8_000)
    watch.disarm()
    await world.clock.advance(60_000)
    watch.arm({ lockedElsewhere: false, retryMs: null })
    await world.clock.advance(60_000)
    expect([wokenAtMs, world.clock.sleepers()]).toEqual([[], 0])
  })
})
