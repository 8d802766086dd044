import { describe, expect, it } from 'vitest'
import { alertChannels, hasDesktop, unlessTold } from '../../cli/daemon-alerts.ts'

const notice = { title: 'Not saved', body: 'The disk is full. Free some.', sessionId: null, alerts: [] }

describe('the alerts of a monitor without a window', () => {
  it.each<[string, NodeJS.Platform, Record<string, string>, boolean]>([
    ['Linux with X', 'linux', { DISPLAY: ':0' }, true],
    ['Linux with Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['a server', 'linux', {}, false],
    ['a Mac', 'darwin', {}, true],
    ['a Mac over SSH', 'darwin', { SSH_CONNECTION: '10.0.0.1 5 10.0.0.2 22' }, false],
    ['Windows', 'win32', {}, true],
  ])('know whether there is a desktop: %s', (_title, platform, env, expected) => {
    expect(hasDesktop({ env, platform })).toBe(expected)
  })

  it('are always in the log', async () => {
    const lines: string[] = []
    const log = (level: string, text: string) => lines.push(`${level} ${text}`)
    const [channel] = alertChannels({ env: {}, home: '/h', platform: 'linux' }, log, () => true)
    const shown = await channel?.show(notice)
    expect({ shown, lines }).toEqual({
      shown: { ok: true },
      lines: ['warn Alert: Not saved: The disk is full. Free some.'],
    })
  })

  it('are left to the tray app for as long as it shows this monitor', async () => {
    const titles: string[] = []
    let areTold = true
    const channel = unlessTold(
      {
        name: 'desktop',
        show: async ({ title }) => {
          titles.push(title)
          return { ok: true }
        },
      },
      () => areTold,
    )
    const first = await channel.show(notice)
    areTold = false
    await channel.show({ ...notice, title: 'Not saved either' })
    expect([first, titles]).toEqual([{ ok: true }, ['Not saved either']])
  })
})
