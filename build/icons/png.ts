/** Writes and reads 8-bit RGBA PNG, as far as the project's own icons need it. No file access. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** Rows from the top, four bytes per pixel: red, green, blue, alpha (not premultiplied). */
export interface Bitmap {
  readonly size: number
  readonly rgba: Uint8Array
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** A square PNG. Same bitmap, same bytes. */
export function encodePng({ size, rgba }: Bitmap): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 6, 0, 0, 0], 8) // 8 bits, RGBA, no interlace
  const stride = size * 4
  const rows = Buffer.alloc(size * (stride + 1)) // each row starts with filter 0: none
  for (let y = 0; y < size; y++) rows.set(rgba.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1)
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/**
 * What {@link encodePng} wrote.
 *
 * @throws {Error} if it is any other kind of PNG.
 */
export function decodePng(png: Buffer): Bitmap {
  const size = png.readUInt32BE(16)
  const dataBytes = png.readUInt32BE(33)
  if (!png.subarray(0, 8).equals(signature) || png.toString('latin1', 37, 41) !== 'IDAT') throw new Error('not our PNG')
  const rows = inflateSync(png.subarray(41, 41 + dataBytes))
  const stride = size * 4
  const rgba = new Uint8Array(size * stride)
  for (let y = 0; y < size; y++) rgba.set(rows.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)), y * stride)
  return { size, rgba }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
