/** The icon files of Windows (.ico) and macOS (.icns): PNGs of several sizes in one file. No file access. */

/** PNG files by their width in pixels. */
export type IconImages = ReadonlyMap<number, Buffer>

/** An .ico of PNGs, which Windows reads since Vista. Sizes up to 256. */
export function encodeIco(images: IconImages): Buffer {
  const all = [...images].sort(([a], [b]) => a - b)
  const header = Buffer.alloc(6 + 16 * all.length)
  header.writeUInt16LE(1, 2) // an icon
  header.writeUInt16LE(all.length, 4)
  let offset = header.length
  for (const [index, [size, png]] of all.entries()) {
    const at = 6 + 16 * index
    header.set([size % 256, size % 256, 0, 0], at) // 0 means 256
    header.writeUInt16LE(1, at + 4)
    header.writeUInt16LE(32, at + 6)
    header.writeUInt32LE(png.length, at + 8)
    header.writeUInt32LE(offset, at + 12)
    offset += png.length
  }
  return Buffer.concat([header, ...all.map(([, png]) => png)])
}

/** Names of the sizes in an .icns, in pixels; the last ones are for twice as many pixels per point. */
const icnsTypes: readonly (readonly [type: string, size: number])[] = [
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
]
export const icnsSizes: readonly number[] = [...new Set(icnsTypes.map(([, size]) => size))]

/** @throws {Error} if a size of {@link icnsSizes} is missing */
export function encodeIcns(images: IconImages): Buffer {
  const entries = icnsTypes.map(([type, size]) => {
    const png = images.get(size)
    if (png === undefined) throw new Error(`an .icns needs ${size} pixels`)
    return Buffer.concat([Buffer.from(type, 'latin1'), uint32(png.length + 8), png])
  })
  const body = Buffer.concat(entries)
  return Buffer.concat([Buffer.from('icns', 'latin1'), uint32(body.length + 8), body])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
