/** Beginning and end of the app, and what the system does to it in between: login, suspend, log-off, shutdown, quit. */
import { app, Menu, powerMonitor } from 'electron'
import type { MonitorApi } from '../shared/core/monitor-api.ts'
import type { EngineKeeper } from './engine-keeper.ts'

/** Of the 5 s that quitting may take: for the engine's orderly end, and for everything. */
const engineGraceMs = 3_500
const quitLimitMs = 4_500
/** After a resume the disk and the network come back first. Ms. */
const afterResumeMs = 5_000

/** After a resume everything is looked at again: watching misses what happened around it. */
export function followPower(keeper: EngineKeeper, onTrouble: (message: string) => void): void {
  powerMonitor.on('resume', () => {
    setTimeout(() => {
      checkUnlessPaused(keeper.monitor()).catch(error => onTrouble(`The check after a resume failed: ${error}`))
    }, afterResumeMs)
  })
  // Linux and macOS; Windows tells windows only, see below.
  powerMonitor.on('shutdown', () => app.quit())
  app.on('browser-window-created', (_event, window) => {
    window.on('session-end', () => void keeper.stop(engineGraceMs))
  })
}

/** A check that somebody asks for runs although it is paused; nobody asked for this one. */
async function checkUnlessPaused(monitor: MonitorApi | null): Promise<void> {
  if (monitor === null || (await monitor.getState({})).paused !== null) return
  await monitor.runCycle({})
}

/** macOS keeps no arguments in its login items. */
export function openedAtLogin(): boolean {
  return process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
}

/** What starts this app again: an AppImage is not where it is mounted, and in development there is a folder to name. */
export function launchCommand(): readonly string[] {
  if (app.isPackaged) return [process.env['APPIMAGE'] ?? process.execPath]
  return [process.execPath, app.getAppPath()]
}

/** Without it a Mac has no keys for copying and closing. */
export function macMenu(): Menu {
  return Menu.buildFromTemplate([
    { role: 'appMenu' },
    { role: 'editMenu' },
    { label: 'Window', submenu: [{ role: 'minimize' }, { role: 'close' }] },
  ])
}

/** Holds the quit back until the engine has stopped, or for as long as quitting may take; then quits for good. */
export function quitInOrder(
  keeper: Pick<EngineKeeper, 'stop'>,
  steps: {
    readonly before: () => void
    readonly during: () => void
    readonly onTrouble: (message: string) => void
  },
): void {
  let phase: 'running' | 'stopping' | 'stopped' = 'running'
  app.on('before-quit', steps.before)
  app.on('will-quit', event => {
    if (phase !== 'stopped') event.preventDefault()
    if (phase !== 'running') return
    phase = 'stopping'
    steps.during()
    const stopped = keeper.stop(engineGraceMs).catch(error => steps.onTrouble(`The engine did not stop: ${error}`))
    const limit = new Promise(resolve => setTimeout(resolve, quitLimitMs))
    void Promise.race([stopped, limit]).then(() => {
      phase = 'stopped'
      app.quit()
    })
  })
}
