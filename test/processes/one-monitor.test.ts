/** The daemon as real processes: one runs, the others say who, a crash is followed, commands ask the one that runs. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProgramWorld, loginId, type ProgramWorld, type Running } from '../cli/program-world.ts'

vi.setConfig({ testTimeout: 120_000 })

let world: ProgramWorld
const started: Running[] = []
beforeEach(() => {
  world = createProgramWorld()
})
afterEach(async () => {
  for (const one of started.splice(0)) {
    one.kill('SIGKILL')
    await one.ended
  }
  world.scratch.remove()
})

function start(...args: readonly string[]): Running {
  const running = world.start(...args)
  started.push(running)
  return running
}

/** A daemon whose first check is through. */
async function startDaemon(...args: readonly string[]): Promise<Running> {
  const daemon = start('run', ...args)
  await daemon.shows('; took ')
  return daemon
}

const socket = () => path.join(world.scratch.dataDir, 'run', 'monitor.sock')

describe('session-monitor run', () => {
  it('is asked by the other commands, which then do nothing themselves', async () => {
    await startDaemon()
    const listed = JSON.parse((await world.run('list', '--json')).out)
    expect(listed.sessions.map((view: { protection: string }) => view.protection)).toEqual(['protected', 'protected'])
    expect(await world.run('status')).toMatchObject({ code: 0, err: '' })
    world.converse(loginId, 'And the logout')
    const saved = JSON.parse((await world.run('checkpoint', loginId, '--json')).out)
    expect(saved.outcomes).toMatchObject([{ kind: 'saved', sessionId: loginId, seq: 2 }])
    expect(JSON.parse((await world.run('check', '--json')).out)).toMatchObject({ cycle: { found: 2, failed: 0 } })
  })

  it('runs once: another says which one runs, with exit code 3, and leaves it alone', async () => {
    const daemon = await startDaemon()
    const second = await world.run('run')
    expect(second).toMatchObject({ code: 3, out: '' })
    expect(second.err).toMatch(
      /^session-monitor: a monitor runs already: "session-monitor run" \(process \d+\), for \d+ seconds?; .+\n$/,
    )
    daemon.kill('SIGTERM')
    expect(await daemon.ended).toMatchObject({ code: 0 })
    expect(existsSync(socket())).toBe(false)
  })

  it('is one of many that start at the same moment', async () => {
    const many = Array.from({ length: 3 }, () => start('run'))
    const winners = await Promise.all(
      many.map(async one => Promise.race([one.ended.then(end => end.code), one.shows('; took ').then(() => 'runs')])),
    )
    expect(winners.sort()).toEqual([3, 3, 'runs'])
  })

  it('is followed at once after a SIGKILL, by exactly one', async () => {
    const first = await startDaemon()
    first.kill('SIGKILL')
    await first.ended
    expect(existsSync(socket())).toBe(true)
    expect(await world.run('list')).toMatchObject({ code: 0, err: '' })
    const next = Array.from({ length: 2 }, () => start('run'))
    const winners = await Promise.all(
      next.map(async one => Promise.race([one.ended.then(end => end.code), one.shows('; took ').then(() => 'runs')])),
    )
    expect(winners.sort()).toEqual([3, 'runs'])
    expect((await world.run('status', '--json')).code).toBe(0)
  })

  it('lets a command that has settings of its own do its own work', async () => {
    await startDaemon()
    world.converse(loginId, 'And the logout')
    const own = JSON.parse((await world.run('list', '--json', '--activity-files', '1')).out)
    expect(own.sessions).toHaveLength(2)
  })

  it('takes flags as its settings', async () => {
    const daemon = start('run', '--interval', '7', '--activity-files', '3')
    await daemon.shows('Checking every 7 minutes')
    await daemon.shows('; took ')
    expect(readdirSync(path.join(world.scratch.dataDir, 'store', 'checkpoints'))).toHaveLength(2)
  })
})
