import fc from 'fast-check'
import { expect, it } from 'vitest'
import { markFrom, markOf, markOfBytes } from '../../shared/core/text-mark.ts'

it('texts that differ have different marks, in every place and of every length (seed 3)', () => {
  const texts = new Set<string>(['', '\0', 'é', '漢字', 'a\0', '\0a'])
  for (let at = 0; at < 40; at++)
    for (const unit of 'ab\u007fé') texts.add(`${'x'.repeat(at)}${unit}${'x'.repeat(39 - at)}`)
  for (let length = 0; length < 40; length++) texts.add('x'.repeat(length))
  for (const text of fc.sample(fc.string({ maxLength: 40 }), { seed: 3, numRuns: 20_000 })) texts.add(text)
  expect(new Set([...texts].map(markOf)).size).toBe(texts.size)
})

it('a mark is a whole number that a JSON file keeps (seed 4)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const mark = markOf(text)
      expect([Number.isSafeInteger(mark), mark >= 0, JSON.parse(JSON.stringify(mark))]).toEqual([true, true, mark])
    }),
    { seed: 4, numRuns: 1_000 },
  )
  expect(markFrom(0x1fffff, -1)).toBe(Number.MAX_SAFE_INTEGER)
})

it('ASCII has the mark of its bytes (seed 5)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), text => {
      expect(markOfBytes(Buffer.from(text))).toBe(markOf(text))
    }),
    { seed: 5, numRuns: 1_000 },
  )
})

it('and one changed byte changes the mark of any bytes (seed 6)', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 1_024 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, place, change) => {
        const other = bytes.slice()
        other[place % bytes.length] = (other[place % bytes.length] ?? 0) ^ change
        expect(markOfBytes(other)).not.toBe(markOfBytes(bytes))
      },
    ),
    { seed: 6, numRuns: 2_000 },
  )
})
