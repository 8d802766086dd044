/**
 * The monitor for long runs: the one of its user, with its local socket, until a signal ends it, its reader has gone
 * or it breaks.
 */
import about from '../package.json' with { type: 'json' }
import type { LogLevel } from '../shared/core/log-line.ts'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import { type MonitorState, summarise } from '../shared/core/monitor-state.ts'
import { claudeRoots } from '../shared/engine/claude-roots.ts'
import { dataFolder, dataPaths } from '../shared/engine/data-folder.ts'
import { type HostedMonitor, startHostedMonitor } from '../shared/engine/hosted-monitor.ts'
import { createLogFile } from '../shared/engine/log-file.ts'
import { nodeClock, nodeFiles, nodePorts } from '../shared/engine/node-ports.ts'
import type { Log } from '../shared/engine/ports.ts'
import { bare, type CommandContext, fail, noticeLine } from './context.ts'
import { cycleLine } from './cycle-words.ts'
import { watchDaemonAlerts } from './daemon-alerts.ts'
import { type Either, type ExitCode, exitCodes, fine, type Problem, stop } from './exit-codes.ts'
import { type SettingFlags, settingValuesOf } from './flags.ts'
import { isNewCycle, newNotices } from './news.ts'
import { startProblem } from './own-monitor.ts'
import { placeOf } from './place.ts'
import { createProgress, noProgress } from './progress.ts'
import { ownUid } from './running-monitor.ts'

export interface DaemonNeeds extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  /** Which program this is, in words for others. */
  readonly name: string
  /** Where another one runs already, wait until it has ended, and take its place. */
  readonly wait?: boolean
}

/** Of the time that a stop may take; after it the thread is ended whatever it does. */
const engineGraceMs = 3_500

/**
 * Starts the monitor for `work` and stops it afterwards, whatever happens.
 *
 * @param work Should end when `over` is aborted.
 * @returns what `work` came to, or a failure if the monitor broke meanwhile.
 */
export async function withDaemon(
  context: CommandContext,
  needs: DaemonNeeds,
  work: (monitor: MonitorApi, over: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const broken = new AbortController()
  let level: LogLevel = 'info'
  const folder = dataPaths(dataFolder(context.environment)).logs
  const { log, close: closeLog } = createLogFile({ clock: nodeClock, files: nodeFiles }, folder, { level: () => level })
  const started = await startInTurn({ ...context, log }, needs, reason => broken.abort(reason))
  if (!started.ok) return fail(context, started.problem)
  const { monitor, unreachable, alertsAreTold, stop: stopDaemon } = started.value
  if (unreachable !== null) context.terminal.note(noticeLine({ ...unreachable, id: 'local-socket', level: 'warn' }))
  const progress = needs.json || needs.quiet ? noProgress : createProgress(context.terminal, nodeClock)
  log('info', `Started: ${needs.name}, version ${about.version}, process ${process.pid}.`)
  const tell = stateLogger(log)
  const alerts = watchDaemonAlerts(context.environment, log, alertsAreTold)
  const see = (state: MonitorState) => {
    alerts.see({ kind: 'running', state })
    progress.show(state.progress)
    level = state.settings.logLevel
    tell(state)
  }
  const unsubscribe = monitor.onState(see)
  see(await monitor.getState({}))
  try {
    const over = AbortSignal.any([context.interrupted, context.terminal.gone, broken.signal])
    const code = await work(monitor, over)
    if (!broken.signal.aborted) return code
    log('error', String(broken.signal.reason))
    return fail(context, brokenProblem(String(broken.signal.reason)))
  } finally {
    unsubscribe()
    alerts.stop()
    progress.show(null)
    await stopDaemon(engineGraceMs)
    log('info', 'Stopped.')
    closeLog()
  }
}

/** A line for each check and each lasting condition; the engine logs what became of each session. */
function stateLogger(log: Log): (state: MonitorState) => void {
  let before: MonitorState | null = null
  return state => {
    if (isNewCycle(before, state) && state.lastCycle) log('info', `${summarise(state)}; ${cycleLine(state.lastCycle)}`)
    for (const { level, message, remedy } of newNotices(before, state)) log(level, `${message} ${remedy}`)
    before = state
  }
}

/** How often one that waits looks whether it is its turn. Ms. */
const turnEveryMs = 5_000

async function startInTurn(
  context: CommandContext,
  needs: DaemonNeeds,
  onEnded: (reason: string) => void,
): Promise<Either<HostedMonitor>> {
  for (let tries = 0; ; tries++) {
    const started = await startDaemon(context, needs, onEnded)
    const isTaken = !started.ok && started.problem.exitCode === exitCodes.locked
    if (!isTaken || !needs.wait) return started
    if (tries === 0) context.terminal.note(`session-monitor: waiting: ${started.problem.what}`)
    await nodeClock.sleep(turnEveryMs, context.interrupted)
    if (context.interrupted.aborted) return started
  }
}

async function startDaemon(
  context: CommandContext,
  needs: DaemonNeeds,
  onEnded: (reason: string) => void,
): Promise<Either<HostedMonitor>> {
  const values = settingValuesOf(needs)
  if (!values.ok) return values
  const { environment } = context
  const started = await startHostedMonitor(nodePorts(context.log), {
    place: placeOf(context),
    version: about.version,
    uid: ownUid(),
    engine: {
      dataFolder: dataFolder(environment),
      roots: claudeRoots(environment),
      home: environment.home,
      environment: { ...environment.env },
      automatic: true,
      hostName: needs.name,
      settingValues: values.value,
    },
    onEnded,
  })
  if (started.kind === 'running') return fine(started.hosted)
  return stop(started.kind === 'taken' ? takenProblem(started.by) : startProblem(started))
}

export function takenProblem(by: string): Problem {
  return {
    what: `a monitor runs already: ${by}`,
    remedy: '"session-monitor status" asks it; stop it to start another',
    exitCode: exitCodes.locked,
  }
}

function brokenProblem(reason: string): Problem {
  return { what: bare(reason), remedy: 'start it again; what is saved is safe', exitCode: exitCodes.failed }
}

/** Resolves when `signal` is aborted. */
export function ended(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
