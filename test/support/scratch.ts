/**
 * Scratch folders for tests, and the guard that keeps every test away from the user's own data.
 *
 * A scratch folder lies strictly below the system's folder for temporary files, after links are followed, and is
 * neither the real home, nor around it, nor in its `.claude`. Nothing here reads the environment by itself.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Must be set, and to scratch folders: with any of them missing, code under test could reach the real home. */
const required = ['HOME', 'CLAUDE_CONFIG_DIR'] as const
/** Must be scratch folders if they are set at all. */
const ifSet = [
  'USERPROFILE',
  'SESSION_MONITOR_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
] as const

/** The folder as the system sees it: links followed as far as the path exists, the rest as written. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    const parent = path.dirname(folder)
    return parent === folder ? folder : path.join(realFolder(parent), path.basename(folder))
  }
}

function isInside(inner: string, outer: string): boolean {
  const way = path.relative(outer, inner)
  return way !== '' && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

/** Why `folder` is no scratch folder, or null if it is one. */
export function whyNotScratch(folder: string, systemTemp: string, realHome: string): string | null {
  if (!path.isAbsolute(folder)) return 'is not an absolute path'
  const real = realFolder(folder)
  const home = realFolder(realHome)
  if (real === home || isInside(home, real)) return 'is the real home folder or holds it'
  if (isInside(real, path.join(home, '.claude')) || real === path.join(home, '.claude')) {
    return 'lies in the real Claude folder'
  }
  return isInside(real, realFolder(systemTemp)) ? null : `does not lie below ${systemTemp}`
}

/**
 * @param systemTemp the system's folder for temporary files, such as `os.tmpdir()`
 * @param realHome the user's home as the system's user table has it (`os.userInfo().homedir`), whatever HOME says
 * @throws {Error} that names the first variable at fault and what to do. Call it before any code under test.
 */
export function assertScratchEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  systemTemp: string,
  realHome: string,
): void {
  const refuse = (name: string, problem: string): never => {
    throw new Error(
      `Refusing to run tests: ${name} ${problem}. Tests must not be able to reach your own sessions. ` +
        `Start them with "npm test", which makes scratch folders, or set HOME and CLAUDE_CONFIG_DIR to new folders below ${systemTemp}.`,
    )
  }
  for (const name of [...required, ...ifSet]) {
    const value = env[name]
    if (value === undefined || value === '') {
      if (name === 'HOME' || name === 'CLAUDE_CONFIG_DIR') refuse(name, 'is not set')
      continue
    }
    // CLAUDE_CONFIG_DIR may be a list.
    for (const folder of name === 'CLAUDE_CONFIG_DIR' ? value.split(',') : [value]) {
      const problem = whyNotScratch(folder, systemTemp, realHome)
      if (problem !== null) refuse(name, `(${folder}) ${problem}`)
    }
  }
}

/** A new, empty folder below the system's temporary folder, with its real path. The caller removes it. */
export function makeScratchFolder(name = 'test'): string {
  return mkdtempSync(path.join(realpathSync(tmpdir()), `session-monitor-${name}-`))
}

/** Removes a folder made by {@link makeScratchFolder}. @throws {Error} for any other path. */
export function removeScratchFolder(folder: string): void {
  if (!path.basename(folder).startsWith('session-monitor-') || !isInside(folder, realpathSync(tmpdir()))) {
    throw new Error(`${folder} is not a scratch folder`)
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** A scratch home with the folders that the product looks for. */
export interface ScratchHome {
  readonly folder: string
  readonly home: string
  /** `<home>/.claude`, with an empty `projects` and `sessions`. */
  readonly configDir: string
  /** Where the product keeps its own data. */
  readonly dataDir: string
  /** For child processes: PATH and what names a user's folder, nothing else. */
  readonly env: Readonly<Record<string, string>>
  remove(): void
}

export function makeScratchHome(name = 'home'): ScratchHome {
  const folder = makeScratchFolder(name)
  const home = path.join(folder, 'home')
  const configDir = path.join(home, '.claude')
  const dataDir = path.join(folder, 'data')
  for (const made of ['projects', 'sessions']) mkdirSync(path.join(configDir, made), { recursive: true, mode: 0o700 })
  mkdirSync(dataDir, { mode: 0o700 })
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    USERPROFILE: home,
    CLAUDE_CONFIG_DIR: configDir,
    SESSION_MONITOR_HOME: dataDir,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  }
  return { folder, home, configDir, dataDir, env, remove: () => removeScratchFolder(folder) }
}
