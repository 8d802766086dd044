/**
 * The contract over any pipe, and the asking end of it (`serve-monitor.ts` is the other). A pipe sends JSON values
 * and hands over what arrives; it understands none of it. A foreign message is ignored. The state comes as a stream of
 * its own (`state-stream.ts`), also for whoever asks for it by `getState`.
 */
import { type CallName, callNames, type MonitorApi } from './monitor-api.ts'
import type { MonitorState } from './monitor-state.ts'
import { isPiece } from './state-patch.ts'
import { createStateReceiver, type StateMessage } from './state-stream.ts'

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
  /** The answer to `getState`: a state that has gone out as `state` messages before. */
  | { readonly kind: 'sent'; readonly id: number; readonly engine: string; readonly revision: number }
  /** Send me the state, all of it, and from now on whatever changes. `ask` counts the questions of this end. */
  | { readonly kind: 'subscribe'; readonly ask: number }
  /** The other end begins now: it knows of no subscription. */
  | { readonly kind: 'serving' }
  | StateMessage

/** The other end: a `MonitorApi` that asks over `wire`. `close` rejects what is still open, and every later call. */
export function connectMonitor(wire: Wire): MonitorApi & { close(reason?: string): void } {
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  const listeners = new Set<(state: MonitorState) => void>()
  let nextId = 1
  let closed: string | null = null
  let isSubscribed = false
  const receiver = createStateReceiver({
    onAsk: ask => wire.send({ kind: 'subscribe', ask }),
    onState: state => {
      for (const listener of listeners) listener(state)
    },
  })
  const stop = wire.onMessage(raw => {
    if (!isMessage(raw)) return
    if (raw['kind'] === 'state' && isPiece(raw)) receiver.take(raw as unknown as StateMessage)
    else if (raw['kind'] === 'serving') {
      if (isSubscribed) receiver.ask()
    } else settle(raw)
  })
  function settle(raw: Record<string, unknown>): void {
    const id = raw['id'] as number
    const pending = waiting.get(id)
    if (pending === undefined) return
    if (raw['kind'] === 'sent') {
      void receiver.reach(String(raw['engine']), Number(raw['revision'])).then(state => {
        waiting.delete(id)
        pending.resolve(state as never)
      })
    } else if (raw['kind'] === 'result' || raw['kind'] === 'error') {
      waiting.delete(id)
      if (raw['kind'] === 'result') pending.resolve(raw['value'] as never)
      else pending.reject(new Error(String(raw['message'])))
    }
  }
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
      listeners.add(listener)
      if (!isSubscribed) receiver.ask()
      isSubscribed = true
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
