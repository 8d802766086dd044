import { expect, it } from 'vitest'
import { dataFolder } from '../../shared/engine/data-folder.ts'

it.each([
  [
    'the chosen folder wins',
    { env: { SESSION_MONITOR_HOME: '/srv/asm', XDG_DATA_HOME: '/x' }, platform: 'linux' },
    '/srv/asm',
  ],
  ['Linux, by XDG', { env: { XDG_DATA_HOME: '/data' }, platform: 'linux' }, '/data/active-session-monitor'],
  [
    'Linux, where XDG is relative and so not valid',
    { env: { XDG_DATA_HOME: 'data' }, platform: 'linux' },
    '/home/me/.local/share/active-session-monitor',
  ],
  ['Linux, plain', { env: {}, platform: 'linux' }, '/home/me/.local/share/active-session-monitor'],
  ['macOS', { env: {}, platform: 'darwin' }, '/home/me/Library/Application Support/active-session-monitor'],
  ['Windows', { env: { LOCALAPPDATA: '/local' }, platform: 'win32' }, '/local/active-session-monitor'],
] as const)('puts our data where the system keeps such data: %s', (_title, host, folder) => {
  expect(dataFolder({ ...host, home: '/home/me' })).toBe(folder)
})
