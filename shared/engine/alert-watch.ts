/**
 * Shows what `core/alerts.ts` decides on the channels of a host: the one place where alerts meet a clock. A channel
 * that fails is logged and harms nothing, neither the others nor the monitor.
 */
import {
  type AlertInput,
  type AlertMemory,
  type AlertNotice,
  type AlertPolicy,
  nextAlerts,
  noAlerts,
} from '../core/alerts.ts'
import type { Settings } from '../core/settings.ts'
import type { Shown } from './desktop-notifier.ts'
import type { Clock, Log } from './ports.ts'

export interface AlertChannel {
  /** For the log. */
  readonly name: string
  show(notice: AlertNotice): Promise<Shown>
}

export interface AlertWatchParts {
  readonly clock: Clock
  /** Of the local day, 0–1439. */
  readonly minuteOfDay: (epochMs: number) => number
  /** Null before the settings are known. */
  readonly policy: (settings: Settings | null) => AlertPolicy
  readonly channels: readonly AlertChannel[]
  readonly log: Log
}

export interface AlertWatch {
  /** What the host sees of its monitor now. */
  see(input: AlertInput): void
  stop(): void
}

/** Silence is noticed without a change, and a gap that is much longer than this was sleep. Ms. */
const tickMs = 30_000
/** States may come in a quick row; more often than this nobody looks. Ms. */
const throttleMs = 250

/** Must be stopped: it keeps its process alive. */
export function watchAlerts({ clock, minuteOfDay, policy, channels, log }: AlertWatchParts): AlertWatch {
  const ended = new AbortController()
  let woken = new AbortController()
  let memory: AlertMemory = noAlerts
  let input: AlertInput | null = null
  let settings: Settings | null = null

  /** A defect is logged, and does not end the watch. */
  function lookSafely(): number {
    try {
      return look()
    } catch (error) {
      log('error', `The alerts could not be decided by a defect: ${error}`)
      return tickMs
    }
  }

  /** How long nothing will change by itself, ms. */
  function look(): number {
    if (input === null) return tickMs
    if (input.kind === 'running') settings = input.state.settings
    const moment = { monotonicMs: clock.monotonicMs(), minuteOfDay: minuteOfDay(clock.nowMs()) }
    const next = nextAlerts(memory, input, policy(settings), moment)
    memory = next.memory
    if (next.notice !== null) for (const channel of channels) void tell(channel, next.notice)
    return Math.min(next.againMs ?? tickMs, tickMs)
  }

  async function tell(channel: AlertChannel, notice: AlertNotice): Promise<void> {
    const shown = await channel.show(notice).catch(error => ({ ok: false as const, message: String(error) }))
    if (!shown.ok) log('warn', `A notification could not be shown (${channel.name}): ${shown.message}`)
  }

  async function run(): Promise<void> {
    while (!ended.signal.aborted) {
      const restMs = lookSafely()
      woken = new AbortController()
      await clock.sleep(restMs, AbortSignal.any([woken.signal, ended.signal]))
      await clock.sleep(throttleMs, ended.signal)
    }
  }

  void run()
  return {
    see(next) {
      input = next
      woken.abort()
    },
    stop: () => ended.abort(),
  }
}

/** Of the local day. */
export function localMinuteOfDay(epochMs: number): number {
  const date = new Date(epochMs)
  return date.getHours() * 60 + date.getMinutes()
}
