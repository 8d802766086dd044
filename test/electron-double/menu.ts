/** `Menu` and `MenuItem`: what the app built, and a click as a user's click. */
import { EventEmitter } from 'node:events'
import { app } from './app.ts'

export interface MenuItemOptions {
  readonly id?: string
  readonly label?: string
  readonly sublabel?: string
  readonly type?: 'normal' | 'separator' | 'submenu' | 'checkbox' | 'radio'
  readonly role?: string
  readonly enabled?: boolean
  readonly visible?: boolean
  readonly checked?: boolean
  readonly accelerator?: string
  readonly submenu?: Menu | readonly MenuItemOptions[]
  readonly click?: (item: MenuItem, window: unknown, event: unknown) => void
}

export class MenuItem {
  readonly id: string
  readonly type: string
  readonly role: string | undefined
  readonly submenu: Menu | null
  label: string
  enabled: boolean
  visible: boolean
  checked: boolean
  readonly #onClick: MenuItemOptions['click']

  constructor(options: MenuItemOptions) {
    this.id = options.id ?? ''
    this.label = options.label ?? ''
    this.role = options.role
    this.enabled = options.enabled ?? true
    this.visible = options.visible ?? true
    this.checked = options.checked ?? false
    this.submenu = asMenu(options.submenu)
    this.type = options.type ?? (this.submenu === null ? 'normal' : 'submenu')
    this.#onClick = options.click
  }

  /** Does nothing on a disabled item, as on a screen. */
  click(): void {
    if (!this.enabled) return
    if (this.type === 'checkbox') this.checked = !this.checked
    if (this.role === 'quit') app.quit()
    else this.#onClick?.(this, null, {})
  }
}

function asMenu(submenu: MenuItemOptions['submenu']): Menu | null {
  if (submenu === undefined) return null
  return submenu instanceof Menu ? submenu : Menu.buildFromTemplate(submenu)
}

export class Menu extends EventEmitter {
  readonly items: MenuItem[] = []
  static applicationMenu: Menu | null = null

  static buildFromTemplate(template: readonly (MenuItemOptions | MenuItem)[]): Menu {
    const menu = new Menu()
    for (const entry of template) menu.append(entry instanceof MenuItem ? entry : new MenuItem(entry))
    return menu
  }
  static setApplicationMenu(menu: Menu | null): void {
    Menu.applicationMenu = menu
  }
  append(item: MenuItem): void {
    this.items.push(item)
  }
  /** Looks into submenus too. */
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id)
      if (found) return found
    }
    return null
  }
}
