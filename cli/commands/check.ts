/** `session-monitor check` (and `--once`): one cycle over everything, its summary, and an answer per session. */
import type { CheckpointOutcome } from '../../shared/core/checkpoint.ts'
import { explainOutcome } from '../../shared/core/explain.ts'
import type { CycleSummary, MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { bare, type CommandContext, printNotices } from '../context.ts'
import { cyclePairs } from '../cycle-words.ts'
import { type ExitCode, exitCodeOf } from '../exit-codes.ts'
import type { SettingFlags } from '../flags.ts'
import { withMonitor } from '../host.ts'
import { renderPairs, wrapText } from '../print-table.ts'
import { shortIds } from '../resolve.ts'
import { titleOf } from '../session-words.ts'
import { problemLine, safeJson, type Terminal } from '../terminal.ts'

export interface CheckOptions extends SettingFlags {
  readonly json?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
}

export function check(context: CommandContext, options: CheckOptions): Promise<ExitCode> {
  return withMonitor(context, options, async monitor => {
    const cycle = await monitor.runCycle({})
    const state = await monitor.getState({})
    const { terminal } = context
    if (options.json) terminal.print(safeJson(checkJson(cycle, state)))
    else if (!options.quiet)
      for (const line of renderCheck(cycle, state, terminal, options.verbose ?? false)) terminal.print(line)
    for (const line of failureLines(state)) terminal.note(line)
    printNotices(terminal, state)
    return exitCodeOf(outcomesOf(state))
  })
}

/** `sessions[].outcome` is null for a session that was held. */
export function checkJson(cycle: CycleSummary, state: MonitorState) {
  const sessions = state.sessions.map(({ sessionId, title, protection, score, decision, why, lastOutcome }) => {
    return { sessionId, title, protection, score, decision, why, outcome: lastOutcome }
  })
  return { v: 1, cycle, sessions, notices: state.notices, settingsProblems: state.settingsProblems }
}

export function renderCheck(
  cycle: CycleSummary,
  state: MonitorState,
  terminal: Terminal,
  verbose: boolean,
): readonly string[] {
  const summary = renderPairs(cyclePairs(cycle), terminal.width(), text => terminal.paint('bold', text))
  if (!verbose) return summary
  const ids = shortIds(state.sessions)
  const indent = Math.max(...[...ids.values()].map(id => id.length)) + 2
  const answers = state.sessions.flatMap(view => {
    const id = ids.get(view.sessionId) ?? view.sessionId
    const [first = '', ...more] = wrapText(
      `${titleOf(view)}: ${answerOf(view, state.atMs)}`,
      terminal.width(),
      ' '.repeat(indent),
    )
    return [terminal.paint('dim', id) + first.slice(id.length), ...more]
  })
  return [...summary, '', ...answers]
}

/** What became of it in this cycle, or why it was held. */
function answerOf(view: SessionView, nowMs: number): string {
  return view.lastOutcome === null ? view.why : explainOutcome(view.lastOutcome, nowMs)
}

/** One error line for each failed checkpoint, with the session and the remedy. */
export function failureLines(state: MonitorState): readonly string[] {
  return state.sessions.flatMap(view => {
    const { lastOutcome } = view
    if (lastOutcome?.kind !== 'failed') return []
    const what = `${titleOf(view)} (${view.sessionId}) was not checkpointed: ${bare(lastOutcome.message)}`
    return [problemLine({ what, remedy: bare(lastOutcome.remedy) })]
  })
}

function outcomesOf(state: MonitorState): readonly CheckpointOutcome[] {
  return state.sessions.flatMap(view => view.lastOutcome ?? [])
}
