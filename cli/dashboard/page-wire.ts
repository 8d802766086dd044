/**
 * The host's end of a page's WebSocket as a `Wire`, bounded as `bounded-wire.ts` says: while a page does not read,
 * states are left out for it and its calls wait; then it gets the state of now (2, 3).
 *
 * And, cited by number too:
 * 4. A page that asks too fast, or sends what is no text, is cut off; too long a message ends the connection by itself.
 * 5. A page that has gone without a word is noticed within a minute.
 */
import type { RawData, WebSocket } from 'ws'
import { boundedWire, type ClosableWire } from '../../shared/engine/bounded-wire.ts'
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
const closeCodes = { policy: 1008, unsupported: 1003, restart: 1012, goingAway: 1001 } as const

const unanswered = 64
const pingEveryMs = 25_000
/** Who does not answer a close is not waited for. */
const closeMs = 2_000

export function pageWire(socket: WebSocket, limits: PageWireLimits): ClosableWire {
  const { backlogBytes = 4_194_304, messagesAtOnce = 200, messagesPerSecond = 50, onCaughtUp, nowMs } = limits
  const rate = createRateLimit(messagesAtOnce, messagesPerSecond)
  const pipe = {
    write: (text: string) => socket.send(text, () => wire.settled()),
    waitingBytes: () => socket.bufferedAmount,
    isRead: () => socket.bufferedAmount === 0,
    rest: () => socket.pause(),
    go: () => {
      if (socket.isPaused) socket.resume()
    },
  }
  const wire = boundedWire(pipe, { backlogBytes, unanswered, onCaughtUp })
  const end = (why: string, code: number = closeCodes.goingAway) => {
    if (!wire.end(why)) return
    stopHeartbeat()
    socket.close(code, why)
    setTimeout(() => socket.terminate(), closeMs).unref()
  }
  const receive = (data: RawData, isBinary: boolean) => {
    if (wire.isOver()) return
    if (isBinary) return end('only text is taken', closeCodes.unsupported)
    if (!rate.take(nowMs())) return end('too many messages', closeCodes.policy)
    wire.receive(String(data))
    wire.settled()
  }
  const stopHeartbeat = startHeartbeat(socket)
  socket.on('message', receive)
  socket.on('error', error => end(error.message))
  socket.on('close', () => end('the page has gone'))
  const { send, onMessage, whenRead, onClosed } = wire
  return { send, onMessage, whenRead, onClosed, close: why => end(why, closeCodes.restart) }
}

/** Ends the connection of who does not answer. Returns the way to stop. */
function startHeartbeat(socket: WebSocket): () => void {
  let isAlive = true
  const heartbeat = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, pingEveryMs)
  socket.on('pong', () => {
    isAlive = true
  })
  return () => clearInterval(heartbeat)
}
