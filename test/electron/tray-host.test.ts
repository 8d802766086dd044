import { describe, expect, it } from 'vitest'
import { findTrayHost, type TrayHost, watchTrayHost } from '../../electron/tray-host.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { CommandResult, CommandRunner } from '../../shared/engine/ports.ts'
import { takeBusName } from '../support/bus-name.ts'
import { startDesktop, whyNoDesktop } from '../support/desktop.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const there = (owner: string): Partial<CommandResult> => ({ code: 0, stdout: Buffer.from(`   string "${owner}"\n`) })
const none: Partial<CommandResult> = { code: 1, stderr: 'Error org.freedesktop.DBus.Error.NameHasNoOwner: no' }
const noBus: Partial<CommandResult> = { code: 1, stderr: 'Failed to open connection' }

/** Answers one after the other; the last one stays. */
function commands(answers: readonly Partial<CommandResult>[], programs = ['dbus-send']): CommandRunner {
  const left = [...answers]
  return {
    which: name => (programs.includes(name) ? `/usr/bin/${name}` : null),
    run: async () => {
      const answer = (left.length > 1 ? left.shift() : left[0]) ?? {}
      return { code: null, stdout: Buffer.alloc(0), stderr: '', failure: null, ...answer }
    },
  }
}

const linux = (runner: CommandRunner) => ({ platform: 'linux', commands: runner, env: {} }) as const

describe('the host of tray icons', () => {
  it.each([
    ['is there', [there(':1.57')], { kind: 'there', owner: ':1.57' }],
    ['is none', [none], { kind: 'none' }],
    ['cannot be told without a bus', [noBus], { kind: 'unknown' }],
    ['cannot be told when the bus does not answer', [{ failure: 'ETIMEDOUT' }], { kind: 'unknown' }],
  ] as const)('%s', async (_what, answers, host) => {
    expect(await findTrayHost(linux(commands(answers)))).toEqual(host)
  })
  it('is asked for with the program that is there', async () => {
    expect(await findTrayHost(linux(commands([{ code: 0, stdout: Buffer.from("(':1.9',)") }], ['gdbus'])))).toEqual({
      kind: 'there',
      owner: ':1.9',
    })
    expect(await findTrayHost(linux(commands([], [])))).toEqual({ kind: 'unknown' })
  })
  it('is always there where the system itself is one', async () => {
    expect((await findTrayHost({ platform: 'win32', commands: commands([]), env: {} })).kind).toBe('there')
  })
  it('is noticed when it was restarted, once', async () => {
    const clock = createFakeClock()
    const seen: TrayHost[] = []
    const runner = commands([there(':1.1'), there(':1.1'), none, there(':1.2'), there(':1.2')])
    const stop = watchTrayHost({ ...linux(runner), clock }, { kind: 'there', owner: ':1.1' }, now => seen.push(now))
    await clock.advance(600_000)
    stop()
    await clock.advance(600_000)
    expect([seen, clock.sleepers()]).toEqual([[{ kind: 'none' }, { kind: 'there', owner: ':1.2' }], 0])
  })
})

const missing = whyNoDesktop()
if (missing !== null) console.warn(`\n*** SKIPPED: asking a real session bus: ${missing} ***\n`)
describe.skipIf(missing !== null)('a real session bus', () => {
  it('says who shows icons, that nobody does, and that there is no bus once it is gone', async () => {
    const desktop = await startDesktop()
    const runner = nodePorts(() => {}).commands
    const parts = { platform: 'linux', commands: runner, env: desktop.env } as const
    const before = await findTrayHost(parts)
    const giveUp = await takeBusName(desktop.env['DBUS_SESSION_BUS_ADDRESS'] ?? '', 'org.kde.StatusNotifierWatcher')
    const during = await findTrayHost(parts)
    giveUp()
    await desktop.stop()
    const after = await findTrayHost(parts)
    expect([before.kind, during, after.kind]).toEqual([
      'none',
      { kind: 'there', owner: expect.stringMatching(/^:1\.\d+$/) },
      'unknown',
    ])
  })
})
