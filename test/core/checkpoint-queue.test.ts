import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CheckpointCause, CheckpointRequest } from '../../shared/core/checkpoint.ts'
import { type CheckpointQueue, enqueue, patience, queueLimit, takeNext } from '../../shared/core/checkpoint-queue.ts'
import { compareRequests } from '../../shared/core/decision.ts'
import { hourMs, idOf, noonMs, requestOf, scoreOf } from '../support/core-values.ts'

const manual: CheckpointCause = { kind: 'manual' }
const urgent: CheckpointCause = { kind: 'urgent', event: 'process-died' }

describe('enqueue', () => {
  it('puts the most urgent first, whenever it came', () => {
    const waiting = [requestOf(1), requestOf(2, { lastCheckpointMs: noonMs })]
    const requests = [requestOf(3, { cause: urgent }), requestOf(4, { cause: manual })]
    expect(enqueue(waiting, requests)).toEqual({
      queue: [requests[1], requests[0], waiting[0], waiting[1]],
      dropped: [],
    })
  })

  it.each([
    ['a more urgent cause takes the place of the waiting one', requestOf(1), requestOf(1, { cause: manual }), manual],
    ['a less urgent cause does not', requestOf(1, { cause: urgent }), requestOf(1), urgent],
  ])('keeps one request of a session: %s, and the earlier time stays', (_title, waiting, request, cause) => {
    const later = { ...request, requestedMs: noonMs + hourMs }
    expect(enqueue([waiting], [later])).toEqual({ queue: [{ ...waiting, cause }], dropped: [] })
  })

  it('merges requests that come together as it does those that wait', () => {
    const requests = [requestOf(1), requestOf(1, { cause: manual }), requestOf(1, { cause: urgent })]
    expect(enqueue([], requests)).toEqual({ queue: [requests[1]], dropped: [] })
  })

  it('drops the least urgent above its limit, and says which', () => {
    const full = Array.from({ length: queueLimit }, (_, n) => requestOf(n + 10))
    const { queue, dropped } = enqueue(full, [requestOf(1, { cause: manual }), requestOf(2)])
    expect({ length: queue.length, first: queue.slice(0, 3).map(r => r.sessionId), dropped }).toEqual({
      length: queueLimit,
      first: [idOf(1), idOf(2), idOf(10)],
      dropped: [requestOf(queueLimit + 8), requestOf(queueLimit + 9)],
    })
  })

  it.each([91, 92, 93])(
    'has one entry per session, sorted, the most urgent of its requests, and loses none (seed %i)',
    seed => {
      fc.assert(
        fc.property(anyRequests, anyRequests, anyRequests, (first, second, third) => {
          const all = [...first, ...second, ...third]
          const { queue } = enqueue(enqueue(enqueue([], first).queue, second).queue, third)
          const ids = [...new Set(all.map(request => request.sessionId))]
          const expected = ids.map(id => {
            const own = all.filter(request => request.sessionId === id)
            const [best] = own.toSorted(compareRequests)
            return { ...best, requestedMs: Math.min(...own.map(request => request.requestedMs)) }
          })
          expect(queue.map(rankOf)).toEqual((expected as CheckpointRequest[]).sort(compareRequests).map(rankOf))
        }),
        { seed, numRuns: 300 },
      )
    },
  )

  it.each([94])('leaves the queue that it was given as it was (seed %i)', seed => {
    fc.assert(
      fc.property(anyRequests, anyRequests, (first, second) => {
        const { queue } = enqueue([], first)
        const before = structuredClone(queue)
        enqueue(queue, second)
        expect(queue).toEqual(before)
      }),
      { seed, numRuns: 100 },
    )
  })
})

