/** The service through a stand-in for systemctl that starts what the unit says, and the older commands that mean it. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProgramWorld, type Ended, type ProgramWorld } from '../cli/program-world.ts'
import { hashTree } from '../support/tree-hash.ts'

vi.setConfig({ testTimeout: 180_000 })

let world: ProgramWorld
beforeEach(() => {
  world = createProgramWorld()
})
afterEach(async () => {
  await run('uninstall')
  world.scratch.remove()
})

const home = (...below: readonly string[]) => path.join(world.scratch.home, ...below)
const unit = () => home('con fig', 'systemd', 'user', 'active-session-monitor.service')

/** With the stand-in first on PATH, and a folder for units whose name needs quoting. */
function run(...args: readonly string[]): Promise<Ended> {
  const bin = home('bin')
  mkdirSync(bin, { recursive: true })
  copyFileSync(path.resolve(import.meta.dirname, '../support/fake-systemctl.sh'), path.join(bin, 'systemctl'))
  Object.assign(world.scratch.env, {
    PATH: `${bin}${path.delimiter}${process.env['PATH']}`,
    XDG_CONFIG_HOME: home('con fig'),
    XDG_RUNTIME_DIR: world.scratch.folder,
    SESSION_MONITOR_HOME: path.join(world.scratch.folder, 'data $x 100% "q"'),
  })
  return world.run(...args)
}

describe.runIf(process.platform === 'linux')('session-monitor service, on systemd', () => {
  it('is installed, started, shown, stopped, started and removed, and leaves nothing', async () => {
    expect(await run('service', 'status')).toMatchObject({ code: 1, out: expect.stringContaining('not installed') })
    expect(await run('service', 'start')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no service'),
    })
    expect(await run('Install', '-Interval', '10')).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(unit(), 'utf8')).toContain('"run" "--quiet" "--wait" "--interval" "10"')
    expect(
      existsSync(home('fake-systemctl', 'verify')) && readFileSync(home('fake-systemctl', 'verify'), 'utf8'),
    ).not.toContain('session-monitor')
    const status = async () => JSON.parse((await run('service', 'status', '--json')).out)
    await expect.poll(status, { timeout: 90_000, interval: 500 }).toMatchObject({
      v: 1,
      manager: 'systemd',
      installed: true,
      active: true,
      running: { name: '"session-monitor run"' },
    })
    // It is the monitor of this very data folder, whatever its name needs in the way of quoting.
    expect(JSON.parse((await run('check', '--json')).out)).toMatchObject({ cycle: { found: 2, failed: 0 } })
    expect(await run('stop')).toMatchObject({ code: 0 })
    expect(await run('service', 'status')).toMatchObject({ code: 1, out: expect.stringContaining('not active') })
    expect(await run('uninstall')).toMatchObject({ code: 0, out: 'Stopped and removed. What is saved stays.\n' })
    expect(existsSync(unit())).toBe(false)
    const calls = readFileSync(home('fake-systemctl', 'calls'), 'utf8')
    expect(calls).toContain('--user enable active-session-monitor.service\n')
    expect(calls).toContain('--user disable --now active-session-monitor.service\n')
  })

  it('says so where there is no systemctl, and what else to do', async () => {
    await run('service', 'status')
    writeFileSync(
      path.join(world.scratch.home, 'bin', 'systemctl'),
      '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n',
      { mode: 0o755 },
    )
    const failing = world.start('service', 'install')
    const { code, err } = await failing.ended
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^session-monitor: .*Failed to connect to bus; it needs a systemd of the user/),
    })
  })
})

describe('session-monitor test', () => {
  it('says what a check would save, and writes nothing anywhere', async () => {
    await world.run('check')
    const before = hashTree(world.scratch.folder)
    expect(await world.run('test')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^found +2 sessions\nwould be saved +0\n/),
    })
    expect(hashTree(world.scratch.folder)).toEqual(before)
  })
})
