/**
 * The window: a sandboxed page that shows our own files and goes nowhere else. Closing it hides it; a page that
 * crashes or hangs is loaded again.
 *
 * Knows nothing of the monitor: whoever makes it decides what the page may talk to.
 */
import path from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  nativeTheme,
  type RenderProcessGoneDetails,
  screen,
  session,
  type WebContents,
  type WebPreferences,
} from 'electron'
import { isPageUrl, pageUrl } from './app-protocol.ts'
import { openExternal } from './open-external.ts'
import { type Bounds, leastSize, placeFor } from './window-bounds.ts'

export interface MainWindow {
  /** Shows the window in front of the others; makes it if it is gone. */
  show(): void
  /** From now on closing closes: the app is about to quit. */
  letClose(): void
}

export interface WindowOptions {
  /** The built app. */
  readonly dist: string
  /** Called with every page before it loads. */
  readonly onPage: (contents: WebContents) => void
  /** Told what went wrong, in words. */
  readonly onTrouble: (message: string) => void
  readonly bounds: () => Bounds | null
  readonly keepBounds: (bounds: Bounds) => void
  /** False: nothing but the window leads to the app, so that closing only minimises it. */
  readonly hasTray: () => boolean
  /** The user closed the window, and it is hidden now. */
  readonly onHidden: () => void
}

/** Page crashes within a minute after which it is not loaded again by itself. */
const mostCrashes = 3
const crashWindowMs = 60_000
/** A page that crashes at once must not keep the processor busy. Ms per crash so far. */
const reloadDelayMs = 500
const keepBoundsAfterMs = 500

/** Nothing here may be relaxed: see Electron's security checklist. */
export function pagePreferences(dist: string): WebPreferences {
  return {
    preload: path.join(dist, 'preload', 'preload.cjs'),
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
    spellcheck: false,
    devTools: !app.isPackaged,
  }
}

/**
 * Refuses permissions, devices, other pages, new windows, embedded pages and downloads that are not the page's own,
 * for every page that this app will ever make.
 *
 * @param onRefused told of links that were not opened, in words
 */
export function lockDownPages(onRefused: (message: string) => void): void {
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  defaultSession.setPermissionCheckHandler(() => false)
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${new URL(pageUrl).protocol}//`)) event.preventDefault()
  })
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(({ url }) => {
      openExternal(url, onRefused)
      return { action: 'deny' }
    })
    contents.on('will-navigate', event => {
      if (!isPageUrl(event.url)) event.preventDefault()
    })
    contents.on('will-frame-navigate', event => {
      if (!event.isMainFrame || !isPageUrl(event.url)) event.preventDefault()
    })
    contents.on('will-attach-webview', event => event.preventDefault())
  })
}

export function createMainWindow(options: WindowOptions): MainWindow {
  let window: BrowserWindow | null = null
  let closes = false
  const make = () => {
    const made = makeWindow(options)
    made.on('close', event => {
      if (closes) return
      event.preventDefault()
      if (!options.hasTray()) return made.minimize()
      made.hide()
      options.onHidden()
    })
    made.once('closed', () => {
      window = null
      app.dock?.hide()
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

function makeWindow(options: WindowOptions): BrowserWindow {
  const workAreas = screen.getAllDisplays().map(({ workArea }) => workArea)
  const window = new BrowserWindow({
    ...placeFor(options.bounds(), workAreas),
    minWidth: leastSize.width,
    minHeight: leastSize.height,
    show: false,
    title: 'Active Session Monitor',
    // What is seen until the page has painted.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    icon: path.join(options.dist, 'main', 'app.png'),
    webPreferences: pagePreferences(options.dist),
  })
  window.removeMenu()
  window.on('show', () => void app.dock?.show())
  window.on('hide', () => app.dock?.hide())
  rememberBounds(window, options.keepBounds)
  options.onPage(window.webContents)
  recoverPage(window, options.onTrouble)
  load(window, options.onTrouble)
  return window
}

/** Quitting while it loads rejects too: that is no trouble to report. */
function load(window: BrowserWindow, onTrouble: (message: string) => void): void {
  window.loadURL(pageUrl).catch(error => {
    if (!window.isDestroyed()) onTrouble(`The window could not be loaded: ${error}`)
  })
}

function rememberBounds(window: BrowserWindow, keep: (bounds: Bounds) => void): void {
  let timer: NodeJS.Timeout | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (!window.isDestroyed()) keep(window.getNormalBounds())
    }, keepBoundsAfterMs)
  }
  window.on('resize', soon)
  window.on('move', soon)
  window.once('closed', () => clearTimeout(timer))
}

function recoverPage(window: BrowserWindow, onTrouble: (message: string) => void): void {
  const crashes: number[] = []
  const { webContents } = window
  webContents.on('render-process-gone', (_event, { reason, exitCode }: RenderProcessGoneDetails) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    crashes.push(performance.now())
    const recent = crashes.filter(atMs => performance.now() - atMs < crashWindowMs).length
    onTrouble(`The page crashed (${reason}, ${exitCode}).`)
    // Whoever opens the window next gets a new one; the monitor runs on.
    if (recent > mostCrashes) return window.destroy()
    setTimeout(() => {
      if (!window.isDestroyed()) load(window, onTrouble)
    }, reloadDelayMs * recent)
  })
  let asking: AbortController | null = null
  window.on('unresponsive', () => {
    if (asking !== null) return
    asking = new AbortController()
    onTrouble('The page does not respond.')
    offerReload(window, asking.signal)
      .catch(error => onTrouble(`The page could not be loaded again: ${error}`))
      .finally(() => {
        asking = null
      })
  })
  window.on('responsive', () => asking?.abort())
}

/** Asks once at a time. A crash on purpose ends what hangs; {@link recoverPage} does the rest. */
async function offerReload(window: BrowserWindow, signal: AbortSignal): Promise<void> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: 'The window does not respond.',
    detail: 'Your sessions are monitored and checkpointed all the same.',
    buttons: ['Wait', 'Load it again'],
    defaultId: 0,
    cancelId: 0,
    // Takes the question back when the page has come to itself.
    signal,
  })
  if (response === 1 && !window.isDestroyed()) window.webContents.forcefullyCrashRenderer()
}
