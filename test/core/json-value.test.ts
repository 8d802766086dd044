import { describe, expect, it } from 'vitest'
import { clip, countOf, listOf, nameOf, objectOf, oneLine, textOf } from '../../shared/core/json-value.ts'

const values = [undefined, null, true, 5, Number.NaN, -1, '', 'text', ['x'], { a: 1 }]

describe('values from JSON that others wrote', () => {
  it.each([
    [objectOf, [null, null, null, null, null, null, null, null, null, { a: 1 }]],
    [textOf, [null, null, null, null, null, null, null, 'text', null, null]],
    [nameOf, [null, null, null, null, null, null, null, 'text', null, null]],
    [countOf, [0, 0, 0, 5, 0, 0, 0, 0, 0, 0]],
    [listOf, [[], [], [], [], [], [], [], [], ['x'], []]],
  ])('%o keeps what it is for', (read: (value: unknown) => unknown, expected) => {
    expect(values.map(read)).toEqual(expected)
  })

  it('takes no name that is longer than a path can be', () => {
    expect(nameOf('x'.repeat(4_096))).toHaveLength(4_096)
    expect(nameOf('x'.repeat(4_097))).toBeNull()
  })
})

describe('clip', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['ab😀', 3, 'ab'],
    ['ab😀', 4, 'ab😀'],
    ['ab\ud83d', 3, 'ab\ud83d'],
    ['', 3, ''],
  ])('%j at %i', (text, limit, expected) => {
    expect(clip(text, limit)).toBe(expected)
  })
})

describe('oneLine', () => {
  it('joins lines with blanks and cuts at the end', () => {
    expect(oneLine('  Fix\n\n the\tparser  ', 200)).toBe('Fix the parser')
    expect(oneLine('a b c d', 3)).toBe('a b')
  })
})
