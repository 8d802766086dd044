import { describe, expect, it } from 'vitest'
import { alertChannels, hasDesktop } from '../../cli/daemon-alerts.ts'

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
    const [channel] = alertChannels({ env: {}, home: '/h', platform: 'linux' }, (level, text) =>
      lines.push(`${level} ${text}`),
    )
    const shown = await channel?.show({
      title: 'Not saved',
      body: 'The disk is full. Free some.',
      sessionId: null,
      alerts: [],
    })
    expect({ shown, lines }).toEqual({
      shown: { ok: true },
      lines: ['warn Alert: Not saved: The disk is full. Free some.'],
    })
  })
})
