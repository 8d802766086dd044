/** Starts the built app for a spec: on the stand-in, and on the real Electron where it is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { findElectron } from '../../build/electron-binary.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { connectLocal, type LocalMonitor } from '../../shared/engine/local-client.ts'
import { localPlace } from '../../shared/engine/local-place.ts'
import { nodeFiles } from '../../shared/engine/node-ports.ts'
import { findChromium } from '../electron-double/chromium.ts'
import type { ScratchHome } from '../support/scratch.ts'

const top = path.resolve(import.meta.dirname, '../..')

/** Something that runs the built app. */
export interface Target {
  readonly name: string
  readonly executable: string
  /** Why it cannot be used here; null if it can. */
  readonly missing: string | null
}

export const targets: readonly Target[] = [standIn(), realElectron()]

function standIn(): Target {
  const executable = path.join(top, 'test/electron-double/electron')
  const missing =
    process.platform === 'win32' ? 'its start script is for a POSIX shell' : findChromium(process.env).missing
  return { name: 'the stand-in', executable, missing }
}

function realElectron(): Target {
  const found = findElectron({ top, env: process.env, platform: process.platform })
  if (found.kind === 'missing') {
    return { name: 'the real Electron', executable: '', missing: `${found.why}; run "npx install-electron"` }
  }
  const needsDisplay = process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']
  return {
    name: 'the real Electron',
    executable: found.file,
    missing: needsDisplay ? 'no display (use xvfb-run)' : null,
  }
}

export interface LaunchOptions {
  /** Electron's own data: the single-instance lock is in it. */
  readonly userData: string
  readonly env: Readonly<Record<string, string>>
  /** For the app itself. */
  readonly args?: readonly string[]
}

const appArguments = (userData: string): readonly string[] => [
  `--user-data-dir=${userData}`,
  ...(process.geteuid?.() === 0 ? ['--no-sandbox'] : []),
  '.',
]

const environment = (env: Readonly<Record<string, string>>): Record<string, string> => {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...Object.fromEntries(inherited), ...env }
}

/** The app under Playwright's control. */
export function launch(
  { executable }: Target,
  { userData, env, args = [] }: LaunchOptions,
): Promise<ElectronApplication> {
  return _electron.launch({
    executablePath: executable,
    cwd: top,
    args: ['-r', path.join(top, 'test/e2e/tray-hook.cjs'), ...appArguments(userData), ...args],
    env: environment(env),
    timeout: 30_000,
  })
}

/** The app as a user's second start of it. */
export function launchAgain({ executable }: Target, { userData, env }: LaunchOptions): ChildProcess {
  return spawn(executable, appArguments(userData), { cwd: top, env: environment(env), stdio: 'inherit' })
}

/** Exit code and signal. */
export function exitOf(child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  return new Promise(resolve => child.once('exit', (code, signal) => resolve([code, signal])))
}

interface TrayGlobal {
  readonly trayMenu: { getMenuItemById(id: string): { readonly label: string; click(): void } | null }
}

/** Clicks an item of the tray's menu, in a later turn: "Quit" would cut the answer to this call. */
export function clickTray(app: ElectronApplication, id: string): Promise<void> {
  return app.evaluate((_electron, wanted) => {
    const item = (globalThis as unknown as TrayGlobal).trayMenu.getMenuItemById(wanted)
    if (item === null) throw new Error(`the tray has no item ${wanted}`)
    setImmediate(() => item.click())
  }, id)
}

/** Label of an item of the tray's menu; null if there is no such item. */
export function trayLabel(app: ElectronApplication, id: string): Promise<string | null> {
  return app.evaluate((_electron, wanted) => {
    return (globalThis as unknown as TrayGlobal).trayMenu.getMenuItemById(wanted)?.label ?? null
  }, id)
}

export function windowsVisible(app: ElectronApplication): Promise<readonly boolean[]> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(window => window.isVisible()))
}

export function closeWindow(app: ElectronApplication): Promise<void> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
}

