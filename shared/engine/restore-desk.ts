/**
 * Where the monitor's calls about what was saved are answered: looking at checkpoints, comparing them, giving them
 * back. The glue between the running monitor and the parts that do the work.
 *
 * 1. A restore in place holds the store's lock and the engine's turn, taken in this order as a checkpoint takes them:
 *    nobody saves a half-restored project.
 * 2. Its safety checkpoint is taken before, through the coordinator, and read back; without it nothing is changed.
 * 3. What runs long can be stopped at any step (`cancelRestore`): before the first name changes it leaves nothing,
 *    later it leaves a journal to go on from or to go back by.
 */
import type { CheckpointOutcome, CheckpointRecord } from '../core/checkpoint.ts'
import type { DiffRefusal, DiffSide } from '../core/checkpoint-diff.ts'
import { type CheckpointId, checkpointId, parseCheckpointId } from '../core/checkpoint-id.ts'
import { count } from '../core/format.ts'
import type { Progress } from '../core/monitor-state.ts'
import { pageOf } from '../core/page.ts'
import type { RestoreEntry, RestoreOutcome, RestoreRefusal, RestoreRequest } from '../core/restore.ts'
import type { ApplyRequest, RestoreCalls } from '../core/restore-calls.ts'
import type { SessionId } from '../core/session.ts'
import { shellWord } from '../core/shell-word.ts'
import { describeCheckpoint } from './checkpoint-details.ts'
import { type Difference, differ, differFile } from './checkpoint-differ.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { exportCheckpoint } from './export-checkpoint.ts'
import { createGit } from './git-command.ts'
import type { Lock } from './lock-file.ts'
import type { SessionEntry } from './overview.ts'
import type { Ports } from './ports.ts'
import { rescueList } from './rescue-list.ts'
import { createInPlaceRestorer, type InPlaceOptions } from './restore-in-place.ts'
import { describeJournal, isOver, type Journal, openJournals } from './restore-journal.ts'
import { changed, listed, lockedBy, outcomeOf, sessionFor, stoppedBefore, unfinished } from './restore-outcome.ts'
import { type OpenPlan, type PlannerParts, refuse, withPlan } from './restore-planner.ts'
import { restoreSide } from './restore-side.ts'
import type { StateHolder } from './state-holder.ts'
import type { Snapshotter } from './work-tree-snapshot.ts'

export interface RestoreDeskParts {
  readonly ports: Ports
  readonly store: CheckpointStore
  readonly state: StateHolder
  readonly snapshotter: Snapshotter
  /** Of the store. */
  readonly lock: Lock
  /** For journals. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Claude Code's config folders, as they are now. */
  readonly roots: () => readonly string[]
  readonly signal: AbortSignal
  /** As of the last look. */
  readonly entries: () => readonly SessionEntry[]
  /** Takes safety checkpoints and resolves with what became of them. */
  readonly saveFirst: (ids: readonly SessionId[]) => Promise<readonly CheckpointOutcome[]>
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** Looks at everything anew. */
  readonly look: () => Promise<void>
}

/** Plans whose entries can still be asked for. */
const mostPlans = 4
const mostListed = 100
/** Whoever shows progress needs no more than a few signs a second. Ms. */
const progressEveryMs = 100

