/**
 * The contract of `shared/core/monitor-api.ts`, the same body over every wire. A wire is added by one entry in `wires`.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { summariseCheckpoint } from '../../shared/core/checkpoint.ts'
import type { CallName } from '../../shared/core/monitor-api.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { type ServeOptions, serveMonitor } from '../../shared/core/serve-monitor.ts'
import { connectMonitor, memoryWires, type Wire } from '../../shared/core/wire.ts'
import { idOf, noonMs, recordOf, stateOf, viewOf } from '../support/core-values.ts'
import { createFakeMonitorApi } from '../support/fake-monitor-api.ts'
import { restoreExchanges } from '../support/restore-values.ts'
import { localSocketPair, webSocketPair } from '../support/wire-pairs.ts'

/** Two ends and the way to close what lies between. */
interface OpenWires {
  readonly ends: readonly [host: Wire, page: Wire]
  close(): void
}

const wires: readonly (readonly [title: string, open: () => OpenWires])[] = [
  ['memory', () => ({ ends: memoryWires(), close: () => {} })],
  ['structured clone', openMessagePorts],
  ['a local socket', localSocketPair],
  ['a WebSocket', webSocketPair],
]

const cycle = {
  startedMs: noonMs,
  tookMs: 12,
  found: 3,
  due: 1,
  dueBy: { time: 1 },
  created: 1,
  heldBy: { unchanged: 2 },
  notDone: {},
  failed: 0,
  averageMs: 12,
  addedBytes: 900,
}
const fullState = stateOf(3, { sessions: [viewOf(1), viewOf(2)], lastCycle: cycle, paused: { untilMs: null } })

/** A request and an answer for each call of the contract. */
const exchanges: { readonly [K in CallName]: readonly [request: object, answer: unknown] } = {
  getState: [{}, fullState],
  runCycle: [{}, cycle],
  requestCheckpoint: [
    { sessionIds: [idOf(1), idOf(2)] },
    [
      {
        kind: 'saved',
        sessionId: idOf(1),
        seq: 4,
        atMs: noonMs,
        addedBytes: 90,
        tookMs: 3.25,
        warnings: ['1 file too large'],
      },
      { kind: 'failed', sessionId: idOf(2), code: 'disk-full', message: 'the disk is full', remedy: 'Free some space' },
    ],
  ],
  listCheckpoints: [{ sessionId: idOf(1) }, [summariseCheckpoint(recordOf())]],
  pause: [{ untilMs: noonMs }, null],
  resume: [{}, null],
  ...restoreExchanges,
  changeSettings: [
    { changes: { 'thresholds.timeHours': 1, 'notifications.quietHours': null } },
    { ok: false, problems: [{ key: 'thresholds.timeHours', message: 'too bad' }] },
  ],
  getHistory: [
    { sessionId: idOf(1) },
    {
      samples: [
        {
          atMs: noonMs,
          total: 0.5,
          scores: { time: 0.1, activity: 0.2, context: 0.1, idle: 0.1 },
          contextTokens: null,
          contextPercent: null,
        },
      ],
    },
  ],
}
const everyCall = Object.entries(exchanges).map(([call, [request, answer]]) => ({
  call: call as CallName,
  request,
  answer,
}))

const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0)) close()
})

