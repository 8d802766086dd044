import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRecord, type TranscriptEvent } from '../../shared/core/transcript.ts'
import { createLineReader, type LineReader } from '../../shared/engine/line-reader.ts'
import { createLineWalk } from '../../shared/engine/line-walk.ts'

const usualEnd = { userType: 'external', cwd: '/a', sessionId: '7faa525b-681e-4c38-a2b5-d80165e2a19d', version: '2' }
const resultOf = (content: unknown, more: object = {}) => ({
  type: 'user',
  timestamp: '2026-11-23T02:11:58.811Z',
  message: { content: [{ tool_use_id: 't', type: 'tool_result', content, is_error: true }] },
  ...more,
  ...usualEnd,
})
const eventOf = (record: object) => parseRecord(JSON.parse(JSON.stringify(record)))

/** Reads all lines of what is put at the start of a buffer that is full of something else. */
function readAll(lines: LineReader, text: string | Buffer): TranscriptEvent[] {
  const bytes = Buffer.from(text)
  const buffer = lines.buffer(262_144).fill('"\\}]')
  bytes.copy(buffer)
  const filled = buffer.subarray(0, bytes.length)
  const events: TranscriptEvent[] = []
  let from = 0
  for (let end = lines.find(filled, 0, 0); end !== -1; end = lines.find(filled, from, from)) {
    events.push(lines.read(filled, from, end))
    from = end + 1
  }
  return events
}

it('the walk is there, so that these tests are of it', () => {
  expect(createLineWalk()).not.toBeNull()
})

describe.each([
  ['with the walk', () => createLineReader()],
  ['without it', () => createLineReader(null)],
])('lines are read to the same events as by parsing, %s', (_, create) => {
  const lines = create()

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8].map(count => [count]))('after %i backslashes, wherever in a string', count => {
    const texts = Array.from({ length: 140 }, (_, length) => `${'x'.repeat(length)}${'\\'.repeat(count)}`)
    const records = texts.flatMap(text => [
      resultOf(text),
      resultOf(`${text}"`),
      resultOf(`${text}"},"is_error":false`),
    ])
    expect(records.flatMap(record => readAll(lines, `${JSON.stringify(record)}\n`))).toEqual(records.map(eventOf))
  })

  it.each(
    [
      '"}]},"uuid":"',
      '\\"',
      '\\\\"',
      '{"type":"user"}\n{',
      ',"userType":"external","cwd":"/b"}',
      '"',
      '\\',
      '\u2028',
    ].map(mark => [mark]),
  )('with %j over and over in what a tool gave back', mark => {
    const records = Array.from({ length: 60 }, (_, times) =>
      resultOf(mark.repeat(times), { toolUseResult: { o: mark } }),
    )
    const text = records.map(record => `${JSON.stringify(record)}\n`).join('')
    expect(readAll(lines, text)).toEqual(records.map(eventOf))
  })

  it('whatever nested values lie before what counts', () => {
    const nested = [
      { a: '}' },
      [[['"']]],
      { message: { content: [{ type: 'tool_result' }] } },
      [{}, [], '', null, -1e5],
    ]
    const records = nested.map(value => ({
      data: value,
      cwd: '/x',
      type: 'cost-state',
      more: { cwd: '/wrong', value },
    }))
    const text = records.map(record => `${JSON.stringify(record)}\n`).join('')
    expect(readAll(lines, text)).toEqual(records.map(eventOf))
  })

  it.each([0, 1, 2, 3, 4].map(count => [count]))('whatever texts with %i backslashes lie in them', count => {
    const texts = Array.from(
      { length: 200 },
      (_, length) => `${'"'.repeat(length % 3)}${'x'.repeat(length)}${'\\'.repeat(count)}`,
    )
    const records = texts.map((text, at) => ({
      data: { a: [text, { b: ']}', c: [text] }], d: texts.slice(at % 7, 12) },
      type: 'cost-state',
      cwd: '/x',
    }))
    const text = records.map(record => `${JSON.stringify(record)}\n`).join('')
    expect(readAll(lines, text)).toEqual(records.map(eventOf))
  })

  it.each(['{"x":[\\"a"]', '{"x":{\\"a":1}', '{"a":["]",\\]', '{"a":[["x"],\n]'])(
    'and never past what is damaged: %j',
    damaged => {
      const whole = JSON.stringify(resultOf('a'))
      expect(readAll(lines, `${damaged},"type":"cost-state"}\n${whole}\n`).map(({ kind }) => kind)).toEqual([
        ...damaged.split('\n').map(() => 'damaged'),
        'results',
      ])
    },
  )

  it('and what is torn gives no event, nor takes the line after it (seed 11)', () => {
    const whole = JSON.stringify(resultOf('a "quoted" \\ text', { toolUseResult: [{ a: '{[' }] }))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), fc.string({ unit: 'binary-ascii' }), (cut, junk) => {
        const torn = `${whole.slice(0, cut)}${junk.replaceAll('\n', '')}`
        const [first, ...rest] = readAll(lines, `${torn}\n${whole}\n${whole.slice(0, cut)}`)
        expect([first?.kind === 'damaged' || isJson(torn), rest]).toEqual([true, [eventOf(JSON.parse(whole))]])
      }),
      { seed: 11, numRuns: 600 },
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the buffer', () => {
  it('keeps what lies in it when it grows, until it is too large for the walk', () => {
    const lines = createLineReader()
    lines.buffer(64).write('{"type":')
    expect(lines.buffer(4_194_304).toString('latin1', 0, 8)).toBe('{"type":')
    expect(lines.buffer(4_194_305)).toHaveLength(4_194_305)
  })

  it('finds a line that fills it to its last byte, and one of the size after it', () => {
    const line = (length: number) => `{"type":"cost-state","x":"${'y'.repeat(length - 29)}"}\n`
    const read = (length: number) => {
      const lines = createLineReader()
      const buffer = lines.buffer(length)
      buffer.write(line(length))
      const end = lines.find(buffer, 0, 0)
      return [end, lines.read(buffer, 0, end).kind]
    }
    expect([4_194_303, 4_194_304, 4_194_305].map(read)).toEqual([
      [4_194_302, 'closed'],
      [4_194_303, 'closed'],
      [4_194_304, 'closed'],
    ])
  })
})
