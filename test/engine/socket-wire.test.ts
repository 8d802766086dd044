import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type SocketLimits, socketWire } from '../../shared/engine/socket-wire.ts'

/** A wire, what it heard, why it closed, and the bare other side of its stream. */
function open(limits: Partial<SocketLimits> = {}) {
  const [near, far] = duplexPair()
  const wire = socketWire(near, { maxMessageBytes: 10_000, ...limits })
  const heard: unknown[] = []
  const closed: string[] = []
  wire.onMessage(message => heard.push(message))
  wire.onClosed(reason => closed.push(reason))
  return { wire, heard, closed, near, far }
}

const call = (id: number) => ({ kind: 'call', id, call: 'getState', request: {} })

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn()
}

/** Reads what has been sent, as messages. */
function take(far: Duplex): unknown[] {
  const text = String((far.read() as Buffer | null) ?? '')
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

describe('socketWire', () => {
  it('carries messages both ways, one line each', async () => {
    const { wire, heard, far } = open()
    wire.send({ kind: 'subscribe', text: 'two\nlines' })
    far.write(`${JSON.stringify({ kind: 'state', n: 1 })}\n${JSON.stringify('text')}\n`)
    await settle()
    expect({ heard, sent: take(far) }).toEqual({
      heard: [{ kind: 'state', n: 1 }, 'text'],
      sent: [{ kind: 'subscribe', text: 'two\nlines' }],
    })
  })

  it('takes what is no JSON for no message (1)', async () => {
    const { heard, closed, far } = open()
    far.write('GET / HTTP/1.1\n\u0000\u0001\n{"kind":\n{"kind":"subscribe"}\n')
    await settle()
    expect({ heard: heard.filter(message => message !== undefined), closed }).toEqual({
      heard: [{ kind: 'subscribe' }],
      closed: [],
    })
  })

  it('ends the connection at a message that is too long (1)', async () => {
    const { heard, closed, near, far } = open()
    far.write('x'.repeat(10_001))
    await settle()
    expect({ heard, closed, destroyed: near.destroyed }).toEqual({
      heard: [],
      closed: ['a message of more than 10000 bytes arrived'],
      destroyed: true,
    })
  })

  it('leaves states out while the other side does not read, and tells when it has caught up (2)', async () => {
    let caughtUp = 0
    const { wire, near, far } = open({
      backlogBytes: 100_000,
      onCaughtUp: () => {
        caughtUp++
      },
    })
    const state = { kind: 'state', text: 'x'.repeat(10_000) }
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 500; n++) wire.send(state)
      await settle()
    }
    const waiting = near.writableLength
    expect(waiting).toBeLessThan(120_000)
    expect(waiting).toBeGreaterThan(100_000)
    let read = 0
    caughtUp = 0
    far.on('data', (chunk: Buffer) => {
      read += chunk.length
    })
    await settle()
    expect({ caughtUp, waiting: near.writableLength, read: read < 400_000 }).toEqual({
      caughtUp: 1,
      waiting: 0,
      read: true,
    })
  })

  it('still sends answers to who does not read, but takes no further calls from it (2)', async () => {
    const { wire, heard, near, far } = open({ backlogBytes: 100_000 })
    far.write(`${JSON.stringify(call(1))}\n`)
    await settle()
    wire.send({ kind: 'result', id: 1, value: 'x'.repeat(200_000) })
    const before = near.writableLength
    for (let id = 2; id < 40; id++) far.write(`${JSON.stringify(call(id))}\n`)
    await settle()
    expect({ before: before > 100_000, heard }).toEqual({ before: true, heard: [call(1)] })
    far.resume()
    await settle()
    await settle()
    expect(heard).toHaveLength(39)
  })

  it('lets only so many calls be under way at once (3)', async () => {
    const { wire, heard, far } = open({ unanswered: 4 })
    for (let id = 0; id < 10; id++) far.write(`${JSON.stringify(call(id))}\n`)
    await settle()
    expect(heard).toEqual([0, 1, 2, 3].map(call))
    wire.send({ kind: 'result', id: 0, value: null })
    wire.send({ kind: 'error', id: 1, message: 'no' })
    await settle()
    expect(heard).toEqual([0, 1, 2, 3, 4, 5].map(call))
  })

  it('tells once when the other side has gone, and drops what is sent then', async () => {
    const { wire, closed, far } = open()
    far.end()
    await settle()
    wire.send({ kind: 'subscribe' })
    wire.close('again')
    expect(closed).toEqual(['the other side has gone'])
  })

  it('tells the reason it was closed for', () => {
    const { wire, closed } = open()
    wire.close('the monitor stops')
    expect(closed).toEqual(['the monitor stops'])
  })
})
