/**
 * When an owner is followed and when it is respected. Numbers in brackets are the invariants at the head of
 * `lock-file.ts`.
 */
import { describe, expect, it } from 'vitest'
import { createLock } from '../../shared/engine/lock-file.ts'
import { ownerInWords, ownerOf } from '../../shared/engine/lock-owner.ts'
import { createFakeMachine } from '../support/fake-processes.ts'
import { createLockWorld, type LockWorld, lockFolder, readFile, upTo, writeFile } from '../support/lock-world.ts'

const minuteMs = 60_000

describe('ownerInWords', () => {
  const here = createFakeMachine()
  const reader = here.start()
  const owner = ownerOf(here.start(4711), 'the tray app', 'token', 1_000_000)

  it.each([
    [0, ', for 0 seconds'],
    [1_000, ', for 1 second'],
    [119_000, ', for 119 seconds'],
    [120_000, ', for 2 minutes'],
    [7_200_000, ', for 2 hours'],
    [31 * 86_400_000, ''],
    [-1, ''],
  ])('after %i ms ends in %o: ages that only a wrong clock gives are left out', (ageMs, words) => {
    expect(ownerInWords(owner, reader, 1_000_000 + ageMs)).toBe(`the tray app (process 4711)${words}`)
  })

  it('says where an owner is that is not here', () => {
    const far = createFakeMachine({ hostName: 'mill', machineId: 'machine-2' }).start()
    expect(ownerInWords(owner, far, 1_000_000)).toBe(
      'the tray app (process 4711 on anvil, seen from here as another machine), for 0 seconds',
    )
  })
})

describe('following a dead owner [5]', () => {
  it.each<[string, (world: LockWorld, pid: number) => void]>([
    ['its process is gone', (world, pid) => world.machine.end(pid)],
    ['its process is a zombie', (world, pid) => world.machine.makeZombie(pid)],
    [
      'its pid belongs to another process by now',
      (world, pid) => {
        world.machine.end(pid)
        world.machine.start(pid)
      },
    ],
    ['the machine was booted again', world => world.machine.reboot()],
    [
      'the machine was booted again and its pid is in use',
      (world, pid) => {
        world.machine.reboot()
        world.machine.start(pid)
      },
    ],
    [
      'its process is gone and the wall clock went back a day',
      (world, pid) => {
        world.machine.end(pid)
        world.clock.jumpWallClock(-1_440 * minuteMs)
      },
    ],
  ])('happens at once when %s', async (_title, happen) => {
    const world = createLockWorld()
    const owner = world.user()
    await owner.mustLock()
    happen(world, owner.pid)
    const attempt = await world.user().tryLock()
    expect(attempt).toMatchObject({ kind: 'held', lock: { fence: 2 } })
    expect(world.logged).toEqual(['took the lock over'])
  })

  it.each(upTo(20))('happens at once after a power cut, whatever was left of the tickets (seed %i)', async seed => {
    const world = createLockWorld()
    await world.user().mustLock()
    world.files.syncFolder('/')
    world.files.syncFolder('/data')
    world.files.powerCut(seed)
    world.machine.reboot()
    expect((await world.user().tryLock()).kind).toBe('held')
  })
})

