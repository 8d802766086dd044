/**
 * One frame: content compressed so that it stands alone and can be read by hand (`zstd -dc`, `zcat`).
 *
 * zstd level 3 with checksum and content size where this Node has it, gzip otherwise; told apart on reading by
 * their first bytes. Never gives back more bytes than were promised: a decompression bomb is refused.
 */

import * as zlib from 'node:zlib'
import { promisify } from './node-util.ts'

/** Largest content of one frame, in bytes, on both ways: what a forged record can make us allocate at most. */
export const maxFrameBytes = 268_435_456

/** Frames of incompressible content are a little larger than the content. */
export const maxStoredBytes = maxFrameBytes + 1_048_576

export type FrameFormat = 'zstd' | 'gzip'

/** zstd is as young in Node as it is good: it may be missing from an older or a differently built one. */
export function bestFrameFormat(): FrameFormat {
  return typeof zlib.zstdCompressSync === 'function' ? 'zstd' : 'gzip'
}

/** @throws {RangeError} if `content` is larger than {@link maxFrameBytes}. */
export function encodeFrame(content: Uint8Array, format: FrameFormat = bestFrameFormat()): Buffer {
  if (content.byteLength > maxFrameBytes) throw new RangeError(`a frame of ${content.byteLength} bytes`)
  if (format === 'gzip') return zlib.gzipSync(content, gzipOptions(content))
  return zlib.zstdCompressSync(content, zstdOptions(content))
}

function gzipOptions({ byteLength }: Uint8Array): zlib.ZlibOptions {
  return { chunkSize: encodingChunk(byteLength) }
}

function zstdOptions({ byteLength }: Uint8Array): zlib.ZstdOptions {
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag } = zlib.constants
  return {
    params: { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_checksumFlag]: 1, [ZSTD_c_contentSizeFlag]: 1 },
    pledgedSrcSize: byteLength,
    chunkSize: encodingChunk(byteLength),
  }
}

const gzipLater = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzipLater = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)
// Looked up when called: an older Node has neither.
const zstdLater = (content: Uint8Array, options: zlib.ZstdOptions) =>
  promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress)(content, options)
const unzstdLater = (stored: Uint8Array, options: zlib.ZstdOptions) =>
  promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)(stored, options)

/** The same in a thread of its own, while others run. @throws {RangeError} if `content` is too large */
export async function encodeFrameLater(content: Uint8Array, format: FrameFormat = bestFrameFormat()): Promise<Buffer> {
  if (content.byteLength > maxFrameBytes) throw new RangeError(`a frame of ${content.byteLength} bytes`)
  return format === 'zstd' ? zstdLater(content, zstdOptions(content)) : gzipLater(content, gzipOptions(content))
}

export type FrameDecoded =
  | { readonly ok: true; readonly content: Buffer }
  | { readonly ok: false; readonly reason: 'damaged' | 'wrong-length' | 'unsupported'; readonly message: string }

/** @param expectedBytes length of the content, as recorded; nothing else is accepted */
export function decodeFrame(stored: Uint8Array, expectedBytes: number): FrameDecoded {
  const known = knownFormat(stored, expectedBytes)
  if (typeof known !== 'string') return known
  const options = decodingOptions(expectedBytes)
  try {
    const content = known === 'zstd' ? zlib.zstdDecompressSync(stored, options) : zlib.gunzipSync(stored, options)
    return ofLength(content, expectedBytes)
  } catch (error) {
    return undecoded(error, expectedBytes)
  }
}

/** The same in a thread of its own, while others run. */
export async function decodeFrameLater(stored: Uint8Array, expectedBytes: number): Promise<FrameDecoded> {
  const known = knownFormat(stored, expectedBytes)
  if (typeof known !== 'string') return known
  const options = decodingOptions(expectedBytes)
  try {
    const content = await (known === 'zstd' ? unzstdLater(stored, options) : gunzipLater(stored, options))
    return ofLength(content, expectedBytes)
  } catch (error) {
    return undecoded(error, expectedBytes)
  }
}

function knownFormat(stored: Uint8Array, expectedBytes: number): FrameFormat | FrameDecoded {
  if (expectedBytes > maxFrameBytes) {
    return { ok: false, reason: 'wrong-length', message: `a frame of ${expectedBytes} bytes is above the limit` }
  }
  const format = formatOf(stored)
  if (format === null) return { ok: false, reason: 'damaged', message: 'it begins like no known frame' }
  if (format === 'zstd' && bestFrameFormat() !== 'zstd') {
    return { ok: false, reason: 'unsupported', message: 'this Node cannot read zstd; use Node 22.15 or newer' }
  }
  return format
}

/** One byte more than nothing, because zlib takes no limit of 0. */
function decodingOptions(expectedBytes: number): zlib.ZlibOptions & zlib.ZstdOptions {
  return { maxOutputLength: Math.max(1, expectedBytes), chunkSize: decodingChunk(expectedBytes) }
}

function ofLength(content: Buffer, expectedBytes: number): FrameDecoded {
  if (content.byteLength === expectedBytes) return { ok: true, content }
  return { ok: false, reason: 'wrong-length', message: `${content.byteLength} bytes instead of ${expectedBytes}` }
}

function undecoded(error: unknown, expectedBytes: number): FrameDecoded {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ERR_BUFFER_TOO_LARGE'
    ? { ok: false, reason: 'wrong-length', message: `more than the ${expectedBytes} bytes recorded` }
    : { ok: false, reason: 'damaged', message: `it does not decompress: ${message}` }
}

function formatOf(stored: Uint8Array): FrameFormat | null {
  const [a, b, c, d] = stored
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd'
  return a === 0x1f && b === 0x8b ? 'gzip' : null
}

/**
 * What compression takes at a time, bytes: transcripts shrink to a sixth, so a quarter is one piece that nobody has to
 * join. Every byte taken outside the heap brings the next collection of garbage nearer.
 */
function encodingChunk(bytes: number): number {
  return Math.min(1_048_576, Math.max(1_024, Math.ceil(bytes / 4)))
}

/** One more than comes out, or as much again would be taken for nothing once the first piece is full. */
function decodingChunk(bytes: number): number {
  return Math.min(8_388_609, Math.max(1_024, bytes + 1))
}
