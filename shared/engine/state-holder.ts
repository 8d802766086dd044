/**
 * The one place where the monitor's state lives. Every change makes a new snapshot with a higher revision
 * and tells the listeners; nobody else keeps a copy that must be kept in step.
 */
import type { ActivityEntry, MonitorState, Notice } from '../core/monitor-state.ts'
import type { Clock } from './ports.ts'

type Changes = Partial<Omit<MonitorState, 'revision' | 'atMs' | 'activity' | 'notices'>>

export interface StateHolder {
  get(): MonitorState
  update(changes: Changes): void
  /** Adds to the activity list; the oldest of more than 200 go. */
  tell(entry: Omit<ActivityEntry, 'atMs'>): void
  /** Shows a lasting condition, or replaces the one with the same id. */
  raise(notice: Notice): void
  clear(noticeId: string): void
  onState(listener: (state: MonitorState) => void): () => void
}

const activityLimit = 200

export function createStateHolder(clock: Clock, initial: Omit<MonitorState, 'revision' | 'atMs'>): StateHolder {
  let state: MonitorState = { ...initial, revision: 1, atMs: clock.nowMs() }
  const listeners = new Set<(state: MonitorState) => void>()
  const change = (changes: Partial<MonitorState>) => {
    state = { ...state, ...changes, revision: state.revision + 1, atMs: clock.nowMs() }
    for (const listener of listeners) listener(state)
  }
  const without = (id: string) => state.notices.filter(notice => notice.id !== id)
  return {
    get: () => state,
    update: change,
    tell: entry => change({ activity: [...state.activity, { ...entry, atMs: clock.nowMs() }].slice(-activityLimit) }),
    raise: notice => change({ notices: [...without(notice.id), notice] }),
    clear: id => {
      if (state.notices.some(notice => notice.id === id)) change({ notices: without(id) })
    },
    onState: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
