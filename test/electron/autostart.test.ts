import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { autostartEntry, createAutostart, isEnabledEntry } from '../../electron/autostart.ts'
import { control } from '../electron-double/control.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const folders: string[] = []
const hostile = '/opt/My $App "x"/100% `id` \\done.AppImage'

function linux(command: readonly string[] = ['/opt/app']) {
  const config = makeScratchFolder('autostart')
  folders.push(config)
  const place = { platform: 'linux', env: { XDG_CONFIG_HOME: config }, home: '/nowhere', command } as const
  return { autostart: createAutostart(place), file: path.join(config, 'autostart/active-session-monitor.desktop') }
}

afterEach(() => {
  for (const folder of folders.splice(0)) removeScratchFolder(folder)
})

describe('starting at login on Linux', () => {
  it('is an entry that comes and goes', () => {
    const { autostart, file } = linux()
    const before = autostart.isOn()
    autostart.set(true)
    const during = [autostart.isOn(), readFileSync(file, 'utf8').match(/^Exec=.*$/m)?.[0]]
    autostart.set(false)
    expect([before, during, autostart.isOn(), existsSync(file)]).toEqual([
      false,
      [true, 'Exec="/opt/app" "--hidden"'],
      false,
      false,
    ])
  })
  it('may be turned off twice', () => {
    const { autostart } = linux()
    autostart.set(false)
    autostart.set(false)
    expect(autostart.isOn()).toBe(false)
  })
  it.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false'])('is off when the desktop says so: %s', line => {
    const { autostart, file } = linux()
    autostart.set(true)
    writeFileSync(file, `${readFileSync(file, 'utf8').replace('X-GNOME-Autostart-enabled=true\n', '')}${line}\n`)
    expect(autostart.isOn()).toBe(false)
  })
  it('quotes whatever the program is called', () => {
    expect(autostartEntry([hostile])).toContain(
      'Exec="/opt/My \\\\$App \\\\"x\\\\"/100%% \\\\`id\\\\` \\\\\\\\done.AppImage"\n',
    )
    expect(isEnabledEntry(autostartEntry([hostile]))).toBe(true)
  })
  const validator = spawnSync('desktop-file-validate', ['--version']).error
  if (validator) console.warn('\n*** SKIPPED: desktop-file-validate is not there (Debian: desktop-file-utils) ***\n')
  it.skipIf(validator !== undefined)('is an entry that the desktop’s own checker accepts', () => {
    const { autostart, file } = linux([hostile])
    autostart.set(true)
    const { status, stdout } = spawnSync('desktop-file-validate', [file], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, ''])
  })
})

describe('starting at login elsewhere', () => {
  it.each([
    ['win32', { openAtLogin: true, path: 'C:\\app.exe', args: ['x', '--hidden'] }],
    ['darwin', { openAtLogin: true }],
  ] as const)('is a login item on %s', (platform, item) => {
    const autostart = createAutostart({ platform, env: {}, home: '/nowhere', command: ['C:\\app.exe', 'x'] })
    autostart.set(true)
    expect([control.loginItem, autostart.isOn()]).toEqual([item, true])
    autostart.set(false)
    expect(autostart.isOn()).toBe(false)
  })
})
