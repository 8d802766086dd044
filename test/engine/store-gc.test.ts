import { beforeEach, describe, expect, it } from 'vitest'
import { defaultSettings } from '../../shared/core/settings.ts'
import { encodeRecord } from '../../shared/engine/record-file.ts'
import type { GcProgress } from '../../shared/engine/store-gc.ts'
import { createGcWorld, day, doneReport, type GcWorld, hour, minute } from '../support/gc-world.ts'
import type { MemoryFiles } from '../support/memory-file-system.ts'
import { draftOf, openTestStore, recordPath, sessionA, sessionB } from '../support/stores.ts'

/** Two sessions with checkpoints of 40 days: one that ended 3 days ago, one at work on each of the last three days. */
function usedStore(): GcWorld {
  const world = createGcWorld()
  for (let n = 0; n < 6; n++) world.save(sessionA, 10 * minute)
  world.clock.jumpWallClock(36 * day)
  for (let n = 0; n < 6; n++) world.save(sessionA, 10 * minute)
  world.clock.jumpWallClock(3 * day)
  for (let n = 0; n < 3; n++) world.save(sessionB, 22 * hour)
  world.clock.jumpWallClock(2 * hour)
  return world
}

const seqsOf = ({ store }: GcWorld, session: string) => {
  const listed = store.numbers(session)
  return listed.ok ? listed.seqs : null
}
/** Number, and the instant that it is of. */
const instants = ({ store }: GcWorld, session: string) => {
  const listed = store.list(session)
  return listed.ok
    ? listed.records.map(read => (read.ok ? [read.record.seq, read.record.at] : read.problem.kind))
    : null
}
const budget = (gigabytes: number) => ({ settings: { ...defaultSettings, storeBudgetGigabytes: gigabytes } })

let world: GcWorld
beforeEach(() => {
  world = usedStore()
})

describe('a collection', () => {
  it('lets go what the policy does not keep, and then the packs that nothing names, and counts it', async () => {
    const before = { packs: world.packs().length, bytes: sizeOf(world) }
    const report = doneReport(await world.collect())
    expect(report).toMatchObject({ dryRun: false, sessions: 2, checkpoints: 16, sealed: 1, problems: [] })
    expect(seqsOf(world, sessionA)).toEqual([6, 13])
    expect(seqsOf(world, sessionB)).toEqual([1, 2, 3])
    expect(report.droppedByAge).toBe(11)
    expect(report.packsRemoved).toBe(before.packs + 1 - world.packs().length)
    expect(report.packsRemoved).toBeGreaterThan(3)
    expect(report.bytesBefore - report.bytesFreed).toBe(sizeOf(world))
    expect(await world.damage()).toEqual([])
  })

  it('comes to rest', async () => {
    await world.collect()
    world.clock.jumpWallClock(2 * hour)
    await world.collect()
    const settled = world.everything()
    expect(doneReport(await world.collect())).toMatchObject({
      droppedByAge: 0,
      sealed: 0,
      packsRemoved: 0,
      bytesFreed: 0,
    })
    expect(world.everything()).toEqual(settled)
  })

  it('changes nothing in a dry run, and says what a run would remove at least (invariant 4)', async () => {
    const before = world.everything()
    const dry = doneReport(await world.collect({ dryRun: true }))
    expect(world.everything()).toEqual(before)
    const report = doneReport(await world.collect())
    expect(dry).toMatchObject({ dryRun: true, sealed: report.sealed, droppedByAge: report.droppedByAge - 1 })
    expect(dry.packsRemoved).toBeLessThanOrEqual(report.packsRemoved)
  })

  it('leaves packs alone that are younger than an hour, or from the future (invariant 3)', async () => {
    const opened = world.store.newPack()
    const orphan = opened.ok ? opened.pack : expect.fail('refused')
    orphan.add(Buffer.from('not yet in any record'), 'x')
    orphan.finish()
    world.clock.jumpWallClock(59 * minute)
    expect(doneReport(await world.collect()).packsWaiting).toBeGreaterThan(0)
    world.clock.jumpWallClock(-day)
    expect(doneReport(await world.collect())).toMatchObject({ packsRemoved: 0 })
    world.clock.jumpWallClock(day + 2 * minute)
    expect(doneReport(await world.collect())).toMatchObject({ packsRemoved: 1, packsWaiting: 0 })
  })

  it('thins to the budget, but never the newest of a session, and says by how much it is still above', async () => {
    await world.collect()
    const report = doneReport(await world.collect(budget(0.000_001)))
    expect(seqsOf(world, sessionA)).toEqual([13])
    expect(seqsOf(world, sessionB)?.at(-1)).toBe(3)
    expect(report).toMatchObject({ budgetBytes: 1_000, droppedByBudget: 1 })
    expect(report.overBudgetBytes).toBe(sizeOf(world) - 1_000)
    expect(await world.damage()).toEqual([])
  })

  it.each<[string, (world: GcWorld) => void]>([
    ['a damaged record', ({ memory }) => overwrite(memory, recordPath(world.store, 2), Buffer.from('{"v": 1}'))],
    ['a record of a later version', ({ memory }) => newerRecord(memory, recordPath(world.store, 99))],
    ['a record that may not be read', ({ memory }) => memory.chmod(recordPath(world.store, 2), 0)],
    ['a folder of records that may not be listed', ({ memory }) => memory.chmod(`/store/checkpoints/${sessionB}`, 0)],
  ])('removes nothing at all while there is %s (invariant 2)', async (_title, spoil) => {
    spoil(world)
    const packs = world.packs()
    const names = seqsOf(world, sessionA)
    expect(['blocked', 'failed']).toContain((await world.collect()).kind)
    expect(world.packs()).toEqual(packs)
    expect(seqsOf(world, sessionA)).toEqual(names)
  })

  it('keeps what does not verify, and what it needs', async () => {
    const read = world.store.read(sessionA, 3)
    const record = read.ok ? read.record : expect.fail('unreadable')
    world.memory.unlink(`/store/packs/${record.packs.at(-1)}.pack`)
    await world.collect()
    expect(seqsOf(world, sessionA)).toContain(3)
    expect(world.packs()).toEqual(expect.arrayContaining(record.packs.slice(0, -1).map(pack => `${pack}.pack`)))
  })

  it('removes nothing once the lock is lost (invariant 5)', async () => {
    const before = world.everything()
    expect((await world.collect({ held: () => false })).kind).toBe('stopped')
    expect(world.everything()).toEqual(before)
  })

  it('stops when it is told to, at any point, with the store whole (invariant 5)', async () => {
    const steps: GcProgress[] = []
    await usedStore().collect({ onProgress: progress => steps.push(progress) })
    expect(new Set(steps.map(step => step.what))).toEqual(new Set(['looking', 'sealing', 'removing']))
    for (const at of steps.keys()) {
      const stopped = usedStore()
      const stop = new AbortController()
      let left = at
      const onProgress = () => (left-- === 0 ? stop.abort() : undefined)
      expect((await stopped.collect({ signal: stop.signal, onProgress })).kind).toBe('stopped')
      expect(await stopped.damage()).toEqual([])
    }
  })

  it('works on a disk so full that nothing could be saved', async () => {
    world.memory.setCapacity(sizeOf(world) + 40_000)
    expect(doneReport(await world.collect()).bytesFreed).toBeGreaterThan(0)
    expect(await world.damage()).toEqual([])
  })
})

