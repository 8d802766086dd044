/** Numbers in brackets are the invariants at the head of `lock-file.ts`. */
import { describe, expect, it } from 'vitest'
import type { LockAttempt } from '../../shared/engine/lock-file.ts'
import {
  createLockWorld,
  type LockUser,
  type LockWorld,
  lockFolder,
  readFile,
  takeAndEmpty,
  ticketNames,
  writeFile,
} from '../support/lock-world.ts'

const minuteMs = 60_000
const released = (attempt: LockAttempt) => {
  if (attempt.kind === 'held') attempt.lock.release()
  return attempt.kind
}

describe('taking and giving back', () => {
  it('makes the folder and gives fences that count up [1, 2]', async () => {
    const user = createLockWorld().user()
    const first = await user.mustLock()
    first.release()
    const second = await user.mustLock()
    expect([first.fence, second.fence]).toEqual([1, 2])
  })

  it('leaves the released ticket empty and no draft behind [1, 3]', async () => {
    const { files, ...world } = createLockWorld()
    const lock = await world.user().mustLock()
    expect(files.lstat(`${lockFolder}/000000000001`)).toMatchObject({ mode: 0o600, nlink: 1 })
    expect(JSON.parse(readFile(files, `${lockFolder}/000000000001`))).toMatchObject({ pid: 100, name: 'the tray app' })
    lock.release()
    lock.release()
    expect([files.list(lockFolder), readFile(files, `${lockFolder}/000000000001`)]).toEqual([['000000000001'], ''])
  })

  it('is held until it is released, and not lost by that', async () => {
    const lock = await createLockWorld().user().mustLock()
    expect([lock.held(), lock.lost.aborted]).toEqual([true, false])
    lock.release()
    expect([lock.held(), lock.lost.aborted]).toEqual([false, false])
  })

  it('names the owner in words to whoever finds it locked', async () => {
    const world = createLockWorld()
    await world.user('the tray app').mustLock()
    await world.clock.advance(3 * minuteMs)
    expect(await world.user('the command line').tryLock()).toEqual({
      kind: 'locked-elsewhere',
      owner: expect.objectContaining({ pid: 100, host: 'anvil' }),
      ownerInWords: 'the tray app (process 100), for 3 minutes',
      silentMs: 0,
    })
  })

  it('excludes a second user in the same process', async () => {
    const user = createLockWorld().user()
    await user.mustLock()
    expect((await user.tryLock()).kind).toBe('locked-elsewhere')
  })

  it('gives up after the time to wait, and not before', async () => {
    const world = createLockWorld()
    await world.user().mustLock()
    const fromMs = world.clock.monotonicMs()
    const attempt = await world.clock.runUntil(world.user().lock.acquire({ waitMs: 1_000 }))
    expect([attempt.kind, world.clock.monotonicMs() - fromMs]).toEqual(['locked-elsewhere', 1_000])
  })

  it.each<[string, (world: LockWorld, holder: LockUser, release: () => void) => void]>([
    ['the holder releases', (_world, _holder, release) => release()],
    ['the holder dies', (world, holder) => world.machine.end(holder.pid)],
  ])('wakes a waiter within 50 ms when %s', async (_title, happen) => {
    const world = createLockWorld()
    const holder = world.user()
    const lock = await holder.mustLock()
    const waiting = world.user().lock.acquire({ waitMs: minuteMs })
    await world.clock.advance(10_000)
    happen(world, holder, () => lock.release())
    const fromMs = world.clock.monotonicMs()
    expect((await world.clock.runUntil(waiting)).kind).toBe('held')
    expect(world.clock.monotonicMs() - fromMs).toBeLessThanOrEqual(50)
  })

  it('lets everyone in who waits, one at a time', async () => {
    const world = createLockWorld()
    const holder = await world.user().mustLock()
    const order: string[] = []
    const visit = async (name: string) => {
      const attempt = await world.user(name).lock.acquire({ waitMs: minuteMs })
      order.push(`${name} in`)
      await world.clock.sleep(100)
      order.push(`${name} out`)
      return released(attempt)
    }
    const visits = Promise.all(['a', 'b', 'c'].map(visit))
    await world.clock.advance(1_000)
    holder.release()
    expect(await world.clock.runUntil(visits)).toEqual(['held', 'held', 'held'])
    expect(order.map(line => line.split(' ')[1])).toEqual(['in', 'out', 'in', 'out', 'in', 'out'])
  })

  it('takes nothing once the caller has changed its mind', async () => {
    const world = createLockWorld()
    const stop = new AbortController()
    const lock = await world.user().mustLock()
    const waiting = world.user().lock.acquire({ waitMs: minuteMs, signal: stop.signal })
    await world.clock.advance(1_000)
    stop.abort()
    lock.release()
    expect(await world.clock.runUntil(waiting)).toEqual({ kind: 'aborted' })
    expect(await world.user().lock.acquire({ waitMs: 0, signal: stop.signal })).toEqual({ kind: 'aborted' })
    expect(world.user().lock.status()).toEqual({ kind: 'free', lastFence: 1 })
  })
})

