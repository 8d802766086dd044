/**
 * The desktop app: the engine in its thread, a tray icon, a window that hides instead of closing, alerts, and an
 * orderly end. Thin: no rule and no file format lives here.
 *
 * Everything that matters is on disk before it is reported, so that an end without warning (power cut, log-off that
 * does not wait) loses nothing either.
 */
import { homedir } from 'node:os'
import path from 'node:path'
import { app, Menu, nativeTheme } from 'electron'
import type { AlertNotice } from '../shared/core/alerts.ts'
import type { PageTarget } from '../shared/core/host-api.ts'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import { defaultSettings } from '../shared/core/settings.ts'
import { type AlertWatch, localMinuteOfDay, watchAlerts } from '../shared/engine/alert-watch.ts'
import { dataFolder, dataPaths } from '../shared/engine/data-folder.ts'
import { createDesktopNotifier, type DesktopNotifier, type Tone } from '../shared/engine/desktop-notifier.ts'
import { nodeClock, nodeFiles, nodePorts } from '../shared/engine/node-ports.ts'
import type { Ports } from '../shared/engine/ports.ts'
import { followPower, launchCommand, macMenu, openedAtLogin, quitInOrder } from './app-life.ts'
import { createAppLog } from './app-log.ts'
import { servePages } from './app-protocol.ts'
import { createAutostart, hiddenFlag } from './autostart.ts'
import { startDesktopEngine } from './desktop-engine.ts'
import { createDesktopMemory, type DesktopMemory } from './desktop-memory.ts'
import { type KeptEngine, keepEngine } from './engine-keeper.ts'
import { createDesktopHost } from './host.ts'
import { type PageServer, type Served, servePagesOverIpc } from './ipc.ts'
import { desktopChannel } from './notifications.ts'
import { createTray, type TrayView } from './tray.ts'
import { findTrayHost, watchTrayHost } from './tray-host.ts'
import { type TrayAction, type TrayInput, trayModel } from './tray-model.ts'
import { createMainWindow, lockDownPages, type MainWindow } from './window.ts'

export interface AppParts {
  /** The built app. */
  readonly dist: string
  readonly appId: string
}

const appName = 'Active Session Monitor'

/** What every part of the shell needs. */
interface Shell {
  readonly ports: Ports
  readonly memory: DesktopMemory
  readonly notifier: DesktopNotifier
  readonly pages: PageServer
  readonly window: MainWindow
  readonly tray: TrayView | null
  readonly alerts: AlertWatch
  /** Told whether somebody shows the tray's icon: without it the window is the only way in. */
  setTrayShown(shown: boolean): void
  /** Shows the window, at a place if one is named. */
  openAt(target?: PageTarget): void
}

function logLine(message: string): void {
  console.error(message)
}

/** Starts everything; the app must be ready. Resolves when tray and window are there. */
export async function startApp({ dist, appId }: AppParts): Promise<void> {
  const environment = { env: process.env, home: homedir(), platform: process.platform }
  const appLog = createAppLog({
    clock: nodeClock,
    files: nodeFiles,
    folder: dataPaths(dataFolder(environment)).logs,
    say: logLine,
  })
  const ports = nodePorts(appLog.log)
  lockDownPages(logLine)
  servePages(path.join(dist, 'renderer'))
  Menu.setApplicationMenu(process.platform === 'darwin' ? macMenu() : null)
  const script = path.join(unpacked(dist), 'main', 'engine-thread.js')
  let state: MonitorState | null = null
  const shell = createShell({ dist, appId, ports, state: () => state, onAction: action => act(action) })
  const keeper = keepEngine({
    clock: ports.clock,
    start: onEnded => startDesktopEngine({ ports, appLog, script, version: app.getVersion() }, onEnded),
    onChange: now => {
      state = now.kind === 'running' ? state : null
      showEngine(shell, now, next => {
        state = next
        appLog.setLevel(next.settings.logLevel)
      })
    },
  })
  const act = (action: TrayAction) => {
    perform(action, keeper.monitor(), shell).catch(error => logLine(`The tray's ${action.kind} failed: ${error}`))
  }
  quitInOrder(keeper, { before: shell.window.letClose, during: shell.alerts.stop, onTrouble: logLine })
  followPower(keeper, logLine)
  await settleTray(shell)
}

interface ShellParts extends AppParts {
  readonly ports: Ports
  readonly state: () => MonitorState | null
  readonly onAction: (action: TrayAction) => void
}

