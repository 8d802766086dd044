/** What an app asks of the desktop: theme, power, screens, message boxes, other programs. Tests emit events and read what was asked. */
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
  openPath: async (file: string) => {
    control.opened.push(file)
    return ''
  },
  showItemInFolder: (file: string) => {
    control.opened.push(`beside ${file}`)
  },
})

class Screen extends EventEmitter {
  getAllDisplays() {
    return control.displays
  }
}

export const screen = strict('screen', new Screen())

export const dialog = strict('dialog', {
  showMessageBox: async (_window: unknown, { message }: { readonly message: string }) => {
    control.messageBoxes.push(message)
    return { response: control.messageBoxAnswer, checkboxChecked: false }
  },
})
