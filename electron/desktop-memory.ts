/**
 * What the desktop host remembers for itself, in a file of its own: where the window was, what was said once. All of
 * it may be lost. The user's settings are the engine's.
 */
import { ipcMain } from 'electron'
import ElectronStore from 'electron-store'
import type { Bounds } from './window-bounds.ts'

export interface DesktopMemory {
  bounds(): Bounds | null
  keepBounds(bounds: Bounds): void
  /** True the first time only, also over restarts. */
  firstTime(what: string): boolean
}

/** As the file has it: anybody may have written it. Checked by hand: compiling a schema would hold up the tray. */
interface Remembered {
  readonly bounds: unknown
  readonly said: unknown
}

/** Never throws: a memory that cannot be read or written forgets. @param onTrouble told why, in words */
export function createDesktopMemory(onTrouble: (message: string) => void): DesktopMemory {
  const store = openStore(onTrouble)
  const said = new Set(textsOf(store?.get('said')))
  const keep = (key: keyof Remembered, value: unknown) => {
    try {
      store?.set(key, value)
    } catch (error) {
      onTrouble(`The window's place could not be remembered: ${error}`)
    }
  }
  return {
    bounds: () => boundsOf(store?.get('bounds')),
    keepBounds: bounds => keep('bounds', bounds),
    firstTime(what) {
      if (said.has(what)) return false
      said.add(what)
      keep('said', [...said])
      return true
    },
  }
}

function openStore(onTrouble: (message: string) => void): ElectronStore<Remembered> | null {
  try {
    return new ElectronStore<Remembered>({ name: 'desktop', clearInvalidConfig: true })
  } catch (error) {
    onTrouble(`The window's place is not remembered: ${error}`)
    return null
  } finally {
    // It answers every page that asks with the place of our data; ours have no need of that.
    ipcMain.removeAllListeners('electron-store-get-data')
  }
}

function boundsOf(value: unknown): Bounds | null {
  if (typeof value !== 'object' || value === null) return null
  const { x, y, width, height } = value as Readonly<Record<string, unknown>>
  return isNumber(x) && isNumber(y) && isNumber(width) && isNumber(height) ? { x, y, width, height } : null
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : []
}
