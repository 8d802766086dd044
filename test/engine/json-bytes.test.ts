import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeNumber,
  decodeString,
  decodeTime,
  skipValue,
  stringEnd,
  stringStartsWith,
} from '../../shared/engine/json-bytes.ts'
import { keyNumber, keyTable } from '../../shared/engine/key-table.ts'

/** The text with a quote and a bracket before and after it, as it lies in a buffer. */
const framed = (text: string) => Buffer.from(`"]${text}\n"}`)
const skip = (text: string) => skipValue(framed(text), 2, 2 + Buffer.byteLength(text))

describe('skipValue', () => {
  it('ends after any value, whatever is in it (seed 10)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', ',', '}', ',"x":1'), (value, rest) => {
        const json = JSON.stringify(value)
        expect(skip(json + rest)).toBe(2 + Buffer.byteLength(json))
      }),
      { seed: 10 },
    )
  })

  it('ends after strings of any length with quotes and backslashes at any distance (seed 11)', () => {
    const piece = fc.oneof(
      fc.constantFrom('"', '\\', '\\"', '\\\\'),
      fc.nat(120).map(n => 'x'.repeat(n)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const json = JSON.stringify(pieces.join(''))
        expect(skip(json)).toBe(2 + json.length)
        expect(stringEnd(framed(json), 3, 2 + json.length)).toBe(1 + json.length)
      }),
      { seed: 11 },
    )
  })

  it.each([
    '"open',
    '"open\\"',
    `"${'x'.repeat(200)}`,
    '{"a":1',
    '[[]',
    '',
    '}',
    ',',
    ' 1',
    'nul',
    'True',
    'undefined',
    "'a'",
    '"\\',
  ])('cannot tell where %j ends', text => {
    expect(skip(text)).toBe(-1)
  })
})

describe('stringStartsWith', () => {
  it.each([
    ['"Task #3', true],
    ['"Task', false],
    ['"Task 3 is', false],
    ['"Ta\\u0073k #', null],
    ['"Ta\\nsk #', false],
    ['["Task #', false],
  ])('%j: %j', (text, expected) => {
    const bytes = framed(text)
    expect(stringStartsWith(bytes, 2, bytes.length - 3, Buffer.from('"Task #'))).toBe(expected)
  })
})

describe('decoding', () => {
  it('a string gives what JSON.parse gives (seed 12)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const bytes = framed(JSON.stringify(text))
        expect(decodeString(bytes, 2, bytes.length - 3)).toBe(text)
      }),
      { seed: 12 },
    )
  })

  it.each(['"\\x"', '"\0"', '"a\tb"'])('%j is no JSON', text => {
    const bytes = framed(text)
    expect(() => decodeString(bytes, 2, bytes.length - 3)).toThrow(SyntaxError)
  })

  it.each([
    ['0', 0],
    ['15354', 15_354],
    ['-4', -4],
    ['1.5e3', 1_500],
    ['9007199254740993', 9_007_199_254_740_992],
    ['null', Number.NaN],
    ['{}', Number.NaN],
  ])('the number %s is %d', (text, expected) => {
    const bytes = framed(text)
    expect(decodeNumber(bytes, 2, bytes.length - 3)).toBe(expected)
  })

  it('a time gives what Date.parse gives, or nothing (seed 13)', () => {
    const time = (text: string) => decodeTime(framed(`"${text}"`), 2, 4 + text.length)
    const anyTime = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    fc.assert(
      fc.property(anyTime, fc.nat(23), fc.integer({ min: 32, max: 126 }), (date, place, byte) => {
        const right = date.toISOString()
        const changed = right.slice(0, place) + String.fromCharCode(byte) + right.slice(place + 1)
        expect([String(date.getTime()), 'NaN']).toContain(String(time(right)))
        expect([String(Date.parse(changed)), 'NaN']).toContain(String(time(changed)))
      }),
      { seed: 13, numRuns: 2_000 },
    )
    expect(time('2028-02-28T23:59:59.999Z')).toBe(Date.parse('2028-02-28T23:59:59.999Z'))
    expect(time('2000-03-01T00:00:00.000Z')).toBe(Date.parse('2000-03-01T00:00:00.000Z'))
    expect(time('2026-11-23T02:11:58Z')).toBeNaN()
  })
})

describe('keyTable', () => {
  const names = [
    'type',
    'task',
    'TaskCreate',
    'TaskUpdate',
    'ephemeral_1h_input_tokens',
    'ephemeral_5m_input_tokens',
    'ab',
    'ba',
  ]
  const table = keyTable(names)
  const numberOf = (name: string) => keyNumber(table, Buffer.from(`"${name}"`), 1, 1 + Buffer.byteLength(name))

  it('knows each of its keys', () => {
    expect(names.map(numberOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('knows no other, also where hashes meet', () => {
    expect(['', 'typ', 'types', 'TaskDelete', 'ephemeral_9x_input_tokens'].map(numberOf)).toEqual([-1, -1, -1, -1, -1])
    const many = keyTable(Array.from({ length: 2_000 }, (_, i) => `key-${i}`))
    const bytes = Array.from({ length: 2_100 }, (_, i) => Buffer.from(`key-${i}`))
    expect(bytes.map(key => keyNumber(many, key, 0, key.length))).toEqual([
      ...Array.from({ length: 2_000 }, (_, i) => i),
      ...Array(100).fill(-1),
    ])
  })
})