/** Tray, window and alerts, waiting for a monitor. */
function createShell({ dist, appId, ports, state, onAction }: ShellParts): Shell {
  const memory = createDesktopMemory(logLine)
  const { platform } = process
  const iconOf = (tone: Tone) => path.join(unpacked(dist), 'main', tone === 'trouble' ? 'failing-32@2x.png' : 'app.png')
  const notifier = createDesktopNotifier({ platform, appName, appId, iconOf })
  const which = ports.commands.which
  const autostart = createAutostart({ platform, env: process.env, home: homedir(), command: launchCommand() })
  const host = createDesktopHost({ autostart, notifier, platform, which, state, onTrouble: logLine })
  const pages = servePagesOverIpc({ kind: 'starting' }, host.api, logLine)
  const iconFolder = path.join(dist, 'main')
  const tray = tryTray(() => createTray(trayModel({ kind: 'starting' }), { iconFolder, platform, onAction }))
  let isTrayShown = tray !== null
  const window = createMainWindow({
    dist,
    onPage: pages.trust,
    onTrouble: logLine,
    bounds: memory.bounds,
    keepBounds: memory.keepBounds,
    hasTray: () => isTrayShown,
    onHidden: () => sayItStays(memory, notifier),
  })
  const openAt = (target?: PageTarget) => {
    if (target !== undefined) host.navigate(target)
    window.show()
  }
  const onClick = (notice: AlertNotice) => openAt(placeOf(notice))
  const alerts = watchAlerts({
    clock: ports.clock,
    minuteOfDay: localMinuteOfDay,
    policy: settings => (settings ?? defaultSettings).notifications,
    channels: [desktopChannel({ notifier, platform, onClick })],
    log: ports.log,
  })
  const setTrayShown = (shown: boolean) => {
    isTrayShown = shown && tray !== null
  }
  return { ports, memory, notifier, pages, window, tray, alerts, setTrayShown, openAt }
}

function placeOf({ sessionId }: AlertNotice): PageTarget {
  return sessionId === null ? { view: 'activity' } : { view: 'session', sessionId }
}

/** Whoever closes the window for the first time may think that all is over. */
function sayItStays(memory: DesktopMemory, notifier: DesktopNotifier): void {
  if (!memory.firstTime('stays-in-tray')) return
  const body = 'Your sessions are still checkpointed. The tray icon opens the window again and quits the app.'
  void notifier.show({ title: `${appName} goes on in the tray`, body }, 'info').then(shown => {
    if (!shown.ok) logLine(`A notification could not be shown: ${shown.message}`)
  })
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

// ---- the engine

/** Brings tray, pages and alerts up to what the engine is now. */
function showEngine(shell: Shell, now: KeptEngine, onState: (state: MonitorState) => void): void {
  const { pages, alerts, tray } = shell
  const showInTray = (input: TrayInput) => tray?.show(trayModel(input))
  pages.serve(servedBy(now))
  switch (now.kind) {
    case 'starting':
      showInTray({ kind: 'starting' })
      break
    case 'down':
      logLine(`${sentence(now.message)} ${now.remedy}`)
      alerts.see({ kind: 'stopped', message: now.message, remedy: now.remedy })
      showInTray({ kind: 'broken', reason: now.message })
      break
    case 'running':
      followState(now.monitor, state => {
        onState(state)
        applyAppearance(state)
        alerts.see({ kind: 'running', state })
        showInTray({ kind: 'running', state })
      })
  }
}

/** The state as it is, and each later one: a quick engine may have nothing new to say after the first. */
function followState(monitor: MonitorApi, show: (state: MonitorState) => void): void {
  let revision = -1
  const accept = (state: MonitorState) => {
    if (state.revision <= revision) return
    revision = state.revision
    show(state)
  }
  monitor.onState(accept)
  monitor.getState({}).then(accept, error => logLine(`The monitor's state is not known: ${error}`))
}

function servedBy(now: KeptEngine): Served {
  if (now.kind === 'running') return { kind: 'open', api: now.monitor }
  return now.kind === 'down' ? { kind: 'closed', reason: `${sentence(now.message)} ${now.remedy}` } : now
}

function sentence(text: string): string {
  return `${text.replace(/\.$/, '')}.`
}

async function perform(action: TrayAction, monitor: MonitorApi | null, { openAt }: Shell): Promise<void> {
  switch (action.kind) {
    case 'open':
      return openAt(action.at)
    case 'checkpoint':
      await monitor?.requestCheckpoint(action.target)
      return
    case 'pause':
      return monitor?.pause({ untilMs: action.forMs === null ? null : Date.now() + action.forMs })
    case 'resume':
      return monitor?.resume({})
    case 'quit':
      return app.quit()
  }
}

// ---- the system

function applyAppearance({ settings }: MonitorState): void {
  if (nativeTheme.themeSource !== settings.appearance) nativeTheme.themeSource = settings.appearance
}

/** Opens the window unless the app was started to stay in the tray and there is one; makes a lost icon anew. */
async function settleTray(shell: Shell): Promise<void> {
  const { ports, tray, openAt, setTrayShown } = shell
  const startsHidden = process.argv.includes(hiddenFlag) || openedAtLogin()
  const show = () => openAt()
  // Two entries that start it at login are no wish to see it.
  app.on('second-instance', (_event, argv) => {
    if (!argv.includes(hiddenFlag)) show()
  })
  app.on('activate', show)
  if (!startsHidden) show()
  const parts = { platform: process.platform, commands: ports.commands, env: process.env, clock: ports.clock }
  const host = await findTrayHost(parts)
  setTrayShown(host.kind !== 'none')
  if (startsHidden && (tray === null || host.kind === 'none')) show()
  const stop = watchTrayHost(parts, host, now => {
    setTrayShown(now.kind !== 'none')
    if (now.kind === 'there') renewTray(tray)
  })
  app.once('will-quit', stop)
}

/** What cannot be shown anew stays as it is. */
function renewTray(tray: TrayView | null): void {
  try {
    tray?.renew()
  } catch (error) {
    logLine(`The tray icon could not be made anew: ${error}`)
  }
}

/** Neither other programs nor threads are started from inside the archive. */
function unpacked(dist: string): string {
  return dist.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked')
}
