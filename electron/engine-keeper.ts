/**
 * Keeps an engine running: one that crashes or cannot start is started again, at growing intervals, and everybody
 * who shows something is told what is going on. Free of Electron.
 */
import { formatDuration } from '../shared/core/format.ts'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import type { EngineThreadStarted } from '../shared/engine/engine-thread.ts'
import type { Clock } from '../shared/engine/ports.ts'

export type KeptEngine =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly monitor: MonitorApi }
  /** Started again by itself after a while; `remedy` says so, and what the user can do. */
  | { readonly kind: 'down'; readonly message: string; readonly remedy: string }

export interface KeeperParts {
  readonly clock: Clock
  /** Starts one engine. `onCrash` is called at most once, and only after a start that went well. */
  readonly start: (onCrash: (error: Error) => void) => Promise<EngineThreadStarted>
  /** Told of each change, in order. */
  readonly onChange: (now: KeptEngine) => void
}

export interface EngineKeeper {
  /** The monitor, while it runs. */
  monitor(): MonitorApi | null
  /** Ends the engine, in order within `graceMs`; none is started any more. */
  stop(graceMs: number): Promise<void>
}

/** The first restart is quick: most crashes do not come twice. Ms. */
const delaysMs = [1_000, 5_000, 15_000, 60_000, 300_000] as const
/** An engine that ran for this long is healthy again. Ms. */
const healthyMs = 10 * 60_000

/** How long to wait after so many failures in a row (at least 1). Ms. */
export function restartDelayMs(failures: number): number {
  return delaysMs[Math.min(failures, delaysMs.length) - 1] ?? delaysMs[0]
}

/** Starts at once. */
export function keepEngine({ clock, start, onChange }: KeeperParts): EngineKeeper {
  const ended = new AbortController()
  let running: { readonly thread: { stop(graceMs?: number): Promise<void> }; readonly monitor: MonitorApi } | null =
    null
  let failures = 0

  async function run(): Promise<void> {
    while (!ended.signal.aborted) {
      onChange({ kind: 'starting' })
      const why = await runOne()
      running = null
      if (ended.signal.aborted) return
      const delayMs = restartDelayMs(++failures)
      onChange({ kind: 'down', message: why.message, remedy: withRestart(why.remedy, delayMs) })
      await clock.sleep(delayMs, ended.signal)
    }
  }

  /** One engine from start to end; resolves with why it is no more. */
  async function runOne(): Promise<{ readonly message: string; readonly remedy: string }> {
    let crash: (error: Error) => void = () => {}
    const crashed = new Promise<Error>(resolve => {
      crash = resolve
    })
    const started = await start(crash)
    if (!started.ok) return started
    if (ended.signal.aborted) {
      await started.thread.stop()
      return { message: '', remedy: '' }
    }
    const fromMs = clock.monotonicMs()
    running = { thread: started.thread, monitor: started.thread.monitor }
    onChange({ kind: 'running', monitor: started.thread.monitor })
    const error = await crashed
    if (clock.monotonicMs() - fromMs >= healthyMs) failures = 0
    return { message: `The monitor stopped by a defect: ${error.message}`, remedy: '' }
  }

  const loop = run()
  return {
    monitor: () => running?.monitor ?? null,
    async stop(graceMs) {
      ended.abort()
      const stopping = running
      running = null
      if (stopping !== null) return stopping.thread.stop(graceMs)
      await loop
    },
  }
}

function withRestart(remedy: string, delayMs: number): string {
  return `${remedy} It is started again in ${formatDuration(delayMs)}.`.trim()
}
