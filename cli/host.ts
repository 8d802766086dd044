/**
 * The host without a screen: the monitor over real ports and the user's folders, for the length of one command.
 *
 * Holds no rule: what is due and how it is saved is the engine's.
 */
import { claudeRoots } from '../shared/engine/claude-roots.ts'
import { dataFolder } from '../shared/engine/data-folder.ts'
import { type Monitor, startMonitor } from '../shared/engine/monitor.ts'
import { nodePorts } from '../shared/engine/node-ports.ts'
import { scanWorkersBeside } from '../shared/engine/scan-crew.ts'
import { bare, type CommandContext, fail } from './context.ts'
import { type ExitCode, exitCodes, type Problem } from './exit-codes.ts'
import { type SettingFlags, settingsFromFlags } from './flags.ts'
import { createProgress, noProgress } from './progress.ts'

export interface MonitorNeeds extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  /** Check by itself at every interval. */
  readonly automatic?: boolean
}

/**
 * Starts the monitor for `work` and stops it afterwards, whatever happens. A signal stops it at once, and then
 * the answer is `interrupted` unless the command is made to run until one comes.
 */
export async function withMonitor(
  context: CommandContext,
  needs: MonitorNeeds,
  work: (monitor: Monitor) => Promise<ExitCode>,
): Promise<ExitCode> {
  const override = settingsFromFlags(needs)
  if (!override.ok) return fail(context, override.problem)
  const { environment, interrupted, terminal } = context
  const ports = nodePorts(context.log)
  const started = await startMonitor(ports, {
    dataFolder: dataFolder(environment),
    roots: claudeRoots(environment),
    home: environment.home,
    environment: environment.env,
    settingsOverride: override.value,
    automatic: needs.automatic ?? false,
    scanWorkers: scanWorkersBeside(),
  })
  if (!started.ok) return fail(context, startProblem(started))
  const { monitor } = started
  const progress = needs.json || needs.quiet ? noProgress : createProgress(terminal, ports.clock)
  const unsubscribe = monitor.onState(state => progress.show(state.progress))
  const stopEarly = () => void monitor.stop()
  interrupted.addEventListener('abort', stopEarly, { once: true })
  try {
    const code = await work(monitor)
    return interrupted.aborted && !needs.automatic ? exitCodes.interrupted : code
  } finally {
    unsubscribe()
    progress.show(null)
    interrupted.removeEventListener('abort', stopEarly)
    await monitor.stop()
  }
}

function startProblem(failure: { readonly code: string; readonly message: string; readonly remedy: string }): Problem {
  const exitCode = failure.code === 'locked-elsewhere' ? exitCodes.locked : exitCodes.failed
  return { what: bare(failure.message), remedy: bare(failure.remedy), exitCode }
}
