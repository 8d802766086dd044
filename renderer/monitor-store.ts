/**
 * What the page knows, outside React: the newest state, the connection, what is under way. No React, no DOM.
 *
 * Invariants: (1) a state never replaces one of the same connection with a higher revision; (2) after the wire has
 * broken the last state stays, marked as old; (3) every failure of an action ends as a message, never as a rejection.
 */
import { explainOutcome } from '../shared/core/explain.ts'
import { count } from '../shared/core/format.ts'
import type { CheckpointTarget, MonitorApi } from '../shared/core/monitor-api.ts'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import { connectMonitor } from '../shared/core/wire.ts'
import type { PageWire } from './wires.ts'

export type Connection = { readonly kind: 'connecting' | 'open' } | { readonly kind: 'lost'; readonly reason: string }

export interface PageSnapshot {
  readonly connection: Connection
  /** Null until the first state has arrived. */
  readonly state: MonitorState | null
  /** Names of the actions under way: a session's id, or the action's own name. */
  readonly running: ReadonlySet<string>
  /** What the last action came to, in words; empty before the first. */
  readonly announcement: string
}

export interface MonitorStore {
  getSnapshot(): PageSnapshot
  /** Calls `listener` after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void
  checkpointSession(sessionId: string): Promise<void>
  checkpointAll(which: 'due' | 'changed'): Promise<void>
  checkNow(): Promise<void>
  /** @param untilMs Epoch ms, or null for "until resumed". */
  pause(untilMs: number | null): Promise<void>
  resume(): Promise<void>
  /** Opens a new wire after the last one broke. */
  reconnect(): void
}

/** @param openWire Called at once, and again by `reconnect`. @param nowMs The wall clock, epoch ms. */
export function createMonitorStore(openWire: () => PageWire, nowMs: () => number): MonitorStore {
  const listeners = new Set<() => void>()
  let snapshot: PageSnapshot = {
    connection: { kind: 'connecting' },
    state: null,
    running: new Set(),
    announcement: '',
  }
  let api: MonitorApi | null = null

  const update = (change: Partial<PageSnapshot>) => {
    snapshot = { ...snapshot, ...change }
    for (const listener of listeners) listener()
  }
  const connect = () => {
    const wire = openWire()
    const connected = connectMonitor(wire)
    let revision = -1
    api = connected
    const accept = (state: MonitorState) => {
      if (api !== connected || state.revision < revision) return
      revision = state.revision
      update({ state, connection: { kind: 'open' } })
    }
    const lose = (reason: string) => {
      if (api !== connected) return
      api = null
      connected.close(reason)
      update({ connection: { kind: 'lost', reason } })
    }
    wire.onClosed(lose)
    connected.onState(accept)
    connected.getState({}).then(accept, error => lose(messageOf(error)))
  }
  /** Runs one action, marked as running under `name`, and announces what `run` resolves to. */
  const act = async (name: string, run: (api: MonitorApi) => Promise<string>) => {
    if (snapshot.running.has(name)) return
    update({ running: new Set([...snapshot.running, name]) })
    const announcement = await (api === null
      ? Promise.resolve('Not connected to the monitor.')
      : run(api).catch(error => `That failed: ${messageOf(error)}`))
    update({ running: new Set([...snapshot.running].filter(other => other !== name)), announcement })
  }
  const checkpoint = (name: string, target: CheckpointTarget) =>
    act(name, async to => {
      const outcomes = await to.requestCheckpoint(target)
      const [only] = outcomes
      if (only === undefined) return 'Nothing to checkpoint.'
      if (outcomes.length === 1) return explainOutcome(only, nowMs())
      const saved = outcomes.filter(outcome => outcome.kind === 'saved').length
      return `${count(saved, 'checkpoint')} saved of ${outcomes.length} asked for.`
    })

  connect()
  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    checkpointSession: sessionId => checkpoint(sessionId, { sessionIds: [sessionId] }),
    checkpointAll: which => checkpoint(which, { which }),
    checkNow: () =>
      act('check', async to => {
        const cycle = await to.runCycle({})
        return `Checked ${count(cycle.found, 'session')}: ${cycle.created} saved, ${cycle.failed} failed.`
      }),
    pause: untilMs => act('pause', async to => to.pause({ untilMs }).then(() => 'Paused.')),
    resume: () => act('resume', async to => to.resume({}).then(() => 'Resumed.')),
    reconnect() {
      update({ connection: { kind: 'connecting' } })
      connect()
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
