/**
 * One frame: content compressed so that it stands alone and can be read by hand (`zstd -dc`, `zcat`).
 *
 * zstd level 3 with checksum and content size where this Node has it, gzip otherwise; told apart on reading by
 * their first bytes. Never gives back more bytes than were promised: a decompression bomb is refused.
 */
import * as zlib from 'node:zlib'

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
  const chunkSize = chunkSizeFor(content.byteLength)
  if (format === 'gzip') return zlib.gzipSync(content, { chunkSize })
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag } = zlib.constants
  return zlib.zstdCompressSync(content, {
    params: { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_checksumFlag]: 1, [ZSTD_c_contentSizeFlag]: 1 },
    pledgedSrcSize: content.byteLength,
    chunkSize,
  })
}

export type FrameDecoded =
  | { readonly ok: true; readonly content: Buffer }
  | { readonly ok: false; readonly reason: 'damaged' | 'wrong-length' | 'unsupported'; readonly message: string }

/** @param expectedBytes length of the content, as recorded; nothing else is accepted */
export function decodeFrame(stored: Uint8Array, expectedBytes: number): FrameDecoded {
  if (expectedBytes > maxFrameBytes) {
    return { ok: false, reason: 'wrong-length', message: `a frame of ${expectedBytes} bytes is above the limit` }
  }
  const format = formatOf(stored)
  if (format === null) return { ok: false, reason: 'damaged', message: 'it begins like no known frame' }
  if (format === 'zstd' && bestFrameFormat() !== 'zstd') {
    return { ok: false, reason: 'unsupported', message: 'this Node cannot read zstd; use Node 22.15 or newer' }
  }
  return decompress(stored, expectedBytes, format)
}

function decompress(stored: Uint8Array, expectedBytes: number, format: FrameFormat): FrameDecoded {
  // One byte more than nothing, because zlib takes no limit of 0.
  const options = { maxOutputLength: Math.max(1, expectedBytes), chunkSize: chunkSizeFor(expectedBytes) }
  try {
    const content = format === 'zstd' ? zlib.zstdDecompressSync(stored, options) : zlib.gunzipSync(stored, options)
    if (content.byteLength === expectedBytes) return { ok: true, content }
    return { ok: false, reason: 'wrong-length', message: `${content.byteLength} bytes instead of ${expectedBytes}` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const tooLong = code === 'ERR_BUFFER_TOO_LARGE'
    return tooLong
      ? { ok: false, reason: 'wrong-length', message: `more than the ${expectedBytes} bytes recorded` }
      : { ok: false, reason: 'damaged', message: `it does not decompress: ${message}` }
  }
}

function formatOf(stored: Uint8Array): FrameFormat | null {
  const [a, b, c, d] = stored
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd'
  return a === 0x1f && b === 0x8b ? 'gzip' : null
}

/** zlib collects its output in pieces of this size; one piece for all but the largest frames. */
function chunkSizeFor(bytes: number): number {
  return Math.min(1_048_576, Math.max(1_024, bytes))
}
