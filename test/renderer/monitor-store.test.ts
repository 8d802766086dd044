import { describe, expect, it, vi } from 'vitest'
import { createMonitorStore, type StoreClock } from '../../renderer/monitor-store.ts'
import type { PageWire } from '../../renderer/wires.ts'
import type { MonitorApi } from '../../shared/core/monitor-api.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import { memoryWires } from '../../shared/core/wire.ts'
import { sampleNowMs, sampleSession, sampleState } from '../support/sample-state.ts'

/** A monitor in memory with the page's end of the wire, and the ways to make it speak and to break it. */
function fakeMonitor(overrides: Partial<MonitorApi> = {}) {
  const listeners = new Set<(state: MonitorState) => void>()
  let state = sampleState({ revision: 5 })
  const api = {
    getState: async () => state,
    onState(listener: (state: MonitorState) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    pause: vi.fn(async () => {}),
    resume: vi.fn(async () => {}),
    ...overrides,
  } as unknown as MonitorApi
  let breakWire = (_reason: string) => {}
  const openWire = (): PageWire => {
    const [mine, theirs] = memoryWires()
    serveMonitor(api, theirs)
    const onClosed = (listener: (reason: string) => void) => {
      breakWire = listener
      return () => {}
    }
    return { ...mine, onClosed }
  }
  const publish = (next: MonitorState) => {
    state = next
    for (const listener of listeners) listener(next)
  }
  return { api, openWire, publish, breakWire: (reason: string) => breakWire(reason) }
}

/** The wall stands still, so that nothing is retried; what is paced is told at once. */
const clock: StoreClock = { nowMs: () => sampleNowMs, after: () => () => {} }

async function connectedStore(overrides: Partial<MonitorApi> = {}) {
  const monitor = fakeMonitor(overrides)
  const store = createMonitorStore(monitor.openWire, clock, 0)
  await vi.waitFor(() => expect(store.getSnapshot().connection.kind).toBe('open'))
  return { ...monitor, store }
}

/** A clock by hand. */
function createFakeClock(startMs: number) {
  let nowMs = startMs
  let timers: { readonly atMs: number; readonly run: () => void }[] = []
  const clock: StoreClock = {
    nowMs: () => nowMs,
    after(ms, run) {
      const timer = { atMs: nowMs + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter(other => other !== timer)
      }
    },
  }
  const advance = (ms: number) => {
    nowMs += ms
    const due = timers.filter(({ atMs }) => atMs <= nowMs)
    timers = timers.filter(({ atMs }) => atMs > nowMs)
    for (const { run } of due) run()
  }
  return { clock, advance }
}

describe('the page store', () => {
  it('is connecting until the first state is there', async () => {
    const store = createMonitorStore(fakeMonitor().openWire, clock, 0)
    expect([store.getSnapshot().connection.kind, store.getSnapshot().state]).toEqual(['connecting', null])
    await vi.waitFor(() =>
      expect(store.getSnapshot()).toMatchObject({ connection: { kind: 'open' }, state: { revision: 5 } }),
    )
  })
  it('keeps the newer state when an older one arrives late (invariant 1)', async () => {
    const { store, publish } = await connectedStore()
    publish(sampleState({ revision: 9 }))
    publish(sampleState({ revision: 6 }))
    publish(sampleState({ revision: 10, phase: 'scanning' }))
    await vi.waitFor(() => expect(store.getSnapshot().state?.revision).toBe(10))
    publish(sampleState({ revision: 8 }))
    await Promise.resolve()
    expect(store.getSnapshot().state?.phase).toBe('scanning')
  })
  it('keeps the last state, marked as old, when the wire breaks (invariant 2)', async () => {
    const { store, breakWire } = await connectedStore()
    breakWire('The monitor stopped.')
    expect(store.getSnapshot()).toMatchObject({
      connection: { kind: 'lost', reason: 'The monitor stopped.', retryAtMs: sampleNowMs + 500 },
      state: { revision: 5 },
    })
  })
  it('takes the state of a new connection although its revisions begin again', async () => {
    const { store, breakWire, publish } = await connectedStore()
    breakWire('The monitor stopped.')
    publish(sampleState({ revision: 1 }))
    store.reconnect()
    await vi.waitFor(() =>
      expect(store.getSnapshot()).toMatchObject({ connection: { kind: 'open' }, state: { revision: 1 } }),
    )
  })
  it('asks for one session and says what came of it', async () => {
    const { sessionId } = sampleSession()
    const requestCheckpoint = vi.fn(async () => [{ kind: 'unchanged', sessionId, sinceSeq: 3 }] as const)
    const { store } = await connectedStore({ requestCheckpoint })
    const done = store.checkpointSession(sessionId)
    expect([...store.getSnapshot().running]).toEqual([sessionId])
    await done
    expect(requestCheckpoint.mock.calls).toEqual([[{ sessionIds: [sessionId] }]])
    expect([...store.getSnapshot().running]).toEqual([])
    expect(store.getSnapshot().announcement?.result).toEqual({
      kind: 'outcomes',
      outcomes: [{ kind: 'unchanged', sessionId, sinceSeq: 3 }],
    })
  })
  it('does not ask twice while the first is under way', async () => {
    const requestCheckpoint = vi.fn(async () => [])
    const { store } = await connectedStore({ requestCheckpoint })
    await Promise.all([store.checkpointAll('due'), store.checkpointAll('due')])
    expect(requestCheckpoint).toHaveBeenCalledOnce()
  })
  it('turns a failure into a value (invariant 3)', async () => {
    const { store } = await connectedStore({ runCycle: () => Promise.reject(new Error('the disk is gone')) })
    await store.checkNow()
    expect(store.getSnapshot().announcement?.result).toEqual({ kind: 'failed', message: 'the disk is gone' })
  })
  it('says so when it is asked without a connection', async () => {
    const { store, breakWire } = await connectedStore()
    breakWire('gone')
    await store.resume()
    expect(store.getSnapshot().announcement?.result).toEqual({ kind: 'not-connected' })
  })
  it('pauses and resumes', async () => {
    const { store, api } = await connectedStore()
    await store.pause(null)
    await store.resume()
    expect([vi.mocked(api.pause).mock.calls, vi.mocked(api.resume).mock.calls]).toEqual([[[{ untilMs: null }]], [[{}]]])
  })
  it('tells of states at most at its pace, and always of the last one (invariant 4)', async () => {
    const monitor = fakeMonitor()
    const fake = createFakeClock(sampleNowMs)
    const store = createMonitorStore(monitor.openWire, fake.clock, 100)
    await vi.waitFor(() => expect(store.getSnapshot().state?.revision).toBe(5))
    const heard: number[] = []
    store.subscribe(() => heard.push(store.getSnapshot().state?.revision ?? 0))
    for (const revision of [6, 7, 8]) monitor.publish(sampleState({ revision }))
    await new Promise(resolve => setTimeout(resolve))
    expect(heard).toEqual([])
    fake.advance(100)
    expect(heard).toEqual([8])
  })
  it('opens the wire again by itself after it broke, later each time (invariant 2)', async () => {
    const monitor = fakeMonitor()
    const fake = createFakeClock(sampleNowMs)
    const openWire = vi.fn(monitor.openWire)
    const store = createMonitorStore(openWire, fake.clock, 0)
    await vi.waitFor(() => expect(store.getSnapshot().connection.kind).toBe('open'))
    monitor.breakWire('gone')
    monitor.breakWire('gone')
    fake.advance(499)
    expect(openWire).toHaveBeenCalledTimes(1)
    fake.advance(1)
    expect(openWire).toHaveBeenCalledTimes(2)
    monitor.breakWire('gone again')
    fake.advance(999)
    expect(openWire).toHaveBeenCalledTimes(2)
    fake.advance(1)
    await vi.waitFor(() => expect(store.getSnapshot().connection.kind).toBe('open'))
  })
  it('asks again when the first state was lost on the way', async () => {
    const fake = createFakeClock(sampleNowMs)
    const getState = vi.fn(() => new Promise<MonitorState>(() => {}))
    createMonitorStore(fakeMonitor({ getState }).openWire, fake.clock, 0)
    await vi.waitFor(() => expect(getState).toHaveBeenCalledTimes(1))
    fake.advance(10_000)
    await vi.waitFor(() => expect(getState).toHaveBeenCalledTimes(2))
  })
  it('tells its listeners of every change, and not those that left', async () => {
    const { store, publish } = await connectedStore()
    const [stays, leaves] = [vi.fn(), vi.fn()]
    store.subscribe(stays)
    store.subscribe(leaves)()
    publish(sampleState({ revision: 6 }))
    await vi.waitFor(() => expect(stays).toHaveBeenCalledOnce())
    expect(leaves).not.toHaveBeenCalled()
  })
})
