/**
 * The monitor that a command works with: the one that runs, if there is one and the command has no settings of its
 * own; otherwise one over real ports and the user's folders for the length of the command.
 *
 * Holds no rule: what is due and how it is saved is the engine's, which is loaded only when it is needed.
 */
import type { MonitorState } from '../shared/core/monitor-state.ts'
import type { SettingValues } from '../shared/core/setting-values.ts'
import type { LocalMonitor } from '../shared/engine/local-client.ts'
import { nodeClock } from '../shared/engine/node-ports.ts'
import { bare, type CommandContext, fail } from './context.ts'
import { type Either, type ExitCode, exitCodes } from './exit-codes.ts'
import { type SettingFlags, settingValuesOf } from './flags.ts'
import type { OwnMonitorOptions } from './own-monitor.ts'
import { createProgress, noProgress } from './progress.ts'
import { asCommandMonitor, type CommandMonitor, connectRunning } from './running-monitor.ts'

export interface MonitorNeeds extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  /** Asked of the monitor on Ctrl-C: true if `work` ends by itself then, and says how things are. Default: it is left. */
  readonly onInterrupt?: (monitor: CommandMonitor) => Promise<boolean>
}

/** A monitor that a command may use up: it is stopped, or left, when the command ends. */
export interface OpenedMonitor {
  readonly monitor: CommandMonitor
  /** Ends it, or the connection to it. */
  close(): Promise<void>
}

/**
 * Opens a monitor for `work` and closes it afterwards, whatever happens. A signal ends the work at once, and then
 * the answer is `interrupted`.
 */
export async function withMonitor(
  context: CommandContext,
  needs: MonitorNeeds,
  work: (monitor: CommandMonitor) => Promise<ExitCode>,
): Promise<ExitCode> {
  const values = settingValuesOf(needs)
  if (!values.ok) return fail(context, values.problem)
  // The settings of flags are of this command alone: the monitor that runs has its own.
  const running = Object.keys(values.value).length === 0 ? await findRunning(context) : null
  if (running !== null) return askRunning(context, needs, running, work)
  const opened = await openMonitor(context, values.value)
  if (!opened.ok) return fail(context, opened.problem)
  return workWith(context, needs, opened.value, work)
}

/** One of this command's own. @param values over the settings of the file */
export async function openMonitor(
  context: CommandContext,
  values: SettingValues,
  options: OwnMonitorOptions = {},
): Promise<Either<OpenedMonitor>> {
  const { openOwnMonitor } = await import('./own-monitor.ts')
  return openOwnMonitor(context, values, options)
}

/** Null when nobody runs. One that does not answer as it should is named, and left alone. */
export async function findRunning(context: CommandContext): Promise<LocalMonitor | null> {
  const attempt = await connectRunning(context)
  if (attempt.kind === 'connected') return attempt
  if (attempt.kind === 'unusable') {
    context.terminal.note(`session-monitor: looking without the monitor that may run: ${bare(attempt.message)}`)
  }
  return null
}

export async function askRunning(
  context: CommandContext,
  needs: MonitorNeeds,
  running: LocalMonitor,
  work: (monitor: CommandMonitor) => Promise<ExitCode>,
): Promise<ExitCode> {
  const opened = { monitor: asCommandMonitor(running, context.nowMs), close: async () => running.close() }
  let hasGone = false
  running.onClosed(() => {
    hasGone = true
  })
  try {
    return await workWith(context, needs, opened, work)
  } catch (error) {
    if (context.interrupted.aborted) return exitCodes.interrupted
    const remedy = hasGone ? 'try again: without it the command does the work itself' : ''
    return fail(context, { what: bare((error as Error).message), remedy, exitCode: exitCodes.failed })
  }
}

export async function workWith(
  { terminal, interrupted }: CommandContext,
  needs: MonitorNeeds,
  { monitor, close }: OpenedMonitor,
  work: (monitor: CommandMonitor) => Promise<ExitCode>,
): Promise<ExitCode> {
  const progress = needs.json || needs.quiet ? noProgress : createProgress(terminal, nodeClock)
  const unsubscribe = monitor.onState((state: MonitorState) => progress.show(state.progress))
  const stopEarly = () => void endOnInterrupt(needs, { monitor, close })
  interrupted.addEventListener('abort', stopEarly, { once: true })
  try {
    const code = await work(monitor)
    return interrupted.aborted ? exitCodes.interrupted : code
  } finally {
    unsubscribe()
    progress.show(null)
    interrupted.removeEventListener('abort', stopEarly)
    await close()
  }
}

async function endOnInterrupt({ onInterrupt }: MonitorNeeds, { monitor, close }: OpenedMonitor): Promise<void> {
  const endsByItself = await onInterrupt?.(monitor).catch(() => false)
  if (endsByItself !== true) await close()
}
