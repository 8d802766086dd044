/**
 * Opens a link in the user's browser, where there is a screen.
 *
 * The link holds a secret and arguments of a process can be read by every user of the machine: so the browser is given
 * a file that only this user can read, which leads there.
 */
import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { HostEnvironment } from '../../shared/engine/data-folder.ts'

/** Program and arguments that open a file in a browser; null where there is no screen. */
export function browserCommand(
  { env, platform }: Pick<HostEnvironment, 'env' | 'platform'>,
  file: string,
): readonly [program: string, ...args: string[]] | null {
  const isRemote = Boolean(env['SSH_CONNECTION'])
  if (platform === 'darwin') return isRemote ? null : ['/usr/bin/open', file]
  if (platform === 'win32')
    return isRemote ? null : ['rundll32.exe', 'url.dll,FileProtocolHandler', pathToFileURL(file).href]
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open', file] : null
}

/** Leads a browser on without a script. */
export function leadingPage(link: string): string {
  const safe = link.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${safe}"><title>Active Session Monitor</title><a href="${safe}">Open the dashboard</a>\n`
}

/** True once a browser was asked; the file should be removed when the link was used. */
export function openInBrowser(environment: HostEnvironment, file: string, link: string): boolean {
  const command = browserCommand(environment, file)
  if (command === null) return false
  try {
    rmSync(file, { force: true })
    writeFileSync(file, leadingPage(link), { mode: 0o600, flag: 'wx' })
    const [program, ...args] = command
    const child = spawn(program, args, { stdio: 'ignore', detached: true, windowsHide: true })
    child.on('error', () => {})
    child.unref()
    return true
  } catch {
    return false
  }
}
