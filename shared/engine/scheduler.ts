/**
 * When the next cycle runs. Waiting is by the monotonic clock, so that setting the wall clock neither delays nor
 * repeats anything; a suspend, which that clock may not count, is seen by the wall clock running ahead of it and
 * brings one cycle at once, not all that were missed. At most one cycle at a time.
 */
import type { Clock } from './ports.ts'

export interface SchedulerParts {
  readonly clock: Clock
  /** Asked before each wait, so that a changed setting counts from the next one. Milliseconds. */
  readonly intervalMs: () => number
  /** Must not reject. */
  readonly run: () => Promise<void>
  /** Told the wall-clock time of the next cycle, or null while one runs. */
  readonly onNext: (atMs: number | null) => void
}

export interface Scheduler {
  /** Runs now and then every interval. */
  start(): void
  /** Runs now, or again right after the cycle that runs. */
  wake(): void
  /** No further cycle begins; resolves when the one that runs has ended. */
  stop(): Promise<void>
}

/** A wait is cut into pieces of this length, to notice a suspend. Milliseconds. */
const sliceMs = 15_000

/** The wall clock may run ahead of the monotonic one by this much in one piece before it counts as a suspend. Milliseconds. */
const suspendMs = 30_000

export function createScheduler({ clock, intervalMs, run, onNext }: SchedulerParts): Scheduler {
  let ended = false
  let woken = new AbortController()
  let loop: Promise<void> | null = null

  async function repeat(): Promise<void> {
    let dueMs = clock.monotonicMs()
    while (!ended) {
      woken = new AbortController()
      onNext(null)
      await run()
      dueMs = nextDue(dueMs)
      if (!ended) await waitUntil(dueMs)
    }
  }

  /** On the grid of the interval, so that slow cycles do not drift; missed places are left out. */
  function nextDue(lastDueMs: number): number {
    const now = clock.monotonicMs()
    const every = intervalMs()
    const next = lastDueMs + every
    return next > now && next <= now + every ? next : now + every
  }

  async function waitUntil(dueMs: number): Promise<void> {
    onNext(clock.nowMs() + Math.max(0, dueMs - clock.monotonicMs()))
    let aheadMs = clock.nowMs() - clock.monotonicMs()
    while (!ended && !woken.signal.aborted && clock.monotonicMs() < dueMs) {
      await clock.sleep(Math.min(sliceMs, dueMs - clock.monotonicMs()), woken.signal)
      const nowAheadMs = clock.nowMs() - clock.monotonicMs()
      if (nowAheadMs - aheadMs > suspendMs) return
      aheadMs = nowAheadMs
    }
  }

  return {
    start() {
      loop ??= repeat()
    },
    wake: () => woken.abort(),
    async stop() {
      ended = true
      woken.abort()
      await loop
    },
  }
}
