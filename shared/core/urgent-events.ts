/**
 * What happened between two looks that makes a checkpoint urgent: a session ended, its process died, or another
 * session began to work on the same files. Pure: it compares states and knows nothing of how they were found.
 *
 * `before-compaction` cannot be seen this way; it is told by a hook.
 */
import type { UrgentEvent } from './checkpoint.ts'
import { type DetectedSession, isLive, type SessionId } from './session.ts'

export type UrgentEvents = ReadonlyMap<SessionId, UrgentEvent>

/**
 * @param before the look before, or null if this is the first: then nothing has happened yet
 */
export function urgentEventsBetween(
  before: ReadonlyMap<SessionId, DetectedSession> | null,
  after: readonly DetectedSession[],
): UrgentEvents {
  const events = new Map<SessionId, UrgentEvent>()
  if (before === null) return events
  const wasLiveIn = (id: SessionId, root: string) => {
    const session = before.get(id)
    return session !== undefined && isLive(session.live) && session.project?.root === root
  }
  for (const [root, sessions] of liveByRoot(after)) {
    const ids = sessions.map(session => session.facts.sessionId)
    const joined = ids.some(id => !wasLiveIn(id, root))
    if (ids.length > 1 && joined) for (const id of ids) events.set(id, 'work-tree-shared')
  }
  for (const session of after) {
    const ending = endingOf(before.get(session.facts.sessionId), session)
    if (ending !== null) events.set(session.facts.sessionId, ending)
  }
  return events
}

function endingOf(before: DetectedSession | undefined, after: DetectedSession): UrgentEvent | null {
  if (before === undefined || !isLive(before.live)) return null
  if (after.live.status === 'ended') return 'session-ended'
  return after.live.status === 'ended-abruptly' ? 'process-died' : null
}

function liveByRoot(sessions: readonly DetectedSession[]): ReadonlyMap<string, readonly DetectedSession[]> {
  const live = sessions.filter(session => isLive(session.live) && session.project?.kind !== 'missing')
  const byRoot = Map.groupBy(live, session => session.project?.root ?? '')
  byRoot.delete('')
  return byRoot
}
