/** What an app asks of the desktop: `nativeTheme`, `powerMonitor` and `shell`. Tests emit events and read what was opened. */
import { EventEmitter } from 'node:events'
import { control, strict } from './control.ts'

class NativeTheme extends EventEmitter {
  private chosen: 'system' | 'light' | 'dark' = 'system'
  get themeSource(): 'system' | 'light' | 'dark' {
    return this.chosen
  }
  set themeSource(source: 'system' | 'light' | 'dark') {
    this.chosen = source
    for (const window of control.windows) void window.webContents.applyTheme()
    this.emit('updated')
  }
  get shouldUseDarkColors(): boolean {
    return this.chosen === 'dark'
  }
}

export const nativeTheme = strict('nativeTheme', new NativeTheme())

export const powerMonitor = strict('powerMonitor', new EventEmitter())

export const shell = strict('shell', {
  openExternal: async (url: string) => {
    control.opened.push(url)
  },
})
