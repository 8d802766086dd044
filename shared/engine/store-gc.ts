/**
 * Tidies the store: seals what is quiet, lets old checkpoints go as retention says, and removes packs that nothing
 * names any more. The only code that deletes records or packs. The caller holds the lock; safety does not rest on it.
 *
 * Invariants, besides those of `checkpoint-store.ts` and `retention.ts`; tests cite them by number:
 * 1. Records go first, durably; only then packs. A crash at any moment leaves packs that nobody needs, never a
 *    record without its packs.
 * 2. While anything that stands under a record's name cannot be read, or is of a later version, nothing is removed:
 *    it may need any pack.
 * 3. A pack goes only if it is older than an hour and no record names it. It is first moved aside, then the records
 *    are looked at again, and it is put back if one names it by now. A writer that comes late looks for its packs
 *    after its record has its name (`checkpoint-store.ts`), so it either sees the pack gone and withdraws, or is
 *    seen here. What a crash left aside is put back or removed by the next run.
 * 4. A dry run changes nothing, and counts what a run would do now.
 * 5. Nothing is removed once the lock is lost or the caller says stop; what was begun can be left at any point.
 * 6. A record's second name goes before it, durably, so no crash makes a removal look like a loss. A record that is
 *    lost is put back from its second name before anything is removed, and one that has none is given it when it is
 *    older than an hour (`record-witness.ts`).
 */
import path from 'node:path'
import {
  believedNowMs,
  budgetBytesOf,
  type KeptCheckpoint,
  planRetention,
  type RetentionPlan,
  retentionPolicy,
} from '../core/retention.ts'
import type { Settings } from '../core/settings.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { type Failure, failureOf } from './durable-file.ts'
import { createStep, type LongWorkOptions, type Step } from './long-work.ts'
import type { Ports } from './ports.ts'
import { type RecordProblem, recordFileName } from './record-file.ts'
import { sessionFolder } from './record-folder.ts'
import { addWitness, dropWitnesses, putBackRecord, witnessedSeqs } from './record-witness.ts'
import { linkedFolder } from './store-folder.ts'
import { sealable, sealRecord } from './store-seal.ts'
import { type StoreSurvey, type Surveyed, surveyStore } from './store-survey.ts'
import {
  graceMs,
  putBackAll,
  type Sweep,
  settleAsides,
  sweepPacks,
  unlinkIfThere,
  unnamedPacks,
} from './store-sweep.ts'

export interface GcProgress {
  readonly what: 'looking' | 'sealing' | 'removing'
  readonly done: number
  readonly total: number
}

export interface GcOptions extends LongWorkOptions<GcProgress> {
  readonly settings: Pick<Settings, 'retention' | 'storeBudgetGigabytes' | 'storeBudgetPercent'>
  readonly dryRun: boolean
  /** False once the caller's lock is lost: asked before each removal. */
  readonly held: () => boolean
}

/** What was done, or in a dry run would be. */
export interface GcReport {
  readonly dryRun: boolean
  readonly sessions: number
  /** Before. */
  readonly checkpoints: number
  readonly droppedByAge: number
  readonly droppedByBudget: number
  readonly sealed: number
  /** Records that were gone though nobody here removed them, and are back. */
  readonly putBack: number
  readonly packsBefore: number
  readonly packsRemoved: number
  readonly bytesBefore: number
  readonly bytesFreed: number
  /** Packs that nothing names but that are too young to go. */
  readonly packsWaiting: number
  readonly budgetBytes: number
  /** By how much the store is above its budget although all that may go has gone. */
  readonly overBudgetBytes: number
  /** Sessions that could not be sealed, in words. */
  readonly problems: readonly string[]
}

export type GcResult =
  | { readonly kind: 'done'; readonly report: GcReport }
  /** Invariant 2: nothing was done. */
  | { readonly kind: 'blocked'; readonly problems: readonly RecordProblem[] }
  /** Stopped, or the lock was lost; `report` says how far it came. */
  | { readonly kind: 'stopped'; readonly report: GcReport | null }
  | ({ readonly kind: 'failed' } & Failure)

interface Gc {
  readonly ports: Ports
  readonly store: CheckpointStore
  readonly options: GcOptions
  readonly step: Step<GcProgress>
}

