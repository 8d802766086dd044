/** Who is to be checkpointed, as requests for the queue: by decision, by hand, by a hook, or before a restore. Pure. */
import type { CheckpointCause, CheckpointRequest } from '../core/checkpoint.ts'
import type { CheckpointTarget } from '../core/monitor-api.ts'
import type { SessionEntry } from './overview.ts'
import type { SessionRegistry } from './session-registry.ts'

type Asked = Pick<SessionEntry, 'session' | 'last' | 'score'>

export function requestFor(entry: Asked, cause: CheckpointCause, requestedMs: number): CheckpointRequest {
  return {
    sessionId: entry.session.facts.sessionId,
    cause,
    requestedMs,
    lastCheckpointMs: entry.last?.at ?? null,
    score: entry.score,
  }
}

/** What the policy asks for. */
export function dueRequests(entries: readonly SessionEntry[], nowMs: number): readonly CheckpointRequest[] {
  return entries.flatMap(({ decision, ...entry }) =>
    decision.action === 'checkpoint' ? [requestFor(entry, decision.cause, nowMs)] : [],
  )
}

/**
 * What somebody asks for. A session that nobody knows is asked for all the same: the coordinator answers it in words.
 * Not for a hook: it knows neither what is excluded nor what never got a transcript.
 */
export function requestsFor(
  target: CheckpointTarget,
  sessions: SessionRegistry,
  nowMs: number,
): readonly CheckpointRequest[] {
  if ('sessionIds' in target) {
    const { urgent: event } = target
    const cause: CheckpointCause = event === undefined ? { kind: 'manual' } : { kind: 'urgent', event }
    if (event !== undefined) {
      const known = target.sessionIds.flatMap(id => sessions.get(id) ?? [])
      const wanted = known.filter(({ view }) => view.protection !== 'excluded')
      return wanted.map(entry => requestFor(entry, cause, nowMs))
    }
    return target.sessionIds.map(id => {
      const entry = sessions.get(id)
      return entry === undefined ? unknownSession(id, cause, nowMs) : requestFor(entry, cause, nowMs)
    })
  }
  if (target.which === 'due') return dueRequests(sessions.all(), nowMs)
  const changed = sessions.all().filter(entry => !entry.assessment.unchanged && entry.view.protection !== 'excluded')
  return changed.map(entry => requestFor(entry, { kind: 'manual' }, nowMs))
}

function unknownSession(sessionId: string, cause: CheckpointCause, requestedMs: number): CheckpointRequest {
  const zero = { value: 0, threshold: 1, score: 0, weight: 0, weighted: 0 }
  const score = { factors: { time: zero, activity: zero, context: zero, idle: zero }, total: 0 }
  return { sessionId, cause, requestedMs, lastCheckpointMs: null, score }
}