describe('status', () => {
  it('tells a free lock and a held one, and makes nothing', async () => {
    const world = createLockWorld()
    const { lock, mustLock } = world.user()
    expect(lock.status()).toEqual({ kind: 'free', lastFence: 0 })
    expect(() => world.files.lstat(lockFolder)).toThrow('ENOENT')
    await mustLock()
    expect(lock.status()).toMatchObject({
      kind: 'locked-elsewhere',
      ownerInWords: 'the tray app (process 100), for 0 seconds',
    })
  })

  it('says free when the owner is dead, before anyone has followed', async () => {
    const world = createLockWorld()
    const dead = world.user()
    await dead.mustLock()
    world.machine.end(dead.pid)
    expect(world.user().lock.status()).toEqual({ kind: 'free', lastFence: 1 })
  })

  it('says in words what is wrong with the folder', () => {
    const world = createLockWorld()
    world.files.makeFolder(lockFolder)
    world.files.chmod(lockFolder, 0o000)
    expect(world.user().lock.status()).toMatchObject({ kind: 'unavailable', code: 'EACCES' })
  })
})

describe('losing the lock [7]', () => {
  it.each<[string, (world: LockWorld) => void]>([
    ['its ticket is emptied', world => world.files.open(`${lockFolder}/000000000001`, 'update').truncate(0)],
    ['its ticket is deleted', world => world.files.unlink(`${lockFolder}/000000000001`)],
    [
      'its ticket is replaced by a copy',
      world => {
        const text = readFile(world.files, `${lockFolder}/000000000001`)
        world.files.unlink(`${lockFolder}/000000000001`)
        writeFile(world.files, `${lockFolder}/000000000001`, text)
      },
    ],
    ['a later ticket is there', world => writeFile(world.files, `${lockFolder}/000000000002`, 'x')],
    ['the folder is gone', world => world.files.rename(lockFolder, '/data/elsewhere')],
  ])('is noticed at the next question when %s', async (_title, happen) => {
    const world = createLockWorld()
    const lock = await world.user().mustLock()
    happen(world)
    expect([lock.held(), lock.lost.aborted]).toEqual([false, true])
  })

  it('is noticed at the next heartbeat without a question', async () => {
    const world = createLockWorld()
    const lock = await world.user().mustLock()
    world.files.unlink(`${lockFolder}/000000000001`)
    await world.clock.advance(10_000)
    expect(lock.lost.aborted).toBe(true)
  })

  it('is not assumed while the disk does not answer, but nothing counts as held then', async () => {
    const world = createLockWorld()
    const user = world.user()
    const lock = await user.mustLock()
    user.files.failFrom(1, 'EIO')
    expect([lock.held(), lock.lost.aborted]).toEqual([false, false])
    user.files.heal()
    expect(lock.held()).toBe(true)
  })
})

