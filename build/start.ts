/**
 * `npm start`: opens the desktop app, or says in one line why not and runs the same monitor in this terminal.
 *
 * `--headless` asks for the terminal; other arguments go to the monitor. The reasons are in `start-plan.ts`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { findElectron } from './electron-binary.ts'
import { needsBuild, planStart, type StartFacts } from './start-plan.ts'

const top = path.resolve(import.meta.dirname, '..')
const downloadTimeoutMs = 60_000
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What goes into the build. */
const buildInputs = [
  'electron',
  'renderer',
  'shared',
  'cli',
  'build/vite.config.ts',
  'build/icons/runtime',
  'package.json',
]
const builtFile = 'dist/main/main.js'

const args = process.argv.slice(2).filter(argument => argument !== '--headless')
process.exitCode = await start(null)

/** Resolves to the exit code of what was started. */
async function start(downloadFailure: string | null): Promise<number> {
  const plan = planStart(gatherFacts(downloadFailure))
  switch (plan.kind) {
    case 'download':
      return start(await download())
    case 'headless':
      return runHeadless(plan.why)
    case 'desktop':
      return buildIfNeeded() ? runDesktop(plan.electron) : 1
  }
}

function gatherFacts(downloadFailure: string | null): StartFacts {
  const { env, platform } = process
  const found = findElectron({ top, env, platform })
  return {
    platform,
    env,
    isRoot: process.geteuid?.() === 0,
    headlessAsked: process.argv.includes('--headless'),
    electron: found.kind === 'found' ? found.file : null,
    downloadFailure,
  }
}

/** Fetches Electron with the package's own installer. Why it failed, or null. */
async function download(): Promise<string | null> {
  console.log(`Fetching Electron, once, for at most ${downloadTimeoutMs / 1000} s …`)
  const installer = path.join(top, 'node_modules', 'electron', 'install.js')
  const child = spawn(process.execPath, [installer], { cwd: top, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 10_000)
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, downloadTimeoutMs)
  const code = await exitCode(child)
  clearTimeout(timer)
  if (late) return 'fetching Electron took too long ("npx install-electron" has no time limit)'
  if (code !== 0) return `Electron could not be fetched (${firstWords(complaint) || `exit code ${code}`})`
  const found = findElectron({ top, env: process.env, platform: process.platform })
  return found.kind === 'found' ? null : `Electron was fetched, but ${found.why}`
}

/** False, after the builder's own words, when the build failed. */
function buildIfNeeded(): boolean {
  const newest = Math.max(...buildInputs.map(input => newestMs(path.join(top, input))))
  const built = statSync(path.join(top, builtFile), { throwIfNoEntry: false })?.mtimeMs ?? null
  if (!needsBuild(newest, built)) return true
  const vite = path.join(top, 'node_modules', 'vite', 'bin', 'vite.js')
  const buildArgs = ['build', '--app', '-c', 'build/vite.config.ts', '--logLevel', 'warn']
  return spawnSync(process.execPath, [vite, ...buildArgs], { cwd: top, stdio: 'inherit' }).status === 0
}

function newestMs(file: string): number {
  const stat = statSync(file)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(file).map(name => newestMs(path.join(file, name))))
}

/** The app, until it ends. One that never came up is replaced by the monitor in this terminal. */
async function runDesktop(electron: string): Promise<number> {
  // Editors built on Electron leave this in their terminals; with it the program is a plain Node.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  const child = spawn(electron, ['.', ...args], { cwd: top, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  let ready = false
  child.on('message', () => {
    ready = true
    child.disconnect()
  })
  const code = await exitCode(child)
  return code === 0 || ready ? code : runHeadless(`the desktop app did not start (exit code ${code})`)
}

function runHeadless(why: string): Promise<number> {
  console.log(`Running without a window: ${why}.`)
  const cli = path.join(top, 'cli', 'main.ts')
  return exitCode(spawn(process.execPath, [cli, 'run', ...args], { cwd: process.cwd(), stdio: 'inherit' }))
}

/**
 * Waits for `child`, handing our signals on; as a shell does, 128 + the signal's number if one ended it.
 *
 * A Ctrl+C in a terminal reaches the child by itself, and a second one may mean "at once" to it.
 */
function exitCode(child: ChildProcess): Promise<number> {
  const handOn = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of forwarded) process.on(signal, handOn)
  return new Promise(resolve => {
    const end = (code: number) => {
      for (const signal of forwarded) process.off(signal, handOn)
      resolve(code)
    }
    child.once('error', error => {
      console.error(error.message)
      end(127)
    })
    child.once('exit', (code, signal) => end(code ?? 128 + constants.signals[signal ?? 'SIGTERM']))
  })
}

/** First line of an error's stack without the error's name. */
function firstWords(stack: string): string {
  return (stack.split('\n')[0] ?? '').replace(/^\w*Error: /, '').trim()
}
