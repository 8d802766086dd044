/**
 * The only code that may start a checkpoint, whoever asked for it.
 *
 * Invariants; tests cite the numbers:
 * 1. Without the lock no checkpoint is started, and work stops when the lock is lost.
 * 2. What was decided before the lock is checked again inside it: a session that another process checkpointed
 *    meanwhile is cooling down, and one in which nothing is new gets no record.
 * 3. Even when both fail (a process that slept through its lock), the store gives a number only once.
 * 4. Every request gets exactly one outcome, and a failure of one session or project is not another's.
 * 5. The lock is not kept from others for long: after some seconds of holding it they get their turn.
 */
import type { CheckpointOutcome, CheckpointRequest, FailureCode } from '../core/checkpoint.ts'
import { coolingUntilMs } from '../core/decision.ts'
import { formatDuration } from '../core/format.ts'
import type { DetectedSession, SessionId } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import type { CheckpointHistory } from './checkpoint-history.ts'
import { failed, type MakeItem, type Maker } from './checkpoint-maker.ts'
import type { Failure } from './durable-file.ts'
import type { HeldLock, Lock, LockAttempt } from './lock-file.ts'
import type { Ports } from './ports.ts'

export interface CoordinatorParts {
  readonly ports: Ports
  readonly lock: Lock
  readonly history: CheckpointHistory
  readonly maker: Maker
}

