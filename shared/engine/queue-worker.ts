/**
 * Serves the queue of one monitor: one run of the coordinator at a time, into which later requests are taken while
 * it goes on.
 *
 * 1. Each request that is handed in gets exactly one outcome, of an attempt that began after it was handed in.
 * 2. What waits can be put off at any moment; what has begun ends by itself or by the coordinator's signal.
 */
import type { CheckpointOutcome, CheckpointRequest, PutOffReason } from '../core/checkpoint.ts'
import { type CheckpointQueue, enqueue, takeNext } from '../core/checkpoint-queue.ts'
import type { SessionId } from '../core/session.ts'
import type { Coordinator, CoordinatorRun } from './checkpoint-coordinator.ts'

export interface QueueWorkerParts
  extends Pick<CoordinatorRun, 'session' | 'settings' | 'signal' | 'inTurn' | 'onOutcome'> {
  readonly coordinator: Coordinator
  /** Called when a run begins, and when it has ended. */
  readonly onRun: (running: boolean) => void
}

export interface QueueWorker {
  /** Resolves when each of the requests has its outcome, in the order in which they were decided. */
  submit(requests: readonly CheckpointRequest[]): Promise<readonly CheckpointOutcome[]>
  /** Gives back what waits and was not asked for by hand. */
  putOff(why: PutOffReason): void
  /** Resolves when nothing runs, the lock given back. */
  idle(): Promise<void>
  /** Of the run that goes on; null when none does. */
  progress(): { readonly done: number; readonly total: number } | null
}

type Answer = (outcome: CheckpointOutcome) => void

export function createQueueWorker({ coordinator, ...parts }: QueueWorkerParts): QueueWorker {
  let queue: CheckpointQueue = []
  let passedOver = 0
  /** Who is to be told, by session: of what waits, and of what has begun. */
  const waitingFor = new Map<SessionId, Answer[]>()
  const begun = new Map<SessionId, Answer[]>()
  /** Ends the waiting of every submitter after a defect. */
  const broken = new Set<(error: unknown) => void>()
  let run: { done: number; total: number } | null = null
  let ended: Promise<void> = Promise.resolve()

  const groupOf = ({ sessionId }: CheckpointRequest) => {
    return parts.session(sessionId)?.project?.root ?? `session ${sessionId}`
  }

  const waiting = () => queue.length > 0

  function submit(requests: readonly CheckpointRequest[]): Promise<readonly CheckpointOutcome[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly CheckpointOutcome[]>()
    const ids = new Set(requests.map(request => request.sessionId))
    const told: CheckpointOutcome[] = []
    if (ids.size === 0) resolve(told)
    for (const id of ids) {
      const answers = waitingFor.get(id) ?? []
      waitingFor.set(id, answers)
      answers.push(outcome => {
        told.push(outcome)
        if (told.length === ids.size) resolve(told)
      })
    }
    broken.add(reject)
    add(requests)
    return promise.finally(() => broken.delete(reject))
  }

  function add(requests: readonly CheckpointRequest[]): void {
    const before = queue.length
    const { queue: longer, dropped } = enqueue(queue, requests)
    queue = longer
    if (run !== null) run.total += queue.length - before
    giveBack(dropped, 'queue-full')
    if (run === null && queue.length > 0) ended = serve()
  }

  async function serve(): Promise<void> {
    run = { done: 0, total: queue.length }
    parts.onRun(true)
    try {
      // Asked again, because something may have come in while the run came to its end.
      while (queue.length > 0) await coordinator.run({ ...parts, waiting, take, onOutcome: answer })
    } catch (error) {
      for (const reject of broken) reject(error)
      queue = []
      waitingFor.clear()
      begun.clear()
    }
    run = null
    parts.onRun(false)
  }

  function take(): readonly CheckpointRequest[] {
    const taken = takeNext(queue, passedOver, groupOf)
    queue = taken.queue
    passedOver = taken.passedOver
    for (const { sessionId } of taken.requests) begin(sessionId)
    return taken.requests
  }

  function begin(id: SessionId): void {
    begun.set(id, waitingFor.get(id) ?? [])
    waitingFor.delete(id)
  }

  function answer(outcome: CheckpointOutcome): void {
    const answers = begun.get(outcome.sessionId) ?? []
    begun.delete(outcome.sessionId)
    if (run !== null) run.done += 1
    parts.onOutcome(outcome)
    for (const tell of answers) tell(outcome)
  }

  function takeAll(): readonly CheckpointRequest[] {
    const all = queue
    queue = []
    return all
  }

  function giveBack(requests: readonly CheckpointRequest[], why: PutOffReason): void {
    for (const { sessionId } of requests) {
      begin(sessionId)
      answer({ kind: 'put-off', sessionId, why })
    }
  }

  function putOff(why: PutOffReason): void {
    const byHand = (request: CheckpointRequest) => request.cause.kind === 'manual' || request.cause.kind === 'safety'
    const all = takeAll()
    queue = all.filter(byHand)
    giveBack(
      all.filter(request => !byHand(request)),
      why,
    )
  }

  return { submit, putOff, idle: () => ended, progress: () => run && { ...run } }
}
