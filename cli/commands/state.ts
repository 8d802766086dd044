/**
 * `session-monitor state`: the commands of the older coordinator, over our records: what is known of each session,
 * whether one would be checkpointed now, checkpoint it, and remove what dead processes left behind.
 */
import { count, formatAge, oneLine } from '../../shared/core/format.ts'
import type { SessionView } from '../../shared/core/monitor-state.ts'
import { cleanUp } from '../../shared/engine/clean-up.ts'
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { type CommandContext, fail } from '../context.ts'
import { type Either, type ExitCode, exitCodes, fine, stop, usageProblem } from '../exit-codes.ts'
import { withMonitor } from '../host.ts'
import { type Column, renderTable } from '../print-table.ts'
import { resolveSession, shortIds } from '../resolve.ts'
import { titleOf } from '../session-words.ts'
import { openStoreFor, storedSessions } from '../stored.ts'
import { safeJson } from '../terminal.ts'
import { checkpoint } from './checkpoint.ts'
import { lockedBy, openLock, unavailable } from './lock.ts'

export interface StateOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** One session as the records have it. */
interface StateRow {
  readonly sessionId: string
  readonly title: string
  readonly project: string | null
  readonly checkpoints: number
  /** Epoch ms of the newest readable record; null if none can be read. */
  readonly lastMs: number | null
  readonly why: string | null
}

export async function stateList(context: CommandContext, options: StateOptions): Promise<ExitCode> {
  const rows = storedRows(context)
  if (!rows.ok) return fail(context, rows.problem)
  const { terminal } = context
  if (options.json) terminal.print(safeJson({ v: 1, sessions: rows.value }))
  else if (rows.value.length === 0) terminal.print('No session has a checkpoint yet.')
  else for (const line of renderRows(rows.value, context)) terminal.print(line)
  return exitCodes.fine
}

function storedRows(context: CommandContext): Either<readonly StateRow[]> {
  const opened = openStoreFor(context)
  if (!opened.ok) return opened
  const { store } = opened.value
  const known = storedSessions(store)
  if (!known.ok) return known
  const rows = known.value.map(({ sessionId, title }): StateRow => {
    const newest = store.newest(sessionId)
    const numbers = store.numbers(sessionId)
    const record = newest.ok ? newest.record : null
    return {
      sessionId,
      title,
      project: record?.tree?.root ?? record?.cwd ?? null,
      checkpoints: numbers.ok ? numbers.seqs.length : 0,
      lastMs: record?.at ?? null,
      why: record?.why ?? null,
    }
  })
  return fine(rows.sort((a, b) => (b.lastMs ?? 0) - (a.lastMs ?? 0)))
}

function renderRows(rows: readonly StateRow[], { terminal, ...context }: CommandContext): readonly string[] {
  const ids = shortIds(rows)
  const nowMs = context.nowMs()
  const columns: readonly Column<StateRow>[] = [
    { title: 'SESSION', cell: row => ids.get(row.sessionId) ?? row.sessionId },
    { title: 'CHECKPOINTS', cell: row => String(row.checkpoints) },
    { title: 'LAST', cell: row => (row.lastMs === null ? 'unreadable' : formatAge(row.lastMs, nowMs)) },
    { title: 'WHY', cell: row => oneLine(row.why ?? '', 400), min: 12, max: 60 },
    { title: 'PROJECT', cell: row => oneLine(row.project ?? '', 400), min: 12, max: 60 },
  ]
  return renderTable(columns, rows, { width: terminal.width(), paintHeader: text => terminal.paint('bold', text) })
}

/** Whether the session would be checkpointed now, and why. Looks, checkpoints nothing. */
export function stateCheck(
  context: CommandContext,
  name: string,
  project: string | undefined,
  options: StateOptions,
): Promise<ExitCode> {
  return withMonitor(context, options, async monitor => {
    const { sessions } = await monitor.refresh()
    const found = sessionIn(sessions, name, project)
    if (!found.ok) return fail(context, found.problem)
    const { terminal } = context
    const { sessionId, decision, why } = found.value
    const status = openLock(context, '"session-monitor state"').lock.status()
    const heldBy = status.kind === 'locked-elsewhere' ? status.ownerInWords : null
    const due = decision.action === 'checkpoint'
    if (options.json) terminal.print(safeJson({ v: 1, sessionId, due, why, decision, lockHeldBy: heldBy }))
    else {
      terminal.print(`${titleOf(found.value)} (${sessionId}): ${oneLine(why, 2_000)}`)
      if (heldBy !== null) terminal.print(`The lock is held by ${heldBy}.`)
    }
    return heldBy === null ? exitCodes.fine : exitCodes.locked
  })
}

export function sessionIn(
  sessions: readonly SessionView[],
  name: string,
  project: string | undefined,
): Either<SessionView> {
  const found = resolveSession(name, sessions)
  if (!found.ok) return found
  const view = sessions.find(({ sessionId }) => sessionId === found.value)
  if (view === undefined) return stop(usageProblem(`there is no session "${name}"`, ''))
  const isThere = project === undefined || [view.project?.root, view.project?.name, view.cwd].includes(project)
  if (isThere) return fine(view)
  const where = view.project?.root ?? view.cwd ?? 'no project'
  return stop(usageProblem(`the session belongs to ${oneLine(where, 400)}`, 'leave the project out, or name that one'))
}

export function stateUpdate(context: CommandContext, name: string, options: StateOptions): Promise<ExitCode> {
  return checkpoint(context, [name], options)
}

export async function stateClean(context: CommandContext, options: StateOptions): Promise<ExitCode> {
  const { ports, lock } = openLock(context, '"session-monitor state clean"')
  const attempt = await lock.acquire({ waitMs: cleanWaitMs, signal: context.interrupted })
  if (attempt.kind === 'aborted') return exitCodes.interrupted
  if (attempt.kind === 'unavailable') return fail(context, unavailable(attempt))
  if (attempt.kind === 'locked-elsewhere') {
    return fail(context, { ...lockedBy(attempt.ownerInWords), remedy: 'try again when it is done' })
  }
  const cleaned = cleanUp(ports, dataPaths(dataFolder(context.environment)), attempt.lock.fence)
  attempt.lock.release()
  if (options.json) context.terminal.print(safeJson({ v: 1, ...cleaned }))
  else if (!options.quiet) context.terminal.print(cleanWords(cleaned))
  return exitCodes.fine
}

const cleanWaitMs = 10_000

export function cleanWords({ lockFiles, temporaryFiles }: ReturnType<typeof cleanUp>): string {
  if (lockFiles + temporaryFiles === 0) return 'Nothing was left behind. Checkpoints are never removed here.'
  const parts = [count(lockFiles, 'file of the lock', 'files of the lock'), count(temporaryFiles, 'temporary file')]
  return `Removed ${parts.join(' and ')}. Checkpoints are never removed here.`
}
