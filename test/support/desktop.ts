/**
 * A desktop for tests: an X server, a session bus and a notification server, all private. What is shown on it can be
 * read back and looked at. Nothing reaches the user's own screen.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

export interface ShownNotification {
  readonly title: string
  readonly body: string
  readonly appName: string
}

export interface Desktop {
  /** For a program that shall show its notifications here. */
  readonly env: Readonly<Record<string, string>>
  /** Every notification so far, oldest first; closes those on screen. */
  notifications(): readonly ShownNotification[]
  /** How many are on screen. */
  onScreen(): number
  /** A PNG file of the whole screen. */
  screenshot(file: string): void
  stop(): Promise<void>
}

const programs = ['Xvfb', 'dbus-daemon', 'dbus-send', 'dunst', 'dunstctl', 'notify-send'] as const
const startMs = 10_000

/** Why there can be no desktop here, or null. */
export function whyNoDesktop(): string | null {
  if (process.platform !== 'linux') return 'it is made of Linux programs'
  const missing = programs.filter(name => !isOnPath(name))
  if (missing.length === 0) return null
  return `${missing.join(', ')} not there (Debian: apt-get install xvfb dbus dunst libnotify-bin)`
}

export async function startDesktop(): Promise<Desktop> {
  const folder = makeScratchFolder('desktop-bus')
  const children: ChildProcess[] = []
  const begin = (file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    children.push(child)
    return child
  }
  const screen = '1000x560x24'
  const display = await firstLine(begin('Xvfb', ['-displayfd', '3', '-screen', '0', screen, '-nolisten', 'tcp']))
  const bus = await firstLine(begin('dbus-daemon', ['--session', '--nofork', '--print-address=3']))
  const env = { DISPLAY: `:${display}`, DBUS_SESSION_BUS_ADDRESS: bus }
  const run = (file: string, ...args: readonly string[]) =>
    execFileSync(file, args, { encoding: 'utf8', env: { ...process.env, ...env }, stdio: 'pipe' })
  writeFileSync(path.join(folder, 'dunstrc'), dunstSettings)
  begin('dunst', ['-conf', path.join(folder, 'dunstrc')], env)
  await until(() => run('dunstctl', 'count'))
  return {
    env,
    notifications() {
      run('dunstctl', 'close-all')
      return parseHistory(run('dunstctl', 'history'))
    },
    onScreen: () => Number(/displayed: (\d+)/.exec(run('dunstctl', 'count'))?.[1]),
    screenshot: file => void run('import', '-window', 'root', file),
    async stop() {
      for (const child of children.toReversed()) await ended(child)
      removeScratchFolder(folder)
    },
  }
}

const dunstSettings = `[global]
font = DejaVu Sans 11
width = 460
height = 300
origin = top-right
offset = 20x20
history_length = 100
markup = full
`

interface DunstHistory {
  readonly data: readonly [
    readonly {
      readonly summary: { readonly data: string }
      readonly body: { readonly data: string }
      readonly appname: { readonly data: string }
    }[],
  ]
}

/** Newest first in dunst's answer. */
function parseHistory(text: string): readonly ShownNotification[] {
  const { data } = JSON.parse(text) as DunstHistory
  const all = data[0].map(({ summary, body, appname }) => ({
    title: summary.data,
    body: body.data,
    appName: appname.data,
  }))
  return all.toReversed()
}

/** What a program writes to descriptor 3 when it is ready. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${child.spawnfile} did not start in time`)), startMs)
    child.once('error', reject)
    ;(child.stdio[3] as Readable).once('data', (data: Buffer) => {
      clearTimeout(timer)
      resolve(data.toString('utf8').trim())
    })
  })
}

async function until(run: () => unknown): Promise<void> {
  const endMs = performance.now() + startMs
  for (;;) {
    try {
      run()
      return
    } catch (error) {
      if (performance.now() > endMs) throw error
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill()
  })
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some(folder => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
