/**
 * What only the host of a page can do for it: open a folder, start at login, show a view. A second, small contract
 * beside the monitor's, over the same wire. JSON values only.
 *
 * A host offers what it can in {@link HostInfo.can}; a page without a host that answers shows none of it.
 */
import type { SessionId } from './session.ts'
import { isMessage, type Wire } from './wire.ts'

export const hostAbilities = ['folder', 'terminal', 'editor', 'start-at-login', 'notify', 'quit'] as const
export type HostAbility = (typeof hostAbilities)[number]

export interface HostInfo {
  readonly kind: 'desktop' | 'dashboard'
  readonly can: readonly HostAbility[]
  readonly platform: string
  readonly version: string
  /** Null where the host cannot tell or cannot set it. */
  readonly startsAtLogin: boolean | null
}

/** A place in the page, for a tray menu, a notification's click, or a link. */
export type PageTarget =
  | { readonly view: 'sessions' | 'activity' | 'settings' | 'rescue' }
  | { readonly view: 'session' | 'restore'; readonly sessionId: SessionId }

/** What became of a request to open something. */
export type HostAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly remedy: string }

export interface HostCalls {
  describe(request: Record<string, never>): Promise<HostInfo>
  /** Opens the session's project, or the folder that it works in. */
  open(request: { readonly what: 'folder' | 'terminal' | 'editor'; readonly sessionId: SessionId }): Promise<HostAnswer>
  /** Resolves with the host as it is then. */
  setStartAtLogin(request: { readonly enabled: boolean }): Promise<HostInfo>
  /** Shows a notification, so that the user sees whether and how they arrive. */
  testNotification(request: Record<string, never>): Promise<HostAnswer>
  quit(request: Record<string, never>): Promise<void>
}

export type HostCallName = keyof HostCalls

export interface HostApi extends HostCalls {
  /** Calls `listener` when the host wants the page to show a place; returns the way to stop. */
  onNavigate(listener: (target: PageTarget) => void): () => void
}

const everyCall: Readonly<Record<HostCallName, true>> = {
  describe: true,
  open: true,
  setStartAtLogin: true,
  testNotification: true,
  quit: true,
}

export const hostCallNames = Object.keys(everyCall) as readonly HostCallName[]

export function isHostCallName(name: unknown): name is HostCallName {
  return typeof name === 'string' && Object.hasOwn(everyCall, name)
}

export type HostMessage =
  | { readonly kind: 'host-call'; readonly id: number; readonly call: string; readonly request: unknown }
  | { readonly kind: 'host-result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'host-error'; readonly id: number; readonly message: string }
  | { readonly kind: 'navigate'; readonly target: PageTarget }

/** The page's end. `close` rejects what is still open, and every later call. */
export function connectHost(wire: Wire): HostApi & { close(reason?: string): void } {
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  const listeners = new Set<(target: PageTarget) => void>()
  let nextId = 1
  let closed: string | null = null
  const settle = (id: unknown, act: (pending: { resolve(value: never): void; reject(error: Error): void }) => void) => {
    const pending = waiting.get(id as number)
    waiting.delete(id as number)
    if (pending) act(pending)
  }
  const stop = wire.onMessage(raw => {
    if (!isMessage(raw)) return
    if (raw['kind'] === 'host-result') settle(raw['id'], pending => pending.resolve(raw['value'] as never))
    if (raw['kind'] === 'host-error') settle(raw['id'], pending => pending.reject(new Error(String(raw['message']))))
    if (raw['kind'] === 'navigate') for (const listener of listeners) listener(raw['target'] as PageTarget)
  })
  const ask =
    (call: HostCallName) =>
    (request: unknown): Promise<never> =>
      new Promise((resolve, reject) => {
        if (closed !== null) return reject(new Error(closed))
        const id = nextId++
        waiting.set(id, { resolve, reject })
        wire.send({ kind: 'host-call', id, call, request } satisfies HostMessage)
      })
  const calls = Object.fromEntries(hostCallNames.map(name => [name, ask(name)])) as unknown as HostCalls
  return {
    ...calls,
    onNavigate: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: (reason = 'the connection was closed') => {
      stop()
      closed ??= reason
      for (const pending of waiting.values()) pending.reject(new Error(reason))
      waiting.clear()
    },
  }
}
