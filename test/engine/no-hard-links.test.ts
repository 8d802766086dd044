import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLock, type HeldLock } from '../../shared/engine/lock-file.ts'
import { hasHardLinks, lockWhereItCan, noHardLinksNotice } from '../../shared/engine/no-hard-links.ts'
import { createGcWorld, day, doneReport, hour, minute } from '../support/gc-world.ts'
import { createLockWorld } from '../support/lock-world.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'
import { realPorts, sessionA, streamBytes } from '../support/stores.ts'

const at = (hardLinks: boolean) => {
  const files = createMemoryFiles({ hardLinks })
  files.makeFolder('/tmp')
  return { ...realPorts, files }
}

describe('hasHardLinks', () => {
  it.each([true, false])('tells %s, and leaves nothing behind', hardLinks => {
    const ports = at(hardLinks)
    expect(hasHardLinks(ports, '/tmp')).toBe(hardLinks)
    expect(ports.files.list('/tmp')).toEqual([])
  })

  it('takes a disk that cannot be written to for one that has them', () => {
    const ports = at(false)
    ports.files.setReadOnly(true)
    expect(hasHardLinks(ports, '/tmp')).toBe(true)
  })

  it('is said once, in words that say what still holds', () => {
    expect(noHardLinksNotice('/data/store')).toMatchObject({
      id: 'no-hard-links',
      message: expect.stringContaining('Checkpoints work'),
      remedy: expect.stringContaining('SESSION_MONITOR_HOME'),
    })
  })
})

describe('a lock on a disk without hard links', () => {
  it('is a stand-in that keeps apart what runs in one process, and can be given back', async () => {
    const lock = lockWhereItCan(createLockWorld({ hardLinks: false }).user().lock)
    const first = await lock.acquire({ waitMs: 0 })
    const held: HeldLock = first.kind === 'held' ? first.lock : expect.fail(first.kind)
    expect([held.held(), held.lost.aborted]).toEqual([true, false])
    expect(await lock.acquire({ waitMs: 0 })).toMatchObject({ kind: 'locked-elsewhere' })
    held.release()
    held.release()
    expect(held.held()).toBe(false)
    expect((await lock.acquire({ waitMs: 0 })).kind).toBe('held')
  })

  it('is the real one where there are hard links', async () => {
    const world = createLockWorld()
    const lock = lockWhereItCan(world.user().lock)
    expect((await lock.acquire({ waitMs: 0 })).kind).toBe('held')
    expect((await world.user().tryLock()).kind).toBe('locked-elsewhere')
  })

  it('stays unavailable for any other reason', async () => {
    const world = createLockWorld()
    world.files.makeFolder('/data')
    world.files.setReadOnly(true)
    const lock = lockWhereItCan(
      createLock({ ...world, processes: world.machine.start(), log: () => {} }, '/data/lock', { name: 'x' }),
    )
    expect(await lock.acquire({ waitMs: 0 })).toMatchObject({ kind: 'unavailable', code: 'EROFS' })
  })
})

describe('a store from end to end', () => {
  afterEach(() => void vi.doUnmock('node:zlib'))

  it('on a disk without hard links: checkpoints, sealing, tidying, every byte', async () => {
    const world = createGcWorld({ hardLinks: false })
    const records = Array.from({ length: 10 }, () => world.save(sessionA, 10 * minute))
    world.clock.jumpWallClock(2 * day)
    expect(doneReport(await world.collect())).toMatchObject({ sealed: 1, droppedByAge: 9 })
    world.clock.jumpWallClock(2 * hour)
    world.save(sessionA, hour)
    expect(await world.damage()).toEqual([])
    expect(records.at(-1)?.seq).toBe(10)
  })

  it('on a Node without zstd: the same with gzip frames, which a Node with zstd reads too', async () => {
    vi.resetModules()
    vi.doMock('node:zlib', async load => ({
      ...(await load<typeof import('node:zlib')>()),
      zstdCompressSync: undefined,
    }))
    const fresh: typeof import('../support/gc-world.ts') = await import('../support/gc-world.ts')
    const world = fresh.createGcWorld()
    const records = Array.from({ length: 10 }, () => world.save(sessionA, 10 * minute))
    world.clock.jumpWallClock(2 * day)
    expect(doneReport(await world.collect())).toMatchObject({ sealed: 1, droppedByAge: 9 })
    expect(await world.damage()).toEqual([])
    expect(firstBytes(world, world.packs()[0] ?? '')).toBe('1f8b')
    const last = records.at(-1) ?? expect.fail('nothing saved')
    const { openTestStore } = await import('../support/stores.ts')
    const withZstd = openTestStore('/store', world.ports)
    const newest = withZstd.newest(sessionA)
    const record = newest.ok && newest.record ? newest.record : expect.fail('no record')
    expect(streamBytes(withZstd, record).toString()).toBe(world.contentOf(last))
  })
})

function firstBytes({ memory }: Pick<ReturnType<typeof createGcWorld>, 'memory'>, pack: string): string {
  const file = memory.open(`/store/packs/${pack}`, 'read')
  const bytes = Buffer.alloc(2)
  file.read(bytes, 0)
  file.close()
  return bytes.toString('hex')
}
