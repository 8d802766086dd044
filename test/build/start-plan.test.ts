import { describe, expect, it } from 'vitest'
import { needsBuild, planStart, type StartFacts } from '../../build/start-plan.ts'

const ready: StartFacts = {
  platform: 'linux',
  env: { DISPLAY: ':0' },
  isRoot: false,
  headlessAsked: false,
  electron: '/opt/electron',
  downloadFailure: null,
}
const desktop = { kind: 'desktop', electron: '/opt/electron' }
const headless = (why: string) => ({ kind: 'headless', why })
const noDisplay = headless('there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)')

describe('planStart', () => {
  it.each([
    ['opens the app where Electron and a display are', {}, desktop],
    ['takes Wayland for a display', { env: { WAYLAND_DISPLAY: 'wayland-0' } }, desktop],
    ['asks for no display on macOS', { platform: 'darwin', env: {} }, desktop],
    ['asks for no display on Windows', { platform: 'win32', env: {} }, desktop],
    ['stays in the terminal when asked to', { headlessAsked: true }, headless('--headless was given')],
    ['stays in the terminal without a display', { env: {} }, noDisplay],
    ['takes an empty DISPLAY for none', { env: { DISPLAY: '' } }, noDisplay],
    ['stays in the terminal as root', { isRoot: true }, headless('Electron does not run its sandbox as root')],
    ['fetches a missing Electron', { electron: null }, { kind: 'download' }],
    ['fetches nothing where it could not be shown', { electron: null, env: {} }, noDisplay],
    [
      'fetches nothing when told not to',
      { electron: null, env: { DISPLAY: ':0', SESSION_MONITOR_NO_DOWNLOAD: '1' } },
      headless('Electron is not installed and SESSION_MONITOR_NO_DOWNLOAD is set'),
    ],
    ['fetches only once', { electron: null, downloadFailure: 'no network' }, headless('no network')],
    ['ignores a failed download once Electron is there', { downloadFailure: 'no network' }, desktop],
  ] as const)('%s', (_title, change, plan) => {
    expect(planStart({ ...ready, ...change } as StartFacts)).toEqual(plan)
  })
})

describe('needsBuild', () => {
  it.each([
    ['there is no build', 5, null, true],
    ['a source is newer than the build', 5, 4, true],
    ['the build is newer', 4, 5, false],
    ['both are of the same instant', 5, 5, false],
  ])('when %s', (_title, newestSourceMs, builtMs, expected) => {
    expect(needsBuild(newestSourceMs, builtMs)).toBe(expected)
  })
})
