/**
 * Serves the page to the window as `app://bundle/…`: files of one folder, and nothing else on the disk.
 *
 * Every page gets a policy with a nonce of its own. No `file:` URL is ever loaded.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { protocol } from 'electron'

const host = 'bundle'
export const pageUrl = `app://${host}/index.html`

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** True for a URL of our own pages. */
export function isPageUrl(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'app:' && new URL(url).host === host
}

/** What a page may do: load our own files; nothing inline without the nonce, nothing from elsewhere. */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Must run before the app is ready. */
export function registerPageScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }])
}

/** Serves the files below `root` from now on. */
export function servePages(root: string): void {
  protocol.handle('app', request => answer(root, request))
}

/** The file asked for, or 404 for everything else. */
export async function answer(
  root: string,
  request: { readonly url: string; readonly method: string },
): Promise<Response> {
  const file = request.method === 'GET' ? fileOf(root, new URL(request.url)) : null
  const body = file === null ? null : await readFile(file).catch(() => null)
  if (file === null || body === null) return new Response('not found', { status: 404 })
  const type = contentTypes[path.extname(file)] ?? 'application/octet-stream'
  const headers = { 'content-type': type, 'x-content-type-options': 'nosniff' }
  return type.startsWith('text/html')
    ? page(body.toString('utf8'), headers)
    : new Response(new Uint8Array(body), { headers })
}

/** Null for another host, for a path that is no path, and for one that leads out of `root`. */
function fileOf(root: string, url: URL): string | null {
  if (!isPageUrl(url.href)) return null
  try {
    const file = path.join(root, decodeURIComponent(url.pathname))
    return file.startsWith(root + path.sep) && !file.includes('\0') ? file : null
  } catch {
    return null // a broken escape
  }
}

function page(html: string, headers: Readonly<Record<string, string>>): Response {
  const nonce = randomBytes(16).toString('base64')
  return new Response(html.replaceAll('__CSP_NONCE__', nonce), {
    headers: { ...headers, 'content-security-policy': contentSecurityPolicy(nonce) },
  })
}
