/** `session-monitor doctor`: whether everything is as it should be on this machine, and what to do where it is not. */
import path from 'node:path'
import about from '../../package.json' with { type: 'json' }
import { formatAge, oneLine } from '../../shared/core/format.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { redact } from '../../shared/core/redact.ts'
import { claudeRoots } from '../../shared/engine/claude-roots.ts'
import { dataFolder } from '../../shared/engine/data-folder.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { verifyStore } from '../../shared/engine/verify-store.ts'
import { bare, type CommandContext } from '../context.ts'
import {
  type Check,
  type CheckStatus,
  checkClock,
  checkDataFolder,
  checkDisk,
  checkGit,
  checkHooks,
  checkNode,
  checkNotifier,
  checkRoots,
  checkService,
  checksOfState,
  checkWatchLimits,
} from '../doctor-checks.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { withMonitor } from '../host.ts'
import { wrapText } from '../print-table.ts'
import { connectRunning, ownUid } from '../running-monitor.ts'
import { openStoreFor } from '../stored.ts'
import { type Style, safeJson, type Terminal } from '../terminal.ts'
import { hooksState } from './hooks.ts'
import { managerOf } from './service.ts'

export interface DoctorOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function doctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
  const ports = nodePorts(context.log)
  const checks = (await examine(context, ports)).map(one => redacted(one, context.environment.home))
  const { terminal } = context
  const system = `${process.platform} ${process.arch}`
  if (options.json) terminal.print(safeJson({ v: 1, version: about.version, system, checks }))
  else
    for (const line of renderChecks(options.quiet ? checks.filter(isTrouble) : checks, terminal)) terminal.print(line)
  return checks.some(({ status }) => status === 'fail') ? exitCodes.failed : exitCodes.fine
}

async function examine(context: CommandContext, ports: Ports): Promise<readonly Check[]> {
  const { environment } = context
  const folder = dataFolder(environment)
  const roots = claudeRoots(environment)
  const state = await stateOf(context)
  const newest = state?.sessions.map(({ lastCheckpoint }) => lastCheckpoint?.atMs ?? 0) ?? []
  return [
    checkNode(process.version),
    await checkGit(ports),
    checkRoots(ports, roots),
    checkDataFolder(ports, folder, ownUid()),
    checkDisk(ports, existing(ports, folder), state?.settings.limits.freeDiskPercent ?? 5),
    checkClock(ports, folder, newest.length === 0 ? null : Math.max(...newest)),
    checkWatchLimits(ports, environment.platform, roots),
    ...(state === null ? [noState] : checksOfState(state, context.nowMs())),
    await checkStore(context, ports),
    await checkRunning(context),
    await serviceOf(context),
    checkHooks(await hooksState(context, ports)),
    checkNotifier(ports, environment.platform, environment.env),
  ]
}

const noState: Check = {
  id: 'monitor',
  status: 'fail',
  found: 'it could not look at the sessions; see above',
  remedy: '"session-monitor status" says why.',
}

/** Null if no monitor can be started; the reason is told by then. */
async function stateOf(context: CommandContext): Promise<MonitorState | null> {
  let state: MonitorState | null = null
  await withMonitor(context, { quiet: true }, async monitor => {
    await monitor.refresh()
    state = await monitor.measureStore()
    return exitCodes.fine
  })
  return state
}

async function checkStore(context: CommandContext, { clock }: Ports): Promise<Check> {
  const opened = openStoreFor(context)
  if (!opened.ok)
    return { id: 'store health', status: 'fail', found: opened.problem.what, remedy: opened.problem.remedy }
  const report = await verifyStore(opened.value.store, clock, { readData: false, signal: context.interrupted })
  const damages = report.findings.filter(({ severity }) => severity === 'damage').length
  const found = `${report.checkpoints} checkpoints of ${report.sessions} sessions, ${damages === 0 ? 'nothing amiss' : `${damages} places damaged`}`
  return damages === 0
    ? { id: 'store health', status: 'ok', found, remedy: '' }
    : {
        id: 'store health',
        status: 'fail',
        found,
        remedy: 'Run "session-monitor verify --read-data", and look after the disk.',
      }
}

async function checkRunning(context: CommandContext): Promise<Check> {
  const id = 'running monitor'
  const attempt = await connectRunning(context)
  if (attempt.kind === 'connected') {
    attempt.close()
    const { name, pid, version, startedMs } = attempt.identity
    const found = `${name} (process ${pid}), version ${version}, started ${formatAge(startedMs, context.nowMs())}`
    return { id, status: 'ok', found, remedy: '' }
  }
  return attempt.kind === 'none'
    ? {
        id,
        status: 'warn',
        found: 'none runs: nothing is saved by itself',
        remedy: 'Start "session-monitor run" or the tray app, or install the service.',
      }
    : { id, status: 'fail', found: bare(attempt.message), remedy: 'Stop what runs there, or remove what it left.' }
}

async function serviceOf(context: CommandContext): Promise<Check> {
  const manager = managerOf(context)
  return checkService(manager.name, await manager.status())
}

/** The folder, or the nearest one above it that is there. */
function existing({ files }: Ports, folder: string): string {
  try {
    files.stat(folder)
    return folder
  } catch {
    const parent = path.dirname(folder)
    return parent === folder ? folder : existing({ files } as Ports, parent)
  }
}

/** Fit to be shown to a stranger: no home folder, no secret. */
function redacted({ found, remedy, ...rest }: Check, home: string): Check {
  const clean = (text: string) => redact(text.replaceAll(home, '~'))
  return { ...rest, found: clean(found), remedy: clean(remedy) }
}

function isTrouble({ status }: Check): boolean {
  return status === 'warn' || status === 'fail'
}

const marks: Readonly<Record<CheckStatus, readonly [word: string, style: Style]>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['–   ', 'dim'],
}

export function renderChecks(checks: readonly Check[], terminal: Terminal): readonly string[] {
  const width = Math.max(0, ...checks.map(({ id }) => id.length))
  const indent = ' '.repeat(width + 8)
  return checks.flatMap(({ id, status, found, remedy }) => {
    const [word, style] = marks[status]
    const head = `${terminal.paint(style, word)}  ${id.padEnd(width)}  `
    const [first = '', ...more] = wrapText(oneLine(found, 4_000), terminal.width(), indent)
    const advice = remedy === '' ? [] : wrapText(oneLine(remedy, 4_000), terminal.width(), indent)
    return [head + first.slice(indent.length), ...more, ...advice.map(line => terminal.paint('bold', line))]
  })
}
