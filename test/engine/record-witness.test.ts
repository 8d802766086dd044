import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../shared/engine/checkpoint-store.ts'
import { dropWitnesses } from '../../shared/engine/record-witness.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { createGcWorld, day, doneReport, type GcWorld, hour, minute } from '../support/gc-world.ts'
import type { MemoryFiles } from '../support/memory-file-system.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  checkpoint,
  openTestStore,
  realPorts,
  recordPath,
  sessionA,
  sessionB,
  tryCheckpoint,
} from '../support/stores.ts'

/** Four checkpoints of session A and two of session B, the last ones two hours old. */
function usedWorld(options: { readonly hardLinks?: boolean } = {}): GcWorld {
  const world = createGcWorld(options)
  for (let n = 0; n < 4; n++) world.save(sessionA, minute)
  for (let n = 0; n < 2; n++) world.save(sessionB, minute)
  world.clock.jumpWallClock(2 * hour)
  return world
}

const found = async (world: GcWorld) => {
  const { findings } = await verifyStore(world.store, world.clock, { readData: true })
  return findings.map(({ code, severity, sessionId, seq }) => [code, severity, sessionId, seq])
}
const lost = (...ids: readonly (readonly [string, number])[]) =>
  ids.map(([session, seq]) => ['record-missing', 'damage', session, seq])
const recordAt = (session: string, seq: number, folder = 'checkpoints') =>
  `/store/${folder}/${session}/0000000${seq}.json`

function removeFolder(memory: MemoryFiles, folder: string): void {
  for (const name of memory.list(folder)) {
    const at = `${folder}/${name}`
    if (memory.lstat(at).kind === 'folder') removeFolder(memory, at)
    else memory.unlink(at)
  }
  memory.removeFolder(folder)
}

let world: GcWorld
beforeEach(() => {
  world = usedWorld()
})

describe('a record that somebody deleted (invariant 7)', () => {
  it.each([
    ['the oldest', 1],
    ['one in the middle', 2],
    ['the newest', 4],
  ])('is missed when it was %s of its session', async (_title, seq) => {
    world.memory.unlink(recordAt(sessionA, seq))
    expect(await found(world)).toEqual(lost([sessionA, seq]))
  })

  it('is missed when the whole folder of its session went, and when the folder of all sessions did', async () => {
    removeFolder(world.memory, `/store/checkpoints/${sessionB}`)
    expect(await found(world)).toEqual(lost([sessionB, 1], [sessionB, 2]))
    removeFolder(world.memory, '/store/checkpoints')
    const reopened = { ...world, store: openTestStore('/store', world.ports) }
    expect(await found(reopened)).toHaveLength(6)
  })

  it('leaves the older one to serve, says what is wrong, and keeps its number', () => {
    world.memory.unlink(recordAt(sessionA, 4))
    const newest = world.store.newest(sessionA)
    const problem = { kind: 'missing', sessionId: sessionA, seq: 4 }
    expect(newest).toMatchObject({ ok: true, record: { seq: 3 }, highestSeq: 4, problems: [problem] })
    expect(world.save(sessionA, minute).seq).toBe(5)
  })

  it('does not give its session a second beginning when all of its records are gone', () => {
    removeFolder(world.memory, `/store/checkpoints/${sessionA}`)
    expect(world.save(sessionA, minute).seq).toBe(5)
  })

  it.each([true, false])('is put back by tidying, to the byte (hard links: %s)', async hardLinks => {
    const hurt = usedWorld({ hardLinks })
    const before = hurt.store.read(sessionA, 4)
    hurt.memory.unlink(recordAt(sessionA, 4))
    removeFolder(hurt.memory, `/store/checkpoints/${sessionB}`)
    expect(await hurt.collect({ dryRun: true })).toMatchObject({ kind: 'done', report: { putBack: 3 } })
    expect(await found(hurt)).toEqual(lost([sessionA, 4], [sessionB, 1], [sessionB, 2]))
    expect(doneReport(await hurt.collect())).toMatchObject({ putBack: 3, droppedByAge: 0, packsRemoved: 0 })
    expect(await hurt.damage()).toEqual([])
    expect(hurt.store.read(sessionA, 4)).toEqual(before)
  })

  it('blocks removing while its second name does not hold it, and both are told', async () => {
    overwrite(world.memory, recordAt(sessionA, 2, 'witness'), '{}')
    world.memory.unlink(recordAt(sessionA, 2))
    expect(await world.collect()).toMatchObject({ kind: 'blocked', problems: [{ sessionId: sessionA, seq: 2 }] })
    const { findings } = await verifyStore(world.store, world.clock, { readData: false })
    expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining('is damaged too')])
  })

  it('is put back although the disk fails at any one moment of it, or the process dies there', async () => {
    const total = operationsOf(await putBack(usedWorld(), () => {}))
    for (let n = 1; n <= total; n += 5) {
      const failing = await putBack(usedWorld(), files => files.failAt(n, 'EIO'))
      const dying = await putBack(usedWorld(), files => files.dieAt(n))
      for (const { world: hurt } of [failing, dying]) {
        doneReport(await hurt.collect())
        expect(await hurt.damage()).toEqual([])
        expect(hurt.store.numbers(sessionA)).toEqual({ ok: true, seqs: [1, 2, 3, 4] })
      }
    }
  }, 60_000)
})

