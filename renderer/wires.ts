/** The pipes that a page may have to the monitor. Each is a `Wire` that also tells when it has broken. */
import type { Wire } from '../shared/core/wire.ts'

/** A wire that may break for good; then make a new one. */
export interface PageWire extends Wire {
  /** Calls `listener` once, with the reason in words, when nothing will come over this wire any more. */
  onClosed(listener: (reason: string) => void): () => void
}

/** What the desktop host's preload puts on the window: JSON text both ways. */
export interface MonitorBridge {
  send(text: string): void
  /** Returns the way to stop listening. */
  onMessage(listener: (text: string) => void): () => void
}

declare global {
  interface Window {
    readonly monitorBridge?: MonitorBridge
  }
}

/** What the host says when it cannot serve this page any longer. */
interface Closed {
  readonly kind: 'closed'
  readonly reason: string
}

/** The wire of the desktop app's window. Each message is parsed once, however many listen. */
export function electronWire(bridge: MonitorBridge): PageWire {
  const listeners = new Set<(message: unknown) => void>()
  let stop = () => {}
  const listen = (listener: (message: unknown) => void) => {
    if (listeners.size === 0) stop = bridge.onMessage(text => tell(listeners, parseText(text)))
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) stop()
    }
  }
  return {
    send: message => bridge.send(JSON.stringify(message)),
    onMessage: listen,
    onClosed(listener) {
      const leave = listen(message => {
        if (!isClosed(message)) return
        leave()
        listener(message.reason)
      })
      return leave
    },
  }
}

/** The wire of a page in a browser. What is sent before it is open is kept until then. */
export function webSocketWire(url: string, closedWords: string): PageWire {
  const socket = new WebSocket(url)
  const early: string[] = []
  socket.addEventListener('open', () => {
    for (const text of early.splice(0)) socket.send(text)
  })
  return {
    send(message) {
      const text = JSON.stringify(message)
      if (socket.readyState === WebSocket.CONNECTING) early.push(text)
      else if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    onMessage(listener) {
      const receive = (event: MessageEvent<unknown>) => {
        const message = parseText(event.data)
        if (message !== undefined) listener(message)
      }
      socket.addEventListener('message', receive)
      return () => socket.removeEventListener('message', receive)
    },
    onClosed(listener) {
      const closed = (event: CloseEvent) => listener(event.reason || closedWords)
      socket.addEventListener('close', closed, { once: true })
      return () => socket.removeEventListener('close', closed)
    },
  }
}

function tell(listeners: ReadonlySet<(message: unknown) => void>, message: unknown): void {
  if (message === undefined) return
  for (const listener of [...listeners]) listener(message)
}

/** Undefined for what is no JSON text: another program's message is no reason to break. */
function parseText(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

function isClosed(message: unknown): message is Closed {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'closed'
}
