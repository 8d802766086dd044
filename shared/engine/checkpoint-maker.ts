/**
 * Makes the checkpoints of one project's sessions: one work-tree snapshot shared by all, each session's new
 * transcript bytes, one pack, then the records. Takes no lock and decides nothing about time: that is the
 * coordinator's. A session that fails does not take the others with it.
 *
 * What the last checkpoint rests on is carried over only while it is there and whole; otherwise everything is saved
 * anew, at once, as a new generation: damage in the store ends with the next checkpoint.
 */
import { treeBelongsTo } from '../core/assessment.ts'
import type { CheckpointOutcome, CheckpointRecord, CheckpointRequest, StreamRecord } from '../core/checkpoint.ts'
import { explainCause } from '../core/explain.ts'
import { count } from '../core/format.ts'
import { composeBrief } from '../core/resume-brief.ts'
import { factorNames, type SessionScore } from '../core/scoring.ts'
import type { DetectedSession, SessionId } from '../core/session.ts'
import { type CarryCheck, createCarryCheck } from './carry-check.ts'
import type { SavedTree } from './checkpoint-history.ts'
import type { CheckpointStore, RecordDraft } from './checkpoint-store.ts'
import type { Failure } from './durable-file.ts'
import type { PackWriter } from './pack-writer.ts'
import type { Ports } from './ports.ts'
import { captureTree, mustHavePlaces, type ProjectTree } from './project-tree.ts'
import type { Commit } from './record-commit.ts'
import { carryStream, createPackTable, type PackTable } from './record-packs.ts'
import { createTimeSlice } from './time-slice.ts'
import { saveStream } from './transcript-stream.ts'
import type { Snapshotter } from './work-tree-snapshot.ts'

/** One session to checkpoint. */
export interface MakeItem {
  readonly session: DetectedSession
  readonly request: CheckpointRequest
  readonly last: CheckpointRecord | null
  /** Highest number taken when `last` was read: the new record gets the next one or none. */
  readonly afterSeq: number
}

export interface MakeGuard {
  /** Aborted when time is up, the lock is lost or the monitor stops. Its reason is the `Failure` to report. */
  readonly signal: AbortSignal
  /** False once the lock is lost. */
  readonly held: () => boolean
}

export interface MakerParts {
  readonly ports: Ports
  readonly store: CheckpointStore
  readonly snapshotter: Snapshotter
  /** True while something saved of the session is known to be damaged: then its packs are read before they are relied on. */
  readonly isDoubtful?: (sessionId: SessionId) => boolean
}

/** The transcript of one session is in the pack as far as it has grown. */
interface TakenStreams {
  readonly item: MakeItem
  readonly streams: readonly StreamRecord[]
  readonly grew: boolean
  /** False when nothing of the last checkpoint could be relied on. */
  readonly mayCarry: boolean
  /** The packs that `streams` lie in. */
  readonly table: PackTable
}

interface MadeDraft {
  readonly item: MakeItem
  readonly draft: RecordDraft
  /** Nothing could be carried over from the last checkpoint. */
  readonly anew: boolean
}

/** For a second try: nothing is carried over. */
const carryNothing: CarryCheck = { isSound: () => false, isSoundTree: () => false, close: () => {} }

