/** `session-monitor undo`: what can be taken back or finished, and doing it. */
import { count, formatAge, formatBytes, oneLine } from '../../shared/core/format.ts'
import type { RestoreJournalInfo } from '../../shared/core/restore.ts'
import { type CommandContext, fail } from '../context.ts'
import { type Either, type ExitCode, exitCodes, fine, stop, usageProblem } from '../exit-codes.ts'
import { withMonitor } from '../host.ts'
import { type Column, renderTable } from '../print-table.ts'
import { safeJson, type Terminal } from '../terminal.ts'
import { refused, renderDone, stopRestore } from './restore-here.ts'

export interface UndoOptions {
  readonly resume?: boolean
  readonly last?: boolean
  readonly replaceConflicts?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function undo(context: CommandContext, id: string | undefined, options: UndoOptions): Promise<ExitCode> {
  const { json, quiet, last, resume } = options
  if (id !== undefined && last)
    return fail(context, usageProblem('an id and --last exclude each other', 'leave one out'))
  const { terminal } = context
  const looks = { ...(json ? { json } : {}), ...(quiet ? { quiet } : {}), onInterrupt: stopRestore }
  return withMonitor(context, looks, async monitor => {
    const all = await monitor.listRestores({})
    if (id === undefined && !last) {
      if (json) terminal.print(safeJson({ v: 1, restores: all }))
      else for (const line of renderRestores(all, context.nowMs(), terminal)) terminal.print(line)
      return exitCodes.fine
    }
    const wanted = choose(all, id, resume ?? false)
    if (!wanted.ok) return fail(context, wanted.problem)
    const { restoreId } = wanted.value
    const done = resume
      ? await monitor.resumeRestore({ restoreId })
      : await monitor.undoRestore({ restoreId, conflicts: options.replaceConflicts ? 'replace' : 'keep' })
    if (!done.ok) return refused(context, done, json ?? false)
    if (json) terminal.print(safeJson({ v: 1, ...done }))
    else if (!quiet)
      for (const line of renderDone(done, terminal, resume ? 'written' : 'put back')) terminal.print(line)
    return done.kind === 'complete' && done.failures.length === 0 ? exitCodes.fine : exitCodes.failed
  })
}

function choose(
  all: readonly RestoreJournalInfo[],
  id: string | undefined,
  resume: boolean,
): Either<RestoreJournalInfo> {
  const able = all.filter(({ canUndo, canResume }) => (resume ? canResume : canUndo))
  const matches = id === undefined ? able.slice(0, 1) : able.filter(({ restoreId }) => restoreId.startsWith(id))
  const [only, ...others] = matches
  const remedy = '"session-monitor undo" lists what there is'
  if (only === undefined)
    return stop(usageProblem(resume ? 'nothing like that is unfinished' : 'nothing like that can be undone', remedy))
  return others.length === 0 ? fine(only) : stop(usageProblem(`"${oneLine(id ?? '', 40)}" may be several`, remedy))
}

export function renderRestores(
  all: readonly RestoreJournalInfo[],
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  if (all.length === 0) return ['Nothing was restored in place yet, so there is nothing to undo.']
  const columns: readonly Column<RestoreJournalInfo>[] = [
    { title: 'ID', cell: row => row.restoreId },
    { title: 'WHEN', cell: row => formatAge(row.startedAtMs, nowMs) },
    { title: 'WHAT', cell: row => row.kind },
    { title: 'STATE', cell: row => row.state },
    { title: 'WRITTEN', cell: row => count(row.written.files, 'file'), drop: 1 },
    { title: 'KEPT', cell: row => formatBytes(row.keptBytes), align: 'right', drop: 2 },
    { title: 'PROJECT', cell: row => row.root ?? '', min: 20 },
  ]
  const table = renderTable(columns, all, {
    width: terminal.width(),
    paintHeader: text => terminal.paint('dim', text),
  })
  const unfinished = all.find(({ canResume }) => canResume)
  const undoable = all.find(({ canUndo }) => canUndo)
  return [
    ...table,
    '',
    ...(unfinished ? [`session-monitor undo --resume ${unfinished.restoreId}   finishes what was cut short`] : []),
    ...(undoable ? [`session-monitor undo ${undoable.restoreId}   puts everything back as it was before`] : []),
  ]
}
