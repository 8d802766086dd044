/**
 * The few settings that change what `git status` lists, taken from a repository's config and from the user's.
 *
 * An allow-list: whatever names a program, another folder or another file to read never gets through, whatever it
 * is called in the next version of git. Includes are followed only in the user's own config, never in a repository's.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Git, GitCall } from './git-command.ts'
import type { GitRepository } from './git-repository.ts'
import type { Clock, FileSystem } from './ports.ts'
import { isOldEnough, statKeyOf } from './stat-key.ts'

/** [name in lower case, value]; later ones win. */
export type GitSettings = readonly (readonly [name: string, value: string])[]

const allowed: ReadonlySet<string> = new Set([
  'core.autocrlf',
  'core.checkstat',
  'core.eol',
  'core.filemode',
  'core.ignorecase',
  'core.longpaths',
  'core.precomposeunicode',
  'core.preloadindex',
  'core.protecthfs',
  'core.protectntfs',
  'core.safecrlf',
  'core.sparsecheckout',
  'core.sparsecheckoutcone',
  'core.symlinks',
  'core.trustctime',
  'core.untrackedcache',
  'extensions.objectformat',
])

/**
 * What of a repository's settings may pass, plus `excludesfile` as the only path: its own, or else the user's.
 * A value that is more than a word or a number is dropped with its key.
 */
export function allowedSettings(settings: GitSettings, excludesFile: string | null): GitSettings {
  const kept = settings.filter(
    ([name, value]) => (allowed.has(name) || /^index\.[a-z]+$/.test(name)) && /^[\w.+-]{0,64}$/.test(value),
  )
  return excludesFile === null ? kept : [...kept, ['core.excludesfile', excludesFile]]
}

/** Parses `git config -z --list`. A name without a value means true. */
export function parseSettings(output: Buffer): GitSettings {
  return output
    .toString('utf8')
    .split('\0')
    .filter(entry => entry !== '')
    .map(entry => {
      const cut = entry.indexOf('\n')
      return cut < 0 ? [entry.toLowerCase(), 'true'] : [entry.slice(0, cut).toLowerCase(), entry.slice(cut + 1)]
    })
}

/** Text of a config file with these settings. The section head of `a.b` is `[a]`: no subsection is ever allowed. */
export function formatSettings(settings: GitSettings): string {
  return settings
    .map(([name, value]) => {
      const dot = name.indexOf('.')
      return `[${name.slice(0, dot)}]\n\t${name.slice(dot + 1)} = ${quoted(value)}\n`
    })
    .join('')
}

export function lastValue(settings: GitSettings, name: string): string | null {
  return settings.findLast(([key]) => key === name)?.[1] ?? null
}

/** Where the user's own git settings lie. */
export interface GitUser {
  readonly home: string
  /** Of this process: XDG_CONFIG_HOME, and what a program needs to start. No GIT_* of it is ever passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface SettingsReader {
  /** Changes whenever the settings may have changed; null while a source is too young for its stat key to vouch. */
  sourceKey(repository: GitRepository | null): string | null
  /** Runs `git config` once per file. `problems` holds git's complaint about a file that it could not read. */
  read(
    repository: GitRepository | null,
    call: GitCall,
  ): Promise<{ readonly settings: GitSettings; readonly problems: readonly string[] }>
}

export function createSettingsReader(files: FileSystem, clock: Clock, git: Git, user: GitUser): SettingsReader {
  const own = userFiles(user)
  let userExcludes: { readonly key: string; readonly file: string | null } | null = null

  function keyOf(sources: readonly string[]): { readonly key: string; readonly settled: boolean } {
    const stats = sources.map(file => statOrNull(files, file))
    const nowMs = clock.nowMs()
    return {
      key: stats.map(stat => (stat === null ? '-' : statKeyOf(stat))).join(' '),
      settled: stats.every(stat => stat === null || isOldEnough(stat, nowMs)),
    }
  }

  const userSources = [...own.configs, own.ignore]
  const sourcesOf = (repository: GitRepository | null) => [...repositoryConfigs(repository), ...userSources]

  const readFile = (file: string, includes: boolean, call: GitCall) => readConfig(files, git, file, includes, call)

  async function userExcludesFile(call: GitCall): Promise<string | null> {
    const { key, settled } = keyOf(userSources)
    if (userExcludes?.key === key) return userExcludes.file
    const read = []
    for (const file of own.configs) read.push(await readFile(file, true, call))
    const settings = read.flatMap(found => (typeof found === 'string' ? [] : found))
    const file = expandHome(lastValue(settings, 'core.excludesfile'), user.home) ?? existing(files, own.ignore)
    userExcludes = settled ? { key, file } : null
    return file
  }

  return {
    sourceKey: repository => {
      const { key, settled } = keyOf(sourcesOf(repository))
      return settled ? createHash('sha256').update(key).digest('hex') : null
    },
    read: async (repository, call) => {
      const [config, worktreeConfig] = repositoryConfigs(repository)
      const shared = config === undefined ? [] : await readFile(config, false, call)
      const ofWorktree =
        worktreeConfig !== undefined && isTrue(lastValueOf(shared, 'extensions.worktreeconfig'))
          ? await readFile(worktreeConfig, false, call)
          : []
      const settings = [shared, ofWorktree].flatMap(found => (typeof found === 'string' ? [] : found))
      const excludes = expandHome(lastValue(settings, 'core.excludesfile'), user.home)
      return {
        settings: allowedSettings(settings, excludes ?? (await userExcludesFile(call))),
        problems: [shared, ofWorktree].filter(found => typeof found === 'string'),
      }
    },
  }
}

