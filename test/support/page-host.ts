/**
 * The built page in real Chromium over a monitor of the test's choice, without Electron and without a server: the
 * files of `dist/renderer` under a policy as strict as the desktop's, and a wire made of Playwright's own bridge.
 *
 * Every request for something else is refused and kept, and so is every word of the page's console.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { MonitorApi } from '../../shared/core/monitor-api.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import type { Wire } from '../../shared/core/wire.ts'
import { findChromium } from '../electron-double/chromium.ts'

const top = path.resolve(import.meta.dirname, '../..')
const dist = path.join(top, 'dist/renderer')
export const pageOrigin = 'https://page.example'

/** Why no page can be shown here, or null if one can. */
export function whyNoPage(env: NodeJS.ProcessEnv): string | null {
  const { missing } = findChromium(env)
  if (missing !== null) return missing
  return existsSync(path.join(dist, 'index.html')) ? null : 'dist/renderer is not there; run "npm run build"'
}

/** Real Chromium, headless. The caller closes it. */
export function launchChromium(): Promise<Browser> {
  const { program } = findChromium(process.env)
  const executablePath = path.isAbsolute(program)
    ? program
    : ((process.env['PATH'] ?? '')
        .split(path.delimiter)
        .map(folder => path.join(folder, program))
        .find(existsSync) ?? program)
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** As `electron/app-protocol.ts` has it; a test compares the two. */
export function pagePolicy(nonce: string): string {
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

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
}

export interface HostedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors and warnings of the page, what it broke of its policy, and requests for what is not there. */
  readonly complaints: readonly string[]
  /** Shows the view that the hash names, as a host would. */
  goTo(hash: string): Promise<void>
  close(): Promise<void>
}

export interface HostOptions {
  readonly context?: BrowserContextOptions
  /** Where to begin. Default: the list of sessions. */
  readonly hash?: string
  /** Stands between the page and the monitor; a test may lose or delay messages here. */
  readonly between?: (wire: Wire) => Wire
  /** A code of the page's own before it starts. */
  readonly initScript?: string
}

/** Shows the page to `api`'s monitor. */
export async function hostPage(browser: Browser, api: MonitorApi, options: HostOptions = {}): Promise<HostedPage> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options.context,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  await context.route('**/*', async route => {
    const url = new URL(route.request().url())
    const file = path.join(dist, url.pathname)
    if (url.origin !== pageOrigin || !file.startsWith(dist) || !existsSync(file)) {
      complaints.push(`asked for ${url.href}`)
      return route.abort()
    }
    const headers: Record<string, string> = {
      'content-type': contentTypes[path.extname(file)] ?? 'application/octet-stream',
    }
    const body = readFileSync(file)
    if (path.extname(file) !== '.html') return route.fulfill({ body, headers })
    const nonce = randomBytes(16).toString('base64')
    headers['content-security-policy'] = pagePolicy(nonce)
    return route.fulfill({ body: body.toString('utf8').replaceAll('__CSP_NONCE__', nonce), headers })
  })
  const stop = await bridge(page, api, options.between ?? (wire => wire))
  if (options.initScript !== undefined) await page.addInitScript(options.initScript)
  await page.goto(`${pageOrigin}/index.html${options.hash ?? ''}`)
  return {
    page,
    context,
    complaints,
    goTo: hash => page.evaluate(to => void location.assign(to), hash),
    async close() {
      stop()
      await context.close()
    },
  }
}

/** Puts a `monitorBridge` on the page. A page that is loaded again starts with a wire of its own. */
async function bridge(page: Page, api: MonitorApi, between: (wire: Wire) => Wire): Promise<() => void> {
  const listeners = new Set<(message: unknown) => void>()
  let isClosed = false
  const wire: Wire = {
    send(message) {
      if (isClosed || page.isClosed()) return
      // The page may be gone by the time it arrives.
      page
        .evaluate(text => window.dispatchEvent(new MessageEvent('monitor', { data: text })), JSON.stringify(message))
        .catch(() => {})
    },
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  let stop = () => {}
  await page.exposeFunction('monitorSend', (text: string) => {
    for (const listener of [...listeners]) listener(JSON.parse(text))
  })
  await page.addInitScript(() => {
    const send = (window as unknown as { monitorSend(text: string): void }).monitorSend
    const onMessage = (listener: (text: string) => void) => {
      const receive = (event: Event) => listener((event as MessageEvent<string>).data)
      window.addEventListener('monitor', receive)
      return () => window.removeEventListener('monitor', receive)
    }
    Object.defineProperty(window, 'monitorBridge', { value: { send: (text: string) => void send(text), onMessage } })
  })
  page.on('request', request => {
    if (!request.isNavigationRequest() || request.frame() !== page.mainFrame()) return
    stop()
    stop = serveMonitor(api, between(wire))
  })
  return () => {
    isClosed = true
    stop()
  }
}
