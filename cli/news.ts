/** What is new in a state since the one before it. Pure; a state may have come over any wire, so nothing is told by identity. */
import type { ActivityEntry, MonitorState, Notice } from '../shared/core/monitor-state.ts'

export function isNewCycle(before: MonitorState | null, state: MonitorState): boolean {
  return state.lastCycle !== null && state.lastCycle.startedMs !== before?.lastCycle?.startedMs
}

/** Warnings and errors only: what went well is in the line of the check. */
export function newActivity(before: MonitorState | null, state: MonitorState): readonly ActivityEntry[] {
  const known = new Set(before?.activity.map(activityKey))
  return state.activity.filter(entry => entry.level !== 'info' && !known.has(activityKey(entry)))
}

function activityKey({ atMs, sessionId, message }: ActivityEntry): string {
  return `${atMs} ${sessionId} ${message}`
}

export function newNotices(before: MonitorState | null, state: MonitorState): readonly Notice[] {
  const known = new Map(before?.notices.map(notice => [notice.id, notice.message]))
  return state.notices.filter(notice => known.get(notice.id) !== notice.message)
}
