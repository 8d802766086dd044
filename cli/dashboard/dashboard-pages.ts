/** The dashboard's pages: who gets a WebSocket to the monitor, and what each may ask over it. */
import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { HostApi } from '../../shared/core/host-api.ts'
import type { CallName, MonitorApi } from '../../shared/core/monitor-api.ts'
import { serveHost } from '../../shared/core/serve-host.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import type { ClosableWire } from '../../shared/engine/bounded-wire.ts'
import type { Log } from '../../shared/engine/ports.ts'
import { statePace } from '../../shared/engine/state-pace.ts'
import { type Admission, isLoopbackHost, isOwnOrigin } from './admission.ts'
import { type PageWireLimits, pageWire } from './page-wire.ts'

export interface PageParts {
  readonly admission: Admission
  readonly host: HostApi
  /** What a page may call. */
  readonly allowed: readonly CallName[]
  readonly log: Log
  /** Never goes back. */
  readonly nowMs: () => number
  readonly maxPages: number
  readonly pageLimits: Partial<PageWireLimits> | undefined
}

/** The first part names the protocol, the second is the page's key. */
export const protocolName = 'session-monitor'
const keyPrefix = 'key.'

export function createPages({ admission, host, allowed, log, nowMs, maxPages, pageLimits }: PageParts) {
  const pages = new Set<ClosableWire>()
  let monitor: MonitorApi | null = null

  /** Null if whoever asks may have a page's connection. */
  function whyNot({ headers, url }: IncomingMessage): string | null {
    if (!isLoopbackHost(headers.host)) return `it asked for ${quoted(headers.host)}`
    if (!isOwnOrigin(headers.origin, headers.host)) return `it came from ${quoted(headers.origin)}`
    if (url !== '/monitor') return 'there is no such path'
    const [name, key = ''] = (headers['sec-websocket-protocol'] ?? '').split(',').map(part => part.trim())
    const isNamed = name === protocolName && key.startsWith(keyPrefix)
    if (!isNamed || !admission.isKey(key.slice(keyPrefix.length))) return 'it has no valid key'
    if (monitor === null) return 'there is no monitor just now'
    return pages.size < maxPages ? null : `there are ${maxPages} pages already`
  }

  function open(socket: WebSocket): void {
    if (monitor === null) {
      socket.terminate()
      return
    }
    const wire = pageWire(socket, {
      ...pageLimits,
      nowMs,
      // What it missed is made good by the whole state of now, for which it asks.
      onCaughtUp: () => wire.send({ kind: 'serving' }),
    })
    pages.add(wire)
    const stop = serveMonitor(monitor, wire, {
      allowed,
      onRefused: message => log('warn', 'A request of a page was refused.', { message }),
      pace: async after => {
        await wire.whenRead()
        await statePace(after)
      },
    })
    const stopHost = serveHost(host, wire)
    wire.onClosed(() => {
      stop()
      stopHost()
      pages.delete(wire)
    })
  }

  const close = (why: string) => {
    for (const wire of pages) wire.close(why)
  }
  return {
    whyNot,
    open,
    close,
    count: () => pages.size,
    serve(next: MonitorApi | null) {
      if (next !== monitor) close('the monitor has changed')
      monitor = next
    },
  }
}

/** What a stranger sent, for the log: short, and in one line. */
function quoted(text: string | undefined): string {
  return JSON.stringify((text ?? 'nowhere').slice(0, 200))
}
