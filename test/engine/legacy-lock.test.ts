/** Numbers in brackets are the invariants at the head of `legacy-lock.ts`. */
import { describe, expect, it } from 'vitest'
import { createLockBesideLegacy, legacyFileNames } from '../../shared/engine/legacy-lock.ts'
import type { HeldLock, LockAttempt } from '../../shared/engine/lock-file.ts'
import { createLegacyMonitor } from '../support/legacy-monitor.ts'
import { createLockWorld, type LockUser, type LockWorld, readFile, upTo, writeFile } from '../support/lock-world.ts'

const root = '/home/ann/.claude'
const lockFile = `${root}/checkpoint.lock`
const minuteMs = 60_000

function makeWorld(names: readonly string[] = ['monitor-state.json']): LockWorld {
  const world = createLockWorld()
  world.files.makeFolder(root)
  for (const name of names) writeFile(world.files, `${root}/${name}`, '{}')
  return world
}

/** The lock of a process of ours, and ways to use it. */
function besideLegacy(world: LockWorld, user: LockUser = world.user(), roots: readonly string[] = [root]) {
  const log = (_level: string, message: string) => void world.logged.push(message)
  const ports = { clock: world.clock, files: user.files, processes: user.processes, log }
  const lock = createLockBesideLegacy(ports, user.lock, () => roots)
  const take = (waitMs = 0, signal?: AbortSignal) =>
    world.clock.runUntil(lock.acquire(signal ? { waitMs, signal } : { waitMs }))
  return {
    ...user,
    lock,
    take,
    mustTake: async (): Promise<HeldLock> => {
      const attempt = await take()
      if (attempt.kind !== 'held') throw new Error(`not held: ${JSON.stringify(attempt)}`)
      return attempt.lock
    },
  }
}

function python(world: LockWorld, pid?: number) {
  const processes = world.machine.start(pid)
  return { pid: processes.self.pid, ...createLegacyMonitor(world.files.another(), world.clock, processes, root) }
}

/** What lies in the Claude root. */
const inRoot = (world: LockWorld) => [...world.files.list(root)].sort()

describe('where the older monitor left nothing', () => {
  it('nothing is written in the Claude root', async () => {
    const world = makeWorld([])
    const lock = await besideLegacy(world).mustTake()
    expect(inRoot(world)).toEqual([])
    lock.release()
    expect(inRoot(world)).toEqual([])
  })

  it('a root that is not there is no problem', async () => {
    const world = makeWorld([])
    expect((await besideLegacy(world, world.user(), ['/no/such/root']).take()).kind).toBe('held')
  })
})

