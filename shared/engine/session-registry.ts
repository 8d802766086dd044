/**
 * What the running monitor knows of the sessions: the last look at each, what came of the requests for it, what of it
 * cannot wait, and how long it waits after failures. Values only; reads no clock and no disk.
 */
import { type BackOffs, backingOff, endWaiting, noteOutcome } from '../core/back-off.ts'
import type { CheckpointOutcome, UrgentEvent } from '../core/checkpoint.ts'
import { compareViews, type SessionView, withViews } from '../core/monitor-state.ts'
import { type DetectedSession, isLive, type SessionId } from '../core/session.ts'
import { type UrgentEvents, urgentEventsBetween } from '../core/urgent-events.ts'
import type { SessionEntry } from './overview.ts'

export interface SessionRegistry {
  all(): readonly SessionEntry[]
  get(id: SessionId): SessionEntry | undefined
  readonly entries: ReadonlyMap<SessionId, SessionEntry>
  /** Most urgent first. */
  views(): readonly SessionView[]
  /** A whole look: what is not in it is gone. */
  replace(looked: readonly SessionEntry[]): void
  /** @returns `sorted` brought up to date */
  merge(
    fresh: readonly SessionEntry[],
    gone: ReadonlySet<SessionId>,
    sorted: readonly SessionView[],
  ): readonly SessionView[]
  put(entry: SessionEntry): void
  /** What happened between the last look and `found` that cannot wait. It is tried at once, however often it failed. */
  noteUrgent(found: readonly DetectedSession[]): void
  /** The same where only `changed` are other than in the last look: it looks at them and at what is live alone. */
  noteUrgentOf(changed: readonly DetectedSession[]): void
  /** Something that a hook told, and no look can see. */
  markUrgent(id: SessionId, event: UrgentEvent): void
  /** What cannot wait and was not answered by a checkpoint yet. */
  urgent(): UrgentEvents
  noteOutcome(outcome: CheckpointOutcome, nowMs: number): void
  outcomes(): ReadonlyMap<SessionId, CheckpointOutcome>
  backOffs(): BackOffs
  /** Until the first back-off is over, ms; null if there is none. */
  untilRetryMs(nowMs: number): number | null
}

export function createSessionRegistry(): SessionRegistry {
  const entries = new Map<SessionId, SessionEntry>()
  /** Those of `entries` that some process holds: few, and all that an urgent event can be about. */
  const live = new Map<SessionId, SessionEntry>()
  const outcomes = new Map<SessionId, CheckpointOutcome>()
  const urgent = new Map<SessionId, UrgentEvent>()
  let backOffs: BackOffs = new Map()

  const markUrgent = (id: SessionId, event: UrgentEvent) => {
    urgent.set(id, event)
    backOffs = endWaiting(backOffs, id)
  }
  const keep = (entry: SessionEntry) => {
    const { facts, live: state } = entry.session
    entries.set(facts.sessionId, entry)
    if (isLive(state)) live.set(facts.sessionId, entry)
    else live.delete(facts.sessionId)
  }
  const noteEvents = (known: Iterable<SessionEntry>, found: readonly DetectedSession[]) => {
    const before = new Map([...known].map(({ session }) => [session.facts.sessionId, session]))
    for (const [id, event] of urgentEventsBetween(before, found)) markUrgent(id, event)
  }
  return {
    entries,
    all: () => [...entries.values()],
    get: id => entries.get(id),
    views: () => [...entries.values()].map(entry => entry.view).sort(compareViews),
    replace(looked) {
      entries.clear()
      live.clear()
      for (const entry of looked) keep(entry)
      for (const id of urgent.keys()) if (entries.get(id)?.assessment.unchanged !== false) urgent.delete(id)
    },
    merge(fresh, gone, sorted) {
      const views = fresh.map(entry => entry.view)
      const merged = withViews(sorted, views, gone, id => entries.get(id)?.view)
      for (const entry of fresh) keep(entry)
      for (const id of gone) {
        entries.delete(id)
        live.delete(id)
      }
      return merged
    },
    put: keep,
    noteUrgent(found) {
      if (entries.size > 0) noteEvents(entries.values(), found)
    },
    noteUrgentOf(changed) {
      if (entries.size === 0) return
      const ids = new Set(changed.map(({ facts }) => facts.sessionId))
      const others = [...live.values()].filter(({ session }) => !ids.has(session.facts.sessionId))
      const known = [...ids].flatMap(id => entries.get(id) ?? [])
      noteEvents([...others, ...known], [...others.map(({ session }) => session), ...changed])
    },
    markUrgent,
    urgent: () => urgent,
    noteOutcome(outcome, nowMs) {
      outcomes.set(outcome.sessionId, outcome)
      backOffs = noteOutcome(backOffs, outcome, nowMs)
      if (outcome.kind === 'saved' || outcome.kind === 'unchanged') urgent.delete(outcome.sessionId)
    },
    outcomes: () => outcomes,
    backOffs: () => backOffs,
    untilRetryMs(nowMs) {
      const waits = [...backOffs.values()].flatMap(one => {
        const wait = backingOff(one, nowMs)
        return wait === null ? [] : [wait.untilMs - nowMs]
      })
      return waits.length === 0 ? null : Math.min(...waits)
    },
  }
}
