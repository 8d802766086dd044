/** What a support question would ask about a machine, each with an answer and what to do. Looks only. */
import path from 'node:path'
import { count, formatAge, formatBytes, formatCount } from '../shared/core/format.ts'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import { readBounded, removeQuietly, temporaryPath, writeNewFile } from '../shared/engine/durable-file.ts'
import type { Ports } from '../shared/engine/ports.ts'
import type { HooksState } from './commands/hooks.ts'
import type { ServiceStatus } from './service/service-manager.ts'

/** `skip`: it does not apply here, or cannot be told. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip'

export interface Check {
  readonly id: string
  readonly status: CheckStatus
  /** What was found, in words. */
  readonly found: string
  /** What the user can do; '' where there is nothing to do. */
  readonly remedy: string
}

const check = (id: string, status: CheckStatus, found: string, remedy = ''): Check => ({ id, status, found, remedy })

/** The oldest Node that this program runs on. */
const oldestNode = [20, 19] as const

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
  return isOld
    ? check('node', 'fail', `Node ${version} is too old`, `Install Node ${oldestNode.join('.')} or newer.`)
    : check('node', 'ok', `Node ${version}`)
}

export async function checkGit({ commands }: Ports): Promise<Check> {
  const git = commands.which('git')
  const remedy = 'Install git: without it the work tree of no repository can be saved, only the conversation.'
  if (git === null) return check('git', 'fail', 'git is not installed', remedy)
  const asked = await commands.run(git, ['--version'], { cwd: path.dirname(git), env: {}, timeoutMs: 10_000 })
  const version = asked.stdout.toString('utf8').trim()
  return asked.code === 0 && version !== ''
    ? check('git', 'ok', `${version} at ${git}`)
    : check('git', 'fail', `${git} does not run: ${asked.failure ?? asked.stderr.trim()}`, remedy)
}

/** @param uid Of this process; null where the system has none. */
export function checkDataFolder(ports: Ports, folder: string, uid: number | null): Check {
  const id = 'data folder'
  try {
    const stat = ports.files.stat(folder)
    if (stat.kind !== 'folder') return check(id, 'fail', `${folder} is no folder`, 'Move it away.')
    if (uid !== null && stat.uid !== uid) {
      return check(id, 'fail', `${folder} belongs to another user`, 'Set SESSION_MONITOR_HOME to a folder of your own.')
    }
    const isOpen = uid !== null && (stat.mode & 0o077) !== 0
    const probe = `${temporaryPath(ports, folder)}.tmp`
    writeNewFile(ports.files, probe, new Uint8Array(1))
    removeQuietly(ports.files, probe)
    return isOpen
      ? check(id, 'warn', `${folder} can be read by others`, `chmod 700 "${folder}"`)
      : check(id, 'ok', `${folder}, writable, for you alone`)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return check(id, 'ok', `${folder} is not there yet; the first checkpoint makes it`)
    return check(id, 'fail', message, 'Make it writable for you, or set SESSION_MONITOR_HOME to another folder.')
  }
}

export function checkRoots({ files }: Ports, roots: readonly string[]): Check {
  const seen = roots.map(root => {
    try {
      files.list(path.join(root, 'projects'))
      return { root, problem: null }
    } catch (error) {
      return { root, problem: (error as NodeJS.ErrnoException).code ?? String(error) }
    }
  })
  const bad = seen.filter(({ problem }) => problem !== null && problem !== 'ENOENT')
  const good = seen.filter(({ problem }) => problem === null).map(({ root }) => root)
  if (bad.length > 0) {
    const words = bad.map(({ root, problem }) => `${root}: ${problem}`).join(', ')
    return check('Claude Code folders', 'fail', `cannot be read: ${words}`, 'Look after their permissions.')
  }
  return good.length > 0
    ? check('Claude Code folders', 'ok', good.join(', '))
    : check(
        'Claude Code folders',
        'warn',
        `none yet (looked in ${roots.join(', ')})`,
        'Start Claude Code once, or set CLAUDE_CONFIG_DIR.',
      )
}

