/**
 * `npm test`: runs vitest in a scratch home, so that no test can reach the user's sessions, settings or store.
 *
 * Where it may (root on Debian) it first installs the programs that tests need and the machine lacks; where it
 * may not, the tests concerned skip themselves and say so. Arguments go to vitest. Never touches the real home.
 */
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const top = path.resolve(import.meta.dirname, '..')

/**
 * Debian's packages for what the tests start: repositories are made with git, pages are shown in Chromium,
 * notifications on a screen and a session bus of their own; packages are packed and checked.
 */
const debianPackages = {
  git: 'git',
  chromium: 'chromium',
  Xvfb: 'xvfb',
  'dbus-daemon': 'dbus',
  dunst: 'dunst',
  'notify-send': 'libnotify-bin',
  '7za': 'p7zip-full',
  'desktop-file-validate': 'desktop-file-utils',
} as const
const aptTimeoutMs = 240_000

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

/** Runs apt-get without questions; true when it ended well in time. Its last words are shown only when it did not. */
function aptGet(...args: readonly string[]): boolean {
  const result = spawnSync('apt-get', ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: aptTimeoutMs,
    killSignal: 'SIGKILL',
  })
  if (result.status !== 0) console.warn(result.stderr.trim().split('\n').at(-1) ?? '')
  return result.status === 0
}

function installMissingPrograms(): void {
  const packages = Object.entries(debianPackages).flatMap(([program, name]) => (isOnPath(program) ? [] : [name]))
  if (packages.length === 0) return
  const names = packages.join(', ')
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    console.warn(`${names} not found: install it to run every test (Debian: apt-get install ${packages.join(' ')})`)
    return
  }
  console.log(`Installing ${names} with apt-get for the tests …`)
  const install = (...some: readonly string[]) => aptGet('install', '-y', '--no-install-recommends', ...some)
  if (aptGet('update') && install(...packages)) return
  // One that this system does not have must not keep the others away.
  const failed = packages.length === 1 ? packages : packages.filter(name => !install(name))
  if (failed.length > 0) {
    console.warn(`apt-get could not install ${failed.join(', ')}: the tests that need it will be skipped`)
  }
}

/** The environment of the tests: everything that names a user's folder points below `scratch`. */
function scratchEnvironment(scratch: string): NodeJS.ProcessEnv {
  const below = (name: string) => {
    const folder = path.join(scratch, name)
    mkdirSync(folder, { mode: 0o700 })
    return folder
  }
  // A git hook, or a test run from one, leaves variables that would aim git at the wrong repository.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
  const home = below('home')
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    USERPROFILE: home,
    CLAUDE_CONFIG_DIR: below('claude'),
    SESSION_MONITOR_HOME: below('monitor'),
    XDG_CONFIG_HOME: below('config'),
    XDG_DATA_HOME: below('data'),
    XDG_STATE_HOME: below('state'),
    XDG_CACHE_HOME: below('cache'),
    XDG_RUNTIME_DIR: below('run'),
  }
}

/** Resolves to vitest's exit code; 1 when a signal ended it. */
function runVitest(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const vitest = path.join(top, 'node_modules/vitest/vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', '-c', path.join(top, 'build/vitest.config.ts'), ...args], {
    cwd: top,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}

installMissingPrograms()
const scratch = mkdtempSync(path.join(realpathSync(tmpdir()), 'session-monitor-test-'))
try {
  process.exitCode = await runVitest(process.argv.slice(2), scratchEnvironment(scratch))
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
