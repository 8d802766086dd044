/** Requests of the dashboard that are no WebSocket: files of the page, and a link's token for a page's key. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../shared/engine/ports.ts'
import { type Admission, isLoopbackHost, isOwnOrigin } from './admission.ts'
import { type PageFiles, securityHeaders } from './page-files.ts'
import { createRateLimit } from './rate-limit.ts'

export interface RequestParts {
  readonly files: PageFiles
  readonly admission: Admission
  readonly log: Log
  /** Never goes back. */
  readonly nowMs: () => number
  /** Told when a link was used. */
  readonly onOpened: () => void
}

const maxBodyBytes = 1_024

export function createRequests({ files, admission, log, nowMs, onOpened }: RequestParts) {
  const exchanges = createRateLimit(10, 0.2)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, origin } = request.headers
    if (!isLoopbackHost(host)) return refuse(response, 421, 'this name is not served here')
    const urlPath = (request.url ?? '').split('?')[0] ?? ''
    if (request.method === 'POST' && urlPath === '/session') {
      if (!isOwnOrigin(origin, host)) return refuse(response, 403, 'only the page itself may ask this')
      return exchange(request, response)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET')
    const file = files.get(urlPath, host)
    if (file === null) return refuse(response, 404, 'not found')
    response.writeHead(200, { ...securityHeaders, ...file.headers, 'content-length': file.body.length })
    response.end(request.method === 'HEAD' ? undefined : file.body)
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!exchanges.take(nowMs())) return refuse(response, 429, 'too many attempts; wait a little')
    const body = await readBody(request)
    if (body === null) return refuse(response, 413, 'too long')
    const key = admission.exchange(tokenOf(body))
    if (key === null) {
      log('warn', 'A link of the dashboard was refused: it was used before, or is none.')
      return refuse(response, 403, 'this link was used before, or a newer one was made')
    }
    response.writeHead(200, { ...securityHeaders, 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify({ key }))
    onOpened()
  }

  /** Never rejects. */
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await answer(request, response)
    } catch (error) {
      // Who hangs up in the middle of a body is no failure of ours.
      if (!request.destroyed) log('error', 'A request to the dashboard failed.', { message: String(error) })
      response.destroy()
    }
  }
}

export function refuse(response: ServerResponse, status: number, why: string): void {
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
