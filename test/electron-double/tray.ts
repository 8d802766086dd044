/** `Tray`: keeps what it was given. There is no icon on any screen. */
import { EventEmitter } from 'node:events'
import { control, needReady } from './control.ts'
import type { Menu } from './menu.ts'
import { asImage, type NativeImage } from './native-image.ts'

export class Tray extends EventEmitter {
  image: NativeImage
  toolTip = ''
  menu: Menu | null = null
  #destroyed = false

  constructor(image: NativeImage | string) {
    super()
    needReady('create Tray')
    this.image = asImage(image)
    control.trays.push(this)
  }
  setImage(image: NativeImage | string): void {
    this.image = asImage(image)
  }
  setToolTip(text: string): void {
    this.toolTip = text
  }
  setContextMenu(menu: Menu | null): void {
    this.menu = menu
  }
  destroy(): void {
    this.#destroyed = true
    control.trays.splice(control.trays.indexOf(this), 1)
  }
  isDestroyed(): boolean {
    return this.#destroyed
  }
}
