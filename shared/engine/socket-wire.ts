/**
 * A `Wire` over a stream socket or any other duplex stream, one line of JSON per message, bounded as `bounded-wire.ts`
 * says. A line longer than `maxMessageBytes` ends the connection (1).
 */
import type { Duplex } from 'node:stream'
import { boundedWire, type ClosableWire, type WireLimits } from './bounded-wire.ts'
import { createLineReader } from './line-frames.ts'

export interface SocketLimits extends WireLimits {
  /** Of one message that arrives. */
  readonly maxMessageBytes: number
}

const gone = 'the other side has gone'
const goneCodes: readonly (string | undefined)[] = ['ECONNRESET', 'EPIPE']

/** The socket must have nobody else who reads it. */
export function socketWire(socket: Duplex, limits: SocketLimits): ClosableWire {
  const { maxMessageBytes, unanswered, onCaughtUp } = limits
  // Below its own mark a stream does not tell when it has caught up.
  const backlogBytes = Math.max(limits.backlogBytes ?? Number.POSITIVE_INFINITY, socket.writableHighWaterMark)
  const pipe = {
    write: (text: string) => void socket.write(`${text}\n`),
    waitingBytes: () => socket.writableLength,
    isRead: () => !socket.writableNeedDrain,
    rest: () => void socket.pause(),
    go: () => {
      if (socket.isPaused()) socket.resume()
    },
  }
  const wire = boundedWire(pipe, { backlogBytes, unanswered, onCaughtUp })
  const close = (why: string) => {
    if (wire.end(why)) socket.destroy()
  }
  const read = createLineReader(maxMessageBytes, wire.receive, () =>
    close(`a message of more than ${maxMessageBytes} bytes arrived`),
  )
  socket.on('data', chunk => {
    read(chunk)
    wire.settled()
  })
  socket.on('drain', wire.settled)
  socket.on('error', (error: NodeJS.ErrnoException) => close(goneCodes.includes(error.code) ? gone : error.message))
  for (const event of ['end', 'close']) socket.on(event, () => close(gone))
  socket.resume()
  const { send, onMessage, whenRead, onClosed } = wire
  return { send, onMessage, whenRead, onClosed, close }
}
