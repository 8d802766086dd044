import { describe, expect, it } from 'vitest'
import { createLineReader } from '../../shared/engine/line-frames.ts'
import { seededRandom } from '../support/random.ts'

/** What a reader makes of these chunks: its lines, and how often it said "too long". */
function readAll(chunks: readonly (string | Buffer)[], maxBytes = 1_000) {
  const lines: string[] = []
  let tooLong = 0
  const read = createLineReader(
    maxBytes,
    line => lines.push(line),
    () => {
      tooLong++
    },
  )
  for (const chunk of chunks) read(Buffer.from(chunk as string))
  return { lines, tooLong }
}

describe('createLineReader', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['a line in one piece', ['one\n'], ['one']],
    ['a line in pieces', ['o', 'n', 'e', '\n'], ['one']],
    ['many lines in one piece', ['one\ntwo\n\nfour\n'], ['one', 'two', '', 'four']],
    ['an end that has not come', ['one\ntw'], ['one']],
    ['nothing', [], []],
  ])('hands over whole lines: %s', (_title, chunks, lines) => {
    expect(readAll(chunks)).toEqual({ lines, tooLong: 0 })
  })

  it.each([1, 2, 3])('gives the same lines however the bytes are cut (seed %i)', seed => {
    const random = seededRandom(seed)
    const lines = Array.from({ length: 60 }, (_, n) => `${'é€🙂'.repeat(random.int(0, 8))}${n}`)
    const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''))
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random.int(0, 19)
      chunks.push(bytes.subarray(at, end))
      at = end
    }
    expect(readAll(chunks)).toEqual({ lines, tooLong: 0 })
  })

  it('takes a line of exactly the most bytes', () => {
    expect(readAll(['x'.repeat(10), '\nok\n'], 10)).toEqual({ lines: ['x'.repeat(10), 'ok'], tooLong: 0 })
  })

  it.each([
    ['that ends', ['before\n', `${'x'.repeat(11)}\nafter\n`]],
    ['that never ends', ['before\n', 'xxxxxx', 'xxxxxx', 'xxxxxx', '\nafter\n']],
  ])('tells once of a longer line %s, and reads nothing after it', (_title, chunks) => {
    expect(readAll(chunks, 10)).toEqual({ lines: ['before'], tooLong: 1 })
  })
})