describe('sealing', () => {
  it('gives a quiet session one frame, of the same instant and the same bytes', async () => {
    await world.collect()
    const newest = world.store.newest(sessionA)
    const record = newest.ok && newest.record ? newest.record : expect.fail('no record')
    expect(record.streams[0]?.segments).toHaveLength(1)
    expect(instants(world, sessionA)?.at(-1)).toEqual([13, record.at])
    expect(await world.damage()).toEqual([])
  })

  it('leaves a session alone that was busy within a day', async () => {
    for (let n = 0; n < 9; n++) world.save(sessionB, 10 * minute)
    await world.collect()
    expect(seqsOf(world, sessionB)).toHaveLength(12)
  })

  it('is gone on from when the session wakes up', async () => {
    await world.collect()
    const newest = world.store.newest(sessionA)
    const sealed = newest.ok ? newest.record : null
    const frames = sealed?.streams[0]?.segments.map(place => sealed.packs[place[0]])
    expect(frames).toHaveLength(1)
    world.clock.jumpWallClock(day)
    const next = world.save(sessionA, minute)
    expect(next.seq).toBe(14)
    expect(await world.damage()).toEqual([])
  })

  it('does not replace a stream that does not read back, and says so', async () => {
    const newest = world.store.newest(sessionA)
    const record = newest.ok && newest.record ? newest.record : expect.fail('no record')
    const first = record.packs[record.streams[0]?.segments[0]?.[0] ?? 0]
    flipByte(world.memory, `/store/packs/${first}.pack`, 12)
    const report = doneReport(await world.collect())
    expect(report).toMatchObject({ sealed: 0, problems: [expect.stringContaining('could not be sealed')] })
    expect(seqsOf(world, sessionA)?.at(-1)).toBe(12)
  })
})