describe('not following a living owner [5]', () => {
  const elsewhere = createFakeMachine({ hostName: 'other', machineId: 'machine-2' })
  const clone = createFakeMachine({ hostName: 'clone', machineId: 'machine-1' })
  clone.reboot()
  const mute = createFakeMachine({ tellsStart: false })

  it.each([
    ['a process on another machine', elsewhere, 'on other, seen from here as another machine'],
    ['a process on a clone of this machine', clone, 'process 100'],
    ['a process in a container', createFakeMachine().container('box'), 'on box'],
    ['a process whose start time nobody tells', mute, 'process 100'],
  ])('waits for %s, though no such pid is here', async (_title, machine, words) => {
    const world = createLockWorld()
    await world.user('it', machine).mustLock()
    const attempt = await world.user('me', world.machine, 7_000).tryLock()
    expect(attempt).toMatchObject({ kind: 'locked-elsewhere', ownerInWords: expect.stringContaining(words) })
  })

  it.each([-1_440, 1_440, 5_000_000])('waits although the wall clock jumps by %i minutes', async minutes => {
    const world = createLockWorld()
    const lock = await world.user().mustLock()
    const observer = world.user()
    await observer.tryLock()
    world.clock.jumpWallClock(minutes * minuteMs)
    expect((await observer.tryLock()).kind).toBe('locked-elsewhere')
    expect(lock.held()).toBe(true)
  })

  it('waits for longer than any silence allows as long as the heartbeat goes on', async () => {
    const world = createLockWorld()
    const lock = await world.user('far', elsewhere).mustLock()
    const attempt = await world.clock.runUntil(world.user().lock.acquire({ waitMs: 25 * minuteMs }))
    expect([attempt.kind, lock.held()]).toEqual(['locked-elsewhere', true])
  })

  it.each(['{"pid": 1}', '{"v": 2, "holder": "me"}', '[]', 'null'])(
    'waits for a ticket of another kind, such as %s',
    async text => {
      const world = createLockWorld()
      world.files.makeFolder(lockFolder)
      writeFile(world.files, `${lockFolder}/000000000009`, text)
      expect(await world.user().tryLock()).toMatchObject({
        kind: 'locked-elsewhere',
        owner: null,
        ownerInWords: 'a process that its ticket does not name',
      })
    },
  )

  it.each<[string, (world: LockWorld) => void]>([
    ['may not be read', world => world.files.chmod(`${lockFolder}/000000000001`, 0o000)],
    [
      'is a link',
      world => {
        world.files.unlink(`${lockFolder}/000000000001`)
        world.files.symlink('/etc/passwd', `${lockFolder}/000000000001`)
      },
    ],
    [
      'is a folder',
      world => {
        world.files.unlink(`${lockFolder}/000000000001`)
        world.files.makeFolder(`${lockFolder}/000000000001`)
      },
    ],
  ])('waits for a ticket that %s', async (_title, make) => {
    const world = createLockWorld()
    await world.user().mustLock()
    make(world)
    expect(await world.user().tryLock()).toMatchObject({ kind: 'locked-elsewhere', owner: null })
  })

  it.each([
    ['of zeros', '\0'.repeat(200)],
    ['cut short', '{"pid":'],
    ['cut short, then zeros', `{"pid":7${'\0'.repeat(50)}`],
  ])('takes a torn ticket, which only a power cut leaves, for free: %s', async (_title, text) => {
    const world = createLockWorld()
    world.files.makeFolder(lockFolder)
    writeFile(world.files, `${lockFolder}/000000000009`, text)
    expect(await world.user().tryLock()).toMatchObject({ kind: 'held', lock: { fence: 10 } })
  })
})

describe('following a silent owner [5]', () => {
  /** An owner on another machine that stops for good: its clock is not this world's. */
  const withSilentOwner = async () => {
    const world = createLockWorld()
    const stopped = createLockWorld()
    const far = stopped.user('far', createFakeMachine({ machineId: 'machine-2' }))
    await far.mustLock()
    const text = readFile(stopped.files, `${lockFolder}/000000000001`)
    world.files.makeFolder(lockFolder)
    writeFile(world.files, `${lockFolder}/000000000001`, text)
    return world
  }

  it('happens after 10 minutes of waiting, and not a second before', async () => {
    const world = await withSilentOwner()
    const observer = world.user()
    const early = await world.clock.runUntil(observer.lock.acquire({ waitMs: 10 * minuteMs - 1_000 }))
    const late = await world.clock.runUntil(observer.lock.acquire({ waitMs: 1_100 }))
    expect([early.kind, late.kind]).toEqual(['locked-elsewhere', 'held'])
  })

  it('counts looks that are far apart as 2 s each, whatever the clocks say of the time between', async () => {
    const world = await withSilentOwner()
    const { lock } = world.user()
    for (let looks = 1; looks <= 300; looks += 1) {
      expect(lock.status()).toMatchObject({ kind: 'locked-elsewhere', silentMs: (looks - 1) * 2_000 })
      world.clock.suspend(30 * minuteMs, true)
    }
    expect(lock.status()).toEqual({ kind: 'free', lastFence: 1 })
  })

  it('starts counting anew with every heartbeat', async () => {
    const world = await withSilentOwner()
    const observer = world.user()
    await world.clock.runUntil(observer.lock.acquire({ waitMs: 9 * minuteMs }))
    world.files.setTimes(`${lockFolder}/000000000001`, 0, world.clock.nowMs())
    const attempt = await world.clock.runUntil(observer.lock.acquire({ waitMs: 9 * minuteMs }))
    expect(attempt.kind).toBe('locked-elsewhere')
  })

  it('refuses the fence of a stopped process that wakes up, and its release does not free the follower [3, 7]', async () => {
    const world = createLockWorld()
    const ownClock = createLockWorld().clock
    const sleeper = world.user('sleeper')
    const stopped = createLock(
      { clock: ownClock, files: sleeper.files, processes: sleeper.processes, log: () => {} },
      lockFolder,
      { name: 'sleeper' },
    )
    const late = await stopped.acquire({ waitMs: 0 })
    const follower = await world.clock.runUntil(world.user().lock.acquire({ waitMs: 11 * minuteMs }))
    const lateLock = late.kind === 'held' ? late.lock : null
    const followerLock = follower.kind === 'held' ? follower.lock : null
    await ownClock.advance(10_000)
    expect([lateLock?.held(), lateLock?.lost.aborted, followerLock?.held()]).toEqual([false, true, true])
    lateLock?.release()
    expect([followerLock?.held(), followerLock?.fence]).toEqual([true, 2])
    expect((await world.user().tryLock()).kind).toBe('locked-elsewhere')
  })
})