export async function collectGarbage(ports: Ports, store: CheckpointStore, options: GcOptions): Promise<GcResult> {
  const gc: Gc = { ports, store, options, step: createStep(ports.clock, options) }
  try {
    const linked = linkedFolder(ports.files, store.paths)
    if (linked) return { kind: 'failed', ...linked }
    const first = await survey(gc)
    if (first.kind !== 'surveyed') return withoutReport(first)
    if (first.problems.length > 0) {
      if (!options.dryRun) putBackAll(ports.files, store, first.asides)
      return { kind: 'blocked', problems: first.problems }
    }
    const nowMs = believedNowMs(
      ports.clock.nowMs(),
      first.records.map(record => record.atMs),
    )
    if (options.dryRun) return dryRun(gc, first, nowMs)
    const putBack = first.lost.filter(({ sessionId, seq }) => putBackRecord(ports.files, store.paths, sessionId, seq))
    const returned = settleAsides(ports.files, store, first)
    const sealing = await sealQuiet(gc, first, nowMs)
    const found = returned || sealing.sealed > 0 ? await survey(gc) : first
    if (found.kind !== 'surveyed') return withoutReport(found)
    if (found.problems.length > 0) return { kind: 'blocked', problems: found.problems }
    return await removeOld(gc, found, { ...sealing, putBack: putBack.length })
  } catch (error) {
    return { kind: 'failed', ...failureOf(error, 'Tidying the store') }
  }
}

function survey({ ports, store, step }: Gc): Promise<Surveyed> {
  return surveyStore(ports.files, store, progress => step(progress && { what: 'looking', ...progress }))
}

function withoutReport(ended: Exclude<Surveyed, { kind: 'surveyed' }>): GcResult {
  return ended.kind === 'stopped' ? { kind: 'stopped', report: null } : ended
}

interface Sealing {
  readonly sealed: number
  readonly putBack: number
  readonly problems: readonly string[]
}

interface Planned {
  readonly plan: RetentionPlan
  readonly budgetBytes: number
  readonly bytesBefore: number
}

function planFor({ ports, store, options }: Gc, { records, packs }: StoreSurvey): Planned {
  const { settings } = options
  const packBytes = new Map([...packs].map(([name, { bytes }]) => [name, bytes]))
  const bytesBefore = sum(packBytes.values()) + sum(records.map(record => record.bytes))
  const budgetBytes = budgetBytesOf(settings, ports.files.diskSpace(store.paths.folder), bytesBefore)
  const policy = retentionPolicy(settings)
  const nowMs = ports.clock.nowMs()
  return {
    plan: planRetention({ checkpoints: records, packBytes, policy, budgetBytes, nowMs }),
    budgetBytes,
    bytesBefore,
  }
}

/** Invariant 4. Where sealing would let an older record go at once is not foreseen. */
function dryRun(gc: Gc, found: StoreSurvey, nowMs: number): GcResult {
  const planned = planFor(gc, found)
  const dropped = droppedBy(planned.plan)
  const kept = found.records.filter(record => !dropped.has(record))
  const marked = new Set(kept.flatMap(record => record.packs))
  const { old, young } = unnamedPacks({ ports: gc.ports, found }, marked)
  const bytesFreed =
    sum([...dropped].map(record => record.bytes)) + sum(old.map(pack => found.packs.get(pack)?.bytes ?? 0))
  const sealed = sealable(found, nowMs).length
  const done = { packsRemoved: old.length, packsWaiting: young.length, bytesFreed, dropped }
  return {
    kind: 'done',
    report: reportOf(gc, found, planned, { sealed, putBack: found.lost.length, problems: [] }, done),
  }
}

async function sealQuiet(gc: Gc, found: StoreSurvey, nowMs: number): Promise<Omit<Sealing, 'putBack'>> {
  const { store, step, options } = gc
  const quiet = sealable(found, nowMs)
  const problems: string[] = []
  let sealed = 0
  for (const [done, record] of quiet.entries()) {
    if (!(await step({ what: 'sealing', done, total: quiet.length })) || !options.held()) break
    const result = sealRecord(store, record, options.held)
    if (result.kind === 'sealed') sealed++
    if (result.kind === 'failed') problems.push(`${record.sessionId} could not be sealed: ${result.message}`)
  }
  return { sealed, problems }
}

interface Done {
  readonly dropped: ReadonlySet<KeptCheckpoint>
  readonly packsRemoved: number
  readonly packsWaiting: number
  readonly bytesFreed: number
}

