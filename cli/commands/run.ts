/** `session-monitor run`: the monitor in the foreground, one line per check, until a signal ends it. */

import { count, oneLine } from '../../shared/core/format.ts'
import { type ActivityEntry, type MonitorState, summarise } from '../../shared/core/monitor-state.ts'
import { type CommandContext, noticeLine, settingsProblemLines } from '../context.ts'
import { cycleLine } from '../cycle-words.ts'
import { ended, withDaemon } from '../daemon.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { SettingFlags } from '../flags.ts'
import { isNewCycle, newActivity, newNotices } from '../news.ts'
import { timeStamp, titleOf } from '../session-words.ts'
import { problemLine, safeJson, type Terminal } from '../terminal.ts'

export interface RunOptions extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly wait?: boolean
}

export function run(context: CommandContext, options: RunOptions): Promise<ExitCode> {
  return withDaemon(context, { ...options, name: '"session-monitor run"' }, async (monitor, over) => {
    const { terminal } = context
    const first = await monitor.getState({})
    if (!options.json && !options.quiet) for (const line of greeting(first)) terminal.print(line)
    for (const line of settingsProblemLines(first)) terminal.note(line)
    const say = options.json ? jsonNews(terminal) : newsPrinter(terminal, options.quiet ?? false)
    say(first)
    const unsubscribe = monitor.onState(say)
    await ended(over)
    unsubscribe()
    if (!options.json && !options.quiet) terminal.print(`${timeStamp(context.nowMs())}  stopped`)
    return exitCodes.fine
  })
}

function greeting(state: MonitorState): readonly string[] {
  const { roots, settings, storeFolder } = state
  return [
    `Watching ${roots.map(root => oneLine(root, 1_000)).join(', ') || 'no Claude Code folder yet'}`,
    `Saving to ${oneLine(storeFolder, 1_000)}`,
    `Checking every ${count(settings.intervalMinutes, 'minute')}; Ctrl-C stops.`,
  ]
}

type Listener = (state: MonitorState) => void

/** Lines for what is new since the state before: checks, failures, lasting conditions. */
export function newsPrinter(terminal: Terminal, quiet: boolean): Listener {
  let before: MonitorState | null = null
  return state => {
    const stamp = timeStamp(state.atMs)
    for (const entry of newActivity(before, state)) terminal.note(`${stamp}  ${activityLine(entry, state)}`)
    for (const notice of newNotices(before, state)) terminal.note(`${stamp}  ${noticeLine(notice)}`)
    if (!quiet && isNewCycle(before, state) && state.lastCycle) {
      terminal.print(`${stamp}  ${summarise(state)}; ${cycleLine(state.lastCycle)}`)
    }
    before = state
  }
}

/** With `--json`: one line of JSON per check. */
function jsonNews(terminal: Terminal): Listener {
  let before: MonitorState | null = null
  return state => {
    if (isNewCycle(before, state)) terminal.print(safeJson({ v: 1, atMs: state.atMs, cycle: state.lastCycle }, 0))
    for (const entry of newActivity(before, state)) terminal.note(activityLine(entry, state))
    before = state
  }
}

function activityLine({ sessionId, message }: ActivityEntry, { sessions }: MonitorState): string {
  const view = sessions.find(session => session.sessionId === sessionId)
  const whose = view ? `${titleOf(view)} (${view.sessionId}): ` : ''
  return problemLine({ what: `${whose}${oneLine(message, 4_000)}`, remedy: '' })
}
