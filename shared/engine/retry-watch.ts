/**
 * Between two cycles: notices when what kept sessions from being checkpointed is over, and wakes the scheduler.
 *
 * Looking at another's lock is also what counts the silence of a holder that hangs (`lock-file.ts`, invariant 5:
 * at most 2 s per look). Without these looks it would be followed only after as many waits of a minute as fit into
 * ten minutes of silence, one per cycle.
 */
import type { Lock } from './lock-file.ts'
import type { Clock } from './ports.ts'

export interface RetryWatchParts {
  readonly clock: Clock
  readonly lock: Pick<Lock, 'status'>
  /** Called once for each time it is armed, at most. */
  readonly wake: () => void
}

export interface RetryReasons {
  /** Somebody else holds the lock. */
  readonly lockedElsewhere: boolean
  /** Milliseconds until the first back-off is over, or null. */
  readonly retryMs: number | null
}

export interface RetryWatch {
  /** Takes the place of what was watched for before. */
  arm(reasons: RetryReasons): void
  disarm(): void
}

/** As much as one look may count. Milliseconds. */
const lookEveryMs = 2_000

export function createRetryWatch({ clock, lock, wake }: RetryWatchParts): RetryWatch {
  let ended = new AbortController()

  async function watch({ lockedElsewhere, retryMs }: RetryReasons, signal: AbortSignal): Promise<void> {
    const retryAtMs = retryMs === null ? Number.POSITIVE_INFINITY : clock.monotonicMs() + retryMs
    for (;;) {
      const leftMs = Math.max(0, retryAtMs - clock.monotonicMs())
      await clock.sleep(lockedElsewhere ? Math.min(lookEveryMs, leftMs) : leftMs, signal)
      if (signal.aborted) return
      if (clock.monotonicMs() >= retryAtMs || (lockedElsewhere && lock.status().kind === 'free')) return wake()
    }
  }

  function disarm(): void {
    ended.abort()
    ended = new AbortController()
  }

  return {
    arm(reasons) {
      disarm()
      if (reasons.lockedElsewhere || reasons.retryMs !== null) void watch(reasons, ended.signal)
    },
    disarm,
  }
}
