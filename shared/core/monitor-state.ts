/** The state that every user interface shows: one JSON snapshot with a growing revision. Pure. */
import type { CheckpointOutcome, CheckpointSummary } from './checkpoint.ts'
import type { CheckpointId } from './checkpoint-id.ts'
import type { Decision } from './decision.ts'
import { count, formatCount } from './format.ts'
import type { RescueSummary } from './rescue.ts'
import type { SessionScore } from './scoring.ts'
import {
  type CompactionOutlook,
  isLive,
  type LiveState,
  type ProjectRef,
  type SessionCounts,
  type SessionId,
} from './session.ts'
import type { Settings, SettingsProblem } from './settings.ts'

/**
 * `protected`: nothing new since a verified checkpoint. `changed`: something new, within the policy.
 * `at-risk`: due or overdue. `failing`: the last attempt failed. `excluded`: by the settings.
 */
export const protections = ['failing', 'at-risk', 'changed', 'protected', 'excluded'] as const
export type Protection = (typeof protections)[number]

/** What would be lost if the session died now. */
export interface UnsavedWork {
  readonly messages: number
  readonly transcriptBytes: number
  readonly files: number
}

/** One row of the list. Times are epoch ms. */
export interface SessionView {
  readonly sessionId: SessionId
  readonly title: string
  readonly project: ProjectRef | null
  readonly cwd: string | null
  readonly branch: string | null
  readonly model: string | null
  readonly version: string | null
  readonly live: LiveState
  readonly counts: SessionCounts
  readonly contextTokens: number | null
  readonly contextWindowTokens: number | null
  readonly contextPercent: number | null
  readonly compaction: CompactionOutlook | null
  readonly filesChanged: number
  readonly firstActivityMs: number | null
  readonly lastActivityMs: number | null
  readonly transcriptBytes: number
  readonly protection: Protection
  readonly score: SessionScore
  readonly decision: Decision
  /** The decision in a sentence. */
  readonly why: string
  readonly unsaved: UnsavedWork
  readonly lastCheckpoint: CheckpointSummary | null
  /** Of this run of the monitor. */
  readonly lastOutcome: CheckpointOutcome | null
  readonly problems: readonly string[]
  /** Only head and tail of its transcript were read so far; absent otherwise. */
  readonly partial?: true
}

export interface CycleSummary {
  readonly startedMs: number
  readonly tookMs: number
  readonly found: number
  readonly due: number
  /** Due sessions by the factor that made them so; `total` where only the weighted sum did. */
  readonly dueBy: Readonly<Record<string, number>>
  readonly created: number
  /** Held sessions by the kind of the reason. */
  readonly heldBy: Readonly<Record<string, number>>
  /** Outcomes other than `saved` and `failed`, by kind. */
  readonly notDone: Readonly<Record<string, number>>
  readonly failed: number
  /** Mean time per created checkpoint, ms; null when none was. */
  readonly averageMs: number | null
  /** Bytes that the created checkpoints added to the store. */
  readonly addedBytes: number
}

/** Something that the monitor did or that went wrong. */
export interface ActivityEntry {
  readonly atMs: number
  readonly level: 'info' | 'warn' | 'error'
  readonly sessionId: SessionId | null
  readonly message: string
}

/** A lasting condition that the user should know of; gone from the list when it is over. */
export interface Notice {
  readonly id: string
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly remedy: string
}

/** What one project takes of the store. */
export interface StoreProject {
  /** Work tree, or the folder that the session was in; null if it was in none. */
  readonly root: string | null
  readonly bytes: number
  readonly sessions: number
  readonly checkpoints: number
}

/** What the store takes, when it was last measured. */
export interface StoreUse {
  readonly bytes: number
  /** Above it the oldest checkpoints go. */
  readonly budgetBytes: number
  /** Largest first. */
  readonly projects: readonly StoreProject[]
}

/** The test restores so far. */
export interface ProofState {
  /** Of the last one, epoch ms. */
  readonly atMs: number
  /** How many in the day before that, itself included. */
  readonly checked: number
  /** Newest checkpoints that did not come back as they were saved, until their session's newest one does. */
  readonly failures: readonly { readonly id: CheckpointId; readonly message: string }[]
}

export type Phase = 'starting' | 'scanning' | 'idle' | 'checkpointing' | 'paused' | 'stopped'

