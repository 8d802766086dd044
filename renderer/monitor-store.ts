/**
 * What the page knows, outside React: the newest state, the connection, what is under way. No React, no DOM, no words.
 *
 * Invariants: (1) a state never replaces one of the same connection and engine with a higher revision; (2) after
 * the wire has broken the last state stays, marked as old, and the wire is opened again by itself; (3) every failure of an action
 * ends as a value, never as a rejection; (4) however fast states come, listeners are told of them at most every
 * `paceMs`, and always of the last one.
 */
import type { CheckpointOutcome } from '../shared/core/checkpoint.ts'
import {
  connectHost,
  type HostApi,
  type HostCallName,
  type HostCalls,
  type HostInfo,
  type PageTarget,
} from '../shared/core/host-api.ts'
import type { CallName, CheckpointTarget, MonitorApi, MonitorCalls } from '../shared/core/monitor-api.ts'
import type { CycleSummary, MonitorState } from '../shared/core/monitor-state.ts'
import { connectMonitor } from '../shared/core/wire.ts'
import type { PageWire } from './wires.ts'

export type Connection =
  | { readonly kind: 'connecting' | 'open' }
  /** `retryAtMs`: when it is tried again by itself, epoch ms. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryAtMs: number }

/** What an action came to; the views have the words for it. */
export type ActionResult =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly CheckpointOutcome[] }
  | { readonly kind: 'checked'; readonly cycle: CycleSummary }
  | { readonly kind: 'paused'; readonly untilMs: number | null }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'copied' }
  /** Something that a view has put into words itself. */
  | { readonly kind: 'said'; readonly text: string; readonly isError?: boolean }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'not-connected' }

export interface Announcement {
  /** Counts up, so that the same result twice is told twice. */
  readonly id: number
  readonly result: ActionResult
}

export interface PageSnapshot {
  readonly connection: Connection
  /** Null until the first state has arrived. */
  readonly state: MonitorState | null
  /** When the monitor was last heard, epoch ms; 0 before that. */
  readonly heardMs: number
  /** Names of the actions under way: a session's id, or the action's own name. */
  readonly running: ReadonlySet<string>
  /** What the program around the page is and can; null where none has answered. */
  readonly host: HostInfo | null
  /** What the last action came to; null before the first. */
  readonly announcement: Announcement | null
}

/** The answer to a call, or why there is none. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly result: ActionResult }

type ValueOf<K extends CallName> = Awaited<ReturnType<MonitorCalls[K]>>

export interface MonitorStore {
  getSnapshot(): PageSnapshot
  /** Calls `listener` after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void
  /** Asks the monitor for something that a view wants to show. Never rejects. */
  ask<K extends CallName>(call: K, request: Parameters<MonitorCalls[K]>[0]): Promise<Answer<ValueOf<K>>>
  checkpointSession(sessionId: string): Promise<void>
  /** Under the name `bulk`. */
  checkpointSessions(sessionIds: readonly string[]): Promise<void>
  /** Under the name `due` or `changed`. */
  checkpointAll(which: 'due' | 'changed'): Promise<void>
  checkNow(): Promise<void>
  /** @param untilMs Epoch ms, or null for "until resumed". */
  pause(untilMs: number | null): Promise<void>
  resume(): Promise<void>
  /** Runs any other action marked as running under `name`, and announces what it came to. */
  act(name: string, run: (api: MonitorApi) => Promise<ActionResult>): Promise<void>
  announce(result: ActionResult): void
  /** Asks the program around the page. Never rejects; without one it fails in words. */
  askHost<K extends HostCallName>(
    call: K,
    request: Parameters<HostCalls[K]>[0],
  ): Promise<Answer<Awaited<ReturnType<HostCalls[K]>>>>
  /** Calls `listener` when the host wants a place of the page to be shown; returns the way to stop. */
  onNavigate(listener: (target: PageTarget) => void): () => void
  /** Opens a new wire now instead of when it is due. */
  reconnect(): void
}

export interface StoreClock {
  /** Epoch ms. */
  readonly nowMs: () => number
  /** Returns the way to cancel. */
  readonly after: (ms: number, run: () => void) => () => void
}

