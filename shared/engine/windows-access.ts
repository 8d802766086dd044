/**
 * On Windows a folder's mode means nothing: who may read it is what the folder above hands down, unless the folder says
 * itself who may. The data folder does: its user, the system and its administrators, as in a user's profile.
 */
import path from 'node:path'
import type { Notice } from '../core/monitor-state.ts'
import { complaint } from './git-command.ts'
import type { CommandResult, CommandRunner } from './ports.ts'

/** By their numbers, which are the same in every language of Windows. */
const alwaysAllowed = ['*S-1-5-18', '*S-1-5-32-544'] as const

const toolMs = 20_000

/**
 * Closes the folder, and what is and will be in it, to other users. Fine if it is closed already.
 *
 * @param environment of this process
 * @returns null when it is closed; otherwise what the user has to know
 */
export async function closeToOthers(
  commands: Pick<CommandRunner, 'run'>,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Notice | null> {
  const windows = environment['SystemRoot'] ?? environment['SYSTEMROOT'] ?? 'C:\\Windows'
  const tools = path.win32.join(windows, 'System32')
  // By their full names: a PATH may lead to others of the same name.
  const run = (name: string, args: readonly string[]) =>
    commands.run(path.win32.join(tools, name), args, { cwd: tools, env: { SystemRoot: windows }, timeoutMs: toolMs })
  const asked = await run('whoami.exe', ['/user', '/fo', 'csv', '/nh'])
  const user = /"(S-1-\d+(?:-\d+)+)"\s*$/.exec(asked.stdout.toString('latin1'))?.[1]
  if (asked.code !== 0 || user === undefined) return stillOpen(folder, asked)
  const allowed = [`*${user}`, ...alwaysAllowed].map(who => `${who}:(OI)(CI)F`)
  const closed = await run('icacls.exe', [folder, '/inheritance:r', '/grant:r', ...allowed, '/q'])
  return closed.code === 0 ? null : stillOpen(folder, closed)
}

function stillOpen(folder: string, result: CommandResult): Notice {
  return {
    id: 'data-folder-open',
    level: 'warn',
    message: `Other users of this machine may be able to read ${folder}: its access could not be set (${complaint(result)})`,
    remedy: 'Choose a folder in your profile, or on a disk that keeps access rights, with SESSION_MONITOR_HOME.',
  }
}
