/** A headless Chromium and a connection to it (DevTools protocol over Node's own WebSocket). No dependency. */
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** A message's parameters or result: what the protocol says it is, unchecked. */
// biome-ignore lint/suspicious/noExplicitAny: the protocol's shapes are Chromium's, and typing them would be a library of its own
export type DevToolsData = Record<string, any>

export interface Connection {
  /** Rejects with the browser's message, or when the browser is gone. */
  send(method: string, params?: DevToolsData, sessionId?: string): Promise<DevToolsData>
  /** `sessionId` is empty for the browser itself. */
  on(sessionId: string, method: string, listener: (params: DevToolsData) => void): void
}

export interface Browser {
  readonly connection: Connection
  readonly wsUrl: string
  close(): Promise<void>
}

/** The program that shows the pages, or why there is none. `ELECTRON_DOUBLE_CHROMIUM` names another one. */
export function findChromium(env: Readonly<Record<string, string | undefined>>): ChromiumSearch {
  const program = env['ELECTRON_DOUBLE_CHROMIUM'] ?? 'chromium'
  const folders = path.isAbsolute(program) ? [''] : (env['PATH'] ?? '').split(path.delimiter)
  const found = folders.some(folder => existsSync(path.join(folder, program)))
  return { program, missing: found ? null : `${program} is not there (Debian: apt-get install chromium)` }
}

export interface ChromiumSearch {
  readonly program: string
  /** Null if it was found. */
  readonly missing: string | null
}

const startTimeoutMs = 30_000
const closeTimeoutMs = 3_000

const flags = [
  '--headless',
  '--no-sandbox', // as root, in a container; the pages are our own
  '--disable-gpu',
  '--no-first-run',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-popup-blocking',
  '--password-store=basic',
  '--remote-debugging-port=0',
  '--no-startup-window',
]

export async function launchBrowser(executable: string): Promise<Browser> {
  const profile = mkdtempSync(path.join(tmpdir(), 'electron-double-'))
  const child = spawn(executable, [...flags, `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const killNow = () => void child.kill('SIGKILL')
  process.once('exit', killNow)
  const wsUrl = await announcedUrl(child).catch(error => {
    killNow()
    throw error
  })
  const connection = await connect(wsUrl)
  return {
    connection,
    wsUrl,
    async close() {
      const gone = exitOf(child)
      connection.send('Browser.close').catch(() => {}) // the connection may break before the answer
      const timer = setTimeout(killNow, closeTimeoutMs)
      await gone
      clearTimeout(timer)
      process.off('exit', killNow)
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
}

/** The address that Chromium prints when it is ready. */
function announcedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Chromium did not start in time')), startTimeoutMs)
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`Chromium exited (${code}) before it was ready`)))
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', line => {
      const url = /^DevTools listening on (ws:\/\/\S+)/.exec(line)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

interface Pending {
  readonly method: string
  resolve(result: DevToolsData): void
  reject(error: Error): void
}

async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url)
  const pending = new Map<number, Pending>()
  const events = new EventEmitter()
  events.setMaxListeners(0)
  let lastId = 0
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as DevToolsData
    if (message['id'] === undefined) {
      events.emit(`${message['sessionId'] ?? ''}:${message['method']}`, message['params'])
      return
    }
    const waiting = pending.get(message['id'])
    pending.delete(message['id'])
    if (message['error']) waiting?.reject(new Error(`${waiting.method}: ${message['error'].message}`))
    else waiting?.resolve(message['result'])
  }
  socket.onclose = () => {
    for (const waiting of pending.values()) waiting.reject(new Error(`${waiting.method}: the browser is gone`))
    pending.clear()
  }
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error('cannot reach the browser'))
  })
  return {
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error(`${method}: the browser is gone`))
        const id = ++lastId
        pending.set(id, { method, resolve, reject })
        socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
      }),
    on: (sessionId, method, listener) => void events.on(`${sessionId}:${method}`, listener),
  }
}