describe('whatever happens at any operation', () => {
  const operations = async () => {
    const plain = usedStore()
    const { files, collect } = plain.process()
    const before = files.operations()
    await collect()
    return { total: files.operations() - before, end: plain.everything() }
  }

  it('a crash leaves every checkpoint whole, and the next run ends as if there had been none (invariant 1)', async () => {
    const { total, end } = await operations()
    expect(total).toBeGreaterThan(200)
    for (let n = 1; n <= total; n += 3) {
      const crashed = usedStore()
      const { files, collect } = crashed.process()
      files.dieAt(n)
      await collect().catch(() => {})
      expect(await crashed.damage()).toEqual([])
      crashed.clock.jumpWallClock(2 * hour)
      doneReport(await crashed.collect())
      expect(withoutTemporary(crashed.everything())).toEqual(withoutTemporary(end))
    }
  }, 60_000)

  it('a power cut leaves every checkpoint whole (invariant 1)', async () => {
    const { total } = await operations()
    for (let n = 1; n <= total; n += 7) {
      const cut = usedStore()
      const { files, collect } = cut.process()
      files.dieAt(n)
      await collect().catch(() => {})
      cut.memory.powerCut(n)
      expect(await cut.damage()).toEqual([])
    }
  }, 60_000)

  it.each(['EIO', 'EACCES', 'ENOSPC'])(
    '%s is told, not thrown, and leaves every checkpoint whole',
    async code => {
      const { total } = await operations()
      const kinds = new Set<string>()
      for (let n = 1; n <= total; n += 11) {
        const failing = usedStore()
        const { files, collect } = failing.process()
        files.failAt(n, code)
        kinds.add((await collect()).kind)
        expect(await failing.damage()).toEqual([])
        expect((await failing.collect()).kind).toBe('done')
      }
      expect([...kinds].sort()).toEqual(['blocked', 'done', 'failed'])
    },
    60_000,
  )

  it('a late writer without the lock either has its packs or is told that they are gone (invariant 3)', async () => {
    const { total } = await operations()
    const outcomes: string[] = []
    for (let n = 1; n <= total + 30; n += 2) {
      const raced = usedStore()
      const { files, collect } = raced.process()
      const late = lateWriter(raced)
      raced.clock.jumpWallClock(2 * hour)
      const from = files.operations()
      files.onOperation(operation => (operation === from + n ? outcomes.push(late.commit()) : undefined))
      await collect()
      const kept = raced.store.read(sessionB, 4)
      outcomes.push(kept.ok ? 'there' : 'not there')
      const findings = kept.ok ? raced.store.verifyRecord(kept.record, { readData: true }) : []
      expect(findings).toEqual([])
    }
    expect(new Set(outcomes)).toEqual(new Set(['committed', 'packs-gone', 'there', 'not there']))
    expect(outcomes.filter(each => each === 'committed')).toHaveLength(outcomes.filter(each => each === 'there').length)
  }, 60_000)

  it('a pack that a crash left aside is put back when a record names it, and removed when none does', async () => {
    const [first = ''] = world.packs()
    world.memory.rename(`/store/packs/${first}`, `/store/packs/${first.replace('.pack', '.swept')}`)
    const orphan = `/store/packs/${'ab'.repeat(32)}.swept`
    overwrite(world.memory, orphan, Buffer.from('nobody'))
    doneReport(await world.collect({}))
    expect(world.packs().filter(name => name.endsWith('.swept'))).toEqual([])
    expect(await world.damage()).toEqual([])
  })
})

/** A pack with a frame of its own, made now, and a record of it that is committed when the test says. */
function lateWriter(world: GcWorld) {
  const store = openTestStore('/store', { ...world.ports, files: world.memory.another() })
  const opened = store.newPack()
  const pack = opened.ok ? opened.pack : expect.fail('refused')
  const content = Buffer.from('{"type":"user"}\n')
  const file = world.memory.open('/late.jsonl', 'create')
  file.append(content)
  file.close()
  const stream = { name: 'main', path: '/late.jsonl', completeBytes: 16, sizeBytes: 16, modifiedMs: 0 }
  const draft = draftOf(store, pack, { session: sessionB, streams: [stream], files: world.memory })
  const finish = pack.finish()
  return { commit: () => store.commit([draft], finish.ok ? finish.pack : null, () => true)[0]?.kind ?? 'nothing' }
}

function overwrite(memory: MemoryFiles, at: string, bytes: Buffer): void {
  const name = at.slice(at.lastIndexOf('/') + 1)
  const there = memory.list(at.slice(0, at.lastIndexOf('/'))).includes(name)
  const file = memory.open(at, there ? 'update' : 'create')
  file.truncate(0)
  file.append(bytes)
  file.close()
}

function newerRecord(memory: MemoryFiles, at: string): void {
  overwrite(memory, at, encodeRecord({ v: 2, session: sessionA, seq: 99 }).bytes)
}

function flipByte(memory: MemoryFiles, at: string, position: number): void {
  const file = memory.open(at, 'read')
  const bytes = Buffer.alloc(file.stat().size)
  file.read(bytes, 0)
  file.close()
  bytes[position] = (bytes[position] ?? 0) ^ 1
  overwrite(memory, at, bytes)
}

/** Bytes of records and packs. */
function sizeOf(world: GcWorld): number {
  const sizes = world.everything().filter(line => /\/(packs|checkpoints)\//.test(line))
  return sizes.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
}

function withoutTemporary(lines: readonly string[]): readonly string[] {
  return lines.filter(line => !line.startsWith('/store/tmp/'))
}
