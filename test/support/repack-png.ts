/** A PNG file with the same pixels in fewer bytes: browsers write them quickly, not small. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signatureBytes = 8
/** Of length, name and sum around a chunk's data. */
const frameBytes = 12

/** @throws {Error} for what is no PNG. */
export function repackPng(file: Buffer): Buffer {
  const chunks = chunksOf(file)
  const pixels = inflateSync(Buffer.concat(chunks.filter(({ name }) => name === 'IDAT').map(({ data }) => data)))
  const kept = chunks.filter(({ name }) => name === 'IHDR' || name === 'PLTE' || name === 'tRNS')
  return Buffer.concat([
    file.subarray(0, signatureBytes),
    ...kept.map(({ name, data }) => chunk(name, data)),
    chunk('IDAT', deflateSync(pixels, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

interface Chunk {
  readonly name: string
  readonly data: Buffer
}

function chunksOf(file: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = []
  for (let at = signatureBytes; at < file.length; ) {
    const length = file.readUInt32BE(at)
    chunks.push({ name: file.toString('latin1', at + 4, at + 8), data: file.subarray(at + 8, at + 8 + length) })
    at += frameBytes + length
  }
  return chunks
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const frame = Buffer.alloc(frameBytes)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4, 8)])
}