describe('a record that retention removed', () => {
  it('is not missed', async () => {
    world.clock.jumpWallClock(3 * day)
    world.save(sessionB, minute)
    expect(doneReport(await world.collect()).droppedByAge).toBeGreaterThan(2)
    expect(await found(world)).toEqual([])
  })

  it('is not missed by a verify during which it is removed, whatever was read by then', async () => {
    const start = world.memory.operations()
    await found(world)
    const total = world.memory.operations() - start
    for (let n = 1; n <= total; n++) {
      const raced = usedWorld()
      const other = raced.memory.another()
      const from = raced.memory.operations()
      raced.memory.onOperation(operation => {
        if (operation === from + n) removeAsGcDoes(raced, other, sessionA, 2)
      })
      const codes = (await found(raced)).map(([code]) => code)
      expect(codes).not.toContain('record-missing')
    }
  }, 60_000)
})

describe('a store of before there were second names', () => {
  beforeEach(() => removeFolder(world.memory, '/store/witness'))

  it('is read and checked as ever; only what is deleted there is not missed', async () => {
    expect(await found(world)).toEqual([])
    world.memory.unlink(recordAt(sessionA, 2))
    expect(await found(world)).toEqual([])
    expect(world.save(sessionA, minute).seq).toBe(5)
  })

  it('gets them by tidying, but for records younger than an hour', async () => {
    const young = world.save(sessionB, minute)
    doneReport(await world.collect())
    world.memory.unlink(recordAt(sessionA, 2))
    expect(await found(world)).toEqual(lost([sessionA, 2]))
    expect(world.memory.list(`/store/witness/${sessionB}`)).toEqual(['00000003.json', '00000001.json', '00000002.json'])
    expect(young.seq).toBe(3)
  })
})

describe('whatever happens while a record is made', () => {
  const next = (hurt: GcWorld, files: MemoryFiles) => {
    const store = openTestStore('/store', { ...hurt.ports, files })
    return tryCheckpoint(store, { session: sessionA, files, afterSeq: 4 })
  }

  it('no record is missed that was never reported (EIO, death and power cut at every operation)', async () => {
    const plain = usedWorld()
    const view = plain.memory.another()
    next(plain, view)
    const kinds = new Set<string>()
    for (let n = 1; n <= view.operations(); n++) {
      for (const fault of ['fail', 'die', 'cut'] as const) {
        const hurt = usedWorld()
        const files = hurt.memory.another()
        if (fault === 'fail') files.failAt(n, 'EIO')
        else files.dieAt(n)
        const kind = kindOf(() => next(hurt, files))
        if (fault === 'cut') hurt.memory.powerCut(n)
        kinds.add(kind)
        expect(await found(hurt)).toEqual([])
        expect(hurt.store.numbers(sessionA).ok).toBe(true)
      }
    }
    expect(kinds).toEqual(new Set(['committed', 'failed', 'threw']))
  }, 60_000)

  it('a second name is the same file as the first, so it takes no room', () => {
    const names = ['checkpoints', 'witness'].map(folder => world.memory.lstat(recordAt(sessionA, 1, folder)))
    expect(names[0]?.ino).toBe(names[1]?.ino)
  })
})

describe('names and links (invariant 6)', () => {
  let scratch: string
  beforeEach(() => {
    scratch = makeScratchFolder('witness')
  })
  afterEach(() => removeScratchFolder(scratch))

  it('writes nothing once the folder of second names is a link, and reads nothing through it', () => {
    const store = openTestStore(path.join(scratch, 'store'))
    const record = checkpoint(store, {})
    renameSync(store.paths.witnesses, path.join(scratch, 'elsewhere'))
    symlinkSync(path.join(scratch, 'elsewhere'), store.paths.witnesses)
    expect(store.newPack()).toMatchObject({ ok: false, code: 'store-format' })
    expect(openStore(realPorts, store.paths.folder)).toMatchObject({ ok: false, code: 'store-format' })
    expect(readdirSync(path.join(scratch, 'elsewhere', sessionA))).toEqual(['00000001.json'])
    expect(record.seq).toBe(1)
  })

  it('follows no link in place of a session, and takes no other name for one', () => {
    const store = openTestStore(path.join(scratch, 'store'))
    mkdirSync(path.join(scratch, 'elsewhere'))
    mkdirSync(store.paths.witnesses)
    symlinkSync(path.join(scratch, 'elsewhere'), path.join(store.paths.witnesses, sessionA))
    writeFileSync(path.join(store.paths.witnesses, 'notes.txt'), '')
    expect(tryCheckpoint(store, { afterSeq: 0 })).toMatchObject({ kind: 'failed', code: 'io-error' })
    expect(readdirSync(path.join(scratch, 'elsewhere'))).toEqual([])
    expect(store.sessions()).toEqual({ ok: true, sessions: [sessionA] })
  })

  it('shows what a deleted record held on a real file system', () => {
    const store = openTestStore(path.join(scratch, 'store'))
    const record = checkpoint(store, {})
    rmSync(recordPath(store, 1))
    expect(store.readWitness(sessionA, 1)).toEqual({ ok: true, record })
  })
})

/** Loses a record, and tidies in a process that `hurtIt` hurts. */
async function putBack(hurt: GcWorld, hurtIt: (files: MemoryFiles) => void) {
  hurt.memory.unlink(recordAt(sessionA, 4))
  const { files, collect } = hurt.process()
  const before = files.operations()
  hurtIt(files)
  await collect().catch(() => {})
  files.heal()
  return { world: hurt, files, before }
}

const operationsOf = ({ files, before }: Awaited<ReturnType<typeof putBack>>) => files.operations() - before

function removeAsGcDoes({ store }: GcWorld, files: MemoryFiles, session: string, seq: number): void {
  dropWitnesses(files, store.paths, session, [seq])
  files.unlink(recordAt(session, seq))
}

function overwrite(memory: MemoryFiles, at: string, content: string): void {
  memory.unlink(at)
  const file = memory.open(at, 'create')
  file.append(Buffer.from(content))
  file.close()
}

function kindOf(work: () => { readonly kind: string }): string {
  try {
    return work().kind
  } catch {
    return 'threw'
  }
}
