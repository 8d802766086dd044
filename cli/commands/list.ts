/** `session-monitor list`: every session, most urgent first. Looks, checkpoints nothing. */
import { explainTotal } from '../../shared/core/explain.ts'
import { oneLine } from '../../shared/core/format.ts'
import { type MonitorState, type SessionView, summarise } from '../../shared/core/monitor-state.ts'
import { type CommandContext, printNotices } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { SettingFlags } from '../flags.ts'
import { type Seen, withLook, workTreeLines } from '../look.ts'
import { shortIds } from '../resolve.ts'
import {
  checkpointAge,
  checkpointAgeShort,
  liveWords,
  percentWords,
  plainWords,
  protectionStyles,
  scoreWords,
  titleOf,
  unsavedShort,
  unsavedWords,
} from '../session-words.ts'
import type { Column, Layout } from '../table-layout.ts'
import { tellLines } from '../tell-lines.ts'
import { safeJson, type Terminal } from '../terminal.ts'

export interface ListOptions extends SettingFlags {
  readonly json?: boolean
  readonly why?: boolean
  readonly quiet?: boolean
}

export function list(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { terminal } = context
  return withLook(context, options, async seen => {
    if (options.json) terminal.print(safeJson(listJson(seen)))
    else {
      const lines = await tellLines(layout => renderList(seen, terminal, layout, options.why ?? false))
      // At once: a write for every line takes longer than to make them.
      terminal.print(lines.join('\n'))
    }
    if (!options.quiet) printNotices(terminal, seen.state)
    return exitCodes.fine
  })
}

/** `sessions` are the contract's own views. */
export function listJson({ state, workTreesAtMs }: Seen) {
  const { atMs, sessions, notices, settingsProblems } = state
  return { v: 1, atMs, workTreesAtMs, sessions, notices, settingsProblems }
}

/** Terminals from this width on have room for the reasons beside the sessions. */
const wideColumns = 190

export function renderList(seen: Seen, terminal: Terminal, layout: Layout, why: boolean): readonly string[] {
  const { state } = seen
  const { sessions, roots } = state
  if (sessions.length === 0) return ['No sessions yet.', ...roots.map(root => `  looked in ${oneLine(root, 2_000)}`)]
  const width = terminal.width()
  const beside = !why && width >= wideColumns
  const table = layout.renderTable(
    beside ? [...columns(state, terminal), whyColumn] : columns(state, terminal),
    sessions,
    {
      width,
      paintHeader: text => terminal.paint('dim', text),
      ...(why ? { below: (view: SessionView) => whyLines(view, terminal, layout) } : {}),
    },
  )
  return [...table, '', summarise(state), ...workTreeLines(seen)]
}

function columns(state: MonitorState, terminal: Terminal): readonly Column<SessionView>[] {
  const ids = shortIds(state.sessions)
  const { atMs } = state
  return [
    {
      title: 'PROTECTION',
      cell: view => plainWords(view.protection),
      paint: (text, view) => terminal.paint(protectionStyles[view.protection], text),
    },
    { title: 'SESSION', cell: titleOf, min: 18, max: 60 },
    { title: 'PROJECT', cell: view => view.project?.name ?? '', min: 10, max: 30, drop: 2 },
    { title: 'BRANCH', cell: view => view.branch ?? '', min: 10, max: 30, drop: 4 },
    { title: 'LIVE', cell: view => liveWords(view.live), drop: 3 },
    {
      title: 'SCORE',
      cell: view => scoreWords(view.score.total),
      align: 'right',
      paint: (text, view) => (view.score.total >= 1 ? terminal.paint('bold', text) : text),
    },
    { title: 'CTX', cell: view => percentWords(view.contextPercent), align: 'right' },
    { title: 'UNSAVED', cell: view => unsavedWords(view.unsaved), short: view => unsavedShort(view.unsaved) },
    {
      title: 'SAVED',
      cell: view => checkpointAge(view, atMs),
      short: view => checkpointAgeShort(view, atMs),
    },
    {
      title: 'ID',
      cell: view => ids.get(view.sessionId) ?? view.sessionId,
      paint: text => terminal.paint('dim', text),
      drop: 1,
    },
  ]
}

const whyColumn: Column<SessionView> = { title: 'WHY', cell: view => view.why, min: 30, drop: 9 }

/** The decision in words, its arithmetic, and what went wrong. */
function whyLines(view: SessionView, terminal: Terminal, { wrapText }: Layout): readonly string[] {
  const lines = [
    ...wrapText(view.why, terminal.width(), '    '),
    ...wrapText(explainTotal(view.score), terminal.width(), '    '),
    ...view.problems.flatMap(problem => wrapText(problem, terminal.width(), '    ')),
  ]
  return lines.map(line => terminal.paint('dim', line))
}