describe('where its files are', () => {
  it.each(legacyFileNames.slice(0, 3))(
    'its lock is held with our pid as long as ours is, because of %s',
    async name => {
      const world = makeWorld([name])
      const user = besideLegacy(world)
      const lock = await user.mustTake()
      expect([readFile(world.files, lockFile), lock.held(), inRoot(world)]).toEqual([
        String(user.pid),
        true,
        ['checkpoint.lock', name].sort(),
      ])
      lock.release()
      lock.release()
      expect([inRoot(world), lock.held(), lock.lost.aborted]).toEqual([[name], false, false])
    },
  )

  it('leaves its other files byte for byte and to the nanosecond as they were', async () => {
    const world = makeWorld(['monitor-state.json', 'monitor-config.json', 'session-monitor.log'])
    const stats = () => legacyFileNames.slice(0, 3).map(name => world.files.lstat(`${root}/${name}`))
    const before = stats()
    const lock = await besideLegacy(world).mustTake()
    await world.clock.advance(5 * minuteMs)
    lock.release()
    expect(stats()).toEqual(before)
  })

  it('keeps it out while ours is held, for hours, and lets it in afterwards', async () => {
    const world = makeWorld()
    const lock = await besideLegacy(world).mustTake()
    const older = python(world)
    for (let hours = 0; hours < 3; hours += 1) {
      expect(older.tryAcquire()).toBe(false)
      await world.clock.advance(60 * minuteMs)
    }
    expect(lock.held()).toBe(true)
    lock.release()
    expect(older.tryAcquire()).toBe(true)
  })

  it('waits while it holds its lock, then takes both', async () => {
    const world = makeWorld()
    const older = python(world)
    older.tryAcquire()
    const user = besideLegacy(world)
    const waiting = user.lock.acquire({ waitMs: minuteMs })
    await world.clock.advance(2_000)
    expect(readFile(world.files, lockFile)).toBe(String(older.pid))
    older.release()
    expect((await world.clock.runUntil(waiting)).kind).toBe('held')
    expect(readFile(world.files, lockFile)).toBe(String(user.pid))
  })

  it('gives up in words after the time to wait, and gives ours back [1]', async () => {
    const world = makeWorld()
    const older = python(world)
    older.tryAcquire()
    const fromMs = world.clock.monotonicMs()
    const attempt = await besideLegacy(world).take(5_000)
    expect([attempt, world.clock.monotonicMs() - fromMs]).toEqual([
      expect.objectContaining({
        kind: 'locked-elsewhere',
        ownerInWords: `the older session monitor (process ${older.pid})`,
      }),
      5_000,
    ])
    expect(await world.user().tryLock()).toMatchObject({ kind: 'held' })
    expect(readFile(world.files, lockFile)).toBe(String(older.pid))
  })

  it('does not touch its lock while another of ours holds our own [1]', async () => {
    const world = makeWorld()
    await world.user().mustLock()
    expect((await besideLegacy(world).take(1_000)).kind).toBe('locked-elsewhere')
    expect(inRoot(world)).toEqual(['monitor-state.json'])
  })

  it('takes nothing when the caller changes its mind while waiting for it', async () => {
    const world = makeWorld()
    python(world).tryAcquire()
    const stop = new AbortController()
    const waiting = besideLegacy(world).lock.acquire({ waitMs: minuteMs, signal: stop.signal })
    await world.clock.advance(1_000)
    stop.abort()
    expect(await world.clock.runUntil(waiting)).toEqual({ kind: 'aborted' })
    expect((await world.user().tryLock()).kind).toBe('held')
  })

  it('takes nothing when the caller changes its mind during the 20 ms of settling', async () => {
    const world = makeWorld()
    const stop = new AbortController()
    const waiting = besideLegacy(world).lock.acquire({ waitMs: minuteMs, signal: stop.signal })
    await world.clock.advance(10)
    stop.abort()
    expect(await world.clock.runUntil(waiting)).toEqual({ kind: 'aborted' })
    expect(inRoot(world)).toEqual(['monitor-state.json'])
  })

  it('holds it in several roots, each folder once whatever its names', async () => {
    const world = makeWorld()
    world.files.makeFolder('/home/ann/.config/claude')
    writeFile(world.files, '/home/ann/.config/claude/session-monitor.log', '')
    world.files.symlink(root, '/home/ann/alias')
    const roots = ['/home/ann/alias', root, '/home/ann/.config/claude', '/none']
    const lock = await besideLegacy(world, world.user(), roots).mustTake()
    expect(lock.held()).toBe(true)
    expect([inRoot(world), world.files.list('/home/ann/.config/claude').includes('checkpoint.lock')]).toEqual([
      ['checkpoint.lock', 'monitor-state.json'],
      true,
    ])
    lock.release()
    expect(world.files.list('/home/ann/.config/claude')).toEqual(['session-monitor.log'])
  })
})

describe('a stale lock of its own [3]', () => {
  it.each<[string, (world: LockWorld) => void]>([
    ['of a dead process', world => writeFile(world.files, lockFile, '4711')],
    ['with our own pid, left from before', world => writeFile(world.files, lockFile, '100')],
    ['with white space', world => writeFile(world.files, lockFile, ' 4711\n')],
  ])('%s is replaced at once', async (_title, make) => {
    const world = makeWorld()
    make(world)
    const user = besideLegacy(world, world.user('us', world.machine, 100))
    expect((await user.take()).kind).toBe('held')
    expect([readFile(world.files, lockFile), inRoot(world).length]).toEqual(['100', 2])
  })

  it.each(['', 'not a number', '99999999999999999999'])(
    'that says %o is replaced after two seconds, not at once',
    async text => {
      const world = makeWorld()
      writeFile(world.files, lockFile, text)
      const user = besideLegacy(world)
      expect((await user.take(1_500)).kind).toBe('locked-elsewhere')
      expect((await user.take(1_500)).kind).toBe('held')
    },
  )

  it('of a living process is left alone, whatever its age by the wall clock, until it was unchanged for 10 minutes of waiting', async () => {
    const world = makeWorld()
    python(world).tryAcquire()
    const user = besideLegacy(world)
    world.clock.jumpWallClock(1_440 * minuteMs)
    expect((await user.take(9 * minuteMs)).kind).toBe('locked-elsewhere')
    expect((await user.take(2 * minuteMs)).kind).toBe('held')
  })

  it.each<[string, number, (older: ReturnType<typeof python>) => void]>([
    [
      'replaced',
      5_000,
      older => {
        older.release()
        older.tryAcquire()
      },
    ],
    ['overwritten in place by a new process with the old one’s pid', 4_711, older => older.overwrite()],
  ])('is put back when it was %s between the look and the move', async (_title, pid, retake) => {
    const world = makeWorld()
    writeFile(world.files, lockFile, '4711')
    const user = besideLegacy(world)
    user.files.onOperation((_n, name) => {
      if (name !== 'rename') return
      user.files.onOperation(null)
      retake(python(world, pid))
    })
    const attempt = await user.take()
    expect([attempt.kind, readFile(world.files, lockFile), inRoot(world).length]).toEqual([
      'locked-elsewhere',
      String(pid),
      2,
    ])
  })
})

