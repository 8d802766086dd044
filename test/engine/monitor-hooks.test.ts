/** What a monitor makes of the words that hooks leave. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BriefShelf } from '../../shared/core/brief-page.ts'
import { briefFileName, type HookWord, wordFileName, wordOfCommit } from '../../shared/core/hook-word.ts'
import type { Settings } from '../../shared/core/settings.ts'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
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
  const world = makeMonitorWorld('monitor-hooks')
  worlds.push(world)
  const project = path.join(world.folder, 'project')
  mkdirSync(project)
  const spool = path.join(world.dataDir, 'spool')
  mkdirSync(spool, { recursive: true })
  const leave = (word: HookWord) => writeFileSync(path.join(spool, wordFileName(word)), JSON.stringify(word))
  return { world, project, spool, leave, transcript: world.writeSession(idA, project) }
}

async function running(world: MonitorWorld, automatic: boolean, override = (settings: Settings) => settings) {
  const started = await startMonitor(world.ports, {
    dataFolder: world.dataDir,
    roots: [world.configDir],
    home: world.home,
    automatic,
    settingsOverride: override,
  })
  if (!started.ok) throw new Error(started.message)
  monitors.push(started.monitor)
  return started.monitor
}

function word(event: HookWord['event'], change: Partial<HookWord> = {}): HookWord {
  return { v: 1, event, atMs: Date.now(), sessionId: idA, cwd: null, pid: null, detail: null, ...change }
}

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 50 })
const causesOf = (world: MonitorWorld) => {
  const listed = world.store().list(idA)
  return listed.ok ? listed.records.map(read => read.ok && read.record.cause) : []
}

describe('a monitor that runs', () => {
  it('checkpoints at once when the context is about to be compacted, though the session is cooling down', async () => {
    const { world, project, transcript, leave, spool } = newWorld()
    await running(world, true)
    await soon(() => expect(causesOf(world)).toHaveLength(1))
    writeFileSync(transcript, promptLine(idA, project, 'More'), { flag: 'a' })
    leave(word('PreCompact'))
    await soon(() =>
      expect(causesOf(world)).toEqual([expect.anything(), { kind: 'urgent', event: 'before-compaction' }]),
    )
    expect(readdirSync(spool)).toEqual([])
  })

  it('takes at its start what was left while nobody ran', async () => {
    const { world, project, transcript, leave } = newWorld()
    const first = await running(world, false)
    await first.runCycle({})
    await first.stop()
    writeFileSync(transcript, promptLine(idA, project, 'More'), { flag: 'a' })
    leave(word('SessionEnd'))
    await running(world, true)
    await soon(() => expect(causesOf(world)).toEqual([expect.anything(), { kind: 'urgent', event: 'session-ended' }]))
  })

  it('says nothing of a session that never got a transcript', async () => {
    const { world, leave, spool } = newWorld()
    const monitor = await running(world, true)
    leave(word('SessionEnd', { sessionId: idB }))
    await soon(() => expect(readdirSync(spool)).toEqual([]))
    await soon(async () => expect((await monitor.getState({})).lastCycle).not.toBeNull())
    expect((await monitor.getState({})).activity.filter(({ level }) => level !== 'info')).toEqual([])
  })
})

describe('a check', () => {
  it('takes the words too', async () => {
    const { world, leave, spool } = newWorld()
    leave(word('PreCompact'))
    leave(wordOfCommit('/anywhere', Date.now()))
    const monitor = await running(world, false)
    await monitor.runCycle({})
    expect(causesOf(world)).toEqual([{ kind: 'urgent', event: 'before-compaction' }])
    expect(readdirSync(spool)).toEqual([])
  })

  it('leaves an excluded session alone', async () => {
    const { world, project, leave } = newWorld()
    leave(word('PreCompact'))
    const exclude = (settings: Settings): Settings => ({ ...settings, projects: [{ path: project, excluded: true }] })
    const monitor = await running(world, false, exclude)
    await monitor.runCycle({})
    expect(causesOf(world)).toEqual([])
  })

  it('puts the brief of the newest checkpoint where a hook finds it', async () => {
    const { world, project } = newWorld()
    const monitor = await running(world, false)
    await monitor.runCycle({})
    const shelf = JSON.parse(
      readFileSync(path.join(world.dataDir, 'briefs', briefFileName(project)), 'utf8'),
    ) as BriefShelf
    expect(shelf).toMatchObject({ v: 1, root: project, sessions: [{ sessionId: idA, pid: null, unfinished: [] }] })
    expect(shelf.sessions[0]?.brief).toContain('Please look at this')
  })

  it('tells the live state by the hooks where Claude Code keeps no list of live sessions', async () => {
    const { world, leave } = newWorld()
    rmSync(path.join(world.configDir, 'sessions'), { recursive: true, force: true })
    const monitor = await running(world, false)
    const live = async () => (await monitor.getState({})).sessions[0]?.live
    await monitor.runCycle({})
    expect(await live()).toMatchObject({ status: 'unknown' })
    leave(word('Notification', { pid: process.pid, detail: 'permission_prompt' }))
    await monitor.runCycle({})
    expect(await live()).toMatchObject({ status: 'waiting', waitingFor: 'permission', pid: process.pid })
    leave(word('SessionEnd', { pid: process.pid }))
    await monitor.runCycle({})
    expect(await live()).toMatchObject({ status: 'ended' })
  })
})
