/**
 * The contract over any pipe, and the asking end of it (`serve-monitor.ts` is the other). A pipe sends JSON values
 * and hands over what arrives; it understands none of it. A foreign message is ignored, a late or repeated state is
 * dropped by its revision.
 */
import { type CallName, callNames, type MonitorApi } from './monitor-api.ts'
import type { MonitorState } from './monitor-state.ts'

/** One end of a pipe. `send` may drop messages once the pipe is closed, and never throws. */
export interface Wire {
  send(message: unknown): void
  /** Returns the way to stop listening. */
  onMessage(listener: (message: unknown) => void): () => void
}

export type WireMessage =
  | { readonly kind: 'call'; readonly id: number; readonly call: string; readonly request: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'state'; readonly state: MonitorState }

/** The other end: a `MonitorApi` that asks over `wire`. `close` rejects what is still open, and every later call. */
export function connectMonitor(wire: Wire): MonitorApi & { close(reason?: string): void } {
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  const listeners = new Set<(state: MonitorState) => void>()
  let nextId = 1
  let revision = -1
  let closed: string | null = null
  const stop = wire.onMessage(raw => {
    if (!isMessage(raw)) return
    if (raw['kind'] === 'state' && isState(raw['state'])) {
      if (raw['state'].revision <= revision) return
      revision = raw['state'].revision
      for (const listener of listeners) listener(raw['state'])
    }
    if (raw['kind'] !== 'result' && raw['kind'] !== 'error') return
    const pending = waiting.get(raw['id'] as number)
    if (!pending) return
    waiting.delete(raw['id'] as number)
    if (raw['kind'] === 'result') pending.resolve(raw['value'] as never)
    else pending.reject(new Error(String(raw['message'])))
  })
  const ask =
    (call: CallName) =>
    (request: unknown): Promise<never> =>
      new Promise((resolve, reject) => {
        if (closed !== null) return reject(new Error(closed))
        const id = nextId++
        waiting.set(id, { resolve, reject })
        wire.send({ kind: 'call', id, call, request })
      })
  const calls = Object.fromEntries(callNames.map(name => [name, ask(name)])) as unknown as MonitorApi
  return {
    ...calls,
    onState(listener) {
      if (listeners.size === 0) wire.send({ kind: 'subscribe' })
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close(reason = 'the connection was closed') {
      stop()
      closed ??= reason
      for (const pending of waiting.values()) pending.reject(new Error(reason))
      waiting.clear()
    },
  }
}

/** Two ends in one process. Messages are cloned as JSON and arrive in a later turn, as on every other wire. */
export function memoryWires(): readonly [Wire, Wire] {
  const listeners = [new Set<(message: unknown) => void>(), new Set<(message: unknown) => void>()] as const
  const end = (mine: 0 | 1): Wire => ({
    send(message) {
      const copy = JSON.stringify(message)
      void Promise.resolve().then(() => {
        for (const listener of listeners[mine === 0 ? 1 : 0]) listener(JSON.parse(copy))
      })
    },
    onMessage(listener) {
      listeners[mine].add(listener)
      return () => listeners[mine].delete(listener)
    },
  })
  return [end(0), end(1)]
}

/** True for what may be a {@link WireMessage}. */
export function isMessage(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'kind' in value
}

function isState(value: unknown): value is MonitorState {
  return typeof value === 'object' && value !== null && 'revision' in value && Number.isFinite(value.revision)
}
