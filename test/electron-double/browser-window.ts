/** `BrowserWindow`: a page in Chromium and the state of a frame that no screen shows. */
import { EventEmitter } from 'node:events'
import { app } from './app.ts'
import { control, needReady, PreventableEvent } from './control.ts'
import { WebContents, type WebPreferences } from './web-contents.ts'

export interface WindowOptions {
  readonly width?: number
  readonly height?: number
  readonly x?: number
  readonly y?: number
  readonly show?: boolean
  readonly title?: string
  readonly webPreferences?: WebPreferences
  readonly [other: string]: unknown
}

let lastId = 0

export class BrowserWindow extends EventEmitter {
  readonly id = ++lastId
  readonly webContents: WebContents
  /** What the app asked for, for tests. */
  readonly options: WindowOptions
  #visible: boolean
  #focused = false
  #minimized = false
  #destroyed = false
  #readyToShow = false
  #title: string
  #size: readonly [width: number, height: number]
  #position: readonly [x: number, y: number]

  constructor(options: WindowOptions = {}) {
    super()
    needReady('create BrowserWindow')
    this.options = options
    this.#visible = options.show !== false
    this.#title = options.title ?? app.getName()
    this.#size = [options.width ?? 800, options.height ?? 600]
    this.#position = [options.x ?? 0, options.y ?? 0]
    this.webContents = new WebContents(this, options.webPreferences ?? {})
    control.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
    app.emit('browser-window-created', {}, this)
  }

  static getAllWindows(): readonly BrowserWindow[] {
    return [...control.windows]
  }
  static getFocusedWindow(): BrowserWindow | null {
    return control.windows.find(window => window.#focused) ?? null
  }
  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return control.windows.find(window => window.webContents === contents) ?? null
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }
  show(): void {
    if (!this.#visible) {
      this.#visible = true
      this.emit('show')
    }
    this.focus()
  }
  hide(): void {
    if (!this.#visible) return
    this.#visible = false
    this.#focused = false
    this.emit('hide')
  }
  isVisible(): boolean {
    return this.#visible
  }
  focus(): void {
    for (const window of control.windows) window.#focused = window === this
    this.emit('focus')
  }
  isFocused(): boolean {
    return this.#focused
  }
  minimize(): void {
    this.#minimized = true
    this.emit('minimize')
  }
  restore(): void {
    this.#minimized = false
    this.emit('restore')
  }
  isMinimized(): boolean {
    return this.#minimized
  }
  close(): void {
    if (this.#destroyed) return
    const event = new PreventableEvent()
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
  }
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    control.windows.splice(control.windows.indexOf(this), 1)
    this.webContents.destroy()
    this.emit('closed')
    if (control.windows.length > 0 || control.quitting || control.exited) return
    if (!app.emit('window-all-closed')) app.quit()
  }
  isDestroyed(): boolean {
    return this.#destroyed
  }
  setTitle(title: string): void {
    this.#title = title
  }
  getTitle(): string {
    return this.#title
  }
  getSize(): readonly [width: number, height: number] {
    return this.#size
  }
  setSize(width: number, height: number): void {
    this.#size = [width, height]
    void this.webContents.applySize()
    this.emit('resize')
  }
  setPosition(x: number, y: number): void {
    this.#position = [x, y]
    this.emit('move')
  }
  getNormalBounds(): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
    const [[x, y], [width, height]] = [this.#position, this.#size]
    return { x, y, width, height }
  }
  removeMenu(): void {}
  /** Not Electron's: the page has painted for the first time. */
  becomeReadyToShow(): void {
    if (this.#readyToShow) return
    this.#readyToShow = true
    this.emit('ready-to-show')
  }
}
