/**
 * Stand-in for the `electron` module: the app's real main process runs on plain Node, its windows are real pages in
 * Chromium. For tests only. It has what the product uses; anything else is missing or throws, it never pretends.
 *
 * What it cannot prove: native tray, menu and notifications, the OS sandbox, a true custom scheme, fuses, Electron's
 * own patches of Node, and the order of real window events.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { app } from './app.ts'
import { BrowserWindow } from './browser-window.ts'
import { strict } from './control.ts'
import { dialog, nativeTheme, powerMonitor, screen, shell } from './desktop.ts'
import { ipcMain } from './ipc-main.ts'
import { Menu, MenuItem } from './menu.ts'
import { nativeImage } from './native-image.ts'
import { protocol, session } from './network.ts'
import { Notification } from './notification.ts'
import { Tray } from './tray.ts'

const manifest = path.resolve(import.meta.dirname, '../../node_modules/electron/package.json')
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
if (process.versions['electron'] === undefined) {
  Object.defineProperty(process.versions, 'electron', { value: version, enumerable: true })
}

export {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MenuItem,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
}
// biome-ignore lint/style/noDefaultExport: Electron has one, and electron-store imports it
export default strict('electron', {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
})