function droppedBy({ dropByAge, dropByBudget }: RetentionPlan): ReadonlySet<KeptCheckpoint> {
  return new Set([...dropByAge, ...dropByBudget])
}

async function removeOld(gc: Gc, found: StoreSurvey, sealing: Sealing): Promise<GcResult> {
  const planned = planFor(gc, found)
  const dropped = await dropRecords(gc, droppedBy(planned.plan))
  const freed = sum([...dropped].map(record => record.bytes))
  const whole = dropped.size === droppedBy(planned.plan).size
  const swept = whole ? await sweepPacks(sweepOf(gc, found, dropped)) : null
  if (swept !== null && 'problems' in swept) return { kind: 'blocked', problems: swept.problems }
  addWitnesses(gc, found, dropped)
  const done: Done = {
    dropped,
    packsRemoved: swept?.removed ?? 0,
    packsWaiting: swept?.waiting ?? 0,
    bytesFreed: freed + (swept?.bytes ?? 0),
  }
  const report = reportOf(gc, found, planned, sealing, done)
  return { kind: swept?.whole ? 'done' : 'stopped', report }
}

/** Oldest first, session by session, each folder synced before the next (invariant 1). Returns what went. */
async function dropRecords(gc: Gc, drop: ReadonlySet<KeptCheckpoint>): Promise<ReadonlySet<KeptCheckpoint>> {
  const { ports, store, options, step } = gc
  const dropped = new Set<KeptCheckpoint>()
  const sessions = Map.groupBy(drop, record => record.sessionId)
  for (const [sessionId, records] of sessions) {
    const folder = sessionFolder(store.paths, sessionId)
    if (!(await step({ what: 'removing', done: dropped.size, total: drop.size })) || !options.held()) break
    const oldestFirst = records.toSorted((a, b) => a.seq - b.seq)
    const seqs = oldestFirst.map(({ seq }) => seq)
    dropWitnesses(ports.files, store.paths, sessionId, seqs)
    for (const record of oldestFirst) {
      unlinkIfThere(ports.files, path.join(folder, recordFileName(record.seq)))
      dropped.add(record)
    }
    ports.files.syncFolder(folder)
    // Another run that thinks it holds the lock may have given them their second names again meanwhile.
    dropWitnesses(ports.files, store.paths, sessionId, seqs)
  }
  return dropped
}

/** Invariant 6. A younger record may be one that its writer is about to take back. */
function addWitnesses({ ports, store, options }: Gc, found: StoreSurvey, dropped: ReadonlySet<KeptCheckpoint>): void {
  const { files, clock } = ports
  const kept = found.records.filter(record => !dropped.has(record))
  for (const [sessionId, records] of Map.groupBy(kept, record => record.sessionId)) {
    const witnessed = new Set(witnessedSeqs(files, store.paths, sessionId))
    const without = records.filter(record => !witnessed.has(record.seq) && clock.nowMs() - record.modifiedMs > graceMs)
    for (const { seq } of without) if (options.held()) addWitness(files, store.paths, sessionId, seq)
  }
}

function sweepOf({ ports, store, options, step }: Gc, found: StoreSurvey, dropped: ReadonlySet<KeptCheckpoint>): Sweep {
  const goOn = async (done: number, total: number) => (await step({ what: 'removing', done, total })) && options.held()
  return { ports, store, found, kept: found.records.filter(record => !dropped.has(record)), goOn }
}

function reportOf(
  { options }: Gc,
  found: StoreSurvey,
  { plan, budgetBytes, bytesBefore }: Planned,
  { sealed, putBack, problems }: Sealing,
  { dropped, packsRemoved, packsWaiting, bytesFreed }: Done,
): GcReport {
  return {
    dryRun: options.dryRun,
    sessions: found.sessions.length,
    checkpoints: found.records.length,
    droppedByAge: plan.dropByAge.filter(record => dropped.has(record)).length,
    droppedByBudget: plan.dropByBudget.filter(record => dropped.has(record)).length,
    sealed,
    putBack,
    packsBefore: found.packs.size,
    packsRemoved,
    bytesBefore,
    bytesFreed,
    packsWaiting,
    budgetBytes,
    overBudgetBytes: Math.max(0, plan.keptBytes - budgetBytes),
    problems,
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
