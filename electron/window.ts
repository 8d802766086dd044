/**
 * The window: a sandboxed page that shows our own files and goes nowhere else. Closing it hides it.
 *
 * Knows nothing of the monitor: whoever makes it decides what the page may talk to.
 */
import path from 'node:path'
import { app, BrowserWindow, session, type WebContents, type WebPreferences } from 'electron'
import { isPageUrl, pageUrl } from './app-protocol.ts'

export interface MainWindow {
  /** Shows the window in front of the others; makes it if it is gone. */
  show(): void
  /** From now on closing closes: the app is about to quit. */
  letClose(): void
}

/** Nothing here may be relaxed: see Electron's security checklist. */
export function pagePreferences(dist: string): WebPreferences {
  return {
    preload: path.join(dist, 'preload', 'preload.cjs'),
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    spellcheck: false,
  }
}

/** Refuses permissions, other pages, new windows and embedded ones, for every page that this app will ever make. */
export function lockDownPages(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.defaultSession.setPermissionCheckHandler(() => false)
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    contents.on('will-navigate', event => {
      if (!isPageUrl(event.url)) event.preventDefault()
    })
    contents.on('will-attach-webview', event => event.preventDefault())
  })
}

export interface WindowOptions {
  /** The built app. */
  readonly dist: string
  /** Called with every page before it loads. */
  readonly onPage: (contents: WebContents) => void
  /** Told why the page could not be loaded. */
  readonly onFailed: (message: string) => void
}

export function createMainWindow(options: WindowOptions): MainWindow {
  let window: BrowserWindow | null = null
  let closes = false
  const make = () => {
    const made = makeWindow(options)
    made.on('close', event => {
      if (closes) return
      event.preventDefault()
      made.hide()
    })
    made.once('closed', () => {
      window = null
    })
    return made
  }
  return {
    show() {
      window ??= make()
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
    },
    letClose() {
      closes = true
    },
  }
}

function makeWindow({ dist, onPage, onFailed }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1100,
    height: 720,
    minWidth: 420,
    minHeight: 320,
    show: false,
    title: 'Active Session Monitor',
    icon: path.join(dist, 'main', 'app.png'),
    webPreferences: pagePreferences(dist),
  })
  window.removeMenu()
  onPage(window.webContents)
  // Quitting while it loads rejects too: that is no failure to report.
  window.loadURL(pageUrl).catch(error => {
    if (!window.isDestroyed()) onFailed(`The window could not be loaded: ${error}`)
  })
  return window
}