describe('a slow claimant [4]', () => {
  it('does not hold a number that was swept while it slept', async () => {
    const world = createLockWorld()
    const [slow, quick] = [world.user('slow'), world.user('quick')]
    slow.files.onOperation((_n, name) => {
      if (name !== 'link') return
      slow.files.onOperation(null)
      for (let n = 0; n < 100; n += 1) takeAndEmpty(quick, world.files)
    })
    const attempt = await slow.tryLock()
    expect(attempt).toMatchObject({ kind: 'held', lock: { fence: 101 } })
    expect(world.files.lstat(`${lockFolder}/000000000001`).size).toBe(0)
    expect((await quick.tryLock()).kind).toBe('locked-elsewhere')
  })
})

describe('sweeping [6]', () => {
  it('keeps the last 64 numbers and little more', async () => {
    const world = createLockWorld()
    const user = world.user()
    for (let n = 0; n < 200; n += 1) (await user.mustLock()).release()
    const names = ticketNames(world.files)
    expect([names.at(-1), names.length >= 64, names.length <= 64 + 16]).toEqual(['000000000200', true, true])
  })

  it('removes the drafts of killed processes and leaves those of living ones', async () => {
    const world = createLockWorld()
    const [dead, living, user] = [world.user(), world.user(), world.user()]
    world.files.makeFolder(lockFolder)
    writeFile(world.files, `${lockFolder}/.p${dead.pid}.0123456789ab`, 'x')
    writeFile(world.files, `${lockFolder}/.p${living.pid}.0123456789ab`, 'x')
    writeFile(world.files, `${lockFolder}/note.txt`, 'not ours')
    world.machine.end(dead.pid)
    for (let n = 0; n < 16; n += 1) (await user.mustLock()).release()
    const others = world.files.list(lockFolder).filter(name => !/^\d+$/.test(name))
    expect([...others].sort()).toEqual([`.p${living.pid}.0123456789ab`, 'note.txt'])
  })
})

describe('where no lock can be had', () => {
  it.each<[string, string, (world: LockWorld) => void, string]>([
    [
      'EACCES',
      'a folder that may not be written',
      world => world.files.chmod(lockFolder, 0o500),
      'may not write there',
    ],
    ['EROFS', 'a read-only disk', world => world.files.setReadOnly(true), 'read-only'],
    ['ENOSPC', 'a full disk', world => world.files.setCapacity(10), 'full'],
    [
      'ELOOP',
      'a link in place of the folder',
      world => {
        world.files.removeFolder(lockFolder)
        world.files.symlink('/elsewhere', lockFolder)
      },
      'a link',
    ],
    [
      'ENOTDIR',
      'a file in place of the folder',
      world => {
        world.files.removeFolder(lockFolder)
        writeFile(world.files, lockFolder, 'x')
      },
      'in its place',
    ],
  ])('says %s in words for %s, and leaves nothing behind', async (code, _title, make, words) => {
    const world = createLockWorld()
    world.files.makeFolder(lockFolder)
    make(world)
    const attempt = await world.clock.runUntil(world.user().lock.acquire({ waitMs: minuteMs }))
    expect(attempt).toEqual({
      kind: 'unavailable',
      code,
      message: expect.stringContaining(words),
      remedy: expect.stringMatching(/\w+.*\.$/),
    })
    expect(world.files.list('/data').length).toBe(1)
    expect(world.files.lstat(lockFolder).kind === 'folder' ? world.files.list(lockFolder) : []).toEqual([])
  })

  it('says so for a disk without hard links', async () => {
    const world = createLockWorld({ hardLinks: false })
    expect(await world.user().tryLock()).toMatchObject({
      kind: 'unavailable',
      code: 'ENOTSUP',
      message: expect.stringContaining('no hard links'),
      remedy: expect.stringContaining('SESSION_MONITOR_HOME'),
    })
    expect(world.files.list(lockFolder)).toEqual([])
  })

  it('holds a ticket that was made although the answer got lost, as on a network drive [1]', async () => {
    const world = createLockWorld()
    const user = world.user()
    user.files.onOperation((_n, name) => {
      if (name === 'link') user.files.failAt(0, 'EEXIST', 'after')
    })
    expect(await user.tryLock()).toMatchObject({ kind: 'held', lock: { fence: 1 } })
  })
})