export interface CoordinatorRun {
  /** True while {@link take} would give something. */
  readonly waiting: () => boolean
  /** The requests to serve next, all of one project, each with at most one per session. Asked once they are begun. */
  readonly take: () => readonly CheckpointRequest[]
  /** Null for a session that is gone. */
  readonly session: (id: SessionId) => DetectedSession | null
  readonly settings: () => Settings
  /** Aborted when the monitor stops: what has not begun is not begun. */
  readonly signal: AbortSignal
  /** Called once per request, in the order in which they are decided. */
  readonly onOutcome: (outcome: CheckpointOutcome) => void
  /** Runs the work on one project between whatever else must not run meanwhile. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>
}

/** After holding the lock for this long it is given back between two projects. Milliseconds. */
const holdMs = 5_000
/** For this long, which is more than others wait between two tries. Milliseconds. */
const giveWayMs = 100

export function createCoordinator({ ports, lock, history, maker }: CoordinatorParts) {
  return { run }

  /** Serves until nothing waits. Never rejects for anything that the disk does. */
  async function run(work: CoordinatorRun): Promise<void> {
    while (work.waiting()) {
      const waitMs = work.settings().lockWaitSeconds * 1000
      const attempt = await lock.acquire({ waitMs, signal: work.signal })
      if (attempt.kind !== 'held') return answerAll(work, attempt)
      try {
        await serve(attempt.lock, work)
      } finally {
        attempt.lock.release()
      }
      if (work.waiting()) await ports.clock.sleep(giveWayMs, work.signal)
    }
  }

  async function serve(held: HeldLock, work: CoordinatorRun): Promise<void> {
    const untilMs = ports.clock.monotonicMs() + holdMs
    do {
      await work.inTurn(async () => {
        const items = work.take().flatMap(request => itemOf(request, work) ?? [])
        if (items.length > 0) await checkpointGroup(items, held, work)
      })
    } while (work.waiting() && held.held() && ports.clock.monotonicMs() < untilMs)
  }

  /** Nobody waits for the same lock twice in one run. */
  function answerAll(work: CoordinatorRun, attempt: NotHeld): void {
    while (work.waiting()) {
      for (const request of work.take()) {
        const item = itemOf(request, work)
        if (item !== null) work.onOutcome(notHeld(item, attempt))
      }
    }
  }

  /** Null, with its outcome told, for a session that is gone. */
  function itemOf(request: CheckpointRequest, work: CoordinatorRun): MakeItem | null {
    const session = work.session(request.sessionId)
    if (session) return { session, request, last: null, afterSeq: 0 }
    work.onOutcome({
      kind: 'failed',
      sessionId: request.sessionId,
      code: 'transcript-missing',
      message: 'The transcript of this session is not there',
      remedy: 'If it was deleted, its earlier checkpoints can still be restored.',
    })
    return null
  }

  async function checkpointGroup(group: readonly MakeItem[], held: HeldLock, work: CoordinatorRun): Promise<void> {
    const guard = guardOf(held, work)
    try {
      const due = group.map(current).filter(item => !isCooling(item, work))
      if (due.length === 0) return
      const root = due[0]?.session.project?.root
      const saved = root === undefined ? null : history.treeOf(root)
      const outcomes = guard.signal.aborted
        ? due.map(item => failed(item, guard.signal.reason as Failure))
        : await maker.makeCheckpoints(due, saved, guard).catch(error => brokenGroup(due, error))
      for (const outcome of outcomes) work.onOutcome(guard.signal.reason === stopped ? asPutOff(outcome) : outcome)
    } finally {
      guard.end()
      history.trim()
    }
  }

  /** A defect of ours: logged with its stack, and told, so that one project's never stops the others (invariant 4). */
  function brokenGroup(group: readonly MakeItem[], error: unknown): readonly CheckpointOutcome[] {
    ports.log('error', 'a checkpoint failed by a defect', {
      error: error instanceof Error ? error.stack : String(error),
    })
    const message = `A defect in this program: ${error instanceof Error ? error.message : String(error)}`
    const remedy = 'Please report it with the log; it is tried again later.'
    return group.map(item => failed(item, { code: 'internal', message, remedy }))
  }

  /** The item with the session's newest record as it is now, inside the lock (invariant 2). */
  function current(item: MakeItem): MakeItem {
    const last = history.last(item.session.facts.sessionId)
    return { ...item, last, afterSeq: history.highestSeq(item.session.facts.sessionId) }
  }

  function isCooling(item: MakeItem, { settings, onOutcome }: CoordinatorRun): boolean {
    if (item.request.cause.kind !== 'due') return false
    const cooldownMs = settings().cooldownMinutes * 60_000
    const untilMs = coolingUntilMs(item.last?.at ?? null, cooldownMs, ports.clock.nowMs())
    if (untilMs === null) return false
    onOutcome({ kind: 'cooling-down', sessionId: item.session.facts.sessionId, untilMs })
    return true
  }

  /** Ends a group's work when its time is up, the lock is lost or the monitor stops, with the reason in words. */
  function guardOf(held: HeldLock, { settings, signal }: CoordinatorRun) {
    const stop = new AbortController()
    const timer = new AbortController()
    const limitMs = settings().checkpointTimeoutSeconds * 1000
    const end = (failure: Failure) => stop.abort(failure)
    const onLost = () => end(lockLost)
    const onStop = () => end(stopped)
    if (held.lost.aborted) onLost()
    if (signal.aborted) onStop()
    held.lost.addEventListener('abort', onLost, { once: true })
    signal.addEventListener('abort', onStop, { once: true })
    void ports.clock.sleep(limitMs, timer.signal).then(() => {
      if (!timer.signal.aborted) end(timedOut(limitMs))
    })
    return {
      signal: stop.signal,
      held: () => held.held(),
      end() {
        timer.abort()
        held.lost.removeEventListener('abort', onLost)
        signal.removeEventListener('abort', onStop)
      },
    }
  }
}

export type Coordinator = ReturnType<typeof createCoordinator>

type NotHeld = Exclude<LockAttempt, { kind: 'held' }>

function notHeld(item: MakeItem, attempt: NotHeld): CheckpointOutcome {
  const { sessionId } = item.session.facts
  if (attempt.kind === 'aborted') return { kind: 'put-off', sessionId, why: 'stopping' }
  if (attempt.kind === 'unavailable') return failed(item, { ...attempt, code: lockFailureCode(attempt.code) })
  return { kind: 'locked-elsewhere', sessionId, owner: attempt.ownerInWords }
}

function lockFailureCode(code: string): FailureCode {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk-full'
  return code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? 'permission' : 'io-error'
}

/** What was given up because the monitor stops is no failure. */
function asPutOff(outcome: CheckpointOutcome): CheckpointOutcome {
  const givenUp = outcome.kind === 'failed' && outcome.code === stopped.code
  return givenUp ? { kind: 'put-off', sessionId: outcome.sessionId, why: 'stopping' } : outcome
}

const lockLost: Failure = {
  code: 'lock-lost',
  message: 'The lock passed to somebody else while this checkpoint was being made',
  remedy: 'Nothing needs to be done; it is tried again later.',
}

const stopped: Failure = { ...lockLost, message: 'The monitor was stopped before this checkpoint was made' }

function timedOut(limitMs: number): Failure {
  return {
    code: 'timed-out',
    message: `The checkpoint took longer than ${formatDuration(limitMs)}`,
    remedy: 'Raise the time limit in the settings, or exclude what is slow there.',
  }
}