describe.each(wires)('the monitor over %s', (_title, openWires) => {
  /** A fake monitor served at one end; a connected one, and the bare wire, at the other. */
  function open(options: ServeOptions = {}) {
    const { ends, close } = openWires()
    const fake = createFakeMonitorApi()
    const refused: string[] = []
    const stop = serveMonitor(fake.api, ends[0], { onRefused: message => refused.push(message), ...options })
    const monitor = connectMonitor(ends[1])
    toClose.push(() => monitor.close(), stop, close)
    return { fake, monitor, refused, stop, page: ends[1], host: ends[0] }
  }

  it.each(everyCall)('carries the request of $call and its whole answer', async ({ call, request, answer }) => {
    const { fake, monitor } = open()
    fake.answer(call, async () => answer)
    const ask = monitor[call] as (request: unknown) => Promise<unknown>
    expect(await ask(request)).toEqual(answer)
    expect(fake.asked).toEqual([{ call, request }])
  })

  it('gives a call without an answer null', async () => {
    const { monitor } = open()
    expect(await monitor.resume({})).toBeNull()
  })

  it('keeps slow and quick answers apart', async () => {
    const { fake, monitor } = open()
    const slow = Promise.withResolvers<unknown>()
    fake.answer('getState', () => slow.promise)
    fake.answer('runCycle', async () => cycle)
    const state = monitor.getState({})
    expect(await monitor.runCycle({})).toEqual(cycle)
    slow.resolve(fullState)
    expect(await state).toEqual(fullState)
  })

  it.each([
    ['a rejection', () => Promise.reject(new Error('the store is gone', { cause: new Error('secret detail') }))],
    [
      'a throw',
      () => {
        throw new TypeError('the store is gone')
      },
    ],
  ])('carries an error as words alone, from %s', async (_from, fail) => {
    const { fake, monitor, refused } = open()
    fake.answer('getState', fail)
    const error = await monitor.getState({}).catch((reason: unknown) => reason)
    expect(error).toEqual(new Error('the store is gone'))
    expect({ cause: (error as Error).cause, refused }).toEqual({ cause: undefined, refused: [] })
  })

  it.each(['launch', 'toString', '__proto__', 'constructor', 'onState', 'close', ''])(
    'refuses a call that is none of the contract: "%s"',
    async call => {
      const { fake, refused, page, monitor } = open()
      const heard = listen(page)
      page.send({ kind: 'call', id: 70, call, request: {} })
      await monitor.resume({})
      const message = `there is no call ${JSON.stringify(call)} here`
      expect(heard[0]).toEqual({ kind: 'error', id: 70, message })
      expect({ asked: fake.asked.map(one => one.call), refused }).toEqual({ asked: ['resume'], refused: [message] })
    },
  )

  it.each<[CallName, unknown]>([
    ['getState', { extra: true }],
    ['requestCheckpoint', { sessionIds: ['../../etc/passwd'] }],
    ['listCheckpoints', { sessionId: 'main' }],
    ['pause', { untilMs: 'tomorrow' }],
    ['resume', null],
  ])('refuses a bad request for %s before the monitor hears of it', async (call, request) => {
    const { fake, refused, monitor } = open()
    const ask = monitor[call] as (request: unknown) => Promise<unknown>
    await expect(ask(request)).rejects.toThrow(new RegExp(`^${call}: .`))
    expect({ asked: fake.asked, refusals: refused.length }).toEqual({ asked: [], refusals: 1 })
  })

  it('lets only those calls through that the wire is allowed', async () => {
    const allowed: readonly CallName[] = ['getState', 'listCheckpoints']
    const { fake, refused, monitor } = open({ allowed })
    const outcomes = await Promise.allSettled(
      everyCall.map(({ call, request }) => (monitor[call] as (request: unknown) => Promise<unknown>)(request)),
    )
    expect(everyCall.filter((_, i) => outcomes[i]?.status === 'fulfilled').map(({ call }) => call)).toEqual(allowed)
    expect(fake.asked.map(({ call }) => call)).toEqual(allowed)
    const others = everyCall.map(({ call }) => call).filter(call => !allowed.includes(call))
    expect(refused).toEqual(others.map(call => `there is no call "${call}" here`))
  })

  it('tells every listener each new state, and none that has stopped', async () => {
    const { fake, monitor } = open()
    const [first, second]: [number[], number[]] = [[], []]
    const stopFirst = monitor.onState(state => first.push(state.revision))
    const stopSecond = monitor.onState(state => second.push(state.revision))
    await monitor.resume({})
    fake.tell(stateOf(1))
    await monitor.resume({})
    stopFirst()
    fake.tell(stateOf(2))
    await monitor.resume({})
    stopSecond()
    fake.tell(stateOf(3))
    await monitor.resume({})
    monitor.onState(state => first.push(state.revision))
    fake.tell(stateOf(4))
    await monitor.resume({})
    expect({ first, second }).toEqual({ first: [1, 4], second: [1, 2] })
  })

  it('carries the whole state', async () => {
    const { fake, monitor } = open()
    const seen: unknown[] = []
    monitor.onState(state => seen.push(state))
    await monitor.resume({})
    fake.tell(fullState)
    await monitor.resume({})
    expect(seen).toEqual([fullState])
  })

  it('carries a state of any number of sessions, asked for or not, and keeps the rows that did not change', async () => {
    const { fake, monitor } = open()
    const sessions = Array.from({ length: 1_234 }, (_, n) => viewOf(n))
    const first = stateOf(1, { sessions })
    const second = stateOf(2, { sessions: [...sessions.slice(1), viewOf(0, { title: 'new' })] })
    const seen: MonitorState[] = []
    monitor.onState(state => seen.push(state))
    fake.answer('getState', async () => first)
    expect(await monitor.getState({})).toEqual(first)
    fake.tell(second)
    await monitor.resume({})
    expect(seen).toEqual([first, second])
    expect(seen[1]?.sessions[0]).toBe(seen[0]?.sessions[1])
  })

  it('says no state to a page that has not asked for it', async () => {
    const { fake, monitor, page } = open()
    const heard = listen(page)
    fake.tell(stateOf(1))
    await monitor.resume({})
    expect(heard).toEqual([{ kind: 'result', id: 1, value: null }])
  })

  it('drops a state that is older than what the page has', async () => {
    const { fake, monitor } = open()
    const seen: number[] = []
    monitor.onState(state => seen.push(state.revision))
    await monitor.resume({})
    for (const revision of [5, 4, 5, 6]) fake.tell(stateOf(revision))
    await monitor.resume({})
    expect(seen).toEqual([5, 6])
  })

  it('goes on after foreign messages at either end', async () => {
    const { fake, monitor, page, host } = open()
    const seen: number[] = []
    monitor.onState(state => seen.push(state.revision))
    fake.answer('getState', async () => fullState)
    for (const message of [null, 7, 'text', [], {}, { kind: 'odd' }, { kind: 'call' }, { kind: 'state', state: {} }]) {
      page.send(message)
      host.send(message)
    }
    expect(await monitor.getState({})).toEqual(fullState)
    expect({ seen, asked: fake.asked.length }).toEqual({ seen: [3], asked: 1 })
  })

  it('rejects on close what is still open, and what is asked afterwards', async () => {
    const { fake, monitor } = open()
    fake.answer('getState', () => new Promise(() => {}))
    const calls = [monitor.getState({})]
    monitor.close('the page was reloaded')
    calls.push(monitor.getState({}))
    const rejected = { status: 'rejected', reason: new Error('the page was reloaded') }
    expect(await Promise.allSettled(calls)).toEqual([rejected, rejected])
  })

  it('no longer listens to the monitor when the host has stopped serving', async () => {
    const { fake, monitor, stop } = open()
    monitor.onState(() => {})
    await monitor.resume({})
    const before = fake.listeners()
    stop()
    expect({ before, after: fake.listeners() }).toEqual({ before: 1, after: 0 })
  })

  it('serves several pages at once, each with its own answers', async () => {
    const fake = createFakeMonitorApi()
    fake.answer('listCheckpoints', async request => [request])
    const monitors = [1, 2].map(() => {
      const { ends, close } = openWires()
      const monitor = connectMonitor(ends[1])
      toClose.push(() => monitor.close(), serveMonitor(fake.api, ends[0]), close)
      return monitor
    })
    const answers = await Promise.all(monitors.map((monitor, n) => monitor.listCheckpoints({ sessionId: idOf(n) })))
    expect(answers).toEqual([[{ sessionId: idOf(0) }], [{ sessionId: idOf(1) }]])
  })
})

/** What arrives at an end from now on, but for the word that the other end begins. */
function listen(end: Wire): readonly unknown[] {
  const heard: unknown[] = []
  end.onMessage(message => {
    if ((message as { readonly kind?: unknown }).kind !== 'serving') heard.push(message)
  })
  return heard
}

/** What Electron's IPC does to a message: the structured clone algorithm, in a later turn of the event loop. */
function openMessagePorts(): OpenWires {
  const { port1, port2 } = new MessageChannel()
  const wireOf = (port: MessagePort): Wire => ({
    send: message => port.postMessage(message),
    onMessage: listener => {
      port.on('message', listener)
      return () => port.off('message', listener)
    },
  })
  return { ends: [wireOf(port1), wireOf(port2)], close: () => port1.close() }
}
