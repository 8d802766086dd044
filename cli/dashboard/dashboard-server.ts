/**
 * The page on 127.0.0.1, with a WebSocket to the monitor for each page that was given the link.
 *
 * Who may do what is in `admission.ts`; here every request passes through it. There is no CORS: no header ever lets
 * another origin read anything. Files of the page itself are no secret and need no key; everything else does.
 *
 * Any user of this machine can connect. So a connection that says nothing, reads nothing or was refused is let go after
 * `idleMs`, and is one of at most `maxConnections` until then.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { HostApi } from '../../shared/core/host-api.ts'
import type { CallName, MonitorApi } from '../../shared/core/monitor-api.ts'
import type { Log } from '../../shared/engine/ports.ts'
import type { Admission } from './admission.ts'
import { createPages, protocolName } from './dashboard-pages.ts'
import { createRequests, refuse } from './dashboard-requests.ts'
import type { PageFiles } from './page-files.ts'
import type { PageWireLimits } from './page-wire.ts'
import { createRateLimit } from './rate-limit.ts'

export interface DashboardOptions {
  readonly files: PageFiles
  readonly admission: Admission
  readonly host: HostApi
  /** What a page may call. */
  readonly allowed: readonly CallName[]
  /** 0: any free one. */
  readonly port: number
  readonly log: Log
  /** Never goes back. */
  readonly nowMs: () => number
  /** Told when a link was used. */
  readonly onOpened: () => void
  /** Default 16. */
  readonly maxPages?: number
  /** Of all kinds, pages included. Default 128. */
  readonly maxConnections?: number
  /** Without a byte in either direction, for a connection that is no page. Default 20 s. */
  readonly idleMs?: number
  readonly pageLimits?: Partial<PageWireLimits>
}

export interface Dashboard {
  readonly port: number
  /** What pages get from now on; null closes them until there is a monitor again. */
  serve(monitor: MonitorApi | null): void
  /** Pages just now. */
  pages(): number
  /** Connections just now, pages included. */
  connections(): Promise<number>
  close(): Promise<void>
}

/** @throws {NodeJS.ErrnoException} EADDRINUSE and the like. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { nowMs, log, maxPages = 16, pageLimits } = options
  const requests = createRateLimit(300, 100)
  const answer = createRequests(options)
  const pages = createPages({ ...options, maxPages, pageLimits })
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1_048_576,
    perMessageDeflate: false,
    handleProtocols: () => protocolName,
  })
  const server = boundedServer(options)
  server.on('request', (request, response) => {
    if (requests.take(nowMs())) void answer(request, response)
    else refuse(response, 429, 'too many requests')
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {})
    const why = requests.take(nowMs()) ? pages.whyNot(request) : 'too many requests'
    if (why === null) return sockets.handleUpgrade(request, socket, head, pages.open)
    log('warn', 'A page was refused.', { why })
    refuseUpgrade(socket)
  })
  await listen(server, options.port)
  return {
    port: (server.address() as AddressInfo).port,
    pages: pages.count,
    connections: () => new Promise(resolve => server.getConnections((_error, count) => resolve(count))),
    serve: pages.serve,
    close: () =>
      new Promise(resolve => {
        pages.close('the dashboard has ended')
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of sockets.clients) socket.terminate()
      }),
  }
}

function boundedServer({ maxConnections = 128, idleMs = 20_000 }: DashboardOptions): Server {
  const server = createServer({
    maxHeaderSize: 8_192,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
  })
  server.maxConnections = maxConnections
  // Also of who asks for much and reads nothing. A page's connection is its own: it has a heartbeat.
  server.timeout = idleMs
  return server
}

/** The server has let go of the socket by now: half open, it would stay for as long as the other side likes. */
function refuseUpgrade(socket: Duplex): void {
  socket.once('finish', () => socket.destroy())
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
