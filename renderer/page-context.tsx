/** What every view may use: the monitor's newest state by selector, its actions, and the time. */
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import type { MonitorStore, PageSnapshot } from './monitor-store.ts'

const StoreContext = createContext<MonitorStore | null>(null)

export function MonitorProvider({ store, children }: { readonly store: MonitorStore; readonly children: ReactNode }) {
  return <StoreContext value={store}>{children}</StoreContext>
}

/** The actions. @throws {Error} outside of a `MonitorProvider`. */
export function useStore(): MonitorStore {
  const store = useContext(StoreContext)
  if (store === null) throw new Error('there is no MonitorProvider around this view')
  return store
}

/**
 * A part of what the page knows.
 *
 * @param select Must give the same object for the same snapshot: pick, do not build.
 */
export function useMonitor<T>(select: (snapshot: PageSnapshot) => T): T {
  const store = useStore()
  return useSyncExternalStore(store.subscribe, () => select(store.getSnapshot()))
}

/** A part of the newest state; `otherwise` before the first has arrived. The same rule for `select`. */
export function useMonitorState<T>(select: (state: MonitorState) => T, otherwise: T): T {
  return useMonitor(({ state }) => (state === null ? otherwise : select(state)))
}

/** True while the monitor can be asked for something. */
export function useIsOpen(): boolean {
  return useMonitor(({ connection, state }) => connection.kind === 'open' && state !== null)
}

/** True while the action of that name is under way. */
export function useIsRunning(name: string): boolean {
  return useMonitor(({ running }) => running.has(name))
}

/** The wall clock, read every `stepMs`: ages on screen grow without a new state. */
export function useNowMs(stepMs = 15_000): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), stepMs)
    return () => clearInterval(timer)
  }, [stepMs])
  return nowMs
}
