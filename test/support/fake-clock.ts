/**
 * A clock that stands still until a test moves it. Wall clock and monotonic clock move together, unless the
 * test makes one of them jump or lets the machine sleep.
 */
import type { Clock } from '../../shared/engine/ports.ts'

export interface FakeClock extends Clock {
  /** Moves both clocks and wakes sleepers in the order of their time; what they do runs before the next one wakes. */
  advance(ms: number): Promise<void>
  /** Someone sets the wall clock: only `nowMs` moves, by any sign. Nobody wakes. */
  jumpWallClock(ms: number): void
  /**
   * The machine is suspended and resumed. Timers do not run meanwhile; the monotonic clock counts the time on
   * Windows (`counted`), not on Linux and macOS.
   */
  suspend(ms: number, counted?: boolean): void
  /**
   * Moves time from sleeper to sleeper until `promise` has settled, and returns its value.
   *
   * @param limitMs how far to go at most. @throws {Error} when that is reached, or nobody sleeps and it is still pending.
   */
  runUntil<T>(promise: Promise<T>, limitMs?: number): Promise<T>
  /** How many sleepers wait. */
  sleepers(): number
}

interface Sleeper {
  readonly wakeMs: number
  wake(): void
}

/** @param startMs wall clock at the start, epoch ms */
export function createFakeClock(startMs = Date.UTC(2026, 10, 23, 12)): FakeClock {
  let wallMs = startMs
  let monotonicMs = 1_000
  const sleepers = new Set<Sleeper>()

  const next = () => [...sleepers].sort((a, b) => a.wakeMs - b.wakeMs)[0]
  const moveTo = (targetMs: number) => {
    wallMs += Math.max(0, targetMs - monotonicMs)
    monotonicMs = Math.max(monotonicMs, targetMs)
  }

  async function advance(ms: number): Promise<void> {
    const untilMs = monotonicMs + ms
    await settle()
    for (let first = next(); first && first.wakeMs <= untilMs; first = next()) {
      moveTo(first.wakeMs)
      first.wake()
      await settle()
    }
    moveTo(untilMs)
  }

  async function runUntil<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const untilMs = monotonicMs + limitMs
    let pending = true
    const stop = () => {
      pending = false
    }
    promise.then(stop, stop)
    for (await settle(); pending; await settle()) {
      const first = next()
      if (!first || first.wakeMs > untilMs)
        throw new Error(`still pending after ${limitMs} ms, ${sleepers.size} asleep`)
      moveTo(first.wakeMs)
      first.wake()
    }
    return promise
  }

  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    sleep: (ms, signal) =>
      new Promise(resolve => {
        if (signal?.aborted) return resolve()
        const sleeper: Sleeper = {
          wakeMs: monotonicMs + ms,
          wake: () => {
            sleepers.delete(sleeper)
            signal?.removeEventListener('abort', sleeper.wake)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', sleeper.wake)
      }),
    advance,
    jumpWallClock: ms => {
      wallMs += ms
    },
    suspend: (ms, counted = false) => {
      wallMs += ms
      if (counted) monotonicMs += ms
    },
    runUntil,
    sleepers: () => sleepers.size,
  }
}

/** Lets every promise that can settle do so. */
function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
