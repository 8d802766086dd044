/** `app`: readiness, paths, the single-instance lock and the order of quitting. What the product does not use is missing. */
import { EventEmitter } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { closeStandIn, control, type LoginItem, PreventableEvent, readiness, strict } from './control.ts'
import { takeInstanceLock } from './single-instance.ts'

interface Manifest {
  readonly name: string
  readonly productName?: string
  readonly version: string
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(path.join(control.config.appPath, 'package.json'), 'utf8')) as Manifest
}

class App extends EventEmitter {
  readonly isPackaged = control.config.isPackaged
  readonly dock =
    process.platform === 'darwin' ? strict('app.dock', { hide() {}, show: async () => {}, setIcon() {} }) : undefined
  readonly commandLine = strict('app.commandLine', { appendSwitch() {} })
  private readonly readyPromise: Promise<void>
  private paths = new Map<string, string>()
  private unlock: (() => void) | null = null

  constructor() {
    super()
    this.readyPromise = new Promise(resolve => {
      readiness.once('ready', () => {
        this.emit('ready', {}, {})
        resolve()
      })
    })
  }

  whenReady(): Promise<void> {
    return this.readyPromise
  }
  isReady(): boolean {
    return control.ready
  }
  getAppPath(): string {
    return control.config.appPath
  }
  getVersion(): string {
    return manifest().version
  }
  getName(): string {
    return manifest().productName ?? manifest().name
  }
  get name(): string {
    return this.getName()
  }
  setAppUserModelId(): void {}
  enableSandbox(): void {}
  /** Not on Linux, as in Electron. */
  setLoginItemSettings(settings: LoginItem): void {
    control.loginItem = settings
  }
  getLoginItemSettings(): { readonly openAtLogin: boolean; readonly wasOpenedAtLogin: boolean } {
    return { openAtLogin: control.loginItem?.openAtLogin ?? false, wasOpenedAtLogin: false }
  }
  setPath(name: string, folder: string): void {
    this.paths.set(name, folder)
  }

  /** @throws {Error} in Electron's words for an unknown name. */
  getPath(name: string): string {
    const home = process.env['HOME'] ?? os.homedir()
    const known: Record<string, () => string> = {
      home: () => home,
      appData: () => process.env['XDG_CONFIG_HOME'] ?? path.join(home, '.config'),
      userData: scratchUserData,
      sessionData: scratchUserData,
      temp: os.tmpdir,
      exe: () => process.execPath,
    }
    const found = this.paths.get(name) ?? known[name]?.()
    if (found === undefined) throw new Error(`Failed to get '${name}' path`)
    return found
  }

  requestSingleInstanceLock(additionalData: unknown = {}): boolean {
    if (this.unlock !== null) return true
    const self = { argv: process.argv, cwd: process.cwd(), additionalData }
    this.unlock = takeInstanceLock(this.getPath('userData'), self, second =>
      this.emit('second-instance', {}, second.argv, second.cwd, second.additionalData),
    )
    if (this.unlock === null) return false
    control.closers.add(() => this.releaseSingleInstanceLock())
    return true
  }
  hasSingleInstanceLock(): boolean {
    return this.unlock !== null
  }
  releaseSingleInstanceLock(): void {
    this.unlock?.()
    this.unlock = null
  }

  /** Electron's order: before-quit, the windows' close, will-quit; each may stop it. */
  quit(): void {
    if (control.exited || !this.allows('before-quit')) return
    control.quitting = true
    control.quitting = this.closeWindows() && this.allows('will-quit')
    if (control.quitting) this.exit(0)
  }
  exit(code = 0): void {
    if (control.exited) return
    control.exited = true
    this.emit('quit', {}, code)
    void closeStandIn().finally(() => control.config.exit(code))
  }

  private allows(event: string): boolean {
    const preventable = new PreventableEvent()
    this.emit(event, preventable)
    return !preventable.defaultPrevented
  }
  private closeWindows(): boolean {
    return [...control.windows].every(window => {
      window.close()
      return window.isDestroyed()
    })
  }
}

/** Made only when nobody set one. */
function scratchUserData(): string {
  control.config.userData ||= mkdtempSync(path.join(os.tmpdir(), 'electron-double-data-'))
  return control.config.userData
}

export const app = strict('app', new App())