/** Of Linux: one watch for each folder of transcripts. */
export function checkWatchLimits({ files }: Ports, platform: string, roots: readonly string[]): Check {
  const id = 'file watching'
  if (platform !== 'linux') return check(id, 'ok', 'the system has no limit of its own')
  const limit = (name: string) => {
    const read = readBounded(procFiles(files), `/proc/sys/fs/inotify/${name}`, 64)
    return read.ok ? Number(read.bytes.toString('utf8').trim()) : Number.NaN
  }
  const [watches, instances] = [limit('max_user_watches'), limit('max_user_instances')]
  const folders = roots.reduce((sum, root) => sum + foldersIn(files, path.join(root, 'projects')), 0)
  const found = `${formatCount(watches)} watches and ${instances} instances allowed, about ${count(folders, 'folder')} to watch`
  if (Number.isNaN(watches)) return check(id, 'skip', 'the limits cannot be read')
  const isTight = folders * 2 > watches || instances < 64
  const remedy =
    'Raise it: echo fs.inotify.max_user_watches=524288 | sudo tee /etc/sysctl.d/60-inotify.conf && sudo sysctl --system. Until then the monitor looks around now and then.'
  return isTight ? check(id, 'warn', found, remedy) : check(id, 'ok', found)
}

/** Files of /proc say that they have no size. */
function procFiles(files: Ports['files']): Ports['files'] {
  return {
    ...files,
    open: (at, mode) => {
      const file = files.open(at, mode)
      return { ...file, stat: () => ({ ...file.stat(), size: 64 }) }
    },
  }
}

function foldersIn(files: Ports['files'], folder: string): number {
  try {
    return files.list(folder).length
  } catch {
    return 0
  }
}

/** What a running monitor, or one of our own, says of sessions, settings, store and test restores. */
export function checksOfState(state: MonitorState, nowMs: number): readonly Check[] {
  const { sessions, settingsProblems, notices, lastProof, storeFolder, storeUse } = state
  const failing = sessions.filter(({ protection }) => protection === 'failing').length
  const size =
    storeUse === null ? '' : `, ${formatBytes(storeUse.bytes)} of at most ${formatBytes(storeUse.budgetBytes)}`
  return [
    failing > 0
      ? check(
          'sessions',
          'fail',
          `${count(failing, 'session')} cannot be saved`,
          '"session-monitor list --why" says why.',
        )
      : check('sessions', 'ok', `${count(sessions.length, 'session')} found`),
    settingsProblems.length > 0
      ? check(
          'settings',
          'warn',
          settingsProblems.map(({ message }) => message).join('; '),
          'Mend the file, or "session-monitor settings reset" them.',
        )
      : check('settings', 'ok', 'every value is in its range'),
    check('store', 'ok', `${storeFolder}${size}`),
    lastProof === null
      ? check('test restores', 'skip', 'none yet: a monitor that runs makes a few a day')
      : lastProof.failures.length > 0
        ? check(
            'test restores',
            'fail',
            `${lastProof.failures.map(({ id, message }) => `${id}: ${message}`).join('; ')}`,
            'Run "session-monitor verify --read-data"; the next checkpoint of each saves everything anew.',
          )
        : check('test restores', 'ok', `the last one, ${formatAge(lastProof.atMs, nowMs)}, came back whole`),
    ...notices.map(({ id, level, message, remedy }) =>
      check(id, level === 'info' ? 'ok' : level === 'warn' ? 'warn' : 'fail', message, remedy),
    ),
  ]
}

/** @param name Of the system's service manager. */
export function checkService(name: string, { installed, active, file }: ServiceStatus): Check {
  const id = 'service'
  if (!installed) return check(id, 'skip', `not installed with ${name}: nothing starts a monitor at login`)
  if (active === null) return check(id, 'skip', `installed (${file}); ${name} does not say whether it runs`)
  return active
    ? check(id, 'ok', `installed and active, by ${name} (${file})`)
    : check(
        id,
        'warn',
        `installed (${file}), but not active`,
        'Run "session-monitor service start"; "session-monitor logs" says why it stopped.',
      )
}