/** Or git's complaint. */
async function readConfig(
  files: FileSystem,
  git: Git,
  file: string,
  includes: boolean,
  call: GitCall,
): Promise<GitSettings | string> {
  if (statOrNull(files, file)?.kind !== 'file') return []
  const args = ['config', includes ? '--includes' : '--no-includes', '--file', file, '-z', '--list']
  const result = await git.run(args, call)
  return result.code === 0 ? parseSettings(result.stdout) : `${file}: ${result.stderr.trim() || result.failure}`
}

/** What decides, beside attributes, in which form git writes a file into the work tree. */
export interface CheckoutSettings {
  readonly autocrlf: 'true' | 'input' | 'false' | null
  readonly eol: 'crlf' | 'lf' | null
  /** The user's own attributes, for all repositories. Absolute; may not be there. */
  readonly attributesFile: string | null
  /** Names of filters that have a program, in lower case; null if that cannot be told. */
  readonly filters: ReadonlySet<string> | null
}

/** Of a repository over the user's own, over those of the system: Git for Windows keeps `autocrlf` there. */
export async function readCheckoutSettings(
  files: FileSystem,
  git: Git,
  repository: GitRepository | null,
  call: GitCall,
): Promise<CheckoutSettings> {
  const user = { home: homeIn(git.environment), environment: git.environment }
  const own = user.home === null ? null : userFiles({ ...user, home: user.home })
  const system = await git.run(['config', '--system', '-z', '--list'], { ...call, env: { GIT_CONFIG_NOSYSTEM: '0' } })
  const found: (GitSettings | string)[] = [system.code === 0 ? parseSettings(system.stdout) : []]
  for (const file of own?.configs ?? []) found.push(await readConfig(files, git, file, true, call))
  for (const file of repositoryConfigs(repository)) found.push(await readConfig(files, git, file, false, call))
  const settings = found.flatMap(each => (typeof each === 'string' ? [] : each))
  const eol = lastValue(settings, 'core.eol')?.toLowerCase()
  const named = user.home === null ? null : expandHome(lastValue(settings, 'core.attributesfile'), user.home)
  return {
    autocrlf: autocrlfOf(lastValue(settings, 'core.autocrlf')),
    eol: eol === 'crlf' || eol === 'lf' ? eol : null,
    attributesFile: named ?? own?.attributes ?? null,
    filters: filtersIn(settings, found),
  }
}

/** A repository's config may name more in files that are not read. */
function filtersIn(settings: GitSettings, found: readonly (GitSettings | string)[]): ReadonlySet<string> | null {
  const isWhole = found.every(each => typeof each !== 'string' && !each.some(([key]) => /^include(?:if)?\./.test(key)))
  const names = settings.flatMap(([key]) => /^filter\.(.+)\.[^.]+$/.exec(key)?.[1] ?? [])
  return isWhole ? new Set(names) : null
}

function homeIn(environment: GitUser['environment']): string | null {
  return environment['HOME'] || environment['USERPROFILE'] || null
}

function autocrlfOf(value: string | null): CheckoutSettings['autocrlf'] {
  if (value === null) return null
  return /^input$/i.test(value) ? 'input' : isTrue(value) ? 'true' : 'false'
}

function repositoryConfigs(repository: GitRepository | null): readonly string[] {
  if (repository === null) return []
  return [path.join(repository.commonDir, 'config'), path.join(repository.gitDir, 'config.worktree')]
}

function userFiles(user: GitUser): {
  readonly configs: readonly string[]
  readonly ignore: string
  readonly attributes: string
} {
  const xdg = user.environment['XDG_CONFIG_HOME']
  const folder = path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(user.home, '.config'), 'git')
  return {
    configs: [path.join(folder, 'config'), path.join(user.home, '.gitconfig')],
    ignore: path.join(folder, 'ignore'),
    attributes: path.join(folder, 'attributes'),
  }
}

function lastValueOf(found: GitSettings | string, name: string): string | null {
  return typeof found === 'string' ? null : lastValue(found, name)
}

function isTrue(value: string | null): boolean {
  return value !== null && /^(?:true|yes|on|1)$/i.test(value)
}

function expandHome(file: string | null, home: string): string | null {
  if (file === null || file === '' || /[\0-\x1f]/.test(file)) return null
  return file.startsWith('~/') ? path.join(home, file.slice(2)) : file
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}

function existing(files: FileSystem, file: string): string | null {
  return statOrNull(files, file) === null ? null : file
}

function statOrNull(files: FileSystem, file: string) {
  try {
    return files.stat(file)
  } catch {
    return null
  }
}
