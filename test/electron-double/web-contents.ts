/**
 * `WebContents`: one real page, driven over the DevTools protocol.
 *
 * The real preload runs in an isolated world of the page; the app's protocol handlers answer its requests with
 * their own headers; every other request is refused and recorded.
 */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Script } from 'node:vm'
import type { BrowserWindow } from './browser-window.ts'
import type { Connection, DevToolsData } from './chromium.ts'
import { makeCodec } from './codec.ts'
import { control, PreventableEvent, startBrowser } from './control.ts'
import { nativeTheme } from './desktop.ts'
import { ipcMain } from './ipc-main.ts'
import { protocol, schemeOf, session, toAppUrl, toPageHeader, toPageUrl } from './network.ts'
import { isolatedWorldSource, mainWorldSource, type PreloadFile } from './page-source.ts'

export interface WebPreferences {
  readonly preload?: string
  readonly sandbox?: boolean
  readonly contextIsolation?: boolean
  readonly nodeIntegration?: boolean
  readonly [other: string]: unknown
}

/** What IPC handlers see of a page's frame. */
export interface Frame {
  readonly url: string
  readonly origin: string
  readonly parent: null
}

type WindowOpenHandler = (details: { readonly url: string }) => { readonly action: 'allow' | 'deny' }

const isolatedWorld = 'electron-isolated'
const codec = makeCodec(null, null)
let lastId = 0

export class WebContents extends EventEmitter {
  readonly id = ++lastId
  readonly session = session.defaultSession
  /** Resolves when the page exists and the preload is in place. */
  readonly created: Promise<void>
  readonly #window: BrowserWindow
  readonly #secret = `${randomUUID()}-`
  #connection: Connection | null = null
  #targetId = ''
  #sessionId = ''
  #mainFrameId = ''
  /** Execution context of the preload; 0 while there is none. */
  #isolatedContext = 0
  #url = ''
  /** The document that the app itself asked for: no `will-navigate`. */
  #expectedUrl = ''
  #openHandler: WindowOpenHandler = () => ({ action: 'allow' })
  #destroyed = false

