/**
 * Faults at, and other processes between, any two operations of the lock. Numbers in brackets are the invariants
 * at the head of `lock-file.ts`.
 */
import { describe, expect, it } from 'vitest'
import type { LockAttempt } from '../../shared/engine/lock-file.ts'
import { createLockWorld, type LockUser, type LockWorld, takeAndEmpty, upTo } from '../support/lock-world.ts'

type Arrange = (world: LockWorld) => Promise<unknown>

const deadOwner: Arrange = async world => {
  const dead = world.user()
  await dead.mustLock()
  world.machine.end(dead.pid)
}

const takeAndRelease = async (user: LockUser) => {
  const attempt = await user.tryLock()
  if (attempt.kind === 'held') attempt.lock.release()
  return attempt.kind
}

/** How many operations `act` takes in a world arranged so. */
async function operationsOf(arrange: Arrange, act: (user: LockUser) => Promise<unknown>): Promise<number> {
  const world = createLockWorld()
  await arrange(world)
  const user = world.user()
  await act(user)
  return user.files.operations()
}

// With a dead owner's ticket there, everything is read that can be.
const operations = await operationsOf(deadOwner, takeAndRelease)

describe('a fault at any operation of taking and giving back [8]', () => {
  const clean = expect.stringMatching(/^(held|unavailable|locked-elsewhere)$/)
  const arranged = async () => {
    const world = createLockWorld()
    await deadOwner(world)
    return { world, user: world.user(), other: world.user() }
  }
  const faults = (['before', 'after', 'half'] as const).flatMap(effect =>
    ['EIO', 'ENOSPC', 'EACCES', 'ENOENT'].map(code => [effect, code] as const),
  )

  it('has more than fifteen operations to fail at', () => {
    expect(operations).toBeGreaterThan(15)
  })

  it.each(faults)('(%s, %s) ends clean, and the next attempt of anybody succeeds', async (effect, code) => {
    for (const n of upTo(operations)) {
      const { user, other } = await arranged()
      user.files.failAt(n, code, effect)
      const kinds = [await takeAndRelease(user), await takeAndRelease(other), await takeAndRelease(user)]
      expect([n, ...kinds]).toEqual([n, clean, 'held', 'held'])
    }
  })

  it('that lasts ends clean, and the process itself succeeds as soon as it is over', async () => {
    for (const n of upTo(operations)) {
      const { user } = await arranged()
      user.files.failFrom(n, 'EIO')
      const first = await takeAndRelease(user)
      user.files.heal()
      expect([n, first, await takeAndRelease(user)]).toEqual([n, clean, 'held'])
    }
  })

  it('that kills the process leaves a lock that others have at once', async () => {
    for (const n of upTo(operations)) {
      const { world, user, other } = await arranged()
      user.files.dieAt(n)
      await expect(takeAndRelease(user)).rejects.toThrow('this process died')
      world.machine.end(user.pid)
      expect([n, await takeAndRelease(other)]).toEqual([n, 'held'])
    }
  })
})

describe('other processes in between any operations [2, 3, 4]', () => {
  const starts: Readonly<Record<string, Arrange>> = {
    nothing: async () => {},
    'a released ticket': async world => takeAndRelease(world.user()),
    'a dead owner': deadOwner,
  }
  const intrusions: Readonly<Record<string, (world: LockWorld) => Promise<LockAttempt> | null>> = {
    'takes it': world => world.user('intruder').tryLock(),
    'takes it and gives it back': world => {
      takeAndEmpty(world.user('intruder'), world.files)
      return null
    },
    'takes it and dies': world => {
      const intruder = world.user('intruder')
      void intruder.tryLock()
      world.machine.end(intruder.pid)
      return null
    },
  }
  const cases = Object.keys(starts).flatMap(from =>
    Object.keys(intrusions).flatMap(first => Object.keys(intrusions).map(second => ({ from, first, second }))),
  )

  it.each(cases)('one $first, one $second, from $from: never two holders', async ({ from, first, second }) => {
    const arrange = starts[from] as Arrange
    const count = await operationsOf(arrange, user => user.tryLock())
    for (const n of upTo(count)) {
      for (const m of upTo(count).slice(n - 1)) {
        const world = createLockWorld()
        await arrange(world)
        const user = world.user()
        const intruders: (Promise<LockAttempt> | null | undefined)[] = []
        user.files.onOperation(now => {
          if (now === n) intruders.push(intrusions[first]?.(world))
          if (now === m) intruders.push(intrusions[second]?.(world))
        })
        const attempts = await Promise.all([user.tryLock(), ...intruders])
        const holders = attempts.filter(attempt => attempt?.kind === 'held' && attempt.lock.held())
        const kinds = new Set(attempts.map(attempt => attempt?.kind ?? 'gone'))
        expect([n, m, holders.length <= 1, kinds.has('unavailable')]).toEqual([n, m, true, false])
      }
    }
  })
})
