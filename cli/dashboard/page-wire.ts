/**
 * The host's end of a page's WebSocket as a `Wire`, with every amount bounded.
 *
 * Invariants (tests cite them by number):
 * 1. A page that asks too fast, or sends what is no text, is cut off; too long a message ends the connection by itself.
 * 2. While a page does not read, states are left out for it and its calls wait; then it gets the state of now.
 * 3. A page that has gone without a word is noticed within a minute.
 */
import type { RawData, WebSocket } from 'ws'
import type { ClosableWire } from '../../shared/engine/socket-wire.ts'
import { createRateLimit } from './rate-limit.ts'

export interface PageWireLimits {
  /** What may wait for a page before states are left out. Default 4 MiB. */
  readonly backlogBytes?: number
  /** Messages at once, and a second after that. Default 200 and 50. */
  readonly messagesAtOnce?: number
  readonly messagesPerSecond?: number
  readonly onCaughtUp: () => void
  /** Never goes back. */
  readonly nowMs: () => number
}

/** WebSocket close codes. */
export const closeCodes = { policy: 1008, unsupported: 1003, restart: 1012, goingAway: 1001 } as const

const unanswered = 64
const pingEveryMs = 25_000

export function pageWire(socket: WebSocket, limits: PageWireLimits): ClosableWire {
  const { backlogBytes = 4_194_304, messagesAtOnce = 200, messagesPerSecond = 50, onCaughtUp, nowMs } = limits
  const listeners = new Set<(message: unknown) => void>()
  const closedListeners = new Set<(reason: string) => void>()
  const rate = createRateLimit(messagesAtOnce, messagesPerSecond)
  let open = 0
  let leftOut = false
  let reason: string | null = null

  const mayTake = () => open < unanswered && socket.bufferedAmount <= backlogBytes
  const readers = new Set<() => void>()
  const tellReaders = () => {
    for (const resolve of readers) resolve()
    readers.clear()
  }
  const settle = () => {
    if (socket.bufferedAmount === 0) tellReaders()
    if (leftOut && socket.bufferedAmount <= backlogBytes / 2) {
      leftOut = false
      onCaughtUp()
    }
    if (socket.isPaused && mayTake()) socket.resume()
  }
  const end = (why: string, code: number = closeCodes.goingAway) => {
    if (reason !== null) return
    reason = why
    clearInterval(heartbeat)
    socket.close(code, why)
    // Who does not answer a close is not waited for.
    setTimeout(() => socket.terminate(), 2_000).unref()
    tellReaders()
    for (const listener of closedListeners) listener(why)
  }
  const receive = (data: RawData, isBinary: boolean) => {
    if (reason !== null) return
    if (isBinary) return end('only text is taken', closeCodes.unsupported)
    if (!rate.take(nowMs())) return end('too many messages', closeCodes.policy)
    const message = parseText(String(data))
    if (kindOf(message) === 'call') open++
    for (const listener of listeners) listener(message)
    if (!mayTake()) socket.pause()
  }
  let isAlive = true
  const heartbeat = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, pingEveryMs)
  socket.on('message', receive)
  socket.on('pong', () => {
    isAlive = true
  })
  socket.on('error', error => end(error.message))
  socket.on('close', () => end('the page has gone'))

  return {
    send(message) {
      if (reason !== null) return
      const kind = kindOf(message)
      const isAnswer = kind === 'result' || kind === 'error' || kind === 'sent'
      if (kind === 'state' && socket.bufferedAmount > backlogBytes) {
        leftOut = true
        return
      }
      if (isAnswer) open--
      socket.send(JSON.stringify(message), settle)
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    whenRead: () =>
      new Promise(resolve => {
        if (reason !== null || socket.bufferedAmount === 0) resolve()
        else readers.add(resolve)
      }),
    onClosed(listener) {
      closedListeners.add(listener)
      return () => closedListeners.delete(listener)
    },
    close: why => end(why, closeCodes.restart),
  }
}

/** Undefined for what is no JSON; nobody takes that for a message. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null
}
