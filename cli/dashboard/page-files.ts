/** The built page's files and the headers they go out with: files of one folder, and nothing else on the disk. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface PageFile {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface PageFiles {
  /** The file of a URL's path; null if there is none. `host` is the one that the page was asked from. */
  get(urlPath: string, host: string): PageFile | null
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** On everything that goes out. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

/** What the page may do: load our own files and talk to us; nothing inline without the nonce, nothing from elsewhere. */
function contentSecurityPolicy(nonce: string, host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Reads all of them now, so that no request names a path on the disk. Source maps stay at home. Null without a page. */
export function readPageFiles(folder: string): PageFiles | null {
  const bodies = new Map<string, Buffer>()
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name)
      if (!entry.isFile() || file.endsWith('.map')) continue
      bodies.set(`/${path.relative(folder, file).split(path.sep).join('/')}`, readFileSync(file))
    }
  } catch {
    return null
  }
  const index = bodies.get('/index.html')
  if (index === undefined) return null
  return {
    get(urlPath, host) {
      if (urlPath === '/' || urlPath === '/index.html') return page(index, host)
      const body = bodies.get(urlPath)
      return body === undefined ? null : { body, headers: fileHeaders(urlPath) }
    },
  }
}

function page(index: Buffer, host: string): PageFile {
  const nonce = randomBytes(16).toString('base64')
  return {
    body: Buffer.from(index.toString('utf8').replaceAll('__CSP_NONCE__', nonce)),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy(nonce, host),
    },
  }
}

/** Names of assets hold their content's hash. */
function fileHeaders(urlPath: string): Readonly<Record<string, string>> {
  return {
    'content-type': contentTypes[path.extname(urlPath)] ?? 'application/octet-stream',
    'cache-control': urlPath.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache',
  }
}
