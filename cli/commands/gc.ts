/** `session-monitor gc`: lets old checkpoints go as the settings say and frees what nothing needs any more. */
import { count, formatBytes, oneLine } from '../../shared/core/format.ts'
import { blockedRemedy, blockedWords } from '../../shared/engine/gc-schedule.ts'
import { createLock, type HeldLock } from '../../shared/engine/lock-file.ts'
import { lockWhereItCan } from '../../shared/engine/no-hard-links.ts'
import { loadSettings } from '../../shared/engine/settings-file.ts'
import { collectGarbage, type GcProgress, type GcReport, type GcResult } from '../../shared/engine/store-gc.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type Either, type ExitCode, exitCodes, fine, stop } from '../exit-codes.ts'
import { wrapText } from '../print-table.ts'
import { createProgress, noProgress } from '../progress.ts'
import { type OpenedStore, openStoreFor } from '../stored.ts'
import { safeJson, type Terminal } from '../terminal.ts'

export interface GcFlags {
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function gc(context: CommandContext, flags: GcFlags): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const lock = flags.dryRun ? fine(null) : await lockStore(context, opened.value)
  if (!lock.ok) return fail(context, lock.problem)
  try {
    const result = await collect(context, opened.value, flags, lock.value)
    if (flags.json) context.terminal.print(safeJson({ v: 1, storeFolder: opened.value.paths.store, ...result }))
    return answer(context, flags, result)
  } finally {
    lock.value?.release()
  }
}

async function lockStore(context: CommandContext, { ports, paths }: OpenedStore): Promise<Either<HeldLock>> {
  const { settings } = loadSettings(ports, paths.settings)
  const lock = lockWhereItCan(createLock(ports, paths.lock, { name: 'session-monitor gc' }))
  const attempt = await lock.acquire({ waitMs: settings.lockWaitSeconds * 1_000, signal: context.interrupted })
  switch (attempt.kind) {
    case 'held':
      return fine(attempt.lock)
    case 'aborted':
      return stop({ what: 'stopped before anything was done', remedy: '', exitCode: exitCodes.interrupted })
    case 'locked-elsewhere':
      return stop({
        what: `the store is in use by ${attempt.ownerInWords}`,
        remedy: 'nothing was lost; try again',
        exitCode: exitCodes.locked,
      })
    case 'unavailable':
      return stop({ what: bare(attempt.message), remedy: bare(attempt.remedy), exitCode: exitCodes.failed })
  }
}

async function collect(
  { terminal, interrupted }: CommandContext,
  { ports, paths, store }: OpenedStore,
  flags: GcFlags,
  lock: HeldLock | null,
): Promise<GcResult> {
  const progress = flags.json || flags.quiet ? noProgress : createProgress(terminal, ports.clock)
  const { settings } = loadSettings(ports, paths.settings)
  const result = await collectGarbage(ports, store, {
    settings,
    dryRun: flags.dryRun ?? false,
    held: () => lock?.held() ?? false,
    signal: interrupted,
    onProgress: ({ what, done, total }) => progress.show({ task: tasks[what], done, total }),
  })
  progress.show(null)
  return result
}

const tasks: Readonly<Record<GcProgress['what'], string>> = {
  looking: 'Looking through sessions',
  sealing: 'Sealing sessions',
  removing: 'Removing',
}

function answer(context: CommandContext, flags: GcFlags, result: GcResult): ExitCode {
  switch (result.kind) {
    case 'failed':
      return fail(context, { what: bare(result.message), remedy: bare(result.remedy), exitCode: exitCodes.failed })
    case 'blocked': {
      return fail(context, {
        what: blockedWords(result.problems),
        remedy: bare(blockedRemedy),
        exitCode: exitCodes.failed,
      })
    }
    case 'stopped':
    case 'done': {
      const lines = result.report && !flags.json && !flags.quiet ? renderGc(result.report, context.terminal) : []
      for (const line of lines) context.terminal.print(line)
      return result.kind === 'done' ? exitCodes.fine : exitCodes.interrupted
    }
  }
}

/** What was done, or would be, in numbers. */
export function renderGc(report: GcReport, terminal: Pick<Terminal, 'width'>): readonly string[] {
  const { dryRun, droppedByAge, droppedByBudget, checkpoints, packsBefore, packsRemoved, packsWaiting } = report
  const left = formatBytes(report.bytesBefore - report.bytesFreed)
  const lines = [
    `${dryRun ? 'Would remove' : 'Removed'} ${droppedByAge + droppedByBudget} of ${count(checkpoints, 'checkpoint')} (${droppedByAge} by age, ${droppedByBudget} for the budget) and ${packsRemoved} of ${count(packsBefore, 'pack')}.`,
    `${dryRun ? 'Would seal' : 'Sealed'} ${count(report.sealed, 'quiet session')}.`,
    ...(report.putBack === 0
      ? []
      : [`${dryRun ? 'Would put back' : 'Put back'} ${count(report.putBack, 'record')} that had been deleted.`]),
    `${formatBytes(report.bytesFreed)} of ${formatBytes(report.bytesBefore)} ${dryRun ? 'would be freed' : 'freed'}; ${left} ${dryRun ? 'would be left' : 'left'}, the budget is ${formatBytes(report.budgetBytes)}.`,
    ...(packsWaiting > 0 ? [`${count(packsWaiting, 'pack')} that nothing needs can go in an hour.`] : []),
    ...(report.overBudgetBytes > 0
      ? [
          `Still ${formatBytes(report.overBudgetBytes)} above the budget: the newest checkpoint of a session is never removed.`,
        ]
      : []),
    ...report.problems.map(problem => oneLine(problem, 4_000)),
  ]
  return lines.flatMap(line => wrapText(line, terminal.width()))
}