export const browserClock: StoreClock = {
  nowMs: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Waits before the wire is opened again, by attempt; the last one stays. Ms. */
const retryMs = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const
/** An answer with the first state that takes longer is asked for again. Ms. */
const stateTimeoutMs = 10_000
/** A monitor that said nothing for its interval and this long is asked. Ms. */
const quietMs = 60_000

/** @param openWire Called at once, and again after each break. @param paceMs See invariant 4. */
export function createMonitorStore(
  openWire: () => PageWire,
  clock: StoreClock = browserClock,
  paceMs = 150,
): MonitorStore {
  const listeners = new Set<() => void>()
  let snapshot: PageSnapshot = {
    connection: { kind: 'connecting' },
    state: null,
    heardMs: 0,
    running: new Set(),
    host: null,
    announcement: null,
  }
  const navigators = new Set<(target: PageTarget) => void>()
  let api: MonitorApi | null = null
  let host: HostApi | null = null
  let attempts = 0
  let cancelRetry = () => {}
  /** Gives up the present wire. */
  let leave = () => {}
  let announcements = 0

  const update = (change: Partial<PageSnapshot>) => {
    snapshot = { ...snapshot, ...change }
    for (const listener of listeners) listener()
  }
  const pace = createPace(clock, paceMs, (state: MonitorState) => {
    attempts = 0
    update({ state, heardMs: clock.nowMs(), connection: { kind: 'open' } })
  })

  const connect = () => {
    cancelRetry()
    const wire = openWire()
    const connected = connectMonitor(wire)
    const connectedHost = connectHost(wire)
    let newest: MonitorState | null = null
    let heardMs = clock.nowMs()
    let cancelWatch = () => {}
    leave()
    leave = () => {
      cancelWatch()
      pace.stop()
      connected.close()
      connectedHost.close()
    }
    api = connected
    host = connectedHost
    const accept = (state: MonitorState) => {
      const isOld = newest?.engine === state.engine && state.revision < newest.revision
      if (api !== connected || isOld) return
      newest = state
      heardMs = clock.nowMs()
      pace.push(state)
    }
    const lose = (reason: string) => {
      if (api !== connected) return
      api = null
      pace.stop()
      cancelWatch()
      connected.close(reason)
      connectedHost.close(reason)
      const waitMs = retryMs[Math.min(attempts++, retryMs.length - 1)] ?? 0
      cancelRetry = clock.after(waitMs, connect)
      update({ connection: { kind: 'lost', reason, retryAtMs: clock.nowMs() + waitMs } })
    }
    const askState = () => void connected.getState({}).then(accept, error => lose(messageOf(error)))
    /** An answer may be lost on the way, and a subscription too: then it is asked again, or begun anew. */
    const watch = () => {
      if (api !== connected) return
      const intervalMs = (snapshot.state?.settings.intervalMinutes ?? 5) * 60_000
      const isQuiet = newest !== null && clock.nowMs() - heardMs > intervalMs + quietMs
      if (isQuiet) return connect()
      if (newest === null) askState()
      cancelWatch = clock.after(stateTimeoutMs, watch)
    }
    wire.onClosed(lose)
    connected.onState(accept)
    connectedHost.onNavigate(target => {
      for (const listener of navigators) listener(target)
    })
    void connectedHost.describe({}).then(
      info => host === connectedHost && update({ host: info }),
      () => {}, // nobody there who would offer anything
    )
    askState()
    cancelWatch = clock.after(stateTimeoutMs, watch)
  }

  const announce = (result: ActionResult) => update({ announcement: { id: ++announcements, result } })
  const act: MonitorStore['act'] = async (name, run) => {
    if (snapshot.running.has(name)) return
    update({ running: new Set([...snapshot.running, name]) })
    const result = await (api === null ? notConnected : run(api).catch(failure))
    snapshot = { ...snapshot, running: new Set([...snapshot.running].filter(other => other !== name)) }
    announce(result)
  }
  const checkpoint = (name: string, target: CheckpointTarget) =>
    act(name, async to => ({ kind: 'outcomes', outcomes: await to.requestCheckpoint(target) }))

  connect()
  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async ask(call, request) {
      if (api === null) return { ok: false, result: notConnected }
      const asked = api[call] as (request: unknown) => Promise<never>
      return asked(request).then(
        value => ({ ok: true, value }),
        error => ({ ok: false, result: failure(error) }),
      )
    },
    checkpointSession: sessionId => checkpoint(sessionId, { sessionIds: [sessionId] }),
    checkpointSessions: sessionIds => checkpoint('bulk', { sessionIds }),
    checkpointAll: which => checkpoint(which, { which }),
    checkNow: () => act('check', async to => ({ kind: 'checked', cycle: await to.runCycle({}) })),
    pause: untilMs => act('pause', async to => to.pause({ untilMs }).then(() => ({ kind: 'paused', untilMs }))),
    resume: () => act('resume', async to => to.resume({}).then(() => ({ kind: 'resumed' }))),
    act,
    announce,
    async askHost(call, request) {
      if (host === null) return { ok: false, result: notConnected }
      const asked = host[call] as (request: unknown) => Promise<never>
      return asked(request).then(
        value => ({ ok: true, value }),
        error => ({ ok: false, result: failure(error) }),
      )
    },
    onNavigate(listener) {
      navigators.add(listener)
      return () => navigators.delete(listener)
    },
    reconnect: connect,
  }
}

const notConnected: ActionResult = { kind: 'not-connected' }

function failure(error: unknown): ActionResult {
  return { kind: 'failed', message: messageOf(error) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Hands on the newest value, the first at once and then at most every `paceMs`. */
function createPace<T>(clock: StoreClock, paceMs: number, take: (value: T) => void) {
  let waiting: { readonly value: T } | null = null
  let takenMs = Number.NEGATIVE_INFINITY
  let cancel = () => {}
  const flush = () => {
    if (waiting === null) return
    const { value } = waiting
    waiting = null
    takenMs = clock.nowMs()
    take(value)
  }
  return {
    push(value: T) {
      const isScheduled = waiting !== null
      waiting = { value }
      const waitMs = takenMs + paceMs - clock.nowMs()
      // A clock that was set back must not hold anything up.
      if (waitMs <= 0 || waitMs > paceMs) {
        cancel()
        flush()
      } else if (!isScheduled) cancel = clock.after(waitMs, flush)
    },
    /** Drops what has not been handed on. */
    stop() {
      cancel()
      waiting = null
    },
  }
}