export function checkHooks({ files, git, scriptState }: HooksState): Check {
  const broken = files.filter(({ problem }) => problem !== '')
  const installed = files.filter(({ events }) => Object.keys(events).length > 0)
  const moved = installed.filter(({ events }) => Object.values(events).includes('other'))
  const off = installed.filter(({ disabled }) => disabled)
  const reinstall = 'Run "session-monitor hooks install" again.'
  if (broken.length > 0)
    return check(
      'hooks',
      'fail',
      broken.map(({ problem }) => problem).join('; '),
      'Mend it: while it does not parse, Claude Code ignores all of it.',
    )
  if (installed.length === 0 && git?.state !== 'installed') {
    return check('hooks', 'ok', 'not installed; they are a bonus ("session-monitor hooks install")')
  }
  if (scriptState === 'missing' || scriptState === 'outdated')
    return check('hooks', 'warn', `the hook's program is ${scriptState}`, reinstall)
  if (moved.length > 0)
    return check(
      'hooks',
      'warn',
      `${moved.map(({ file }) => file).join(', ')}: started in another way than now`,
      reinstall,
    )
  if (off.length > 0)
    return check(
      'hooks',
      'warn',
      `${off.map(({ file }) => file).join(', ')}: turned off by "disableAllHooks"`,
      'Take that setting out, if you want them.',
    )
  return check('hooks', 'ok', `installed in ${installed.map(({ file }) => file).join(', ')}`)
}

/** node-notifier brings its helpers along for macOS and Windows; on Linux the desktop has to have one. */
export function checkNotifier(
  { commands }: Ports,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
): Check {
  const id = 'notifications'
  if (platform !== 'linux') return check(id, 'ok', 'by the system')
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY'])
    return check(
      id,
      'skip',
      'there is no screen here',
      'A webhook or e-mail can tell you: see the settings under notifications.',
    )
  const tool = commands.which('notify-send')
  return tool === null
    ? check(id, 'warn', 'notify-send is not installed', 'Install it (Debian: apt-get install libnotify-bin).')
    : check(id, 'ok', tool)
}

/** A clock that differs from the disk's, or that was set back, confuses ages. */
export function checkClock(ports: Ports, folder: string, newestCheckpointMs: number | null): Check {
  const nowMs = ports.clock.nowMs()
  const remedy = 'Set the clock, and let it be kept by a time service.'
  if (newestCheckpointMs !== null && newestCheckpointMs > nowMs + 60_000) {
    return check(
      'clock',
      'warn',
      `the newest checkpoint is ${formatAge(nowMs, newestCheckpointMs).replace(' ago', '')} ahead of it`,
      remedy,
    )
  }
  try {
    const probe = `${temporaryPath(ports, folder)}.tmp`
    writeNewFile(ports.files, probe, new Uint8Array(1))
    const awayMs = Math.abs(ports.files.lstat(probe).mtimeMs - ports.clock.nowMs())
    removeQuietly(ports.files, probe)
    if (awayMs > 2_000) return check('clock', 'warn', `the disk's differs by ${Math.round(awayMs / 1000)} s`, remedy)
  } catch {
    return check('clock', 'skip', 'cannot be compared with the disk: it cannot be written')
  }
  return check('clock', 'ok', new Date(nowMs).toISOString())
}

export function checkDisk({ files }: Ports, folder: string, keepPercent: number): Check {
  try {
    const { freeBytes, totalBytes, kind } = files.diskSpace(folder)
    const percent = (100 * freeBytes) / totalBytes
    const found = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free (${percent.toFixed(0)} %)`
    if (percent < keepPercent)
      return check(
        'disk',
        'fail',
        `${found}: nothing is saved below ${keepPercent} %`,
        'Free disk space; checkpoints go on by themselves then.',
      )
    if (kind === 'network')
      return check(
        'disk',
        'warn',
        `${found}, on a network drive`,
        'Choose a local folder with SESSION_MONITOR_HOME, where two machines cannot mix.',
      )
    return percent < 2 * keepPercent
      ? check('disk', 'warn', found, 'Free disk space soon.')
      : check('disk', 'ok', found)
  } catch (error) {
    return check('disk', 'skip', (error as Error).message)
  }
}
