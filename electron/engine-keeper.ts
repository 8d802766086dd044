/**
 * Keeps an engine running: one that crashes or cannot start is started again, at growing intervals, and everybody
 * who shows something is told what is going on. Free of Electron.
 */
import { formatDuration } from '../shared/core/format.ts'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import type { Clock } from '../shared/engine/ports.ts'

export type KeptEngine =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly monitor: MonitorApi }
  /** Started again by itself after a while; `remedy` says so, and what the user can do. */
  | { readonly kind: 'down'; readonly message: string; readonly remedy: string }

export type EngineStarted =
  /** `stop` ends it in order within `graceMs`, and then whatever it does. */
  | { readonly ok: true; readonly monitor: MonitorApi; readonly stop: (graceMs: number) => Promise<void> }
  | { readonly ok: false; readonly message: string; readonly remedy: string }

export interface KeeperParts {
  readonly clock: Clock
  /** Starts one engine. `onEnded` is told once, in words, and only after a start that went well. */
  readonly start: (onEnded: (reason: string) => void) => Promise<EngineStarted>
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
const defaultGraceMs = 5_000

/** How long to wait after so many failures in a row (at least 1). Ms. */
export function restartDelayMs(failures: number): number {
  return delaysMs[Math.min(failures, delaysMs.length) - 1] ?? delaysMs[0]
}

/** Starts at once. */
export function keepEngine({ clock, start, onChange }: KeeperParts): EngineKeeper {
  const ended = new AbortController()
  let running: (EngineStarted & { readonly ok: true }) | null = null
  let graceMs = defaultGraceMs
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
    let end: (reason: string) => void = () => {}
    const over = new Promise<string>(resolve => {
      end = resolve
    })
    const started = await start(end)
    if (!started.ok) return started
    if (ended.signal.aborted) {
      await started.stop(graceMs)
      return { message: '', remedy: '' }
    }
    const fromMs = clock.monotonicMs()
    running = started
    onChange({ kind: 'running', monitor: started.monitor })
    const message = await over
    if (clock.monotonicMs() - fromMs >= healthyMs) failures = 0
    return { message, remedy: '' }
  }

  const loop = run()
  return {
    monitor: () => running?.monitor ?? null,
    async stop(withinMs) {
      graceMs = withinMs
      ended.abort()
      const stopping = running
      running = null
      if (stopping !== null) return stopping.stop(graceMs)
      await loop
    },
  }
}

function withRestart(remedy: string, delayMs: number): string {
  return `${remedy} It is started again in ${formatDuration(delayMs)}.`.trim()
}
