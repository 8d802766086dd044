/** Where our own data lies: outside Claude's folders and outside every repository. Environment comes in as values. */
import path from 'node:path'

export interface HostEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly platform: NodeJS.Platform
}

const appFolder = 'active-session-monitor'

/** `$SESSION_MONITOR_HOME`, else the system's place for application data. Absolute. */
export function dataFolder({ env, home, platform }: HostEnvironment): string {
  const chosen = env['SESSION_MONITOR_HOME']
  if (chosen) return path.resolve(chosen)
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', appFolder)
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), appFolder)
  const xdg = env['XDG_DATA_HOME']
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'share'), appFolder)
}

export interface DataPaths {
  readonly folder: string
  readonly store: string
  readonly gitDirs: string
  readonly lock: string
  readonly settings: string
  /** What the detector learnt: a cache. */
  readonly index: string
  /** What the last look of a command found: a cache. */
  readonly look: string
  /** How scores went: a cache. */
  readonly history: string
  /** Caches of the housekeeping. */
  readonly proof: string
  readonly gc: string
  /** Words that hooks left for the monitor. */
  readonly spool: string
  /** What hooks tell new sessions: a cache. */
  readonly briefs: string
  /** The installed hook, and what was there before it. */
  readonly hooks: string
  /** Test restores come and go here. */
  readonly testRestores: string
  /** What is remembered of restores in place, to resume and undo them. */
  readonly restores: string
  /** Who runs just now, and how to talk to it. */
  readonly run: string
  readonly logs: string
}

export function dataPaths(folder: string): DataPaths {
  const store = path.join(folder, 'store')
  return {
    folder,
    store,
    gitDirs: path.join(store, 'git'),
    lock: path.join(store, 'lock'),
    settings: path.join(folder, 'settings.json'),
    index: path.join(folder, 'index'),
    look: path.join(folder, 'look.json'),
    history: path.join(folder, 'history'),
    proof: path.join(folder, 'proof.json'),
    gc: path.join(folder, 'gc.json'),
    spool: path.join(folder, 'spool'),
    briefs: path.join(folder, 'briefs'),
    hooks: path.join(folder, 'hooks'),
    testRestores: path.join(folder, 'test-restores'),
    restores: path.join(folder, 'restores'),
    run: path.join(folder, 'run'),
    logs: path.join(folder, 'logs'),
  }
}
