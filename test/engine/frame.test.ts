import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  bestFrameFormat,
  decodeFrame,
  encodeFrame,
  type FrameFormat,
  maxFrameBytes,
} from '../../shared/engine/frame.ts'
import { seededRandom } from '../support/random.ts'
import { transcriptLines } from '../support/stores.ts'

const formats: readonly FrameFormat[] = ['zstd', 'gzip']

/** Content that compresses well, badly and not at all, from nothing to a few hundred kilobytes. */
function contents(seed: number): readonly Buffer[] {
  const random = seededRandom(seed)
  const noise = Buffer.from(random.hex(2 * random.int(1, 50_000)), 'hex')
  return [
    Buffer.alloc(0),
    Buffer.from([random.int(0, 255)]),
    noise,
    Buffer.alloc(random.int(1, 300_000)),
    Buffer.from(transcriptLines(random, random.int(100, 200_000))),
  ]
}

describe('a frame', () => {
  it.each([1, 2, 3])('gives back its content in either format, told apart by itself (seed %i)', seed => {
    const all = contents(seed)
    const back = formats.map(format => all.map(content => decodeFrame(encodeFrame(content, format), content.length)))
    expect(back).toEqual(formats.map(() => all.map(content => ({ ok: true, content }))))
  })

  it('is zstd with checksum and content size on this Node, so that `zstd -dc` and `zstd -l` understand it', () => {
    const stored = encodeFrame(Buffer.alloc(1_000, 'a'))
    expect(bestFrameFormat()).toBe('zstd')
    expect(stored.subarray(0, 4).toString('hex')).toBe('28b52ffd')
    // Frame header descriptor (RFC 8878 §3.1.1.1.1): size field present, single segment, checksum.
    expect((stored[4] ?? 0) & 0b1110_0100).toBe(0b0110_0100)
    expect(stored.readUInt16LE(5)).toBe(1_000 - 256)
  })

  it.each(formats)('is refused as %s when it holds more than was promised, without unpacking it', format => {
    const bomb = encodeFrame(Buffer.alloc(50_000_000), format)
    expect(bomb.length).toBeLessThan(100_000)
    expect(decodeFrame(bomb, 1_000)).toEqual({
      ok: false,
      reason: 'wrong-length',
      // Had it been unpacked, the message would say how long it is.
      message: 'more than the 1000 bytes recorded',
    })
  })

  it.each(formats)('is refused as %s when it holds less than was promised', format => {
    expect(decodeFrame(encodeFrame(Buffer.from('abc'), format), 4)).toMatchObject({ ok: false, reason: 'wrong-length' })
  })

  it('is refused when the promise itself is above the limit', () => {
    expect(decodeFrame(encodeFrame(Buffer.from('abc')), maxFrameBytes + 1)).toMatchObject({ reason: 'wrong-length' })
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('not a frame')],
    ['the first bytes of a zstd frame', zstdCompressSync('abc').subarray(0, 6)],
    ['the first bytes of a gzip frame', gzipSync('abc').subarray(0, 12)],
  ])('is damaged if it is %s', (_title, stored) => {
    expect(decodeFrame(stored, 3)).toEqual({ ok: false, reason: 'damaged', message: expect.any(String) })
  })

  it.each(formats)('never gives other content when any one byte of it, as %s, is changed (seed 7)', format => {
    const random = seededRandom(7)
    const content = Buffer.from(transcriptLines(random, 3_000))
    const stored = encodeFrame(content, format)
    const wrong = [...stored.keys()].filter(at => {
      const changed = Buffer.from(stored)
      changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7))
      const decoded = decodeFrame(changed, content.length)
      return decoded.ok && !decoded.content.equals(content)
    })
    expect(wrong).toEqual([])
  })

  it('of content above the limit is a defect of the caller', () => {
    const huge = { byteLength: maxFrameBytes + 1 } as Uint8Array
    expect(() => encodeFrame(huge)).toThrow(RangeError)
  })
})
