/**
 * Two ends of the wires that take a moment to connect, ready at once: what is sent before waits, in order.
 *
 * Over a real local socket, and over a real WebSocket on the loopback.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { WebSocket, WebSocketServer } from 'ws'
import { pageWire } from '../../cli/dashboard/page-wire.ts'
import { webSocketWires } from '../../renderer/web-socket-wire.ts'
import type { Wire } from '../../shared/core/wire.ts'
import { socketWire } from '../../shared/engine/socket-wire.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

export interface WirePair {
  readonly ends: readonly [host: Wire, page: Wire]
  close(): void
}

const limits = { maxMessageBytes: 1_048_576 }

export function localSocketPair(): WirePair {
  const folder = makeScratchFolder('pair')
  const address = process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 'sock')
  const server = createServer()
  const host = once(server, 'connection').then(([socket]) => socketWire(socket as Socket, limits))
  const page = once(server.listen(address), 'listening').then(() => socketWire(connect(address), limits))
  const ends = [later(host), later(page)] as const
  const close = () => {
    void Promise.all([host, page]).then(wires => {
      for (const wire of wires) wire.close('the test is over')
      server.close()
      removeScratchFolder(folder)
    })
  }
  return { ends, close }
}

/** The page's own end too: `renderer/web-socket-wire.ts` over Node's WebSocket. */
export function webSocketPair(): WirePair {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'session-monitor' })
  const host = once(server, 'connection').then(([socket]) =>
    pageWire(socket as WebSocket, { onCaughtUp: () => {}, nowMs: () => performance.now() }),
  )
  const page = once(server, 'listening').then(() => {
    const { port } = server.address() as { readonly port: number }
    return webSocketWires({
      location: { host: `127.0.0.1:${port}`, hash: '', pathname: '/' },
      history: { replaceState: () => {} },
      sessionStorage: { getItem: () => 'k', setItem: () => {}, removeItem: () => {} },
      fetch: () => Promise.reject(new Error('no fetch here')),
      WebSocket: WebSocket as unknown as new (url: string, protocols: string[]) => globalThis.WebSocket,
    })()
  })
  const close = () => {
    void host.then(wire => wire.close('the test is over')).finally(() => server.close())
  }
  return { ends: [later(host), later(page)], close }
}

/** A wire that is there before its pipe is. */
function later(coming: Promise<Wire>): Wire {
  const listeners = new Set<(message: unknown) => void>()
  let wire: Wire | null = null
  const waiting: unknown[] = []
  void coming.then(come => {
    come.onMessage(message => {
      for (const listener of listeners) listener(message)
    })
    for (const message of waiting) come.send(message)
    wire = come
  })
  return {
    send(message) {
      if (wire === null) waiting.push(message)
      else wire.send(message)
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