export function createRestoreDesk(parts: RestoreDeskParts): RestoreCalls {
  const { ports, store, state, lock } = parts
  const git = createGit(ports.commands, parts.environment)
  const journals = openJournals(ports, parts.folder)
  const restorer = createInPlaceRestorer(ports, journals)
  const sessions = () => parts.entries().map(({ session }) => session)
  const planner = (): PlannerParts => ({ ...parts, roots: parts.roots(), git, sessions })
  const plans = new Map<string, readonly RestoreEntry[]>()
  const progress = progressOf(ports, state)
  const running = new Set<AbortController>()
  let lastDiff: { readonly key: string; readonly diff: Difference } | null = null

  function find(id: CheckpointId): { readonly ok: true; readonly record: CheckpointRecord } | RestoreRefusal {
    const named = parseCheckpointId(id)
    const read = named && store.read(named.sessionId, named.seq)
    if (read?.ok) return { ok: true, record: read.record }
    if (read === null || read.problem.kind === 'missing') {
      return refuse('unknown', `There is no checkpoint ${id}`, 'Choose another one.')
    }
    return refuse('damaged', read.problem.message, 'Choose another one; older checkpoints may be whole.')
  }

  /** Runs what {@link RestoreCalls.cancelRestore} can stop. */
  async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const own = new AbortController()
    running.add(own)
    try {
      return await work(AbortSignal.any([parts.signal, own.signal]))
    } finally {
      running.delete(own)
    }
  }

  /** Whole answers for calls that have no refusal of their own. @throws {Error} in words */
  function mustFind(id: CheckpointId): CheckpointRecord {
    const found = find(id)
    if (!found.ok) throw new Error(`${found.message}. ${found.remedy}`)
    return found.record
  }

  async function planned<T>(
    request: RestoreRequest,
    signal: AbortSignal,
    use: (open: OpenPlan) => Promise<T>,
  ): Promise<T | RestoreRefusal> {
    const found = find(request.checkpoint)
    if (!found.ok) return found
    if (signal.aborted) return stoppedBefore
    const onProgress = (done: number, total: number) => progress({ task: 'Comparing files', done, total })
    try {
      return await withPlan(planner(), found.record, request, use, { signal, onProgress })
    } finally {
      progress(null)
    }
  }

  function remember(planId: string, entries: readonly RestoreEntry[]): void {
    plans.delete(planId)
    plans.set(planId, entries)
    for (const old of [...plans.keys()].slice(0, -mostPlans)) plans.delete(old)
  }

  async function planRestore(request: RestoreRequest) {
    return stoppable(signal =>
      parts.inTurn(() =>
        planned(request, signal, async ({ plan, entries }) => {
          remember(plan.planId, entries)
          return { ok: true as const, plan: { ...plan, entries: pageOf(entries, { offset: 0, limit: mostListed }) } }
        }),
      ),
    )
  }

  async function applyRestore(request: ApplyRequest): Promise<RestoreOutcome> {
    const { planId, ...wanted } = request
    const apply = wanted.target.kind === 'side' ? applySide : applyHere
    const outcome = await stoppable(signal => apply(wanted, planId, signal))
    tell(wanted.checkpoint, outcome)
    return outcome
  }

  async function applySide(
    request: RestoreRequest,
    planId: string | null,
    signal: AbortSignal,
  ): Promise<RestoreOutcome> {
    const { selection, target } = request
    if (target.kind !== 'side') return refuse('unknown', 'No folder was named', 'Name one.')
    return parts.inTurn(() =>
      planned(request, signal, async ({ plan, record }): Promise<RestoreOutcome> => {
        if (planId !== null && planId !== plan.planId) return changed
        const restored = await restoreSide({ ports, git, store }, record, target.folder, {
          parts: selection.what === 'paths' ? 'files' : selection.what,
          paths: selection.what === 'paths' ? selection.paths : undefined,
          signal,
          onProgress: ({ what, done, total }) => progress({ task: sideTasks[what], done, total }),
        })
        if (!restored.ok) return refuse(restored.code, restored.message, restored.remedy)
        const { files, links, bytes, leftOut, asKept, folder } = restored.report
        return {
          ok: true,
          kind: 'complete',
          restoreId: null,
          safety: null,
          folder,
          written: { files: files + links, bytes },
          kept: 0,
          ...listed([...leftOut, ...asKept]),
          transcript: null,
          next: [
            { command: `less ${shellWord(`${folder}/BRIEF.md`)}`, words: 'what was being done, and where to go on' },
          ],
        }
      }),
    )
  }

  /** One of the same project that was cut short. */
  function cutShort({ tree }: CheckpointRecord): Journal | undefined {
    return journals.list().find(journal => !isOver(journal) && journal.root === (tree?.root ?? null))
  }

  async function applyHere(
    request: RestoreRequest,
    planId: string | null,
    signal: AbortSignal,
  ): Promise<RestoreOutcome> {
    const found = find(request.checkpoint)
    if (!found.ok) return found
    const before = cutShort(found.record)
    if (before) return unfinished(before)
    await parts.look()
    if (signal.aborted) return stoppedBefore
    const safety = await saveFirst(found.record)
    if (safety !== null && typeof safety !== 'string') return safety
    const outcome = await alone(signal, held =>
      planned(request, held, async (open): Promise<RestoreOutcome> => {
        // Somebody else's may have been stopped while this one waited for the lock.
        const other = cutShort(found.record)
        if (other) return unfinished(other)
        if (planId !== null && planId !== open.plan.planId) return changed
        if (open.work === null) return changed
        const done = await restorer.apply({ ...open.work, safety }, open.source, optionsWith(held))
        return outcomeOf(done, open.plan)
      }),
    )
    await parts.look()
    return outcome
  }

  /** The id of a verified checkpoint of how things are; null where no session is there to be checkpointed. */
  async function saveFirst(record: CheckpointRecord): Promise<CheckpointId | null | RestoreRefusal> {
    const session = sessionFor(record, sessions())
    if (session === null) return null
    const [outcome] = await parts.saveFirst([session])
    const seq = outcome?.kind === 'saved' ? outcome.seq : outcome?.kind === 'unchanged' ? outcome.sinceSeq : null
    if (outcome?.kind === 'locked-elsewhere') return lockedBy(outcome.owner)
    if (outcome?.kind === 'unchanged' && seq === null) return null
    if (seq === null) {
      const why = outcome?.kind === 'failed' ? outcome : { message: 'It was put off', remedy: 'Try again.' }
      return refuse('safety-checkpoint-failed', `The safety checkpoint failed: ${why.message}`, why.remedy)
    }
    const saved = store.read(session, seq)
    const wrong = saved.ok ? store.verifyRecord(saved.record, { readData: true })[0] : null
    if (saved.ok && wrong === undefined) return checkpointId(session, seq)
    const remedy = 'Nothing was changed. Look after the disk, then try again.'
    return refuse('safety-checkpoint-failed', 'The safety checkpoint does not read back', remedy)
  }

  /** With the store's lock and in the engine's turn. `held` is aborted when the lock is lost, too. */
  async function alone<T>(signal: AbortSignal, work: (held: AbortSignal) => Promise<T>): Promise<T | RestoreRefusal> {
    const attempt = await lock.acquire({ waitMs: state.get().settings.lockWaitSeconds * 1000, signal })
    if (attempt.kind === 'locked-elsewhere') return lockedBy(attempt.ownerInWords)
    if (attempt.kind === 'unavailable') return refuse('io-error', attempt.message, attempt.remedy)
    if (attempt.kind === 'aborted') return stoppedBefore
    try {
      return await parts.inTurn(() => work(AbortSignal.any([signal, attempt.lock.lost])))
    } finally {
      progress(null)
      attempt.lock.release()
    }
  }

  function optionsWith(signal: AbortSignal): InPlaceOptions {
    return {
      signal,
      onProgress: ({ what, done, total }) => progress({ task: tasks[what], done, total }),
    }
  }

  async function resumeRestore({ restoreId }: { readonly restoreId: string }): Promise<RestoreOutcome> {
    const resume = async (held: AbortSignal) => outcomeOf(await restorer.resume(restoreId, optionsWith(held)), null)
    const outcome = await stoppable(signal => alone(signal, resume))
    await parts.look()
    return outcome
  }

  async function undoRestore({ restoreId, conflicts }: Parameters<RestoreCalls['undoRestore']>[0]) {
    const undo = async (held: AbortSignal) =>
      outcomeOf(await restorer.undo(restoreId, conflicts, optionsWith(held)), null)
    const outcome = await stoppable(signal => alone(signal, undo))
    await parts.look()
    const message = outcome.ok ? `Undid a restore: ${count(outcome.written.files, 'file')} put back.` : null
    if (message !== null) state.tell({ level: 'info', sessionId: null, message })
    return outcome
  }

  /** Both records, or why not. */
  function findSides(from: CheckpointId, to: DiffSide) {
    const before = find(from)
    const after = to === 'now' ? null : find(to)
    if (!before.ok) return diffRefusal(before)
    if (after?.ok === false) return diffRefusal(after)
    return { ok: true, from: before.record, to: after?.record ?? null } as const
  }

  async function diffCheckpoint({ from, to, ...page }: Parameters<RestoreCalls['diffCheckpoint']>[0]) {
    const key = `${from} ${to}`
    const known = page.offset > 0 && lastDiff?.key === key ? lastDiff.diff : null
    if (known) return { ok: true as const, diff: { ...known, files: pageOf(known.files, page) } }
    const sides = findSides(from, to)
    if (!sides.ok) return sides
    const made = await stoppable(signal => parts.inTurn(() => differ(planner(), sides.from, sides.to, signal)))
    if (!made.ok) return made
    lastDiff = { key, diff: made.diff }
    return { ok: true as const, diff: { ...made.diff, files: pageOf(made.diff.files, page) } }
  }

  async function diffFile({ from, to, path }: Parameters<RestoreCalls['diffFile']>[0]) {
    const sides = findSides(from, to)
    if (!sides.ok) return sides
    return parts.inTurn(() => differFile(planner(), sides.from, sides.to, path, parts.signal))
  }

  function tell(checkpoint: CheckpointId, outcome: RestoreOutcome): void {
    const sessionId = parseCheckpointId(checkpoint)?.sessionId ?? null
    const message = outcome.ok
      ? `Restored ${count(outcome.written.files, 'file')} of checkpoint ${checkpoint}.`
      : `Restoring checkpoint ${checkpoint} was not done: ${outcome.message}.`
    state.tell({ level: outcome.ok ? 'info' : 'warn', sessionId, message })
  }

  return {
    planRestore,
    planEntries: async ({ planId, actions, ...page }) => {
      const entries = plans.get(planId)
      if (entries === undefined) throw new Error('This plan is no longer kept. Plan again.')
      return pageOf(actions === null ? entries : entries.filter(({ action }) => actions.includes(action)), page)
    },
    applyRestore,
    resumeRestore,
    undoRestore,
    cancelRestore: async () => {
      for (const one of running) one.abort()
      return { stopped: running.size }
    },
    listRestores: async () => {
      const all = journals.list()
      return all.slice(0, mostListed).map(journal => describeJournal(journal, all))
    },
    showCheckpoint: async ({ checkpoint, ...page }) => describeCheckpoint(store, mustFind(checkpoint), page),
    diffCheckpoint,
    diffFile,
    listRescue: async () => {
      await parts.look()
      return rescueList(parts.entries(), store, ports.clock.nowMs())
    },
    exportCheckpoint: async ({ checkpoint, to }) => {
      const found = find(checkpoint)
      if (!found.ok) return found
      const onProgress = (step: { done: number; total: number }) => progress({ task: 'Exporting', ...step })
      try {
        return await stoppable(signal =>
          exportCheckpoint({ ports, git, store }, found.record, to, { signal, onProgress }),
        )
      } finally {
        progress(null)
      }
    },
  }
}

function diffRefusal({ code, message, remedy }: RestoreRefusal): DiffRefusal {
  return { ok: false, code: code === 'unknown' || code === 'damaged' ? code : 'io-error', message, remedy }
}

const tasks = { keeping: 'Keeping what is there', preparing: 'Preparing files', writing: 'Restoring files' } as const
const sideTasks = { files: 'Restoring files', transcript: 'Restoring the transcript' } as const

function progressOf({ clock }: Ports, state: StateHolder): (progress: Progress | null) => void {
  let shownMs = Number.NEGATIVE_INFINITY
  return progress => {
    const nowMs = clock.monotonicMs()
    const shown = state.get().progress
    const isSoon = shown?.task === progress?.task && nowMs - shownMs < progressEveryMs
    if (progress === null ? shown === null : isSoon) return
    shownMs = progress === null ? Number.NEGATIVE_INFINITY : nowMs
    state.update({ progress })
  }
}
