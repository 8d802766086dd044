/**
 * The stand-in's own state: what a test may set and what it may look at. One per process, as Electron itself is.
 *
 * Imports nothing of the stand-in but types, so that every other file can import it.
 */
import { EventEmitter } from 'node:events'
import path from 'node:path'
import type { BrowserWindow } from './browser-window.ts'
import { type Browser, findChromium, launchBrowser } from './chromium.ts'
import type { Notification } from './notification.ts'
import type { Tray } from './tray.ts'

export interface StandInConfig {
  /** Program that shows the pages. */
  chromium: string
  /** What `app.getAppPath()` says. */
  appPath: string
  /** What `app.getPath('userData')` says; empty until it is asked for or set. */
  userData: string
  /** What `app.isPackaged` says. */
  isPackaged: boolean
  /** Start the browser before `ready`, not with the first window. */
  startBrowserEarly: boolean
  exit(code: number): void
  log(line: string): void
}

/** What an app asked of the system's login items. */
export interface LoginItem {
  readonly openAtLogin: boolean
  readonly path?: string
  readonly args?: readonly string[]
}

export const control = {
  config: {
    chromium: findChromium(process.env).program,
    appPath: path.resolve(import.meta.dirname, '../..'),
    userData: '',
    isPackaged: process.env['ELECTRON_DOUBLE_RESOURCES'] !== undefined,
    startBrowserEarly: false,
    exit: () => {},
    log: () => {},
  } as StandInConfig,
  ready: false,
  quitting: false,
  exited: false,
  windows: [] as BrowserWindow[],
  trays: [] as Tray[],
  /** URLs and paths handed to `shell`. */
  opened: [] as string[],
  loginItem: null as LoginItem | null,
  /** Connected screens, in device-independent pixels. */
  displays: [{ workArea: { x: 0, y: 0, width: 1920, height: 1040 } }],
  /** Index of the button that the user presses in the next message box. */
  messageBoxAnswer: 0,
  /** What message boxes said. */
  messageBoxes: [] as string[],
  /** Notifications that were shown; empty where they are not supported. */
  notifications: [] as Notification[],
  /** What `Notification.isSupported()` says: there is no notification area in the stand-in unless a test plays one. */
  supportsNotifications: false,
  /** Every request that no protocol handler of the app answered. All are refused. */
  network: [] as { readonly url: string; readonly type: string }[],
  /** Run when the process ends or a test is done. */
  closers: new Set<() => void>(),
}

/** Emits `ready` once: the app listens, and windows and trays may be made from then on. */
export const readiness = new EventEmitter()

let browser: Promise<Browser> | null = null

/** The one browser of this process; started when it is first asked for. */
export function startBrowser(): Promise<Browser> {
  browser ??= launchBrowser(control.config.chromium).then(started => {
    control.config.log(`DevTools listening on ${started.wsUrl}`)
    return started
  })
  return browser
}

/** Lets the app become ready, as Electron does after the entry module has been evaluated. */
export async function becomeReady(): Promise<void> {
  if (control.config.startBrowserEarly) await startBrowser()
  if (control.ready) return
  control.ready = true
  readiness.emit('ready')
}

/** Closes windows, browser and lock. Tests call it when they are done. */
export async function closeStandIn(): Promise<void> {
  control.quitting = true // or the last window to go would make the app quit
  for (const window of [...control.windows]) window.destroy()
  for (const close of control.closers) close()
  control.closers.clear()
  const running = browser
  browser = null
  if (running !== null) await (await running).close()
}

/** @throws {Error} in Electron's words if the app is not ready. */
export function needReady(what: string): void {
  if (!control.ready) throw new Error(`Cannot ${what} before app is ready`)
}

/**
 * Makes a missing member throw instead of being undefined: the stand-in never pretends.
 *
 * Classes for it use `private`, not `#`: `this` is the proxy.
 */
export function strict<T extends object>(name: string, target: T): T {
  const asked = new Set(['then', 'toJSON', 'nodeType', 'asymmetricMatch', '$$typeof', 'default'])
  return new Proxy(target, {
    get(object, key, receiver) {
      if (typeof key === 'string' && !(key in object) && !asked.has(key)) {
        throw new Error(`electron stand-in: ${name}.${key} is not implemented`)
      }
      return Reflect.get(object, key, receiver)
    },
  })
}

/** An event whose default action a listener may prevent. */
export class PreventableEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}
