/**
 * When the store is tidied by itself: once a day, and once an hour while it is above its budget, under the lock and
 * only if nobody else holds it. Shows in the state what it found. Also measures the store.
 *
 * The time of the last run is a cache (`gc.json`); without one a day is waited, so losing it removes nothing early.
 */
import { z } from 'zod'
import { count, formatBytes, formatCount } from '../core/format.ts'
import { budgetBytesOf } from '../core/retention.ts'
import type { Settings } from '../core/settings.ts'
import { loadCache, saveCache } from './cache-file.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { failureOf } from './durable-file.ts'
import type { Lock } from './lock-file.ts'
import type { Ports } from './ports.ts'
import type { RecordProblem } from './record-file.ts'
import type { StateHolder } from './state-holder.ts'
import { collectGarbage, type GcReport, type GcResult } from './store-gc.ts'
import { createStoreSizes } from './store-sizes.ts'

export interface GcScheduleParts {
  readonly ports: Ports
  readonly store: CheckpointStore
  readonly lock: Lock
  readonly state: StateHolder
  readonly cacheFile: string
}

export interface GcSchedule {
  /** Puts the store's size and budget into the state. */
  measure(): void
  /** After a cycle: measures, and tidies if it is time. */
  runIfDue(signal: AbortSignal): Promise<void>
}

const dayMs = 86_400_000
const hourMs = 3_600_000
const cacheSchema = z.looseObject({ v: z.literal(1), atMs: z.number() })

export function createGcSchedule({ ports, store, lock, state, cacheFile }: GcScheduleParts): GcSchedule {
  const sizes = createStoreSizes(ports.files, store)
  const settings = (): Settings => state.get().settings

  function measure(): void {
    const found = sizes.read()
    if (found === null) return
    const { bytes, projects } = found
    state.update({ storeUse: { bytes, projects, budgetBytes: budgetFor(bytes) } })
  }

  function budgetFor(bytes: number): number {
    try {
      return Math.round(budgetBytesOf(settings(), ports.files.diskSpace(store.paths.folder), bytes))
    } catch (error) {
      failureOf(error, 'Looking at the disk')
      return settings().storeBudgetGigabytes * 1e9
    }
  }

  /** By a clock that may jump either way. */
  function isDue(): boolean {
    const nowMs = ports.clock.nowMs()
    const cached = loadCache(ports, cacheFile, cacheSchema)
    if (cached === null) saveCache(ports, cacheFile, { v: 1, atMs: nowMs })
    const use = state.get().storeUse
    const everyMs = use !== null && use.bytes > use.budgetBytes ? hourMs : dayMs
    const isFirstOver = cached === null && everyMs === hourMs
    return isFirstOver || (cached !== null && Math.abs(nowMs - cached.atMs) >= everyMs)
  }

  async function runIfDue(signal: AbortSignal): Promise<void> {
    measure()
    if (signal.aborted || !isDue()) return
    const attempt = await lock.acquire({ waitMs: 0, signal })
    if (attempt.kind !== 'held') return
    try {
      const held = () => attempt.lock.held()
      const result = await collectGarbage(ports, store, { settings: settings(), dryRun: false, held, signal })
      saveCache(ports, cacheFile, { v: 1, atMs: ports.clock.nowMs(), result })
      show(result)
    } finally {
      attempt.lock.release()
    }
    measure()
  }

  function show(result: GcResult): void {
    const report = result.kind === 'done' || result.kind === 'stopped' ? result.report : null
    for (const problem of report?.problems ?? []) ports.log('warn', problem)
    if (report && didSomething(report)) state.tell({ level: 'info', sessionId: null, message: gcWords(report) })
    lasting('store-not-tidied', notTidied(result))
    lasting('store-over-budget', report && overBudget(report))
  }

  function lasting(id: string, words: { readonly message: string; readonly remedy: string } | null): void {
    if (words === null) state.clear(id)
    else state.raise({ id, level: 'warn', ...words })
  }

  return { measure, runIfDue }
}

function didSomething(report: GcReport): boolean {
  return report.putBack + report.sealed + report.packsRemoved + report.droppedByAge + report.droppedByBudget > 0
}

/** "Tidied the store: 12 checkpoints by age and 3 for the budget removed, 2 sessions sealed, 40 MB freed." */
export function gcWords(report: GcReport): string {
  const { droppedByAge, droppedByBudget, sealed, putBack, bytesFreed } = report
  const back = putBack === 0 ? '' : ` ${count(putBack, 'record')} that had been deleted put back.`
  const dropped = `${count(droppedByAge, 'checkpoint')} removed by age, ${formatCount(droppedByBudget)} for the budget`
  return `Tidied the store: ${dropped}, ${count(sealed, 'session')} sealed, ${formatBytes(bytesFreed)} freed.${back}`
}

function notTidied(result: GcResult) {
  if (result.kind === 'failed') return { message: result.message, remedy: result.remedy }
  if (result.kind !== 'blocked') return null
  return { message: blockedWords(result.problems), remedy: blockedRemedy }
}

/** "2 checkpoints cannot be read, so nothing is removed from the store; older ones still serve" */
export function blockedWords(problems: readonly RecordProblem[]): string {
  const newer = problems.every(problem => problem.kind === 'newer')
  const why = newer ? `${problems.length === 1 ? 'was' : 'were'} written by a newer version` : 'cannot be read'
  return `${count(problems.length, 'checkpoint')} ${why}, so nothing is removed from the store; older ones still serve`
}

export const blockedRemedy =
  'Run `session-monitor verify`; a record that it names and that you give up can be moved out of the store by hand.'

function overBudget({ overBudgetBytes, budgetBytes }: GcReport) {
  if (overBudgetBytes === 0) return null
  return {
    message: `The newest checkpoints alone are ${formatBytes(overBudgetBytes)} above the store's budget of ${formatBytes(budgetBytes)}; they are kept`,
    remedy: 'Raise the disk budget in the settings, or free disk space.',
  }
}
