/** Draws a tray model with Electron's tray. Touches icon and menu only when they have changed. */
import path from 'node:path'
import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron'
import type { TrayAction, TrayIcon, TrayItem, TrayModel } from './tray-model.ts'

export interface TrayView {
  show(model: TrayModel): void
  /** Makes the icon anew: what showed it has forgotten it. @throws {Error} if it cannot be made; the old one stays. */
  renew(): void
}

export interface TrayOptions {
  /** Where the icons lie. */
  readonly iconFolder: string
  readonly platform: NodeJS.Platform
  readonly onAction: (action: TrayAction) => void
}

/**
 * Keep what this returns: a tray that nothing refers to is collected, and its icon vanishes.
 *
 * @throws {Error} if the system cannot make a tray icon.
 */
export function createTray(first: TrayModel, options: TrayOptions): TrayView {
  const imageOf = (icon: TrayIcon) =>
    nativeImage.createFromPath(path.join(options.iconFolder, iconFile(icon, options.platform)))
  const menuOf = (model: TrayModel) => Menu.buildFromTemplate(model.items.map(item => menuItem(item, options.onAction)))
  let shown = first
  let tray = make()
  function make(): Tray {
    const made = new Tray(imageOf(shown.icon))
    made.setToolTip(shown.toolTip)
    made.setContextMenu(menuOf(shown))
    made.on('click', () => options.onAction({ kind: 'open' }))
    return made
  }
  return {
    show(model) {
      if (model.icon !== shown.icon) tray.setImage(imageOf(model.icon))
      if (model.toolTip !== shown.toolTip) tray.setToolTip(model.toolTip)
      if (JSON.stringify(model.items) !== JSON.stringify(shown.items)) tray.setContextMenu(menuOf(model))
      shown = model
    },
    renew() {
      const old = tray
      tray = make()
      old.destroy()
    },
  }
}

/** macOS paints templates itself; Windows asks for 16 pixels, Linux panels scale down from 32. */
export function iconFile(icon: TrayIcon, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return `${icon}Template.png`
  return platform === 'win32' ? `${icon}-16.png` : `${icon}-32.png`
}

function menuItem(item: TrayItem, onAction: (action: TrayAction) => void): MenuItemConstructorOptions {
  switch (item.kind) {
    case 'separator':
      return { type: 'separator' }
    case 'text':
      return { id: item.id, label: forMenu(item.label), enabled: false }
    case 'action':
      return { id: item.id, label: forMenu(item.label), click: () => onAction(item.action) }
    case 'submenu':
      return {
        id: item.id,
        label: forMenu(item.label),
        enabled: item.enabled,
        submenu: item.items.map(below => menuItem(below, onAction)),
      }
  }
}

/** A single `&` would mark a key for keyboard access. */
function forMenu(label: string): string {
  return label.replaceAll('&', '&&')
}
