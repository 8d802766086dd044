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

interface Remembered {
  bounds: Bounds | null
  said: readonly string[]
}

const number = { type: 'number' } as const
const schema = {
  bounds: {
    type: ['object', 'null'],
    properties: { x: number, y: number, width: number, height: number },
    required: ['x', 'y', 'width', 'height'],
  },
  said: { type: 'array', items: { type: 'string' } },
} as const

/** Never throws: a memory that cannot be read or written forgets. @param onTrouble told why, in words */
export function createDesktopMemory(onTrouble: (message: string) => void): DesktopMemory {
  const store = openStore(onTrouble)
  const said = new Set(store?.get('said') ?? [])
  const keep = (change: Partial<Remembered>) => {
    try {
      store?.set(change)
    } catch (error) {
      onTrouble(`The window's place could not be remembered: ${error}`)
    }
  }
  return {
    bounds: () => store?.get('bounds') ?? null,
    keepBounds: bounds => keep({ bounds }),
    firstTime(what) {
      if (said.has(what)) return false
      said.add(what)
      keep({ said: [...said] })
      return true
    },
  }
}

function openStore(onTrouble: (message: string) => void): ElectronStore<Remembered> | null {
  try {
    const defaults = { bounds: null, said: [] }
    return new ElectronStore<Remembered>({ name: 'desktop', defaults, schema, clearInvalidConfig: true })
  } catch (error) {
    onTrouble(`The window's place is not remembered: ${error}`)
    return null
  } finally {
    // It answers every page that asks with the place of our data; ours have no need of that.
    ipcMain.removeAllListeners('electron-store-get-data')
  }
}
