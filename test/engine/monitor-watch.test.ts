/** The monitor that runs by itself: what it shows before all is read, and how it follows what changes. */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { FSWatcher } from 'chokidar'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'

const idA = '0ecf3a5a-7992-4668-9faf-374392f83408'
const idB = '88d7150e-a12f-4ae5-92d5-5ca47c59438b'

const worlds: MonitorWorld[] = []
const monitors: Monitor[] = []
afterEach(async () => {
  for (const monitor of monitors.splice(0)) await monitor.stop()
  for (const world of worlds.splice(0)) world.remove()
})

function newWorld() {
  const world = makeMonitorWorld('monitor-watch')
  worlds.push(world)
  const project = path.join(world.folder, 'project')
  mkdirSync(project)
  return { world, project, transcript: world.writeSession(idA, project) }
}

/** Runs by itself until the test ends, with every state that it published. */
async function running(world: MonitorWorld, change: Partial<Ports> = {}) {
  const states: MonitorState[] = []
  const options = { dataFolder: world.dataDir, roots: [world.configDir], home: world.home, automatic: true }
  const started = await startMonitor({ ...world.ports, ...change }, options)
  if (!started.ok) throw new Error(started.message)
  const { monitor } = started
  monitors.push(monitor)
  monitor.onState(state => states.push(state))
  const state = async () => await monitor.getState({})
  const view = async (id: string): Promise<SessionView | undefined> =>
    (await state()).sessions.find(({ sessionId }) => sessionId === id)
  return { monitor, states, state, view }
}
const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000 })

describe('a monitor that runs by itself', () => {
  it('follows a transcript as it is written, long before its next check', async () => {
    const { world, project, transcript } = newWorld()
    const { state, view } = await running(world)
    await soon(async () => expect((await state()).lastCycle).not.toBeNull())
    await soon(async () => expect((await state()).watch).toEqual({ mode: 'watching', reason: null }))
    const { lastCycle } = await state()
    await soon(async () => {
      appendFileSync(transcript, promptLine(idA, project))
      expect((await view(idA))?.counts.prompts).toBeGreaterThan(1)
    })
    expect((await state()).lastCycle).toBe(lastCycle)
  })

  it('finds at its next check what no watcher told it of', async () => {
    const told = vi.spyOn(FSWatcher.prototype, 'emit').mockReturnValue(true)
    onTestFinished(() => told.mockRestore())
    const { world, project, transcript } = newWorld()
    const { clock } = world.ports
    // Its minutes pass in a quarter of a second each.
    const hasty: typeof clock = {
      ...clock,
      monotonicMs: () => 240 * clock.monotonicMs(),
      sleep: (ms, signal) => clock.sleep(ms / 240, signal),
    }
    const { state, view } = await running(world, { clock: hasty })
    await soon(async () => expect((await state()).watch).toEqual({ mode: 'watching', reason: null }))
    await soon(async () => expect((await state()).lastCycle).not.toBeNull())
    const before = (await state()).lastCycle?.startedMs ?? 0
    appendFileSync(transcript, promptLine(idA, project))
    await soon(async () => expect((await view(idA))?.counts.prompts).toBe(2))
    expect((await state()).lastCycle?.startedMs).toBeGreaterThanOrEqual(before)
    expect(told).toHaveBeenCalled()
  })

  it('says that it looks around where nobody tells it of changes, and follows all the same', async () => {
    const { world, project, transcript } = newWorld()
    const { files, clock } = world.ports
    const diskSpace: typeof files.diskSpace = at =>
      at === world.configDir ? { ...files.diskSpace(at), kind: 'network' } : files.diskSpace(at)
    const sleep: typeof clock.sleep = (ms, signal) => clock.sleep(Math.min(ms, 50), signal)
    const { state, view } = await running(world, { files: { ...files, diskSpace }, clock: { ...clock, sleep } })
    const reason = `${world.configDir} is on a network drive`
    await soon(async () => expect((await state()).watch).toEqual({ mode: 'polling', reason }))
    expect((await state()).notices).toEqual([
      {
        id: 'polling',
        level: 'info',
        message: `What changes is looked for every few seconds, because ${reason}`,
        remedy: 'Nothing is missed: it only shows a few seconds later.',
      },
    ])
    appendFileSync(transcript, promptLine(idA, project))
    await soon(async () => expect((await view(idA))?.counts.prompts).toBe(2))
  })

  it('shows a session that begins and, without a checkpoint of it, forgets one that is deleted', async () => {
    const { world, project, transcript } = newWorld()
    const { state, view } = await running(world)
    await soon(async () => expect((await state()).watch).toBeDefined())
    await soon(async () => {
      world.writeSession(idB, project, promptLine(idB, project))
      expect(await view(idB)).toMatchObject({ title: 'Please look at this' })
    })
    rmSync(transcript)
    await soon(async () => expect((await state()).sessions.map(({ sessionId }) => sessionId)).toEqual([idB]))
  })

  it('checks at once when the process of a session dies', async () => {
    const { world, project } = newWorld()
    const entry = path.join(world.configDir, 'sessions', '4711.json')
    mkdirSync(path.dirname(entry), { recursive: true })
    const record = { pid: 4711, sessionId: idA, procStart: '1', status: 'busy', cwd: project }
    writeFileSync(entry, JSON.stringify(record))
    let lives = true
    const processes = { ...world.ports.processes, find: (pid: number) => (lives ? { pid, start: '1' } : null) }
    const { state, view } = await running(world, { processes })
    await soon(async () => expect((await view(idA))?.live.status).toBe('busy'))
    await soon(async () => expect((await state()).watch).toBeDefined())
    await soon(async () => expect((await state()).lastCycle).not.toBeNull())
    const before = (await state()).lastCycle?.startedMs ?? 0
    await soon(async () => {
      appendFileSync(path.join(path.dirname(entry), '4712.json'), '{')
      lives = false
      writeFileSync(entry, JSON.stringify({ ...record, updatedAt: Date.now() }))
      expect((await state()).lastCycle?.startedMs).toBeGreaterThan(before)
    })
    await soon(async () => expect((await view(idA))?.live.status).toBe('ended-abruptly'))
  })

  it('shows the sessions before it has read them, decides nothing by that, and says how far it is', async () => {
    const { world, transcript } = newWorld()
    appendFileSync(transcript, `{"type":"attachment","text":"${'x'.repeat(60_000_000)}"}\n`)
    const { states, state } = await running(world)
    await soon(async () => expect((await state()).lastCycle).not.toBeNull())
    const partial = states.filter(({ sessions }) => sessions[0]?.partial)
    expect(partial.length).toBeGreaterThan(0)
    expect(new Set(partial.map(({ sessions }) => sessions[0]?.why))).toEqual(
      new Set(['Held: its transcript is still being read.']),
    )
    expect(new Set(partial.map(({ sessions }) => sessions[0]?.title))).toEqual(new Set(['Please look at this']))
    expect((await state()).sessions[0]).not.toHaveProperty('partial')
  })

  it('needs no first look at what it knew before', async () => {
    const { world } = newWorld()
    const first = await running(world)
    await soon(async () => expect((await first.state()).lastCycle).not.toBeNull())
    await first.monitor.stop()
    const second = await running(world)
    await soon(async () => expect((await second.state()).lastCycle).not.toBeNull())
    expect(second.states.flatMap(({ sessions }) => sessions).filter(({ partial }) => partial)).toEqual([])
  })
})
