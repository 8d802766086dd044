import { beforeEach, describe, expect, it } from 'vitest'
import { createGit } from '../../shared/engine/git-command.ts'
import { createProofSchedule } from '../../shared/engine/proof-schedule.ts'
import { createStateHolder, type StateHolder } from '../../shared/engine/state-holder.ts'
import { stateOf } from '../support/core-values.ts'
import { createGcWorld, day, type GcWorld, hour, minute } from '../support/gc-world.ts'
import { sessionA, sessionB } from '../support/stores.ts'

let world: GcWorld
let state: StateHolder
beforeEach(() => {
  world = createGcWorld()
  world.memory.makeFolder('/data')
  world.save(sessionA, minute)
  world.save(sessionB, minute)
  state = createStateHolder(world.clock, stateOf(1))
})

const signal = new AbortController().signal
const schedule = () => {
  const { ports, store } = world
  const proof = createProofSchedule({
    ports,
    store,
    git: createGit(ports.commands, {}),
    state,
    cacheFile: '/data/proof.json',
    folder: '/data/test-restores',
  })
  proof.begin()
  return proof
}
const checked = () => state.get().lastProof?.checked ?? 0
/** Changes one bit in a pack that only this session's newest record needs. */
const spoil = (session: string) => {
  const newest = world.store.newest(session)
  const pack = newest.ok ? newest.record?.packs.at(-1) : null
  const at = `/store/packs/${pack}.pack`
  const file = world.memory.open(at, 'update')
  const bytes = Buffer.alloc(file.stat().size)
  file.read(bytes, 0)
  bytes[15] = (bytes[15] ?? 0) ^ 2
  file.truncate(0)
  file.append(bytes)
  file.close()
}
/** Test restores until each session had its turn. */
const wholeRound = async (proof = schedule()) => {
  const failed: (string | null)[] = []
  for (let n = 0; n < 2; n++) {
    failed.push(await proof.runIfDue(signal))
    world.clock.jumpWallClock(8 * hour)
  }
  return failed.filter(each => each !== null)
}

describe('the schedule of test restores', () => {
  it('makes one at once, and then as many a day as the settings say', async () => {
    const proof = schedule()
    expect(state.get().lastProof).toBeNull()
    await proof.runIfDue(signal)
    expect(state.get().lastProof).toEqual({ atMs: world.clock.nowMs(), checked: 1, failures: [] })
    world.clock.jumpWallClock(7 * hour)
    await proof.runIfDue(signal)
    expect(checked()).toBe(1)
    world.clock.jumpWallClock(hour)
    await proof.runIfDue(signal)
    expect(checked()).toBe(2)
    expect(state.get().activity.at(-1)?.message).toMatch(/^Test restore of .*: 1 file and the transcript came back/)
    expect(world.memory.list('/data/test-restores')).toEqual([])
  })

  it('makes none when it is turned off or told to stop', async () => {
    await schedule().runIfDue(AbortSignal.abort())
    state.update({ settings: { ...state.get().settings, testRestoresPerDay: 0 } })
    await schedule().runIfDue(signal)
    expect(state.get().lastProof).toBeNull()
  })

  it('tells a failure until the newest checkpoint of that session comes back whole', async () => {
    spoil(sessionA)
    const proof = schedule()
    expect(await wholeRound(proof)).toEqual([sessionA])
    expect([proof.isDoubtful(sessionA), proof.isDoubtful(sessionB)]).toEqual([true, false])
    expect(state.get().lastProof?.failures).toEqual([
      { id: `${sessionA}/1`, message: expect.stringContaining('damaged') },
    ])
    expect(state.get().notices).toMatchObject([
      { id: 'proof-failed', level: 'error', remedy: expect.stringContaining('session-monitor verify --read-data') },
    ])
    const id = `${sessionA}/1`
    world.memory.unlink(`/store/checkpoints/${id.replace('/1', '/00000001.json')}`)
    world.save(sessionA, minute)
    world.save(sessionA, minute)
    await proof.runIfDue(signal)
    expect(state.get()).toMatchObject({ notices: [], lastProof: { failures: [] } })
    expect(proof.isDoubtful(sessionA)).toBe(false)
  })

  it('remembers where it was and what failed over a restart', async () => {
    spoil(sessionB)
    expect(await wholeRound()).toEqual([sessionB])
    state = createStateHolder(world.clock, stateOf(1))
    const proof = schedule()
    expect(proof.isDoubtful(sessionB)).toBe(true)
    expect(state.get()).toMatchObject({ notices: [{ id: 'proof-failed' }], lastProof: { checked: 2 } })
  })

  it('begins anew when what it remembered does not parse', async () => {
    await schedule().runIfDue(signal)
    const file = world.memory.open('/data/proof.json', 'update')
    file.truncate(9)
    file.close()
    state = createStateHolder(world.clock, stateOf(1))
    const proof = schedule()
    expect(state.get().lastProof).toBeNull()
    await proof.runIfDue(signal)
    expect(checked()).toBe(1)
  })

  it('removes what a crash left of an earlier one, in its own folder alone', () => {
    const left = '/data/test-restores/999999.1795463128444.4bb75251394debeb'
    world.memory.makeFolder(left)
    world.memory.makeFolder('/data/test-restores/notes')
    world.clock.jumpWallClock(2 * day)
    schedule()
    expect(world.memory.list('/data/test-restores')).toEqual(['notes'])
  })
})
