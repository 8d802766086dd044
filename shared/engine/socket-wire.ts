/**
 * A `Wire` over a stream socket or any other duplex stream, one line of JSON per message, with every amount bounded.
 *
 * Invariants (tests cite them by number):
 * 1. A line longer than `maxMessageBytes` ends the connection. What is no JSON is ignored.
 * 2. While more than `backlogBytes` wait to be read by the other side, state is left out, and nothing it sends is
 *    taken. Once it has caught up, `onCaughtUp` is told if anything was left out.
 * 3. At most `unanswered` of its calls are under way; the next ones wait in its own pipe.
 */
import type { Duplex } from 'node:stream'
import type { Wire } from '../core/wire.ts'
import { createLineReader } from './line-frames.ts'

/** A wire that may break for good. */
export interface ClosableWire extends Wire {
  /** Resolves when the other side has read what was sent, or nothing will be sent any more. */
  whenRead(): Promise<void>
  /** Calls `listener` once, with the reason in words, when nothing will come over this wire any more. */
  onClosed(listener: (reason: string) => void): () => void
  close(reason: string): void
}

export interface SocketLimits {
  /** Of one message that arrives. */
  readonly maxMessageBytes: number
  /** Default: nothing is ever left out. */
  readonly backlogBytes?: number
  /** Default: no limit. */
  readonly unanswered?: number
  readonly onCaughtUp?: () => void
}

type Kind = 'call' | 'answer' | 'state' | 'other'

const gone = 'the other side has gone'
const goneCodes: readonly (string | undefined)[] = ['ECONNRESET', 'EPIPE']

/** The socket must have nobody else who reads it. */
export function socketWire(socket: Duplex, limits: SocketLimits): ClosableWire {
  const { maxMessageBytes, unanswered = Number.POSITIVE_INFINITY } = limits
  // Below its own mark a stream does not tell when it has caught up.
  const backlogBytes = Math.max(limits.backlogBytes ?? Number.POSITIVE_INFINITY, socket.writableHighWaterMark)
  const listeners = new Set<(message: unknown) => void>()
  const closedListeners = new Set<(reason: string) => void>()
  /** Arrived and not taken yet: no more than one chunk's worth, since the socket rests meanwhile. */
  let held: string[] = []
  let open = 0
  let leftOut = false
  let reason: string | null = null

  const mayTake = () => open < unanswered && socket.writableLength <= backlogBytes && reason === null
  const take = () => {
    while (held.length > 0 && mayTake()) {
      const message = parseLine(held.shift() ?? '')
      if (kindOf(message) === 'call') open++
      for (const listener of listeners) listener(message)
    }
    if (held.length > 0) socket.pause()
    else if (socket.isPaused() && mayTake()) socket.resume()
  }
  const end = (why: string) => {
    if (reason !== null) return
    reason = why
    held = []
    socket.destroy()
    for (const listener of closedListeners) listener(why)
  }

  const read = createLineReader(
    maxMessageBytes,
    line => held.push(line),
    () => end(`a message of more than ${maxMessageBytes} bytes arrived`),
  )
  socket.on('data', chunk => {
    read(chunk)
    take()
  })
  socket.on('drain', () => {
    if (leftOut) limits.onCaughtUp?.()
    leftOut = false
    take()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => end(goneCodes.includes(error.code) ? gone : error.message))
  for (const event of ['end', 'close']) socket.on(event, () => end(gone))
  socket.resume()

  return {
    send(message) {
      if (reason !== null) return
      const kind = kindOf(message)
      if (kind === 'state' && socket.writableLength > backlogBytes) {
        leftOut = true
        return
      }
      if (kind === 'answer') open--
      socket.write(`${JSON.stringify(message)}\n`)
      if (held.length > 0) setImmediate(take)
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    whenRead: () =>
      new Promise(resolve => {
        if (reason !== null || !socket.writableNeedDrain) return resolve()
        const done = () => {
          socket.off('drain', done).off('close', done)
          resolve()
        }
        socket.on('drain', done).on('close', done)
      }),
    onClosed(listener) {
      closedListeners.add(listener)
      return () => closedListeners.delete(listener)
    },
    close: end,
  }
}

/** Undefined for what is no JSON; nobody takes that for a message. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** State is all that goes out unasked: what is no answer. */
function kindOf(message: unknown): Kind {
  const kind = typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null
  if (kind === 'call') return 'call'
  if (kind === 'result' || kind === 'error' || kind === 'sent') return 'answer'
  return kind === 'state' ? 'state' : 'other'
}