export function createMaker({ ports, store, snapshotter, isDoubtful = () => false }: MakerParts) {
  return { makeCheckpoints }

  /**
   * @param items sessions of one project, at least one
   * @param saved the project's newest saved work tree: what has not changed since is not stored again
   */
  async function makeCheckpoints(
    items: readonly MakeItem[],
    saved: SavedTree | null,
    guard: MakeGuard,
  ): Promise<readonly CheckpointOutcome[]> {
    const check = createCarryCheck(store, isDoubtful)
    try {
      const outcomes = await makeOnce(items, saved, guard, check)
      const gone = items.filter((_, at) => outcomes[at] === 'packs-gone')
      const again = gone.length === 0 ? [] : await makeOnce(gone, null, guard, carryNothing)
      return items.map((item, at) => {
        const outcome = outcomes[at] === 'packs-gone' ? again[gone.indexOf(item)] : outcomes[at]
        return outcome === undefined || outcome === 'packs-gone' ? failed(item, packsGone) : outcome
      })
    } finally {
      check.close()
    }
  }

  /** One answer per item; `packs-gone` where something that was carried over was swept in the meantime. */
  async function makeOnce(
    items: readonly MakeItem[],
    saved: SavedTree | null,
    guard: MakeGuard,
    check: CarryCheck,
  ): Promise<readonly (CheckpointOutcome | 'packs-gone')[]> {
    const startedMs = ports.clock.monotonicMs()
    const opened = store.newPack()
    if (!opened.ok) return items.map(item => failed(item, opened))
    const { pack } = opened
    try {
      const sound = saved !== null && check.isSoundTree(saved) ? saved : null
      // While git lists what has changed, the transcripts are read.
      const [tree, taken] = await Promise.all([
        captureTree(snapshotter, items[0]?.session.project ?? null, sound, pack, guard.signal),
        takeAll(items, { pack, check }, guard),
      ])
      const made = taken.map(each => (isTaken(each) ? draftOf(each, tree) : each))
      const drafts = made.filter(isDraft)
      const finish = guard.signal.aborted ? { ok: false as const, ...abortedBy(guard) } : await pack.finishTogether()
      if (!finish.ok) return made.map(each => (isDraft(each) ? failed(each.item, finish) : each))
      mustHavePlaces(tree)
      const commits = await store.commitTogether(
        drafts.map(each => each.draft),
        finish.pack,
        guard.held,
      )
      const added = addedBytes(drafts, finish.pack?.bytes ?? 0)
      const tookMs = (ports.clock.monotonicMs() - startedMs) / items.length
      const toOutcome = (each: MadeDraft): CheckpointOutcome | 'packs-gone' => {
        const at = drafts.indexOf(each)
        const commit = commits[at]
        if (commit?.kind === 'packs-gone') return 'packs-gone'
        if (!commit) return failed(each.item, abortedBy(guard))
        return outcomeOf(commit, each, tree, { tookMs, addedBytes: added[at] ?? 0 })
      }
      return made.map(each => (isDraft(each) ? toOutcome(each) : each))
    } finally {
      pack.abandon()
    }
  }

  /** Lets others run between two sessions, or no time-out and no stop would be noticed before the last one. */
  async function takeAll(
    items: readonly MakeItem[],
    into: Into,
    guard: MakeGuard,
  ): Promise<readonly (TakenStreams | CheckpointOutcome)[]> {
    const taken: (TakenStreams | CheckpointOutcome)[] = []
    const slice = createTimeSlice(ports.clock)
    for (const item of items) {
      if (slice.isOver()) await slice.next()
      await into.pack.room()
      taken.push(guard.signal.aborted ? failed(item, abortedBy(guard)) : takeStreams(item, into))
    }
    return taken
  }

  function takeStreams(item: MakeItem, { pack, check }: Into): TakenStreams | CheckpointOutcome {
    const { session, last } = item
    const mayCarry = last === null || check.isSound(last)
    const table = createPackTable()
    const streams: StreamRecord[] = []
    let grew = false
    for (const stream of session.streams) {
      const taken = saveStream(ports.files, { stream, older: last, mayCarry, table, sink: pack })
      // A sub-agent's file that vanished since the look keeps what is saved of it; without the main file there is no session.
      if (!taken.ok && (taken.code !== 'transcript-missing' || stream.name === 'main')) return failed(item, taken)
      if (!taken.ok) continue
      grew ||= taken.changed
      streams.push(taken.stream)
    }
    const present = new Set(streams.map(stream => stream.name))
    for (const { name } of (mayCarry && last?.streams) || []) {
      const carried = last === null || present.has(name) ? null : carryStream(last, name, table)
      if (carried) streams.push(carried)
    }
    return { item, streams, grew, mayCarry, table }
  }

  function draftOf({ item, streams, grew, mayCarry, table }: TakenStreams, tree: ProjectTree) {
    if (mayCarry && isUnchanged(item, tree, grew)) return unchanged(item)
    const draft = describe(item, streams, tree, table)
    return { item, draft, anew: !mayCarry }
  }

  function describe(
    item: MakeItem,
    streams: readonly StreamRecord[],
    tree: ProjectTree,
    table: PackTable,
  ): RecordDraft {
    const { facts } = item.session
    const { cause, score } = item.request
    const why = explainCause(cause, score)
    return {
      session: facts.sessionId,
      afterSeq: item.afterSeq,
      at: ports.clock.nowMs(),
      title: facts.title,
      cwd: facts.cwd,
      model: facts.model,
      cause,
      why,
      scores: scoresOf(score),
      counts: { messages: facts.counts.messages, lines: facts.counts.lines, compactions: facts.counts.compactions },
      contextPercent: facts.context?.percent ?? null,
      lastActivity: facts.lastActivityMs,
      streams: [...streams],
      tree: tree.recordFor(table),
      treeError: tree.error,
      brief: composeBrief(facts, tree.manifest, why),
      packs: table.list(),
    }
  }
}

