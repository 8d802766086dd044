/** One end at a time, with the other end played by hand; both ends together are in test/contract/monitor-api.test.ts. */
import { describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import { piecesBetween } from '../../shared/core/state-patch.ts'
import { connectMonitor, memoryWires, type Wire } from '../../shared/core/wire.ts'
import { stateOf } from '../support/core-values.ts'
import { createFakeMonitorApi } from '../support/fake-monitor-api.ts'

/** Nothing that a foreign pipe may say: each is to be ignored. */
const foreign: readonly unknown[] = [
  null,
  undefined,
  7,
  'call',
  [],
  {},
  { kind: 'nonsense' },
  { kind: 'call', call: 'getState', request: {} },
  { kind: 'call', id: '1', call: 'getState', request: {} },
  { kind: 'call', id: 1, call: 'getState', request: {} },
  { kind: 'subscribe' },
  { kind: 'subscribe', ask: '1' },
  { kind: 'sent', id: 99, engine: 'engine-1', revision: 1 },
  { kind: 'result', id: 99, value: 'late' },
  { kind: 'error', id: '1', message: 'x' },
  { kind: 'state' },
  { kind: 'state', state: stateOf(9) },
  { ...wholeOf(stateOf(9)), engine: 1 },
  { ...wholeOf(stateOf(9)), revision: Number.NaN },
  { ...wholeOf(stateOf(9)), revision: '9' },
  { ...wholeOf(stateOf(9)), base: 'x' },
  { ...wholeOf(stateOf(9)), part: 1 },
  { ...wholeOf(stateOf(9)), fields: null },
  { ...wholeOf(stateOf(9)), rows: [[0, null]] },
]

/** A whole state as one message. */
function wholeOf(state: MonitorState, ask = 1): object {
  return { kind: 'state', ask, ...piecesBetween(null, state)[0] }
}

describe('connectMonitor', () => {
  it('asks with a new number each time', () => {
    const { wire, sent } = createHandWire()
    const monitor = connectMonitor(wire)
    void monitor.getState({})
    void monitor.pause({ untilMs: null })
    expect(sent).toEqual([
      { kind: 'call', id: 1, call: 'getState', request: {} },
      { kind: 'call', id: 2, call: 'pause', request: { untilMs: null } },
    ])
  })

  it('gives each answer to its own question, in whatever order they come, and each once', async () => {
    const { wire, deliver } = createHandWire()
    const monitor = connectMonitor(wire)
    const answers = Promise.allSettled([
      monitor.getState({}),
      monitor.runCycle({}),
      monitor.listCheckpoints({ sessionId: 'x' }),
    ])
    deliver({ kind: 'result', id: 3, value: ['third'] })
    deliver({ kind: 'error', id: 2, message: 'second failed' })
    deliver({ kind: 'result', id: 2, value: 'too late' })
    deliver({ kind: 'result', id: 1, value: 'first' })
    expect(await answers).toEqual([
      { status: 'fulfilled', value: 'first' },
      { status: 'rejected', reason: new Error('second failed') },
      { status: 'fulfilled', value: ['third'] },
    ])
  })

  it('ignores whatever is not for it, its own words among them', async () => {
    const { wire, deliver } = createHandWire()
    const monitor = connectMonitor(wire)
    const seen: MonitorState[] = []
    monitor.onState(state => seen.push(state))
    const answer = monitor.getState({})
    for (const message of foreign) deliver(message)
    deliver({ kind: 'result', id: 1, value: stateOf(1) })
    expect({ answer: await answer, seen }).toEqual({ answer: stateOf(1), seen: [] })
  })

  it('drops a late or repeated state by its revision', () => {
    const { wire, deliver } = createHandWire()
    const seen: number[] = []
    connectMonitor(wire).onState(state => seen.push(state.revision))
    for (const revision of [4, 5, 4, 5, 0, 9]) deliver(wholeOf(stateOf(revision)))
    expect(seen).toEqual([4, 5, 9])
  })

  it('takes the first state even when its revision is 0', () => {
    const { wire, deliver } = createHandWire()
    const seen: number[] = []
    connectMonitor(wire).onState(state => seen.push(state.revision))
    deliver(wholeOf(stateOf(0)))
    expect(seen).toEqual([0])
  })

  it('subscribes once for any number of listeners', () => {
    const { wire, sent } = createHandWire()
    const monitor = connectMonitor(wire)
    monitor.onState(() => {})()
    monitor.onState(() => {})
    expect(sent).toEqual([{ kind: 'subscribe', ask: 1 }])
  })

  it('subscribes again at an end that begins anew, and takes its state whatever its revision', () => {
    const { wire, sent, deliver } = createHandWire()
    const seen: unknown[] = []
    connectMonitor(wire).onState(({ engine, revision }) => seen.push([engine, revision]))
    deliver(wholeOf(stateOf(9)))
    deliver({ kind: 'serving' })
    deliver(wholeOf(stateOf(1, { engine: 'engine-2' }), 2))
    deliver(wholeOf(stateOf(10)))
    expect({ sent, seen }).toEqual({
      sent: [
        { kind: 'subscribe', ask: 1 },
        { kind: 'subscribe', ask: 2 },
      ],
      seen: [
        ['engine-1', 9],
        ['engine-2', 1],
      ],
    })
  })

  it('answers getState with the state that came as a stream, and asks for what of it was lost', async () => {
    const { wire, sent, deliver } = createHandWire()
    const monitor = connectMonitor(wire)
    const [early, late] = [monitor.getState({}), monitor.getState({})]
    deliver(wholeOf(stateOf(3), 0))
    deliver({ kind: 'sent', id: 1, engine: 'engine-1', revision: 3 })
    deliver({ kind: 'sent', id: 2, engine: 'engine-1', revision: 4 })
    expect(await early).toEqual(stateOf(3))
    expect(sent.slice(2)).toEqual([{ kind: 'subscribe', ask: 1 }])
    deliver(wholeOf(stateOf(5)))
    expect(await late).toEqual(stateOf(5))
  })

  it.each([
    ['the reason given', 'the window is gone', 'the window is gone'],
    ['a reason of its own', undefined, 'the connection was closed'],
  ])('rejects on close what is open, and every later call without asking, with %s', async (_title, reason, message) => {
    const { wire, sent, listeners } = createHandWire()
    const monitor = connectMonitor(wire)
    const open = [monitor.getState({}), monitor.runCycle({})]
    monitor.close(reason)
    monitor.close('a second time')
    const rejected = { status: 'rejected', reason: new Error(message) }
    expect(await Promise.allSettled([...open, monitor.getState({})])).toEqual([rejected, rejected, rejected])
    expect({ asked: sent.length, listeners: listeners() }).toEqual({ asked: 2, listeners: 0 })
  })
})

describe('serveMonitor', () => {
  it('ignores whatever is not for it', async () => {
    const fake = createFakeMonitorApi()
    const { wire, sent, deliver } = createHandWire()
    serveMonitor(fake.api, wire)
    const call = { kind: 'call', id: 1, call: 'getState', request: {} }
    for (const message of foreign.filter(message => !isFor(message, 'call', 1) && !isFor(message, 'subscribe')))
      deliver(message)
    deliver(call)
    await turn()
    expect({ asked: fake.asked, sent: sent.slice(1), listeners: fake.listeners() }).toEqual({
      asked: [{ call: 'getState', request: {} }],
      sent: [{ kind: 'result', id: 1, value: null }],
      listeners: 0,
    })
  })

  it('listens to the monitor once, however often it is asked to, and not at all before', () => {
    const fake = createFakeMonitorApi()
    const { wire, sent, deliver } = createHandWire()
    serveMonitor(fake.api, wire)
    fake.tell(stateOf(1))
    deliver({ kind: 'subscribe', ask: 1 })
    deliver({ kind: 'subscribe', ask: 2 })
    fake.tell(stateOf(2))
    expect({ sent, listeners: fake.listeners() }).toEqual({
      sent: [{ kind: 'serving' }, wholeOf(stateOf(2), 2)],
      listeners: 1,
    })
  })

  it('says what has changed, and everything again to an end that asks for it', () => {
    const fake = createFakeMonitorApi()
    const { wire, sent, deliver } = createHandWire()
    serveMonitor(fake.api, wire)
    deliver({ kind: 'subscribe', ask: 1 })
    const first = stateOf(2)
    const second = { ...first, revision: 3, phase: 'scanning' } as const
    fake.tell(first)
    fake.tell(second)
    deliver({ kind: 'subscribe', ask: 2 })
    const change = { engine: 'engine-1', base: 2, revision: 3, part: 0, parts: 1, gone: [], rows: [] }
    expect(sent.slice(1)).toEqual([
      wholeOf(first),
      { kind: 'state', ask: 1, ...change, fields: { phase: 'scanning' } },
      wholeOf(second, 2),
    ])
  })

  it('stops answering and listening when told to', async () => {
    const fake = createFakeMonitorApi()
    const { wire, sent, deliver, listeners } = createHandWire()
    const stop = serveMonitor(fake.api, wire)
    deliver({ kind: 'subscribe', ask: 1 })
    stop()
    deliver({ kind: 'call', id: 1, call: 'getState', request: {} })
    fake.tell(stateOf(1))
    await turn()
    expect({ sent, asked: fake.asked, left: [fake.listeners(), listeners()] }).toEqual({
      sent: [{ kind: 'serving' }],
      asked: [],
      left: [0, 0],
    })
  })

  it.each([
    ['a name of any length', 'x'.repeat(500), `there is no call "${'x'.repeat(80)}" here`],
    ['a name that JSON cannot say', 1n, 'there is no call without a name here'],
    ['no name', undefined, 'there is no call without a name here'],
  ])('refuses %s in a few words', async (_title, call, message) => {
    const refused: string[] = []
    const { wire, sent, deliver } = createHandWire()
    serveMonitor(createFakeMonitorApi().api, wire, { onRefused: words => refused.push(words) })
    deliver({ kind: 'call', id: 1, call, request: {} })
    await turn()
    expect({ sent: sent.slice(1), refused }).toEqual({ sent: [{ kind: 'error', id: 1, message }], refused: [message] })
  })

  it('says a failure that is no error in its own words', async () => {
    const fake = createFakeMonitorApi()
    const { wire, sent, deliver } = createHandWire()
    serveMonitor(fake.api, wire)
    fake.answer('getState', () => Promise.reject('out of order'))
    deliver({ kind: 'call', id: 1, call: 'getState', request: {} })
    await turn()
    expect(sent.slice(1)).toEqual([{ kind: 'error', id: 1, message: 'out of order' }])
  })
})

describe('memoryWires', () => {
  it('carries JSON in order, in a later turn, to every listener of the other end', async () => {
    const [left, right] = memoryWires()
    const heard: unknown[] = []
    right.onMessage(message => heard.push(['first', message]))
    right.onMessage(message => heard.push(['second', message]))
    left.onMessage(message => heard.push(['own end', message]))
    left.send({ n: 1, gone: undefined, notJson: Number.NaN })
    left.send({ n: 2 })
    const heardAtOnce = heard.length
    await turn()
    expect({ heardAtOnce, heard }).toEqual({
      heardAtOnce: 0,
      heard: [
        ['first', { n: 1, notJson: null }],
        ['second', { n: 1, notJson: null }],
        ['first', { n: 2 }],
        ['second', { n: 2 }],
      ],
    })
  })

  it('shares no object between the ends', async () => {
    const [left, right] = memoryWires()
    const heard: { list: number[] }[] = []
    for (let i = 0; i < 2; i++) right.onMessage(message => heard.push(message as { list: number[] }))
    const sent = { list: [1] }
    left.send(sent)
    sent.list.push(2)
    await turn()
    heard[0]?.list.push(3)
    expect(heard).toEqual([{ list: [1, 3] }, { list: [1] }])
  })

  it('delivers nothing to a listener that has stopped', async () => {
    const [left, right] = memoryWires()
    const heard: unknown[] = []
    const stop = right.onMessage(message => heard.push(message))
    left.send(1)
    stop()
    await turn()
    expect(heard).toEqual([])
  })
})

/** One end of a pipe whose other end is the test. */
function createHandWire() {
  const sent: unknown[] = []
  const listeners = new Set<(message: unknown) => void>()
  const wire: Wire = {
    send: message => void sent.push(message),
    onMessage: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const deliver = (message: unknown) => {
    for (const listener of listeners) listener(message)
  }
  return { wire, sent, deliver, listeners: () => listeners.size }
}

function isFor(message: unknown, kind: string, id?: number): boolean {
  const { kind: itsKind, id: itsId } = (message ?? {}) as { readonly kind?: unknown; readonly id?: unknown }
  return itsKind === kind && itsId === id
}

/** Everything that can settle without the outside world has settled after this. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
