/** A restore through the monitor that runs, asked by the real command line over its local socket. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProgramWorld, loginId, type ProgramWorld, type Running } from '../cli/program-world.ts'

vi.setConfig({ testTimeout: 180_000 })

let world: ProgramWorld
let daemon: Running
beforeEach(async () => {
  world = createProgramWorld()
})
afterEach(async () => {
  daemon.kill('SIGKILL')
  await daemon.ended
  world.scratch.remove()
})

/** Its first check has saved both sessions. */
async function startDaemon(): Promise<void> {
  daemon = world.start('run')
  await daemon.shows('; took ')
}

const at = (name: string) => path.join(world.repository, name)
const read = (name: string) => readFileSync(at(name), 'utf8')
const asked = async (...args: readonly string[]) => JSON.parse((await world.run(...args, '--json')).out)

describe('a restore by the monitor that runs', () => {
  it('is planned, done and undone by commands that ask it', async () => {
    await startDaemon()
    writeFileSync(at('app.txt'), 'three\n')
    rmSync(at('new file.txt'))
    const first = `${loginId}/1`
    const { plan } = await asked('restore', first, '--in-place', '--files')
    expect(plan.counts).toMatchObject({ conflict: 1, create: 1, same: 0 })
    expect(read('app.txt')).toBe('three\n')
    const done = await asked('restore', first, '--in-place', '--files', '--replace-conflicts', '--yes')
    expect(done).toMatchObject({ ok: true, kind: 'complete', written: { files: 2 }, safety: `${loginId}/2` })
    expect([read('app.txt'), read('new file.txt')]).toEqual(['two\n', 'untracked\n'])
    const undone = await asked('undo', '--last')
    expect(undone).toMatchObject({ ok: true, kind: 'complete', written: { files: 2 } })
    expect(read('app.txt')).toBe('three\n')
    expect(() => read('new file.txt')).toThrow('ENOENT')
  })

  it('is stopped by Ctrl-C in the command, with every file old or new and a way on', async () => {
    const names = Array.from({ length: 3_000 }, (_, n) => `many/${n}.txt`)
    mkdirSync(at('many'))
    for (const name of names) writeFileSync(at(name), `old ${name}\n`)
    await startDaemon()
    for (const name of names) writeFileSync(at(name), `changed ${name}\n`)
    const restoring = world.start('restore', `${loginId}/1`, '--in-place', '--files', '--replace-conflicts', '--yes')
    await vi.waitUntil(() => read('many/0.txt').startsWith('old'), { interval: 1, timeout: 60_000 })
    // Stopped, the monitor cannot be through before it reads what Ctrl-C has sent it.
    daemon.kill('SIGSTOP')
    restoring.kill('SIGINT')
    await setTimeout(1_000)
    daemon.kill('SIGCONT')
    const { code, err } = await restoring.ended
    expect(code).toBe(130)
    expect(err).toMatch(
      /the restore was stopped half-way; finish it with `session-monitor undo --resume [0-9a-f]{16}`/i,
    )
    const states = new Set(names.map(name => read(name)).map(text => text.split(' ')[0]))
    expect([...states].sort()).toEqual(['changed', 'old'])
    const [{ restoreId, state }] = (await asked('undo')).restores
    expect(state).toBe('unfinished')
    expect(await asked('undo', '--resume', restoreId)).toMatchObject({ ok: true, kind: 'complete' })
    expect(names.every(name => read(name) === `old ${name}\n`)).toBe(true)
  })
})
