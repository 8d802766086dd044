/**
 * Runs git so that nothing of the user's environment and nothing of a repository can make it start a program,
 * take a lock, ask a question or reach a network.
 *
 * Every call names the git dir itself, which is one of ours (`private-git-dir.ts`); the few exceptions say why.
 */
import type { CommandResult, CommandRunner } from './ports.ts'

export interface GitCall {
  /** GIT_DIR, and the folder that git starts in: never the work tree, where a hostile file could lie in wait. */
  readonly gitDir: string
  /** On top of {@link cleanGitEnvironment}. */
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly maxBytes?: number
  readonly input?: Uint8Array
  readonly signal?: AbortSignal | undefined
}

export interface Git {
  /** Of this process: it tells where the user's own settings lie. No git that is run inherits it. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** False when there is no git on PATH. Looked up again until there is one. */
  isAvailable(): boolean
  /** Never rejects. `failure` is ENOENT when there is no git. */
  run(args: readonly string[], call: GitCall): Promise<CommandResult>
}

/** A git, found once on PATH as an absolute path. `environment` is this process's own. */
export function createGit(commands: CommandRunner, environment: Readonly<Record<string, string | undefined>>): Git {
  let program: string | null = null
  const find = () => {
    program ??= commands.which('git')
    return program
  }
  return {
    environment,
    isAvailable: () => find() !== null,
    run: async (args, call) => {
      const git = find()
      if (git === null) return { code: null, stdout: Buffer.alloc(0), stderr: 'git was not found', failure: 'ENOENT' }
      const { gitDir, env, signal, ...limits } = call
      return commands.run(git, [...alwaysOff, ...args], {
        cwd: gitDir,
        env: { ...cleanGitEnvironment(environment, gitDir), ...env },
        ...limits,
        ...(signal === undefined ? {} : { signal }),
      })
    },
  }
}

const alwaysOff = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-pager']

/** What a program needs to start at all; not one of them means anything to git. */
const passedOn = ['PATH', 'SystemRoot', 'SYSTEMROOT', 'TEMP', 'TMP', 'TMPDIR', 'LD_LIBRARY_PATH', 'DEVELOPER_DIR']

/**
 * The environment of every git call: no GIT_* of ours is inherited (this process may have been started from a
 * hook), no system or user config is read, nothing is locked, fetched or asked. HOME is the private git dir,
 * because gits older than 2.32 do not know GIT_CONFIG_GLOBAL.
 */
export function cleanGitEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  gitDir: string,
): Readonly<Record<string, string>> {
  const kept = passedOn.flatMap(name => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(kept),
    HOME: gitDir,
    XDG_CONFIG_HOME: gitDir,
    LC_ALL: 'C',
    GIT_DIR: gitDir,
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
  }
}

/** The time-out's or caller's doing, not git's or the repository's: trying again would only take as long again. */
export function wasStopped(result: CommandResult): boolean {
  return result.failure === 'ETIMEDOUT' || result.failure === 'EABORTED'
}

/** First line that git complained with, or why it did not end by itself. */
export function complaint(result: CommandResult): string {
  return result.stderr.trim().split('\n')[0] || result.failure || `exit code ${result.code}`
}
