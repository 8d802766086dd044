/**
 * The desktop app: one instance, the engine in its thread, a tray icon, a window that hides instead of closing, and
 * an orderly end. Thin: no rule and no file format lives here.
 */
import { homedir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { app } from 'electron'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import { claudeRoots } from '../shared/engine/claude-roots.ts'
import { dataFolder } from '../shared/engine/data-folder.ts'
import { type EngineThreadStarted, startEngineThread } from '../shared/engine/engine-thread.ts'
import { registerPageScheme, servePages } from './app-protocol.ts'
import { servePagesOverIpc } from './ipc.ts'
import { createTray, type TrayView } from './tray.ts'
import { type TrayAction, type TrayInput, trayModel } from './tray-model.ts'
import { createMainWindow, lockDownPages, type MainWindow } from './window.ts'

/** Of the 5 s that quitting may take: for the engine's orderly end, and for everything. */
const engineGraceMs = 3_500
const quitLimitMs = 4_500

/** Why there is no monitor, in words. */
interface Broken {
  readonly message: string
  readonly remedy: string
}

interface Shell {
  /** What tray and pages show from now on. */
  open(api: MonitorApi): void
  close(broken: Broken): void
  readonly window: MainWindow
}

function logLine(message: string): void {
  console.error(message)
}

/** Tray and window, waiting for a monitor. */
function createShell(dist: string, act: (action: TrayAction) => void): Shell {
  const pages = servePagesOverIpc({ kind: 'closed', reason: 'The monitor is still starting.' }, logLine)
  const window = createMainWindow({ dist, onPage: pages.trust, onFailed: logLine })
  const tray = tryTray(() => {
    const iconFolder = path.join(dist, 'main')
    return createTray(trayModel({ kind: 'starting' }), { iconFolder, platform: process.platform, onAction: act })
  })
  const showInTray = (input: TrayInput) => tray?.show(trayModel(input))
  return {
    window,
    open(api) {
      pages.serve({ kind: 'open', api })
      api.onState(state => showInTray({ kind: 'running', state }))
    },
    close({ message, remedy }) {
      const reason = `${message.replace(/\.$/, '')}. ${remedy}`
      logLine(reason)
      pages.serve({ kind: 'closed', reason })
      showInTray({ kind: 'broken', reason: message })
    },
  }
}

/** Without a tray the window is the way in. */
function tryTray(create: () => TrayView): TrayView | null {
  try {
    return create()
  } catch (error) {
    logLine(`There is no tray icon: ${error}`)
    return null
  }
}

function startEngine(dist: string, onCrash: (error: Error) => void): Promise<EngineThreadStarted> {
  const environment = { env: process.env, home: homedir(), platform: process.platform }
  return startEngineThread({
    script: path.join(dist, 'main', 'engine-thread.js'),
    options: {
      dataFolder: dataFolder(environment),
      roots: claudeRoots(environment),
      home: environment.home,
      environment: { ...environment.env },
      automatic: true,
      hostName: 'desktop app',
    },
    log: (level, message) => {
      if (level === 'warn' || level === 'error') logLine(message)
    },
    onCrash,
  })
}

/** Starts everything; the app must be ready. */
async function startApp(dist: string): Promise<void> {
  let api: MonitorApi | null = null
  const act = (action: TrayAction) => {
    perform(action, api, shell.window.show).catch(error => logLine(`The tray's ${action.kind} failed: ${error}`))
  }
  lockDownPages()
  servePages(path.join(dist, 'renderer'))
  const shell = createShell(dist, act)
  const starting = startEngine(dist, error => {
    api = null
    shell.close({ message: `The monitor stopped: ${error.message}.`, remedy: 'Quit the app and start it again.' })
  })
  stopBeforeQuit(starting, () => api !== null)
  app.on('before-quit', shell.window.letClose)

  const started = await starting
  if (started.ok) {
    api = started.thread.monitor
    shell.open(api)
  } else shell.close(started)
  app.on('second-instance', shell.window.show)
  app.on('activate', shell.window.show)
  shell.window.show()
}

async function perform(action: TrayAction, api: MonitorApi | null, showWindow: () => void): Promise<void> {
  switch (action.kind) {
    case 'open':
      return showWindow()
    case 'checkpoint':
      await api?.requestCheckpoint(action.target)
      return
    case 'pause':
      return api?.pause({ untilMs: action.forMs === null ? null : Date.now() + action.forMs })
    case 'resume':
      return api?.resume({})
    case 'quit':
      return app.quit()
  }
}

/** Holds the quit back until the engine has stopped, or for as long as quitting may take; then quits for good. */
function stopBeforeQuit(starting: Promise<EngineThreadStarted>, isRunning: () => boolean): void {
  let phase: 'running' | 'stopping' | 'stopped' = 'running'
  const stop = async () => {
    const started = await starting
    if (started.ok && isRunning()) await started.thread.stop(engineGraceMs)
  }
  app.on('will-quit', event => {
    if (phase !== 'stopped') event.preventDefault()
    if (phase !== 'running') return
    phase = 'stopping'
    void Promise.race([stop(), sleep(quitLimitMs)]).then(() => {
      phase = 'stopped'
      app.quit()
    })
  })
}

registerPageScheme()
if (app.requestSingleInstanceLock()) {
  app.setAppUserModelId('active-session-monitor')
  app.on('window-all-closed', () => {
    // A tray app stays.
  })
  app
    .whenReady()
    .then(async () => {
      app.dock?.hide()
      await startApp(path.join(app.getAppPath(), 'dist'))
      // Tells `npm start` that the app came up.
      process.send?.('ready')
    })
    .catch(error => {
      logLine(`The app could not start: ${error}`)
      app.exit(1)
    })
} else {
  app.quit()
}