describe('takeNext', () => {
  const alone = (request: CheckpointRequest) => request.sessionId
  const together = () => 'one project'

  it('takes the most urgent request with the others of its group, most urgent first', () => {
    const { queue } = enqueue([], [requestOf(1), requestOf(2, { cause: manual }), requestOf(3), requestOf(4)])
    const groupOf = ({ sessionId }: CheckpointRequest) => (sessionId < idOf(4) ? 'first' : 'second')
    const taken = takeNext(queue, 0, groupOf)
    expect({ taken: taken.requests.map(alone), left: taken.queue.map(alone) }).toEqual({
      taken: [idOf(2), idOf(1), idOf(3)],
      left: [idOf(4)],
    })
  })

  it('takes nothing from an empty queue', () => {
    expect(takeNext([], 3, together)).toEqual({ requests: [], queue: [], passedOver: 0 })
  })

  it('serves what waits longest after others went first as often as its patience allows', () => {
    let queue: CheckpointQueue = [requestOf(1)]
    let passedOver = 0
    const served: string[] = []
    for (let turn = 1; turn <= patience + 2; turn += 1) {
      const request = requestOf(10 + turn, { cause: urgent, requestedMs: noonMs + turn })
      const taken = takeNext(enqueue(queue, [request]).queue, passedOver, alone)
      queue = taken.queue
      passedOver = taken.passedOver
      served.push(...taken.requests.map(alone))
    }
    expect(served).toEqual([11, 12, 13, 14, 1, 15].map(idOf))
  })

  it.each([95, 96, 97])('starves nobody, whatever comes in each turn (seed %i)', seed => {
    fc.assert(
      fc.property(fc.array(anyRequests, { minLength: 1, maxLength: 60 }), arrivals => {
        let queue: CheckpointQueue = []
        let passedOver = 0
        const waitedTurns = new Map<string, number>()
        const longest: number[] = []
        for (const [turn, requests] of arrivals.entries()) {
          queue = enqueue(
            queue,
            requests.map(request => ({ ...request, requestedMs: noonMs + turn })),
          ).queue
          const taken = takeNext(queue, passedOver, alone)
          queue = taken.queue
          passedOver = taken.passedOver
          for (const request of taken.requests) waitedTurns.delete(request.sessionId)
          for (const { sessionId } of queue) waitedTurns.set(sessionId, (waitedTurns.get(sessionId) ?? 0) + 1)
          longest.push(Math.max(0, ...waitedTurns.values()))
        }
        // Six sessions at most, so five may be before one.
        expect(Math.max(...longest)).toBeLessThanOrEqual(6 * (patience + 1))
      }),
      { seed, numRuns: 300 },
    )
  })

  it.each([98])('gives out every request once (seed %i)', seed => {
    fc.assert(
      fc.property(anyRequests, requests => {
        const { queue } = enqueue([], requests)
        const served: CheckpointRequest[] = []
        let rest = { requests: [] as readonly CheckpointRequest[], queue, passedOver: 0 }
        while (rest.queue.length > 0) {
          rest = takeNext(rest.queue, rest.passedOver, ({ sessionId }) => String(Number(sessionId.at(-1)) % 2))
          served.push(...rest.requests)
        }
        expect(served.toSorted(compareRequests)).toEqual(queue)
      }),
      { seed, numRuns: 200 },
    )
  })
})

/** What the order and the merging rest on; two requests that tie in it may stand for each other. */
function rankOf({ sessionId, cause, requestedMs, lastCheckpointMs, score }: CheckpointRequest) {
  const isByHand = cause.kind === 'manual' || cause.kind === 'safety'
  return { sessionId, cause: isByHand ? 'by hand' : cause.kind, requestedMs, lastCheckpointMs, total: score.total }
}

const anyRequest = fc
  .record({
    n: fc.integer({ min: 1, max: 6 }),
    cause: fc.constantFrom<CheckpointCause>(manual, { kind: 'safety' }, urgent, { kind: 'due', factors: [], total: 1 }),
    requestedMs: fc.integer({ min: noonMs, max: noonMs + hourMs }),
    lastCheckpointMs: fc.constantFrom(null, noonMs - hourMs, noonMs),
    time: fc.constantFrom(1, 2),
  })
  .map(({ n, time, ...rest }): CheckpointRequest => requestOf(n, { ...rest, score: scoreOf({ time }) }))
const anyRequests = fc.array(anyRequest, { maxLength: 12 })
