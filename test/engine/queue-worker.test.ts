import { beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointOutcome, CheckpointRequest } from '../../shared/core/checkpoint.ts'
import { queueLimit } from '../../shared/core/checkpoint-queue.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import type { Coordinator, CoordinatorRun } from '../../shared/engine/checkpoint-coordinator.ts'
import { createQueueWorker, type QueueWorker } from '../../shared/engine/queue-worker.ts'
import { idOf, requestOf, sessionOf } from '../support/core-values.ts'

const manual = (n: number) => requestOf(n, { cause: { kind: 'manual' } })

describe('the queue worker', () => {
  let worker: QueueWorker
  let told: string[]
  let runs: boolean[]
  /** Lets the coordinator serve one more group. */
  let serveOne: () => Promise<void>
  let saved: (request: CheckpointRequest) => CheckpointOutcome

  beforeEach(() => {
    told = []
    runs = []
    saved = ({ sessionId }) => ({ kind: 'unchanged', sessionId, sinceSeq: null })
    let gate = Promise.withResolvers<void>()
    let turn = Promise.withResolvers<void>()
    serveOne = async () => {
      gate.resolve()
      await turn.promise
      await new Promise(resolve => setImmediate(resolve))
    }
    /** A coordinator that serves a group each time it is let. */
    const coordinator: Coordinator = {
      run: async (work: CoordinatorRun) => {
        while (work.waiting()) {
          await gate.promise
          gate = Promise.withResolvers()
          for (const request of work.take()) work.onOutcome(saved(request))
          turn.resolve()
          turn = Promise.withResolvers()
        }
      },
    }
    worker = createQueueWorker({
      coordinator,
      session: id => ({ ...sessionOf(), project: { root: `/project/${id.at(-1)}`, name: '', kind: 'git' } }),
      settings: () => defaultSettings,
      signal: new AbortController().signal,
      inTurn: work => work(),
      onOutcome: outcome => told.push(`${Number(outcome.sessionId.slice(-4))} ${outcome.kind}`),
      onRun: running => runs.push(running),
    })
  })

  it('answers each submitter when its own requests are decided, the most urgent first', async () => {
    const due = worker.submit([requestOf(1), requestOf(2)])
    const byHand = worker.submit([manual(3)])
    await serveOne()
    expect((await byHand).map(outcome => outcome.sessionId)).toEqual([idOf(3)])
    await serveOne()
    await serveOne()
    expect((await due).map(outcome => outcome.sessionId)).toEqual([idOf(1), idOf(2)])
    expect([told, runs]).toEqual([
      ['3 unchanged', '1 unchanged', '2 unchanged'],
      [true, false],
    ])
  })

  it('answers at once when there is nothing to do', async () => {
    expect([await worker.submit([]), runs]).toEqual([[], []])
  })

  it('answers two who ask for one session with one outcome', async () => {
    const both = Promise.all([worker.submit([requestOf(1)]), worker.submit([manual(1)])])
    await serveOne()
    expect((await both).map(outcomes => outcomes.length)).toEqual([1, 1])
    expect(told).toEqual(['1 unchanged'])
  })

  it('tries a session again that is asked for while its attempt goes on (invariant 1)', async () => {
    let again: Promise<readonly CheckpointOutcome[]> | null = null
    const once = saved
    saved = request => {
      again ??= worker.submit([manual(1)])
      return once(request)
    }
    const first = worker.submit([requestOf(1)])
    await serveOne()
    expect(await first).toHaveLength(1)
    await serveOne()
    expect([await again, told]).toEqual([[expect.anything()], ['1 unchanged', '1 unchanged']])
  })

  it('tells how far it is, with what came in meanwhile', async () => {
    expect(worker.progress()).toBeNull()
    void worker.submit([requestOf(1), requestOf(2)])
    expect(worker.progress()).toEqual({ done: 0, total: 2 })
    await serveOne()
    void worker.submit([manual(3)])
    expect(worker.progress()).toEqual({ done: 1, total: 3 })
    await serveOne()
    await serveOne()
    await worker.idle()
    expect(worker.progress()).toBeNull()
  })

  it('gives back what waits when paused, but not what was asked for by hand (invariant 2)', async () => {
    const due = worker.submit([requestOf(1), requestOf(2, { cause: { kind: 'urgent', event: 'session-ended' } })])
    const byHand = worker.submit([manual(3)])
    worker.putOff('paused')
    expect(await due).toEqual([2, 1].map(n => ({ kind: 'put-off', sessionId: idOf(n), why: 'paused' })))
    await serveOne()
    expect((await byHand).map(outcome => outcome.kind)).toEqual(['unchanged'])
  })

  it('says which requests were too many', async () => {
    void worker.submit(Array.from({ length: queueLimit }, (_, n) => requestOf(n + 1)))
    const last = requestOf(queueLimit + 1)
    expect(await worker.submit([last])).toEqual([{ kind: 'put-off', sessionId: last.sessionId, why: 'queue-full' }])
  })

  it('hands a defect to those who wait, and works again afterwards', async () => {
    const once = saved
    saved = () => {
      saved = once
      throw new TypeError('a bug')
    }
    const first = worker.submit([requestOf(1)]).catch((error: unknown) => error)
    void serveOne()
    expect(await first).toEqual(new TypeError('a bug'))
  })
})
