/**
 * What waits to be checkpointed: an immutable list with one entry per session, most urgent first. Pure.
 *
 * A request for a session that already waits keeps the more urgent cause and the earlier time. Being full
 * drops the least urgent and says so: what was only `due` will be due again at the next check.
 *
 * Fair: whatever comes in, the request that has waited longest is passed over `patience` times at most. So with n
 * requests before it in time, a request is served within (n + 1) × (patience + 1) turns.
 */
import type { CheckpointRequest } from './checkpoint.ts'
import { compareRequests } from './decision.ts'

export type CheckpointQueue = readonly CheckpointRequest[]

/** Requests above this number are dropped, least urgent first. */
export const queueLimit = 10_000

/** How often in a row the request that has waited longest may see others go first. */
export const patience = 4

export function enqueue(
  queue: CheckpointQueue,
  requests: readonly CheckpointRequest[],
): { readonly queue: CheckpointQueue; readonly dropped: readonly CheckpointRequest[] } {
  const bySession = new Map(queue.map(request => [request.sessionId, request]))
  for (const request of requests) {
    const waiting = bySession.get(request.sessionId)
    bySession.set(request.sessionId, waiting ? moreUrgent(waiting, request) : request)
  }
  const sorted = [...bySession.values()].sort(compareRequests)
  return { queue: sorted.slice(0, queueLimit), dropped: sorted.slice(queueLimit) }
}

function moreUrgent(waiting: CheckpointRequest, request: CheckpointRequest): CheckpointRequest {
  const winner = compareRequests(request, waiting) < 0 ? request : waiting
  return { ...winner, requestedMs: Math.min(waiting.requestedMs, request.requestedMs) }
}

export interface Taken {
  /** Of one group, most urgent first; empty if nothing waits. */
  readonly requests: readonly CheckpointRequest[]
  readonly queue: CheckpointQueue
  /** To be handed in at the next turn. */
  readonly passedOver: number
}

/**
 * Takes what is served next: the most urgent request, or the one that has waited longest if that was passed over
 * too often; and with it all others of its group, which it costs little to serve together.
 *
 * @param passedOver how often in a row the longest waiting was not served; 0 at first
 */
export function takeNext(
  queue: CheckpointQueue,
  passedOver: number,
  groupOf: (request: CheckpointRequest) => string,
): Taken {
  const [first] = queue
  if (first === undefined) return { requests: [], queue, passedOver: 0 }
  const longest = queue.reduce((oldest, request) => (request.requestedMs < oldest.requestedMs ? request : oldest))
  const group = groupOf(passedOver >= patience ? longest : first)
  const { taken = [], left = [] } = Object.groupBy(queue, request => (groupOf(request) === group ? 'taken' : 'left'))
  return { requests: taken, queue: left, passedOver: taken.includes(longest) ? 0 : passedOver + 1 }
}
