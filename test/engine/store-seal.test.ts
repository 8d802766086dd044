/** What sealing does to a store is in `store-gc.test.ts`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FramePlace } from '../../shared/core/checkpoint.ts'
import { mergeableSegments } from '../../shared/engine/store-seal.ts'
import { streamRecordOf } from '../support/core-values.ts'

const megabyte = 1_048_576
const withSegments = (...lists: readonly (readonly number[])[]) => ({
  streams: lists.map((sizes, n) => ({
    ...streamRecordOf(`s${n}`, 0),
    segments: sizes.map((bytes): FramePlace => [0, 0, 10, bytes]),
  })),
})

describe('mergeableSegments', () => {
  it.each<[string, readonly (readonly number[])[], number]>([
    ['nothing', [], 0],
    ['one frame', [[9]], 0],
    ['many small ones, which become one', [[1, 2, 3, 4, 5]], 4],
    ['large ones, which stay', [Array.from({ length: 20 }, () => 8 * megabyte)], 0],
    ['small ones behind large ones', [[8 * megabyte, 8 * megabyte, 5, 5, 5]], 2],
    ['small ones that fill several frames', [Array.from({ length: 9 }, () => 3 * megabyte)], 4],
    ['the most scattered of several streams', [[1, 1], [1, 1, 1, 1], [1]], 3],
  ])('counts the frames that are saved: %s', (_title, lists, saved) => {
    expect(mergeableSegments(withSegments(...lists))).toBe(saved)
  })

  it('leaves what is sealed alone, or a quiet session would be sealed every day (500 streams, seed 5)', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 12 * megabyte }))
    const property = fc.property(fc.array(size, { maxLength: 60 }), sizes => {
      expect(mergeableSegments(withSegments(sealedSizes(sizes)))).toBe(0)
    })
    fc.assert(property, { seed: 5, numRuns: 500 })
  })
})

/** Neighbours below 4 MB added up to at most 8 MB, written down a second time. */
function sealedSizes(sizes: readonly number[]): readonly number[] {
  const sealed: { bytes: number; large: boolean }[] = []
  for (const bytes of sizes) {
    const large = bytes >= 4 * megabyte
    const last = sealed.at(-1)
    const fits = last !== undefined && !last.large && !large && last.bytes + bytes <= 8 * megabyte
    if (fits && last) last.bytes += bytes
    else sealed.push({ bytes, large })
  }
  return sealed.map(({ bytes }) => bytes)
}
