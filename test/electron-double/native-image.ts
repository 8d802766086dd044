/** `nativeImage`: PNG files as they are. A missing file gives an empty image, as in Electron. */
import { existsSync, readFileSync } from 'node:fs'
import { strict } from './control.ts'

export class NativeImage {
  readonly #png: Buffer
  #template: boolean
  constructor(png: Buffer, template: boolean) {
    this.#png = png
    this.#template = template
  }
  isEmpty(): boolean {
    return this.#png.length === 0
  }
  getSize(): { readonly width: number; readonly height: number } {
    if (this.isEmpty()) return { width: 0, height: 0 }
    return { width: this.#png.readUInt32BE(16), height: this.#png.readUInt32BE(20) }
  }
  setTemplateImage(template: boolean): void {
    this.#template = template
  }
  isTemplateImage(): boolean {
    return this.#template
  }
  toPNG(): Buffer {
    return this.#png
  }
}

export const nativeImage = strict('nativeImage', {
  createEmpty: () => new NativeImage(Buffer.alloc(0), false),
  createFromPath: (file: string) =>
    existsSync(file)
      ? new NativeImage(readFileSync(file), /Template(@\d+x)?\.png$/.test(file))
      : new NativeImage(Buffer.alloc(0), false),
})

/** @throws {Error} in Electron's words for a path without an image. */
export function asImage(image: NativeImage | string): NativeImage {
  if (typeof image !== 'string') return image
  const loaded = nativeImage.createFromPath(image)
  if (loaded.isEmpty()) throw new Error(`Failed to load image from path '${image}'`)
  return loaded
}