/** Where drafts put what is new, and what they may carry over. */
interface Into {
  readonly pack: PackWriter
  readonly check: CarryCheck
}

export type Maker = ReturnType<typeof createMaker>

/** Before a restore the work tree counts whoever changed it. */
function isUnchanged({ session, last, request }: MakeItem, tree: ProjectTree, grew: boolean): boolean {
  if (last === null) return session.facts.counts.messages === 0
  const treeSame = tree.manifest === null || tree.manifest.fingerprint === last.tree?.fingerprint
  const counts = request.cause.kind === 'safety' || treeBelongsTo(session, grew)
  return !grew && (treeSame || !counts)
}

function scoresOf(score: SessionScore): Record<string, number> {
  const factors = factorNames.map(name => [name, score.factors[name].score] as const)
  return { ...Object.fromEntries(factors), total: score.total }
}

function isTaken(taken: TakenStreams | CheckpointOutcome): taken is TakenStreams {
  return 'streams' in taken
}

function isDraft(made: MadeDraft | CheckpointOutcome): made is MadeDraft {
  return 'draft' in made
}

function unchanged({ session, last }: MakeItem): CheckpointOutcome {
  return { kind: 'unchanged', sessionId: session.facts.sessionId, sinceSeq: last?.seq ?? null }
}

export function failed(item: Pick<MakeItem, 'session'>, { code, message, remedy }: Failure): CheckpointOutcome {
  return { kind: 'failed', sessionId: item.session.facts.sessionId, code, message, remedy }
}

function abortedBy(guard: MakeGuard): Failure {
  const reason: unknown = guard.signal.reason
  const known = typeof reason === 'object' && reason !== null && 'remedy' in reason
  return known
    ? (reason as Failure)
    : { code: 'lock-lost', message: 'The checkpoint was given up', remedy: 'It is tried again at the next check.' }
}

const packsGone: Failure = {
  code: 'verification',
  message: 'Packs were removed while this checkpoint was being made, twice',
  remedy: 'Nothing needs to be done; it is tried again at the next check.',
}

function outcomeOf(
  commit: Exclude<Commit, { kind: 'packs-gone' }>,
  made: MadeDraft,
  tree: ProjectTree,
  cost: { readonly tookMs: number; readonly addedBytes: number },
): CheckpointOutcome {
  switch (commit.kind) {
    case 'committed':
      return {
        kind: 'saved',
        sessionId: commit.sessionId,
        seq: commit.record.seq,
        atMs: commit.record.at,
        addedBytes: cost.addedBytes + commit.recordBytes,
        tookMs: cost.tookMs,
        warnings: warningsOf(commit.record, tree, made.anew),
      }
    case 'taken':
      return { kind: 'locked-elsewhere', sessionId: commit.sessionId, owner: 'another checkpointer' }
    case 'failed':
      return failed(made.item, commit)
  }
}

/** Each one's share of the new pack: a frame that several need counts for the first, and so does the work tree. */
function addedBytes(drafts: readonly MadeDraft[], packBytes: number): readonly number[] {
  const counted = new Set<number>()
  const ofStreams = drafts.map(({ draft }) => {
    const places = draft.streams.flatMap(({ segments }) => segments)
    const own = new Map(
      places.filter(([pack, at]) => pack === 0 && !counted.has(at)).map(place => [place[1], place[2]]),
    )
    for (const at of own.keys()) counted.add(at)
    return sum(own.values())
  })
  return ofStreams.map((bytes, at) => (at === 0 ? bytes + packBytes - sum(ofStreams) : bytes))
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((all, number) => all + number, 0)
}

function warningsOf(record: CheckpointRecord, tree: ProjectTree, anew: boolean): readonly string[] {
  const skipped = record.tree?.skipped ?? 0
  const torn = tree.manifest?.files.filter(file => file.torn).length ?? 0
  return [
    ...(anew ? ['what the last checkpoint rests on is damaged or gone, so everything was saved anew'] : []),
    ...(tree.error ? [`work tree: ${tree.error.message}`] : []),
    ...(skipped > 0 ? [`${count(skipped, 'path')} left out of the work tree`] : []),
    ...(torn > 0 ? [`${count(torn, 'file')} kept changing while being read`] : []),
  ]
}
