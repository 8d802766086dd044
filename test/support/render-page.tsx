/**
 * The page in jsdom over a memory wire, for tests by role and name. What jsdom lacks of a browser is put in here: sizes,
 * so that a list has rows in sight, and the ways to watch them.
 */
import { cleanup, render } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { App } from '../../renderer/app.tsx'
import { createI18n, type Language } from '../../renderer/i18n.ts'
import { createMonitorStore, type MonitorStore } from '../../renderer/monitor-store.ts'
import type { PageWire } from '../../renderer/wires.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import { memoryWires, type Wire } from '../../shared/core/wire.ts'
import { createFakeMonitorApi, type FakeMonitorApi } from './fake-monitor-api.ts'
import { sampleState } from './sample-state.ts'

export interface RenderedPage extends FakeMonitorApi {
  readonly user: ReturnType<typeof userEvent.setup>
  readonly store: MonitorStore
  /** Breaks the wire; the page opens a new one by itself. */
  breakWire(reason: string): void
}

export interface RenderOptions {
  /** Null: the monitor never answers. */
  readonly state?: MonitorState | null
  readonly hash?: string
  readonly language?: Language
  /** Stands between the page and the monitor. */
  readonly between?: (wire: Wire) => Wire
  /** Size of the window in CSS pixels. Default 1200 × 800. */
  readonly size?: readonly [width: number, height: number]
}

/** Call in a file that begins with `// @vitest-environment jsdom`. Removes what an earlier call has rendered. */
export function renderPage(options: RenderOptions = {}): RenderedPage {
  cleanup()
  equipJsdom(options.size ?? [1200, 800])
  location.hash = options.hash ?? ''
  const fake = createFakeMonitorApi()
  const { state = sampleState() } = options
  fake.answer('getState', () => (state === null ? new Promise(() => {}) : state))
  fake.answer('listCheckpoints', () => [])
  fake.answer('getHistory', () => ({ samples: [] }))
  fake.answer('listRescue', () => ({ atMs: 0, cases: [], more: 0 }))
  fake.answer('listRestores', () => [])
  let breakWire = (_reason: string) => {}
  const openWire = (): PageWire => {
    const [mine, theirs] = memoryWires()
    serveMonitor(fake.api, (options.between ?? (wire => wire))(theirs))
    const onClosed = (listener: (reason: string) => void) => {
      breakWire = listener
      return () => {}
    }
    return { ...mine, onClosed }
  }
  const store = createMonitorStore(openWire, undefined, 0)
  render(<App store={store} i18n={createI18n(options.language ?? 'en')} />)
  return { ...fake, user: userEvent.setup(), store, breakWire: reason => breakWire(reason) }
}

/** As much of a browser as the page asks for. */
function equipJsdom([width, height]: readonly [number, number]): void {
  const never = () => {}
  globalThis.matchMedia = query =>
    ({ matches: false, media: query, addEventListener: never, removeEventListener: never }) as unknown as MediaQueryList
  globalThis.ResizeObserver = class {
    observe = never
    unobserve = never
    disconnect = never
  }
  Element.prototype.scrollTo = never
  Element.prototype.scrollIntoView = never
  const box = { x: 0, y: 0, top: 0, left: 0, right: width, bottom: height, width, height }
  Element.prototype.getBoundingClientRect = () => ({ ...box, toJSON: () => box })
  const sizes = { offsetWidth: width, offsetHeight: height, clientWidth: width, clientHeight: height }
  for (const [name, value] of Object.entries(sizes)) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => value })
  }
}
