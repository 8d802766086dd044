/**
 * The page on 127.0.0.1, with a WebSocket to the monitor for each page that was given the link.
 *
 * Who may do what is in `admission.ts`; here every request passes through it. There is no CORS: no header ever lets
 * another origin read anything. Files of the page itself are no secret and need no key; everything else does.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { HostApi } from '../../shared/core/host-api.ts'
import type { CallName, MonitorApi } from '../../shared/core/monitor-api.ts'
import { serveHost } from '../../shared/core/serve-host.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import type { Log } from '../../shared/engine/ports.ts'
import type { ClosableWire } from '../../shared/engine/socket-wire.ts'
import { statePace } from '../../shared/engine/state-pace.ts'
import { type Admission, isLoopbackHost, isOwnOrigin } from './admission.ts'
import { type PageFiles, securityHeaders } from './page-files.ts'
import { type PageWireLimits, pageWire } from './page-wire.ts'
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
  readonly pageLimits?: Partial<PageWireLimits>
}

export interface Dashboard {
  readonly port: number
  /** What pages get from now on; null closes them until there is a monitor again. */
  serve(monitor: MonitorApi | null): void
  /** Pages just now. */
  pages(): number
  close(): Promise<void>
}

/** The first part names the protocol, the second is the page's key. */
const protocolName = 'session-monitor'
const keyPrefix = 'key.'
const maxBodyBytes = 1_024

/** @throws {NodeJS.ErrnoException} EADDRINUSE and the like. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { nowMs, log, maxPages = 16, maxConnections = 128 } = options
  const requests = createRateLimit(300, 100)
  const exchanges = createRateLimit(10, 0.2)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1_048_576,
    perMessageDeflate: false,
    handleProtocols: () => protocolName,
  })
  const pages = new Set<ClosableWire>()
  let monitor: MonitorApi | null = null

  const server = createServer(
    { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      if (!requests.take(nowMs())) return refuse(response, 429, 'too many requests')
      void answer(request, response).catch(error => {
        log('error', 'A request to the dashboard failed.', { message: String(error) })
        response.destroy()
      })
    },
  )
  server.maxConnections = maxConnections
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {})
    const why = requests.take(nowMs()) ? whyNoPage(request) : 'too many requests'
    if (why !== null) {
      log('warn', 'A page was refused.', { why })
      socket.end(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, open)
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, origin } = request.headers
    if (!isLoopbackHost(host)) return refuse(response, 421, 'this name is not served here')
    const urlPath = (request.url ?? '').split('?')[0] ?? ''
    if (request.method === 'POST' && urlPath === '/session') {
      if (!isOwnOrigin(origin, host)) return refuse(response, 403, 'only the page itself may ask this')
      return exchange(request, response)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET')
    const file = options.files.get(urlPath, host)
    if (file === null) return refuse(response, 404, 'not found')
    response.writeHead(200, { ...securityHeaders, ...file.headers, 'content-length': file.body.length })
    response.end(request.method === 'HEAD' ? undefined : file.body)
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!exchanges.take(nowMs())) return refuse(response, 429, 'too many attempts; wait a little')
    const body = await readBody(request)
    if (body === null) return refuse(response, 413, 'too long')
    const key = options.admission.exchange(tokenOf(body))
    if (key === null) {
      log('warn', 'A link of the dashboard was refused: it was used before, or is none.')
      return refuse(response, 403, 'this link was used before, or a newer one was made')
    }
    response.writeHead(200, { ...securityHeaders, 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify({ key }))
    options.onOpened()
  }

  function whyNoPage({ headers, url }: IncomingMessage): string | null {
    if (!isLoopbackHost(headers.host)) return `it asked for ${JSON.stringify(headers.host ?? '')}`
    if (!isOwnOrigin(headers.origin, headers.host)) return `it came from ${JSON.stringify(headers.origin ?? 'nowhere')}`
    if (url !== '/monitor') return 'there is no such path'
    const [name, key] = (headers['sec-websocket-protocol'] ?? '').split(',').map(part => part.trim())
    const isKnown = name === protocolName && key?.startsWith(keyPrefix) && options.admission.isKey(key.slice(4))
    if (!isKnown) return 'it has no valid key'
    if (monitor === null) return 'there is no monitor just now'
    return pages.size < maxPages ? null : `there are ${maxPages} pages already`
  }

  function open(socket: WebSocket): void {
    const api = monitor
    if (api === null) {
      socket.terminate()
      return
    }
    const wire = pageWire(socket, {
      ...options.pageLimits,
      nowMs,
      // What it missed is made good by the whole state of now, for which it asks.
      onCaughtUp: () => wire.send({ kind: 'serving' }),
    })
    pages.add(wire)
    const stop = serveMonitor(api, wire, {
      allowed: options.allowed,
      onRefused: message => log('warn', 'A request of a page was refused.', { message }),
      pace: async after => {
        await wire.whenRead()
        await statePace(after)
      },
    })
    const stopHost = serveHost(options.host, wire)
    wire.onClosed(() => {
      stop()
      stopHost()
      pages.delete(wire)
    })
  }

  const closePages = (why: string) => {
    for (const wire of pages) wire.close(why)
  }
  await listen(server, options.port)
  return {
    port: (server.address() as AddressInfo).port,
    pages: () => pages.size,
    serve(next) {
      if (next !== monitor) closePages('the monitor has changed')
      monitor = next
    },
    close: () =>
      new Promise(resolve => {
        closePages('the dashboard has ended')
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of sockets.clients) socket.terminate()
      }),
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  response.end(`${why}\n`)
}

/** Null if it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tokenOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { readonly token?: unknown } | null)?.token
  } catch {
    return null
  }
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
