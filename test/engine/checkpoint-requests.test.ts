import { describe, expect, it } from 'vitest'
import type { Decision } from '../../shared/core/decision.ts'
import type { Protection } from '../../shared/core/monitor-state.ts'
import { dueRequests, requestsFor } from '../../shared/engine/checkpoint-requests.ts'
import type { SessionEntry } from '../../shared/engine/overview.ts'
import { createSessionRegistry } from '../../shared/engine/session-registry.ts'
import { idOf, liveOf, noonMs } from '../support/core-values.ts'
import { sampleSession } from '../support/sample-state.ts'

const hold: Decision = { action: 'hold', reason: { kind: 'unchanged' } }
const due: Decision = { action: 'checkpoint', cause: { kind: 'due', factors: ['time'], total: 1 } }
const { score } = sampleSession()

/** Only what a request and a registry look at. */
function entryOf(
  n: number,
  { decision = hold, unchanged = false, at = null as number | null, protection = 'changed' as Protection } = {},
): SessionEntry {
  const session = { facts: { sessionId: idOf(n) }, live: liveOf('idle') }
  const last = at === null ? null : { at }
  return {
    session,
    last,
    decision,
    score,
    assessment: { unchanged },
    view: sampleSession({ protection }),
  } as SessionEntry
}
const request = (n: number, cause: object, lastCheckpointMs: number | null = null) => {
  return { sessionId: idOf(n), cause, requestedMs: noonMs, lastCheckpointMs, score }
}
function registryOf(...entries: readonly SessionEntry[]) {
  const registry = createSessionRegistry()
  registry.replace(entries)
  return registry
}

describe('dueRequests', () => {
  it('asks for what the policy decided, with its cause and the time of the last checkpoint', () => {
    expect(dueRequests([entryOf(1), entryOf(2, { decision: due, at: 7 })], noonMs)).toEqual([
      request(2, { kind: 'due', factors: ['time'], total: 1 }, 7),
    ])
  })
})

describe('requestsFor', () => {
  it('asks by hand for the sessions that are named, due or not', () => {
    const registry = registryOf(entryOf(1), entryOf(2, { decision: due }))
    expect(requestsFor({ sessionIds: [idOf(1), idOf(2)] }, registry, noonMs)).toEqual([
      request(1, { kind: 'manual' }),
      request(2, { kind: 'manual' }),
    ])
  })

  it('asks for an unknown session all the same, so that it is answered in words', () => {
    expect(requestsFor({ sessionIds: [idOf(9)] }, registryOf(), noonMs)).toMatchObject([
      { sessionId: idOf(9), cause: { kind: 'manual' }, lastCheckpointMs: null, score: { total: 0 } },
    ])
  })

  it('carries what a hook saw coming as an urgent cause, for sessions that are known and not excluded', () => {
    const target = { sessionIds: [idOf(1), idOf(2), idOf(9)], urgent: 'before-compaction' } as const
    const registry = registryOf(entryOf(1), entryOf(2, { protection: 'excluded' }))
    expect(requestsFor(target, registry, noonMs)).toEqual([request(1, { kind: 'urgent', event: 'before-compaction' })])
  })

  it('takes all that changed by hand, without the excluded and the unchanged', () => {
    const registry = registryOf(
      entryOf(1),
      entryOf(2, { unchanged: true }),
      entryOf(3, { protection: 'excluded' }),
      entryOf(4, { decision: due }),
    )
    expect(requestsFor({ which: 'changed' }, registry, noonMs)).toEqual([
      request(1, { kind: 'manual' }),
      request(4, { kind: 'manual' }),
    ])
    expect(requestsFor({ which: 'due' }, registry, noonMs).map(({ sessionId }) => sessionId)).toEqual([idOf(4)])
  })
})
