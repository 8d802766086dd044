/** A monitor in this process, for the length of one command. The only module of the command line that loads the engine for it. */
import { type SettingValues, withSettingValues } from '../shared/core/setting-values.ts'
import { claudeRoots } from '../shared/engine/claude-roots.ts'
import { dataFolder } from '../shared/engine/data-folder.ts'
import { type MonitorOptions, startMonitor } from '../shared/engine/monitor.ts'
import { nodePorts } from '../shared/engine/node-ports.ts'
import { scanWorkersBeside } from '../shared/engine/scan-crew.ts'
import { bare, type CommandContext } from './context.ts'
import { type Either, exitCodes, fine, type Problem, stop } from './exit-codes.ts'
import type { OpenedMonitor } from './host.ts'

export type OwnMonitorOptions = Pick<MonitorOptions, 'keepLookFor'>

/** @param values Over the settings of the file. */
export async function openOwnMonitor(
  context: CommandContext,
  values: SettingValues,
  options: OwnMonitorOptions = {},
): Promise<Either<OpenedMonitor>> {
  const { environment } = context
  const started = await startMonitor(nodePorts(context.log), {
    dataFolder: dataFolder(environment),
    roots: claudeRoots(environment),
    home: environment.home,
    environment: environment.env,
    settingsOverride: settings => withSettingValues(settings, values),
    automatic: false,
    scanWorkers: scanWorkersBeside(),
    ...options,
  })
  if (!started.ok) return stop(startProblem(started))
  return fine({ monitor: started.monitor, close: () => started.monitor.stop() })
}

export function startProblem(failure: {
  readonly code: string
  readonly message: string
  readonly remedy: string
}): Problem {
  const exitCode = failure.code === 'locked-elsewhere' ? exitCodes.locked : exitCodes.failed
  return { what: bare(failure.message), remedy: bare(failure.remedy), exitCode }
}
