/** The queue behind the monitor: pausing, resuming and stopping at any moment, backing off, and what cannot wait. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { dataPaths } from '../../shared/engine/data-folder.ts'
import { createLock, type LockAttempt } from '../../shared/engine/lock-file.ts'
import { type Monitor, type MonitorStarted, startMonitor } from '../../shared/engine/monitor.ts'
import type { CommandRunner, FileSystem } from '../../shared/engine/ports.ts'
import { idOf, minuteMs } from '../support/core-values.ts'
import { type Holders, startHolders } from '../support/holders.ts'
import { type MonitorWorld, makeMonitorWorld, promptLine } from '../support/monitor-world.ts'
import { writeRegistryFile } from '../support/registry-files.ts'
import { gitEnv } from '../support/repositories.ts'

describe('the monitor’s queue', () => {
  let world: MonitorWorld
  let monitor: Monitor
  let holders: Holders | null

  beforeEach(() => {
    world = makeMonitorWorld('queue')
    holders = null
  })
  afterEach(async () => {
    await monitor.stop()
    await holders?.stop()
    world.remove()
  })

  /** Session `n`, each in a project of its own. */
  const write = (n: number) => {
    const cwd = path.join(world.home, `project-${n}`)
    mkdirSync(cwd, { recursive: true })
    return world.writeSession(idOf(n), cwd)
  }
  const lockStatus = () => createLock(world.ports, dataPaths(world.dataDir).lock, { name: 'a test' }).status()
  const whyOf = async (n: number) => (await monitor.getState({})).sessions.find(view => view.sessionId === idOf(n))?.why
  /** Resolves at the first state in which so many are done. */
  const whenDone = (done: number) =>
    new Promise<MonitorState>(resolve => {
      monitor.onState(state => {
        if (state.phase === 'checkpointing' && (state.progress?.done ?? 0) >= done) resolve(state)
      })
    })

  it('backs off from what fails, says why and until when, leaves the others alone, and is not stopped by it by hand', async () => {
    const bad = write(1)
    write(2)
    let isBroken = false
    const files: FileSystem = {
      ...world.ports.files,
      open: (file, mode) => {
        if (isBroken && file === bad) throw Object.assign(new Error('EIO'), { code: 'EIO' })
        return world.ports.files.open(file, mode)
      },
    }
    monitor = await world.started({ files })
    await monitor.refresh()
    isBroken = true
    expect(await monitor.runCycle({})).toMatchObject({ due: 2, created: 1, failed: 1 })
    expect(await monitor.runCycle({})).toMatchObject({ due: 0, failed: 0, heldBy: { 'backing-off': 1, unchanged: 1 } })
    expect(await whyOf(1)).toMatch(/^Held: failed once \(.*EIO.*\); tried again in (1 min|\d+ s)\.$/)

    world.advance(minuteMs)
    expect(await monitor.runCycle({})).toMatchObject({ due: 1, failed: 1 })
    world.advance(minuteMs)
    expect(await monitor.runCycle({})).toMatchObject({ due: 0, heldBy: { 'backing-off': 1 } })
    expect(await monitor.requestCheckpoint({ sessionIds: [idOf(1)] })).toMatchObject([{ kind: 'failed' }])

    isBroken = false
    world.advance(4 * minuteMs)
    expect(await monitor.runCycle({})).toMatchObject({ due: 1, created: 1, failed: 0 })
    expect(await whyOf(1)).toBe('Held: nothing changed since the last checkpoint.')
  })

  it('pauses between two projects, gives the rest back untouched, and makes it when resumed', async () => {
    for (let n = 1; n <= 12; n += 1) write(n)
    monitor = await world.started()
    const first = monitor.runCycle({})
    await whenDone(2)
    await monitor.pause({ untilMs: null })
    const { due, created, failed, notDone } = await first
    expect({ due, failed, put: notDone['put-off'] }).toEqual({ due: 12, failed: 0, put: 12 - created })
    expect(created).toBeLessThan(12)
    expect(await monitor.runCycle({})).toMatchObject({ created: 0, heldBy: { paused: 12 } })
    expect((await monitor.getState({})).phase).toBe('paused')
    await monitor.resume({})
    expect(await monitor.runCycle({})).toMatchObject({ created: 12 - created })
  })

  it('serves what is asked for by hand between two projects of a cycle, and while paused', async () => {
    for (let n = 1; n <= 12; n += 1) write(n)
    monitor = await world.started()
    const order: number[] = []
    const cycle = monitor.runCycle({}).then(() => order.push(2))
    await whenDone(1)
    const byHand = await monitor.requestCheckpoint({ sessionIds: [idOf(12)] })
    order.push(1)
    await cycle
    expect([byHand, order]).toEqual([[expect.objectContaining({ sessionId: idOf(12) })], [1, 2]])
    await monitor.pause({ untilMs: null })
    appendFileSync(write(3), promptLine(idOf(3), path.join(world.home, 'project-3'), 'More'))
    expect(await monitor.requestCheckpoint({ sessionIds: [idOf(3)] })).toMatchObject([{ kind: 'saved' }])
  })

  it('stops between two projects, gives the lock back, and another monitor makes what is left', async () => {
    for (let n = 1; n <= 12; n += 1) write(n)
    monitor = await world.started()
    const cycle = monitor.runCycle({})
    await whenDone(2)
    await monitor.stop()
    const { created, failed } = await cycle
    expect([failed, created < 12, lockStatus().kind, (await monitor.getState({})).phase]).toEqual([
      0,
      true,
      'free',
      'stopped',
    ])
    monitor = await world.started()
    expect(await monitor.runCycle({})).toMatchObject({ created: 12 - created, failed: 0 })
  })

  it('gives up a checkpoint that hangs in git when it stops, and leaves nothing half done', async () => {
    write(1)
    execFileSync('git', ['init', '-q', path.join(world.home, 'project-1')], { env: gitEnv(world.home) })
    const hanging = Promise.withResolvers<void>()
    const commands: CommandRunner = {
      ...world.ports.commands,
      run: (_file, _args, { signal }) =>
        new Promise(resolve => {
          const end = () => resolve({ code: null, stdout: Buffer.alloc(0), stderr: '', failure: 'EABORTED' })
          hanging.resolve()
          if (signal?.aborted) end()
          else signal?.addEventListener('abort', end, { once: true })
        }),
    }
    monitor = await world.started({ commands })
    const cycle = monitor.runCycle({})
    await hanging.promise
    await monitor.stop()
    expect(await cycle).toMatchObject({ created: 0, failed: 0, notDone: { 'put-off': 1 } })
    expect([lockStatus().kind, readdirSync(path.join(dataPaths(world.dataDir).store, 'tmp'))]).toEqual(['free', []])
  })

  it('finds the lock taken, watches it between two cycles, and goes on as soon as it is free', async () => {
    write(1)
    const other = await createLock(world.ports, dataPaths(world.dataDir).lock, { name: 'another' }).acquire({
      waitMs: 0,
    })
    const started = await startMonitor(world.ports, {
      dataFolder: world.dataDir,
      roots: [world.configDir],
      home: world.home,
      automatic: true,
      settingsOverride: settings => ({ ...settings, lockWaitSeconds: 0, intervalMinutes: 60 }),
    })
    monitor = startedMonitor(started)
    const lastOutcome = async () => (await monitor.getState({})).sessions[0]?.lastOutcome?.kind
    await expect.poll(lastOutcome, { timeout: 15_000 }).toBe('locked-elsewhere')
    releaseOf(other)()
    await expect.poll(lastOutcome, { timeout: 15_000 }).toBe('saved')
  }, 40_000)

  it('checkpoints a session whose process died at the next look, though it is cooling down', async () => {
    holders = startHolders(1)
    const [holder] = holders.processes
    const cwd = path.join(world.home, 'project-1')
    const transcript = write(1)
    const { pidDomain } = world.ports.processes
    const entry = { sessionId: idOf(1), cwd, pidDomain, status: 'busy', statusUpdatedMs: 1, startedMs: 1 } as const
    writeRegistryFile(path.join(world.configDir, 'sessions'), { ...entry, process: holder ?? { pid: 0, start: null } })
    monitor = await world.started()
    expect(await monitor.runCycle({})).toMatchObject({ created: 1 })
    appendFileSync(transcript, promptLine(idOf(1), cwd, 'And one more thing'))
    expect(await monitor.runCycle({})).toMatchObject({ created: 0, heldBy: { 'cooling-down': 1 } })
    await holders.stop()
    expect(await monitor.runCycle({})).toMatchObject({ due: 1, created: 1 })
    const [newest] = await monitor.listCheckpoints({ sessionId: idOf(1) })
    expect(newest).toMatchObject({ seq: 2, causeKind: 'urgent', why: 'the process of the session died' })
    expect(await monitor.runCycle({})).toMatchObject({ due: 0, heldBy: { unchanged: 1 } })
  })
})

function startedMonitor(started: MonitorStarted): Monitor {
  if (!started.ok) throw new Error(started.message)
  return started.monitor
}

function releaseOf(attempt: LockAttempt): () => void {
  if (attempt.kind !== 'held') throw new Error(attempt.kind)
  return attempt.lock.release
}