/** Ends the engine's thread as a defect would. */
export function crashEngine(app: ElectronApplication): Promise<void> {
  return app.evaluate(async () => {
    const { workers } = globalThis as unknown as { readonly workers: Set<{ terminate(): Promise<number> }> }
    const all = [...workers]
    workers.clear()
    await Promise.all(all.map(worker => worker.terminate()))
  })
}

/** Ends the page's process as a defect would. */
export function crashPage(app: ElectronApplication): Promise<void> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer())
}

/** What the page shows, read by the app itself: Playwright gives up a page that has crashed. '' while it cannot be read. */
export async function pageText(app: ElectronApplication): Promise<string> {
  const text = await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]
      ?.webContents.executeJavaScript('document.body.innerText')
      .catch(() => ''),
  )
  return typeof text === 'string' ? text : ''
}

/** Asks the monitor as the page does, over the page's own pipe, and resolves with the answer. */
export function askMonitor(page: Page, call: string, request: unknown): Promise<Record<string, unknown>> {
  return page.evaluate(
    message => {
      const { monitorBridge } = window as unknown as {
        readonly monitorBridge: { send(text: string): void; onMessage(listener: (text: string) => void): () => void }
      }
      return new Promise<Record<string, unknown>>(resolve => {
        const stop = monitorBridge.onMessage(text => {
          const answer = JSON.parse(text) as Record<string, unknown>
          if (answer['id'] !== message.id) return
          stop()
          resolve(answer)
        })
        monitorBridge.send(JSON.stringify(message))
      })
    },
    { kind: 'call', id: 1_000_000 + Math.floor(Math.random() * 1_000_000), call, request },
  )
}

/** Begins to listen where the host sends the page; ask for it with {@link navigatedTo}. */
export function listenForNavigation(page: Page): Promise<void> {
  return page.evaluate(() => {
    const outer = window as unknown as {
      readonly monitorBridge: { send(text: string): void; onMessage(listener: (text: string) => void): () => void }
      navigatedTo: Promise<unknown>
    }
    outer.navigatedTo = new Promise<unknown>(resolve => {
      const stop = outer.monitorBridge.onMessage(text => {
        const { kind, target } = JSON.parse(text) as { readonly kind: string; readonly target?: unknown }
        if (kind !== 'navigate') return
        stop()
        resolve(target)
      })
    })
    // The host waits for it: by then a page listens.
    outer.monitorBridge.send(JSON.stringify({ kind: 'host-call', id: 1, call: 'describe', request: {} }))
  })
}

export function navigatedTo(page: Page): Promise<unknown> {
  return page.evaluate(() => (window as unknown as { readonly navigatedTo: Promise<unknown> }).navigatedTo)
}

/** Every cycle that the running app tells of from now on, the last one before included. */
export async function watchCycles(home: ScratchHome): Promise<{
  /** When each started, epoch ms, oldest first. */
  startedMs(): readonly number[]
  stop(): void
}> {
  const { monitor, close } = await connectTo(home)
  const started = new Set<number>()
  const see = ({ lastCycle }: MonitorState) => {
    if (lastCycle !== null) started.add(lastCycle.startedMs)
  }
  monitor.onState(see)
  see(await monitor.getState({}))
  return { startedMs: () => [...started], stop: close }
}

/** What the running app tells any other program of its user. */
export async function stateOf(home: ScratchHome): Promise<MonitorState> {
  const { monitor, close } = await connectTo(home)
  const state = await monitor.getState({})
  close()
  return state
}

async function connectTo({ dataDir }: ScratchHome): Promise<LocalMonitor> {
  const place = localPlace(dataDir, process.platform, tmpdir())
  const attempt = await connectLocal(nodeFiles, place, { timeoutMs: 5_000, uid: process.getuid?.() ?? null })
  if (attempt.kind !== 'connected') throw new Error(`the app cannot be asked: ${JSON.stringify(attempt)}`)
  return attempt
}
