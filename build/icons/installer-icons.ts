/** The big icons: drawn when an installer is made. The small ones of the tray lie in the repository. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { encodeIcns, encodeIco, icnsSizes } from './containers.ts'
import { drawApp, drawColoured } from './draw.ts'
import { encodePng } from './png.ts'

const icoSizes = [16, 20, 24, 32, 40, 48, 64, 128, 256]
/** For Linux. */
const pngSize = 512

/** Writes `icon.ico`, `icon.icns` and `icon.png` to `folder`. */
export function writeInstallerIcons(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const sizes = new Set([...icoSizes, ...icnsSizes, pngSize])
  const images = new Map(
    [...sizes].map(size => [size, encodePng(size < 64 ? drawColoured('protected', size) : drawApp(size))] as const),
  )
  const small = new Map([...images].filter(([size]) => icoSizes.includes(size)))
  writeFileSync(path.join(folder, 'icon.ico'), encodeIco(small))
  writeFileSync(path.join(folder, 'icon.icns'), encodeIcns(images))
  writeFileSync(path.join(folder, 'icon.png'), images.get(pngSize) ?? Buffer.alloc(0))
}