  constructor(window: BrowserWindow, preferences: WebPreferences) {
    super()
    if (preferences.nodeIntegration || preferences.contextIsolation === false) {
      throw new Error('electron stand-in: only contextIsolation: true and nodeIntegration: false are supported')
    }
    if (preferences.preload !== undefined && !path.isAbsolute(preferences.preload)) {
      throw new Error('preload must be an absolute path')
    }
    this.#window = window
    this.created = this.#create(preferences)
    this.created.catch(error => {
      if (!this.#destroyed) control.config.log(`electron stand-in: ${error}`)
    })
  }

  // ---- what the app calls

  async loadURL(url: string): Promise<void> {
    await this.created
    const loaded = new Promise<void>(resolve => this.once('did-finish-load', () => resolve()))
    this.#expectedUrl = toPageUrl(url)
    const { errorText } = await this.#send('Page.navigate', { url: this.#expectedUrl })
    if (errorText) throw new Error(`${errorText} (-2) loading '${url}'`)
    await loaded
  }
  send(channel: string, ...args: readonly unknown[]): void {
    const message = { kind: 'message', channel, args: args.map(codec.encode) }
    this.#inPage(message, this.#isolatedContext)
  }
  async executeJavaScript(code: string): Promise<unknown> {
    await this.created
    const expression = { expression: code, awaitPromise: true, returnByValue: true, userGesture: true }
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', expression)
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#openHandler = handler
  }
  reload(): void {
    this.#expectedUrl = toPageUrl(this.#url)
    this.#quietly('Page.reload')
  }
  /** The page's process ends as by a defect. */
  forcefullyCrashRenderer(): void {
    this.#quietly('Page.crash')
  }
  getURL(): string {
    return this.#url
  }
  isDestroyed(): boolean {
    return this.#destroyed
  }
  get mainFrame(): Frame {
    return { url: this.#url, origin: /^[a-z][a-z0-9.+-]*:\/\/[^/]*/i.exec(this.#url)?.[0] ?? 'null', parent: null }
  }

  // ---- what the rest of the stand-in calls

  async applyTheme(): Promise<void> {
    const value = nativeTheme.shouldUseDarkColors ? 'dark' : 'light'
    this.#quietly('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] })
  }
  async applySize(): Promise<void> {
    const [width, height] = this.#window.getSize()
    this.#quietly('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
  }
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#connection?.send('Target.closeTarget', { targetId: this.#targetId }).catch(() => {})
    this.emit('destroyed')
  }

  // ---- the page

  async #create(preferences: WebPreferences): Promise<void> {
    const { connection } = await startBrowser()
    if (this.#destroyed) return
    const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank', newWindow: true })
    const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true })
    this.#connection = connection
    this.#targetId = targetId
    this.#sessionId = sessionId
    this.#listen()
    await this.#send('Page.enable')
    this.#mainFrameId = (await this.#send('Page.getFrameTree'))['frameTree'].frame.id
    await this.#prepare(preferences)
  }
  #send(method: string, params: DevToolsData = {}): Promise<DevToolsData> {
    if (this.#connection === null || this.#destroyed) return Promise.reject(new Error('Object has been destroyed'))
    return this.#connection.send(method, params, this.#sessionId)
  }
  /** For what nobody waits for: a page may go away at any moment. */
  #quietly(method: string, params: DevToolsData = {}): void {
    this.#send(method, params).catch(() => {})
  }
  #on(method: string, listener: (params: DevToolsData) => void): void {
    this.#connection?.on(this.#sessionId, method, listener)
  }
  async #prepare(preferences: WebPreferences): Promise<void> {
    const preload = preferences.preload === undefined ? null : this.#readPreload(preferences.preload)
    const info = { platform: process.platform, type: 'renderer', sandboxed: preferences.sandbox !== false }
    const isolated = isolatedWorldSource(this.#secret, preload, info)
    await Promise.all([
      this.#send('Log.enable'),
      this.#send('Runtime.addBinding', { name: '__electronDoubleSend', executionContextName: isolatedWorld }),
      this.#send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldSource(this.#secret) }),
      this.#send('Page.addScriptToEvaluateOnNewDocument', { source: isolated, worldName: isolatedWorld }),
      this.#send('Runtime.enable'),
      this.#send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      this.#send('Emulation.setFocusEmulationEnabled', { enabled: true }),
    ])
    await Promise.all([this.applyTheme(), this.applySize()])
  }
  /** Null, and `preload-error`, for a file that is no script: an ES module, for one. */
  #readPreload(file: string): PreloadFile | null {
    try {
      const code = readFileSync(file, 'utf8')
      new Script(`(function () {${code}\n})`, { filename: file })
      return { file, code }
    } catch (error) {
      setImmediate(() => this.#preloadFailed(file, String(error)))
      return null
    }
  }
  #preloadFailed(file: string, message: string): void {
    control.config.log(`Unable to load preload script: ${file}\n${message}`)
    this.emit('preload-error', {}, file, new Error(message))
  }
  #listen(): void {
    this.#on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === isolatedWorld && context.auxData.frameId === this.#mainFrameId) {
        this.#isolatedContext = context.id
      }
    })
    this.#on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      if (executionContextId === this.#isolatedContext) this.#isolatedContext = 0
    })
    this.#on('Runtime.bindingCalled', ({ payload, executionContextId }) => {
      void this.#fromPage(JSON.parse(payload), executionContextId)
    })
    this.#on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      this.#console('error', `Uncaught ${exceptionDetails.exception?.description ?? exceptionDetails.text}`)
    })
    this.#on('Log.entryAdded', ({ entry }) => {
      if (entry.source === 'security' || entry.level === 'error') this.#console(entry.level, entry.text)
    })
    this.#on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId === undefined) this.#url = toAppUrl(frame.url)
    })
    this.#on('Page.loadEventFired', () => this.#loaded())
    this.#on('Inspector.targetCrashed', () => {
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 })
    })
    this.#on('Fetch.requestPaused', request => {
      this.#answer(request).catch(error => {
        if (!this.#destroyed) control.config.log(`electron stand-in: ${error}`)
      })
    })
  }
  #console(level: string, message: string): void {
    this.emit('console-message', { level, message })
  }
  #loaded(): void {
    if (this.#url === '' || this.#url === 'about:blank') return
    this.emit('did-finish-load', {})
    this.#window.becomeReadyToShow()
  }
  // ---- requests

  async #answer(paused: DevToolsData): Promise<void> {
    const { requestId, request, resourceType, frameId } = paused
    const url = toAppUrl(request.url)
    const foreign = resourceType === 'Document' && frameId === this.#mainFrameId && request.url !== this.#expectedUrl
    if (foreign && !this.#mayNavigate(url)) {
      await this.#send('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
      return
    }
    const handler = protocol.handlerOf(url)
    if (handler !== undefined) {
      const response = await handler(new Request(url, { method: request.method, headers: request.headers }))
      await this.#send('Fetch.fulfillRequest', { requestId, ...(await fulfilment(response, schemeOf(url))) })
    } else if (['data', 'blob', 'about'].includes(schemeOf(url))) {
      await this.#send('Fetch.continueRequest', { requestId })
    } else {
      control.network.push({ url, type: resourceType })
      await this.#send('Fetch.failRequest', { requestId, errorReason: 'InternetDisconnected' })
    }
  }
  #mayNavigate(url: string): boolean {
    const event = Object.assign(new PreventableEvent(), { url, isMainFrame: true })
    this.emit('will-navigate', event, url)
    return !event.defaultPrevented
  }

  // ---- messages

  async #fromPage(message: DevToolsData, contextId: number): Promise<void> {
    if (contextId !== this.#isolatedContext) return // only the preload of the main frame may speak
    const { kind, id, channel } = message
    if (kind === 'preload-error') return this.#preloadFailed(message['file'], message['message'])
    if (kind === 'open-window') return this.#openWindow(message['url'])
    const event = { type: 'frame', sender: this, senderFrame: this.mainFrame, ports: [] }
    const args = message['args'].map(codec.decode)
    if (kind === 'send') return void ipcMain.emit(channel, event, ...args)
    try {
      const value = codec.encode(await ipcMain.invoke(channel, event, args))
      this.#inPage({ kind: 'reply', id, value }, contextId)
    } catch (error) {
      this.#inPage({ kind: 'reply', id, error: `Error invoking remote method '${channel}': ${error}` }, contextId)
    }
  }
  /** One that the handler allows is a bare page of Chromium: child windows of the app are not implemented. */
  #openWindow(url: string): void {
    if (this.#openHandler({ url: toAppUrl(url) }).action === 'deny') return
    this.#connection?.send('Target.createTarget', { url, newWindow: true }).catch(() => {})
  }
  #inPage(message: object, contextId: number): void {
    if (contextId === 0) return
    this.#quietly('Runtime.evaluate', { expression: `__electronDoubleReceive(${JSON.stringify(message)})`, contextId })
  }
}

async function fulfilment(response: Response, scheme: string): Promise<DevToolsData> {
  return {
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value: toPageHeader(name, value, scheme) })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  }
}
