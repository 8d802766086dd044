/** Damage in the store, found by a test restore and ended by the next checkpoint, through the whole monitor. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { createProgramWorld, docsId, loginId, type ProgramWorld } from '../cli/program-world.ts'
import { openTestStore, realPorts } from '../support/stores.ts'

let world: ProgramWorld
let running: Monitor[]
beforeEach(() => {
  world = createProgramWorld()
  rmSync(world.transcriptPath(docsId))
  running = []
})
afterEach(async () => {
  for (const monitor of running) await monitor.stop()
  world.scratch.remove()
})

async function start(automatic: boolean, files: Partial<FileSystem> = {}): Promise<Monitor> {
  const { dataDir, configDir, home } = world.scratch
  const ports = { ...realPorts, files: { ...realPorts.files, ...files } }
  const started = await startMonitor(ports, { dataFolder: dataDir, roots: [configDir], home, automatic })
  const monitor = started.ok ? started.monitor : expect.fail('not started')
  running.push(monitor)
  return monitor
}

/** The first state of which `wanted` is true. */
function whenState(monitor: Monitor, wanted: (state: MonitorState) => boolean): Promise<MonitorState> {
  return new Promise(resolve => {
    const stop = monitor.onState(state => {
      if (!wanted(state)) return
      stop()
      resolve(state)
    })
  })
}

const store = () => openTestStore(dataPaths(world.scratch.dataDir).store)
const newestSeq = () => {
  const found = store().newest(loginId)
  return found.ok ? found.record?.seq : null
}

it('a flipped bit is found by a test restore, and what it hurt is saved anew at once', async () => {
  const first = await start(false)
  await first.runCycle({})
  await first.stop()
  const packs = path.join(world.scratch.dataDir, 'store', 'packs')
  const [name = ''] = readdirSync(packs)
  const bytes = readFileSync(path.join(packs, name))
  bytes[30] = (bytes[30] ?? 0) ^ 8
  writeFileSync(path.join(packs, name), bytes)

  const monitor = await start(true)
  const state = await whenState(monitor, ({ sessions }) => sessions[0]?.lastCheckpoint?.seq === 2)
  expect(state.lastProof?.failures).toEqual([{ id: `${loginId}/1`, message: expect.stringContaining('damaged') }])
  expect(state.notices.map(({ id, level }) => [id, level])).toContainEqual(['proof-failed', 'error'])
  expect(newestSeq()).toBe(2)
  const { findings } = await verifyStore(store(), realPorts.clock, { readData: true })
  // The same bytes make a pack of the same name, which takes the damaged one's place: the first is whole again too.
  expect(findings).toEqual([])
})

it('a whole store is proven, and the state says when', async () => {
  const monitor = await start(true)
  const { lastProof, notices } = await whenState(monitor, state => state.lastProof !== null)
  expect(lastProof).toMatchObject({ checked: 1, failures: [] })
  expect(notices).toEqual([])
})

it('on a disk without hard links checkpoints are made, and the notice says what is less', async () => {
  const link = () => {
    throw Object.assign(new Error('EPERM: no links here'), { code: 'EPERM' })
  }
  const monitor = await start(false, { link })
  expect(await monitor.runCycle({})).toMatchObject({ created: 1, failed: 0 })
  expect((await monitor.getState({})).notices.map(notice => notice.id)).toEqual(['no-hard-links'])
  expect(newestSeq()).toBe(1)
})
