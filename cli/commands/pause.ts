/** `session-monitor pause` and `resume`: of the monitor that runs. */
import { formatDuration, oneLine } from '../../shared/core/format.ts'
import type { MonitorApi } from '../../shared/core/monitor-api.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes, usageProblem } from '../exit-codes.ts'
import { connectRunning } from '../running-monitor.ts'
import { safeJson } from '../terminal.ts'

export interface PauseOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const longestMs = 366 * 86_400_000

/** "30m", "1.5h", "90" (minutes); null for anything else, or more than a year. */
export function parseDuration(text: string): number | null {
  const [, number, unit = 'm'] = /^(\d{1,6}(?:\.\d{1,3})?)\s*([smhd]?)$/.exec(text.trim()) ?? []
  const ms = Number(number) * (units[unit === '' ? 'm' : unit] ?? Number.NaN)
  return ms > 0 && ms <= longestMs ? ms : null
}

export async function pause(
  context: CommandContext,
  duration: string | undefined,
  options: PauseOptions,
): Promise<ExitCode> {
  const ms = duration === undefined ? null : parseDuration(duration)
  if (duration !== undefined && ms === null) {
    return fail(context, usageProblem(`"${oneLine(duration, 40)}" is no duration`, 'write it as 30m, 2h or 1d'))
  }
  const untilMs = ms === null ? null : context.nowMs() + ms
  const words = ms === null ? 'until "session-monitor resume"' : `for ${formatDuration(ms)}`
  return askRunning(context, options, `Paused ${words}. What you ask for by hand is still saved.`, monitor =>
    monitor.pause({ untilMs }),
  )
}

export function resume(context: CommandContext, options: PauseOptions): Promise<ExitCode> {
  return askRunning(context, options, 'Resumed.', monitor => monitor.resume({}))
}

async function askRunning(
  context: CommandContext,
  options: PauseOptions,
  done: string,
  ask: (monitor: MonitorApi) => Promise<void>,
): Promise<ExitCode> {
  const running = await connectRunning(context)
  if (running.kind !== 'connected') {
    const what = running.kind === 'none' ? 'no monitor runs' : bare(running.message)
    return fail(context, {
      what,
      remedy: 'start it with "session-monitor run", or the tray app',
      exitCode: exitCodes.failed,
    })
  }
  try {
    await ask(running.monitor)
    const { paused }: MonitorState = await running.monitor.getState({})
    if (options.json) context.terminal.print(safeJson({ v: 1, paused }))
    else if (!options.quiet) context.terminal.print(done)
    return exitCodes.fine
  } finally {
    running.close()
  }
}
