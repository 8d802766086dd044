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

/** The wire of the desktop app's window. */
export function electronWire(bridge: MonitorBridge): PageWire {
  return {
    send: message => bridge.send(JSON.stringify(message)),
    onMessage: listener => bridge.onMessage(text => listener(JSON.parse(text))),
    onClosed(listener) {
      const stop = bridge.onMessage(text => {
        const message: unknown = JSON.parse(text)
        if (!isClosed(message)) return
        stop()
        listener(message.reason)
      })
      return stop
    },
  }
}

function isClosed(message: unknown): message is Closed {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'closed'
}