export interface Progress {
  /** What is being done, in words. */
  readonly task: string
  readonly done: number
  readonly total: number
  /** Where the work is measured in bytes too. */
  readonly bytes?: { readonly done: number; readonly total: number }
  /** An estimate from the pace so far; absent where it cannot be told. Ms. */
  readonly leftMs?: number
}

/** How watching goes: `polling` where the system cannot tell of changes by itself; `off`: only looks that are asked for. */
export interface WatchState {
  readonly mode: 'off' | 'watching' | 'polling'
  /** Why it polls, in words. */
  readonly reason: string | null
}

export interface MonitorState {
  /** Names one run of a monitor. Revisions of two runs do not compare. */
  readonly engine: string
  /** Grows by at least 1 with every change. A state with a lower revision is old news. */
  readonly revision: number
  readonly atMs: number
  readonly phase: Phase
  readonly progress: Progress | null
  /** Null: not paused. `until: null`: until resumed. */
  readonly paused: { readonly untilMs: number | null } | null
  /** Most urgent first, see {@link compareViews}. */
  readonly sessions: readonly SessionView[]
  readonly lastCycle: CycleSummary | null
  readonly nextCycleAtMs: number | null
  readonly storeFolder: string
  /** Null until it is measured, after the first check. */
  readonly storeUse: StoreUse | null
  /** Null before the first test restore. */
  readonly lastProof: ProofState | null
  readonly roots: readonly string[]
  /** Sessions that may need help, as of the last whole look; absent before the first. */
  readonly rescue?: RescueSummary
  /** Absent before watching began. */
  readonly watch?: WatchState
  /** Newest last; at most 200. */
  readonly activity: readonly ActivityEntry[]
  readonly notices: readonly Notice[]
  readonly settings: Settings
  readonly settingsProblems: readonly SettingsProblem[]
}

export function countByProtection(sessions: readonly SessionView[]): Readonly<Record<Protection, number>> {
  const counts = { failing: 0, 'at-risk': 0, changed: 0, protected: 0, excluded: 0 }
  for (const session of sessions) counts[session.protection]++
  return counts
}

/** Most urgent first: by protection, then live before ended, then total, then last activity, then id. */
export function compareViews(a: SessionView, b: SessionView): number {
  return (
    protections.indexOf(a.protection) - protections.indexOf(b.protection) ||
    Number(isLive(b.live)) - Number(isLive(a.live)) ||
    b.score.total - a.score.total ||
    (b.lastActivityMs ?? 0) - (a.lastActivityMs ?? 0) ||
    (a.sessionId < b.sessionId ? -1 : Number(a.sessionId > b.sessionId))
  )
}

/**
 * `sorted` with some rows replaced or added and some gone; as if sorted anew by {@link compareViews}.
 *
 * @param rowOf What probably is the row of a session in `sorted`: it is found sooner then.
 */
export function withViews(
  sorted: readonly SessionView[],
  changed: readonly SessionView[],
  gone: ReadonlySet<SessionId>,
  rowOf: (id: SessionId) => SessionView | undefined = () => undefined,
): readonly SessionView[] {
  const leaving = new Set([...gone, ...changed.map(view => view.sessionId)])
  const views = leaving.size > fewRows ? sorted.filter(view => !leaving.has(view.sessionId)) : sorted.slice()
  if (leaving.size <= fewRows) for (const id of leaving) removeRow(views, id, rowOf(id))
  for (const view of changed) views.splice(placeFor(views, view), 0, view)
  return views
}

/** Up to so many rows are looked for one by one: comparing ids is much cheaper than asking a set about every row. */
const fewRows = 8

function removeRow(views: SessionView[], id: SessionId, row: SessionView | undefined): void {
  const guess = row === undefined ? -1 : views.indexOf(row)
  const at = guess === -1 ? views.findIndex(view => view.sessionId === id) : guess
  if (at !== -1) views.splice(at, 1)
}

function placeFor(sorted: readonly SessionView[], view: SessionView): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = sorted[middle]
    if (other !== undefined && compareViews(other, view) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The whole state in one line: "12 sessions: 1 failing, 2 at risk, 9 protected". */
export function summarise(state: MonitorState): string {
  const by = countByProtection(state.sessions)
  const words = protections.filter(p => by[p] > 0).map(p => `${formatCount(by[p])} ${p.replace('-', ' ')}`)
  const head = count(state.sessions.length, 'session')
  const paused = state.paused === null ? '' : 'Paused. '
  return words.length === 0 ? `${paused}${head}` : `${paused}${head}: ${words.join(', ')}`
}
