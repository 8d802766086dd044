import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createEndBytes, endLength } from '../../shared/engine/end-bytes.ts'

const file = Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7 + (at >> 8)) % 251))
const endsOf = (endByte: number) => {
  const length = Math.min(endLength, endByte)
  return Buffer.concat([file.subarray(0, length), file.subarray(endByte - length, endByte)])
}

it('both ends are known, in whatever pieces a file was seen (seed 21)', () => {
  const seen = createEndBytes()
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 7 }), lengths => {
      seen.begin()
      let base = 0
      for (const length of lengths) {
        seen.see(file.subarray(base), base, length)
        base += length
        expect(seen.of(base)).toEqual(endsOf(base))
      }
      expect(seen.of(base + 1)).toBeNull()
    }),
    { seed: 21, numRuns: 1_000 },
  )
})

it('none is told that was not seen: after a gap, or in a part without the file’s start', () => {
  const seen = createEndBytes()
  seen.see(file, 0, 600)
  seen.see(file.subarray(700), 700, 100)
  expect(seen.of(800)).toBeNull()
  seen.see(file.subarray(800), 800, 600)
  expect(seen.of(1_400)).toEqual(endsOf(1_400))
  seen.begin()
  seen.see(file.subarray(600), 600, 900)
  expect(seen.of(1_500)).toBeNull()
})
