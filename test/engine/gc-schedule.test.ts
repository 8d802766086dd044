import { beforeEach, describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import { blockedWords, createGcSchedule, gcWords } from '../../shared/engine/gc-schedule.ts'
import { createLock, type Lock } from '../../shared/engine/lock-file.ts'
import { createStateHolder, type StateHolder } from '../../shared/engine/state-holder.ts'
import { stateOf } from '../support/core-values.ts'
import { createFakeMachine } from '../support/fake-processes.ts'
import { createGcWorld, day, type GcWorld, hour, minute } from '../support/gc-world.ts'
import { sessionA, sessionB } from '../support/stores.ts'

let world: GcWorld
let state: StateHolder
let lock: Lock
beforeEach(() => {
  world = createGcWorld()
  for (let n = 0; n < 6; n++) world.save(sessionA, 10 * minute)
  world.clock.jumpWallClock(3 * day)
  world.save(sessionB, hour)
  state = createStateHolder(world.clock, stateOf(1, { notices: [] }))
  lock = createLock({ ...world.ports, processes: createFakeMachine().start() }, '/lock', { name: 'a test' })
})

const schedule = () => createGcSchedule({ ports: world.ports, store: world.store, lock, state, cacheFile: '/gc.json' })
const signal = new AbortController().signal
const checkpoints = () => world.everything().filter(line => line.includes('/checkpoints/')).length
const notices = () => state.get().notices.map(({ id, level }) => [id, level])
const withBudget = (gigabytes: number): Partial<MonitorState> => ({
  settings: { ...defaultSettings, storeBudgetGigabytes: gigabytes },
})

describe('the schedule of tidying', () => {
  it('measures the store after every cycle', async () => {
    await schedule().runIfDue(signal)
    const bytes = world
      .everything()
      .filter(line => /\/(packs|checkpoints)\//.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
    expect(state.get().storeUse).toMatchObject({ bytes, budgetBytes: 10e9, projects: [{ root: '/home/dev/work' }] })
  })

  it('waits a day when it does not know of the last time, then tidies once a day', async () => {
    const gc = schedule()
    await gc.runIfDue(signal)
    expect(checkpoints()).toBe(7)
    world.clock.jumpWallClock(23 * hour)
    await gc.runIfDue(signal)
    expect(checkpoints()).toBe(7)
    world.clock.jumpWallClock(hour)
    await gc.runIfDue(signal)
    expect(checkpoints()).toBe(2)
    expect(state.get().activity.at(-1)).toMatchObject({
      level: 'info',
      message: expect.stringMatching(/^Tidied the store: 5 /),
    })
    expect(notices()).toEqual([])
  })

  it('knows of the last time after a start, and does not mind a cache that does not parse', async () => {
    await schedule().runIfDue(signal)
    world.clock.jumpWallClock(25 * hour)
    const file = world.memory.open('/gc.json', 'update')
    file.truncate(3)
    file.close()
    await schedule().runIfDue(signal)
    expect(checkpoints()).toBe(7)
    world.clock.jumpWallClock(25 * hour)
    await schedule().runIfDue(signal)
    expect(checkpoints()).toBe(2)
  })

  it('tidies at once above the budget, then once an hour, and says what it cannot help', async () => {
    state.update(withBudget(0.000_001))
    const gc = schedule()
    await gc.runIfDue(signal)
    expect(checkpoints()).toBe(2)
    expect(notices()).toEqual([['store-over-budget', 'warn']])
    const before = world.memory.operations()
    await gc.runIfDue(signal)
    expect(world.memory.operations() - before).toBeLessThan(30)
    state.update(withBudget(10))
    world.clock.jumpWallClock(25 * hour)
    await gc.runIfDue(signal)
    expect(notices()).toEqual([])
  })

  it('leaves it for the next time while somebody else holds the lock', async () => {
    state.update(withBudget(0.000_001))
    const other = createLock({ ...world.ports, processes: createFakeMachine({ machineId: 'b' }).start() }, '/lock', {
      name: 'b',
    })
    const attempt = await other.acquire({ waitMs: 0 })
    const gc = schedule()
    await gc.runIfDue(signal)
    expect(checkpoints()).toBe(7)
    expect(attempt.kind).toBe('held')
  })

  it('gives the lock back', async () => {
    state.update(withBudget(0.000_001))
    await schedule().runIfDue(signal)
    expect(lock.status().kind).toBe('free')
  })

  it('says that nothing is removed while a record cannot be read, until it can', async () => {
    state.update(withBudget(0.000_001))
    const record = `/store/checkpoints/${sessionA}/00000002.json`
    world.memory.chmod(record, 0)
    const gc = schedule()
    await gc.runIfDue(signal)
    expect(checkpoints()).toBe(7)
    expect(notices()).toEqual([['store-not-tidied', 'warn']])
    expect(state.get().notices[0]?.remedy).toContain('session-monitor verify')
    world.memory.chmod(record, 0o600)
    world.clock.jumpWallClock(2 * hour)
    await gc.runIfDue(signal)
    expect(notices()).toEqual([['store-over-budget', 'warn']])
  })
})

it('says what was done in a sentence', () => {
  const report = {
    dryRun: false,
    sessions: 3,
    checkpoints: 40,
    droppedByAge: 12,
    droppedByBudget: 3,
    sealed: 1,
    putBack: 0,
  }
  const packs = { packsBefore: 20, packsRemoved: 9, packsWaiting: 0 }
  const bytes = { bytesBefore: 90_000_000, bytesFreed: 40_000_000, budgetBytes: 10e9, overBudgetBytes: 0, problems: [] }
  expect(gcWords({ ...report, ...packs, ...bytes })).toBe(
    'Tidied the store: 12 checkpoints removed by age, 3 for the budget, 1 session sealed, 40 MB freed.',
  )
  expect(gcWords({ ...report, ...packs, ...bytes, putBack: 2 })).toMatch(/2 records that had been deleted put back\.$/)
})

it('says why nothing is removed', () => {
  const problem = (kind: 'damaged' | 'newer') => ({ kind, sessionId: sessionA, seq: 1, message: '' })
  expect(blockedWords([problem('damaged'), problem('newer')])).toMatch(/^2 checkpoints cannot be read, so nothing/)
  expect(blockedWords([problem('newer')])).toMatch(/^1 checkpoint was written by a newer version, so nothing/)
})
