/** `session-monitor hooks`: puts hooks into Claude Code's settings and git, takes them out, and says where they are. */
import path from 'node:path'
import { hookEvents } from '../../shared/core/hook-word.ts'
import { claudeRoots } from '../../shared/engine/claude-roots.ts'
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { createGitHook, type GitHookState } from '../../shared/engine/git-hook.ts'
import { findRepository } from '../../shared/engine/git-repository.ts'
import {
  createHookInstaller,
  eventsToInstall,
  type HookState,
  type HookStep,
  hookScript,
} from '../../shared/engine/hook-installer.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { createDetector } from '../../shared/engine/transcript-detector.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type Either, type ExitCode, exitCodes, fine, stop, usageProblem } from '../exit-codes.ts'
import { shippedHook } from '../shipped-hook.ts'
import { problemLine, safeJson, type Terminal } from '../terminal.ts'

export interface HooksOptions {
  /** True: the project of the current folder. */
  readonly project?: string | true
  readonly git?: string | true
  readonly all?: boolean
  /** False: no page at the start of a session. */
  readonly brief?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function hooksInstall(context: CommandContext, options: HooksOptions): Promise<ExitCode> {
  const ports = nodePorts(context.log)
  const shipped = shippedHook(ports.files)
  if (!shipped.ok) return fail(context, shipped.problem)
  const installer = await installerFor(context, ports, true)
  const events = eventsToInstall(options.brief ?? true)
  const places = placesOf(context, ports, options)
  if (!places.ok) return fail(context, places.problem)
  const steps = places.value.map(file => installer.install(file, shipped.value, events))
  const git = options.git === undefined ? null : await gitHookFor(context, ports, options.git)
  if (git?.ok) {
    ports.files.makeFolder(dataPaths(dataFolder(context.environment)).hooks)
    installer.refreshScript(shipped.value)
    steps.push(git.value.install())
  }
  const code = report(context, steps, options)
  return git === null || git.ok ? code : fail(context, git.problem)
}

export async function hooksUninstall(context: CommandContext, options: HooksOptions): Promise<ExitCode> {
  const ports = nodePorts(context.log)
  const installer = await installerFor(context, ports, false)
  const places = placesOf(context, ports, options)
  if (!places.ok) return fail(context, places.problem)
  const files = options.all ? [...new Set([...places.value, ...installer.places()])] : places.value
  const steps = files.map(file => installer.uninstall(file))
  const git = options.git === undefined ? null : await gitHookFor(context, ports, options.git)
  if (git?.ok) steps.push(git.value.uninstall())
  const code = report(context, steps, options)
  const left = installer.places()
  if (left.length > 0 && !options.quiet && !options.json) {
    context.terminal.print(`Still installed in ${left.join(', ')}: "session-monitor hooks uninstall --all".`)
  }
  return git === null || git.ok ? code : fail(context, git.problem)
}

export async function hooksStatus(context: CommandContext, options: HooksOptions): Promise<ExitCode> {
  const ports = nodePorts(context.log)
  const { project } = options
  const state = await hooksState(context, ports, project === true ? undefined : project)
  const { terminal } = context
  if (options.json) terminal.print(safeJson({ v: 1, ...state }))
  else for (const line of renderHooks(state, terminal)) terminal.print(line)
  return state.files.some(({ problem }) => problem !== '') ? exitCodes.failed : exitCodes.fine
}

export interface HooksState {
  readonly script: string
  /** `outdated`: another version of this program installed it. */
  readonly scriptState: 'current' | 'outdated' | 'missing' | 'unknown'
  readonly files: readonly HookState[]
  /** Of the repository that the current folder is in. */
  readonly git: { readonly file: string; readonly state: GitHookState } | null
}

/** @param folder of a project that is looked at too; default the current one */
export async function hooksState(context: CommandContext, ports: Ports, folder = process.cwd()): Promise<HooksState> {
  const installer = await installerFor(context, ports, true)
  const script = hookScript(dataPaths(dataFolder(context.environment)).hooks)
  const project = projectSettings(ports, path.resolve(folder))
  const files = [...new Set([...userSettings(context, ports), ...installer.places(), project])]
  const git = await gitHookFor(context, ports, true)
  return {
    script,
    scriptState: scriptState(ports, script),
    files: files.map(installer.status).filter(state => state.file !== project || state.exists),
    git: git.ok ? { file: git.value.file, state: git.value.status() } : null,
  }
}

function scriptState({ files }: Ports, script: string): HooksState['scriptState'] {
  const shipped = shippedHook(files)
  try {
    if (!shipped.ok) return 'unknown'
    const file = files.open(script, 'read')
    const bytes = Buffer.alloc(file.stat().size)
    file.read(bytes, 0)
    file.close()
    return bytes.equals(shipped.value) ? 'current' : 'outdated'
  } catch {
    return 'missing'
  }
}

function renderHooks({ files, git, script, scriptState }: HooksState, terminal: Terminal): readonly string[] {
  const installed = files.some(({ events }) => Object.keys(events).length > 0) || git?.state === 'installed'
  const lines = files.map(state => `${state.file}: ${stateWords(state, terminal)}`)
  if (git !== null) lines.push(`${git.file}: ${gitWords[git.state]}`)
  if (installed && (scriptState === 'missing' || scriptState === 'outdated')) {
    lines.push(`${script} is ${scriptState}: "session-monitor hooks install" brings it up to date.`)
  }
  return lines.length === 0 ? ['No Claude Code folder yet, and no repository here.'] : lines
}

const gitWords: Readonly<Record<GitHookState, string>> = {
  installed: 'installed',
  other: 'a hook of somebody else; "session-monitor hooks install --git" would run it first, then ours',
  none: 'not installed',
}

function stateWords({ events, disabled, problem, exists }: HookState, terminal: Terminal): string {
  if (problem !== '') return terminal.paint('red', problem)
  const own = hookEvents.filter(event => events[event] !== undefined)
  if (own.length === 0) return exists ? 'not installed' : 'not installed (there is no such file)'
  const moved = own.filter(event => events[event] === 'other')
  const off = disabled ? '; turned off by "disableAllHooks"' : ''
  const old =
    moved.length > 0 ? '; started in another way than it would be now, "session-monitor hooks install" mends it' : ''
  return `${terminal.paint('green', 'installed')} for ${own.join(', ')}${old}${off}`
}

function report({ terminal }: CommandContext, steps: readonly HookStep[], options: HooksOptions): ExitCode {
  if (options.json) terminal.print(safeJson({ v: 1, steps }))
  else if (!options.quiet)
    for (const step of steps.filter(({ did }) => did !== 'refused')) terminal.print(stepWords(step))
  for (const { did, message, remedy } of steps) {
    if (did === 'refused') terminal.note(problemLine({ what: bare(message), remedy: bare(remedy) }))
  }
  return steps.some(({ did }) => did === 'refused') ? exitCodes.failed : exitCodes.fine
}

function stepWords({ file, did, backup }: HookStep): string {
  if (did === 'unchanged') return `Nothing to do in ${file}.`
  if (did === 'removed') return `Removed from ${file}.`
  return `Installed in ${file}.${backup === null ? '' : ` What was there before is kept as ${backup}.`}`
}

async function installerFor(context: CommandContext, ports: Ports, withForm: boolean) {
  const form = withForm && !(await knowsExecForm(context, ports)) ? ('shell' as const) : ('exec' as const)
  const folder = dataPaths(dataFolder(context.environment)).hooks
  return createHookInstaller({ ports, folder, command: { node: process.execPath, form } })
}

/** Files of Claude Code's settings to change. */
function placesOf(context: CommandContext, ports: Ports, options: HooksOptions): Either<readonly string[]> {
  if (options.project !== undefined) {
    return fine([projectSettings(ports, options.project === true ? process.cwd() : path.resolve(options.project))])
  }
  if (options.git !== undefined && !options.all) return fine([])
  const files = userSettings(context, ports)
  if (files.length > 0 || options.all) return fine(files)
  const looked = claudeRoots(context.environment).join(', ')
  return stop(
    usageProblem(
      `there is no Claude Code folder (looked for ${looked})`,
      'start Claude Code once, or set CLAUDE_CONFIG_DIR',
    ),
  )
}

function userSettings(context: CommandContext, { files }: Ports): readonly string[] {
  const isFolder = (root: string) => {
    try {
      return files.stat(root).kind === 'folder'
    } catch {
      return false
    }
  }
  return claudeRoots(context.environment)
    .filter(isFolder)
    .map(root => path.join(root, 'settings.json'))
}

/** The personal settings of a project: ours name paths of this machine. */
function projectSettings({ files }: Ports, folder: string): string {
  const root = findRepository(files, folder)?.root ?? folder
  return path.join(root, '.claude', 'settings.local.json')
}

async function gitHookFor(context: CommandContext, ports: Ports, where: string | true) {
  const folder = where === true ? process.cwd() : path.resolve(where)
  const repository = findRepository(ports.files, folder)
  const git = ports.commands.which('git')
  if (repository === null || git === null) {
    const what = git === null ? 'git is not installed' : `${folder} is in no git repository`
    return stop<ReturnType<typeof createGitHook>>(usageProblem(what, 'go into a repository, or leave --git out'))
  }
  const env = Object.fromEntries(
    Object.entries(context.environment.env).filter((pair): pair is [string, string] => {
      return pair[1] !== undefined && !pair[0].startsWith('GIT_')
    }),
  )
  const asked = await ports.commands.run(git, ['rev-parse', '--git-path', 'hooks'], {
    cwd: repository.root,
    env,
    timeoutMs: 10_000,
  })
  if (asked.code !== 0) {
    return stop<ReturnType<typeof createGitHook>>({
      what: `git does not say where its hooks are: ${asked.stderr.trim()}`,
      remedy: '',
      exitCode: exitCodes.failed,
    })
  }
  const hooksFolder = path.resolve(repository.root, asked.stdout.toString('utf8').trim())
  const script = hookScript(dataPaths(dataFolder(context.environment)).hooks)
  const isWithin = (outer: string) => !path.relative(outer, hooksFolder).startsWith('..')
  if (isWithin(repository.root) && !isWithin(repository.gitDir) && !isWithin(repository.commonDir)) {
    const what = `this repository keeps its hooks among its files, in ${hooksFolder}`
    const remedy = `add this line to its post-commit: "${process.execPath}" "${script}" post-commit </dev/null || :`
    return stop<ReturnType<typeof createGitHook>>({ what, remedy, exitCode: exitCodes.failed })
  }
  return fine(createGitHook({ ports, hooksFolder, node: process.execPath, script }))
}

/** Claude Code starts a program without a shell since this version; an older one drops its arguments. */
const execFormSince = [2, 1, 139] as const
const recentMs = 14 * 24 * 3_600_000

/** True unless an older Claude Code wrote here in the last two weeks. */
async function knowsExecForm(context: CommandContext, ports: Ports): Promise<boolean> {
  const { environment } = context
  const detector = createDetector(ports, {
    roots: claudeRoots(environment),
    indexFolder: dataPaths(dataFolder(environment)).index,
  })
  const sessions = await detector.refresh()
  await detector.close()
  const recent = sessions.filter(({ facts }) => context.nowMs() - (facts.lastActivityMs ?? 0) < recentMs)
  return recent.every(({ facts }) => facts.version === null || isAtLeast(facts.version, execFormSince))
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  const [differs] = least.flatMap((wanted, i) => (parts[i] === wanted ? [] : [(parts[i] ?? 0) > wanted]))
  return differs ?? true
}