describe('being overrun by it', () => {
  it('is noticed during the settling when it saw no lock just before ours appeared [2]', async () => {
    const world = makeWorld()
    const older = python(world)
    expect(older.seesNone()).toBe(true)
    const waiting = besideLegacy(world).lock.acquire({ waitMs: 0 })
    await world.clock.advance(10)
    const { ino } = world.files.lstat(lockFile)
    older.overwrite()
    expect(world.files.lstat(lockFile).ino).toBe(ino)
    expect((await world.clock.runUntil(waiting)).kind).toBe('locked-elsewhere')
    expect(readFile(world.files, lockFile)).toBe(String(older.pid))
  })

  it.each<[string, (world: LockWorld) => void]>([
    ['it overwrites ours', world => python(world).overwrite()],
    [
      'one of the same pid in another namespace replaces ours',
      world => {
        world.files.unlink(lockFile)
        writeFile(world.files, lockFile, '100')
      },
    ],
    ['it deletes ours', world => python(world).release()],
    [
      'it deletes ours and takes the lock',
      world => {
        const older = python(world)
        older.release()
        older.tryAcquire()
      },
    ],
  ])('is noticed later, and what it made is left alone, when %s', async (_title, happen) => {
    const world = makeWorld()
    const lock = await besideLegacy(world).mustTake()
    happen(world)
    const there = inRoot(world)
    expect([lock.held(), lock.lost.aborted]).toEqual([false, true])
    lock.release()
    expect(inRoot(world)).toEqual(there)
    expect((await world.user().tryLock()).kind).toBe('held')
  })

  it('is noticed at the next heartbeat without a question', async () => {
    const world = makeWorld()
    const lock = await besideLegacy(world).mustTake()
    python(world).overwrite()
    await world.clock.advance(minuteMs)
    expect(lock.lost.aborted).toBe(true)
  })

  it('or losing our own lock, both count as lost', async () => {
    const world = makeWorld()
    const lock = await besideLegacy(world).mustTake()
    world.files.unlink('/data/lock/000000000001')
    expect([lock.held(), lock.lost.aborted]).toEqual([false, true])
    lock.release()
    expect(inRoot(world)).toEqual(['monitor-state.json'])
  })
})

describe('where its lock cannot be written', () => {
  it.each<[string, (world: LockWorld) => void]>([
    ['a link [4]', world => world.files.symlink('/etc/target', lockFile)],
    ['a folder [4]', world => world.files.makeFolder(lockFile)],
    ['a root that may not be written', world => world.files.chmod(root, 0o500)],
  ])('because of %s, ours is held alone, with a word in the log', async (_title, make) => {
    const world = makeWorld()
    make(world)
    const before = inRoot(world)
    const attempt = await besideLegacy(world).take()
    expect([attempt.kind, world.logged, inRoot(world)]).toEqual(['held', ['the older monitor is not kept out'], before])
  })
})

describe('a fault at any operation', () => {
  const takeAndRelease = async (user: ReturnType<typeof besideLegacy>): Promise<LockAttempt['kind']> => {
    const attempt = await user.take()
    if (attempt.kind === 'held') attempt.lock.release()
    return attempt.kind
  }
  const staleWorld = () => {
    const world = makeWorld()
    writeFile(world.files, lockFile, '4711')
    return world
  }
  const countOperations = async () => {
    const user = besideLegacy(staleWorld())
    await takeAndRelease(user)
    return user.files.operations()
  }

  it.each([
    ['before', 'EIO'],
    ['after', 'EIO'],
    ['before', 'ENOENT'],
    ['before', 'EACCES'],
    ['half', 'ENOSPC'],
  ] as const)('(%s, %s) ends clean, and the next attempt of anybody succeeds', async (effect, code) => {
    for (const n of upTo(await countOperations())) {
      const world = staleWorld()
      const [user, other] = [besideLegacy(world), besideLegacy(world)]
      user.files.failAt(n, code, effect)
      const first = await takeAndRelease(user)
      const next = [await takeAndRelease(user), await takeAndRelease(other)]
      expect([n, first, ...next]).toEqual([
        n,
        expect.stringMatching(/^(held|unavailable|locked-elsewhere)$/),
        'held',
        'held',
      ])
    }
  })

  it('that kills the process leaves both locks to be had at once, by us and by the older monitor', async () => {
    for (const n of upTo(await countOperations())) {
      const world = staleWorld()
      const [user, other] = [besideLegacy(world), besideLegacy(world)]
      user.files.dieAt(n)
      await expect(takeAndRelease(user)).rejects.toThrow('this process died')
      world.machine.end(user.pid)
      const older = python(world)
      expect([n, older.tryAcquire()]).toEqual([n, true])
      older.release()
      expect([n, await takeAndRelease(other), inRoot(world)]).toEqual([n, 'held', ['monitor-state.json']])
    }
  })
})
