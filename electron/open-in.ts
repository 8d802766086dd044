/**
 * Opens a project's folder in the file manager, a terminal or an editor. The path comes from a transcript: it is
 * never part of a command, only the folder in which a program is started, and it must be a folder.
 */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import path from 'node:path'
import { shell } from 'electron'
import type { HostAnswer } from '../shared/core/host-api.ts'

export type Opener = 'folder' | 'terminal' | 'editor'

/** A program to start in the folder. */
export interface OpenPlan {
  readonly file: string
  readonly args: readonly string[]
}

type Which = (name: string) => string | null

const editors = ['code', 'cursor', 'codium', 'zed', 'subl', 'idea'] as const
const terminals: readonly (readonly [name: string, ...args: string[]])[] = [
  ['x-terminal-emulator'],
  ['gnome-terminal'],
  ['konsole'],
  ['xfce4-terminal'],
  ['kitty'],
  ['alacritty'],
  ['xterm'],
]

/** Null if no such program is installed. */
export function planOpen(what: 'terminal' | 'editor', platform: NodeJS.Platform, which: Which): OpenPlan | null {
  if (what === 'editor')
    return firstOf(
      editors.map(name => [name, '.'] as const),
      which,
    )
  if (platform === 'darwin') return { file: '/usr/bin/open', args: ['-a', 'Terminal', '.'] }
  if (platform === 'win32') return firstOf([['wt', '-d', '.'], ['powershell']], which)
  return firstOf(terminals, which)
}

function firstOf(commands: readonly (readonly [name: string, ...args: string[]])[], which: Which): OpenPlan | null {
  for (const [name, ...args] of commands) {
    const file = which(name)
    if (file !== null) return { file, args }
  }
  return null
}

/** @param folder absolute */
export async function openIn(
  what: Opener,
  folder: string,
  platform: NodeJS.Platform,
  which: Which,
): Promise<HostAnswer> {
  if (!path.isAbsolute(folder) || !isFolder(folder)) {
    return { ok: false, message: `There is no folder ${folder} any more`, remedy: 'Restore it to a new folder.' }
  }
  if (what === 'folder') return showFolder(folder, platform)
  const plan = planOpen(what, platform, which)
  if (plan !== null) return start(plan, folder)
  const remedy =
    what === 'editor' ? `Install one of these on the PATH: ${editors.join(', ')}.` : 'Install a terminal program.'
  return { ok: false, message: `No ${what} was found`, remedy }
}

/** macOS starts a folder that is an app: one with an ending is only shown. */
async function showFolder(folder: string, platform: NodeJS.Platform): Promise<HostAnswer> {
  if (platform === 'darwin' && path.extname(folder) !== '') {
    shell.showItemInFolder(folder)
    return { ok: true }
  }
  const message = await shell.openPath(folder + path.sep)
  return message === '' ? { ok: true } : { ok: false, message, remedy: 'Open it in your file manager.' }
}

function start({ file, args }: OpenPlan, cwd: string): Promise<HostAnswer> {
  // An editor's launcher on Windows is a script, which only a shell runs; its name is ours, the folder no part of it.
  const needsShell = /\.(cmd|bat)$/i.test(file)
  return new Promise(resolve => {
    const child = spawn(needsShell ? `"${file}"` : file, [...args], {
      cwd,
      detached: true,
      stdio: 'ignore',
      shell: needsShell,
    })
    child.once('error', error =>
      resolve({
        ok: false,
        message: `${path.basename(file)} did not start: ${error.message}`,
        remedy: 'Start it by hand.',
      }),
    )
    child.once('spawn', () => {
      child.unref()
      resolve({ ok: true })
    })
  })
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
}
