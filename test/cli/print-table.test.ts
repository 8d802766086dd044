import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { type Column, cutToWidth, renderPairs, renderTable, wrapText } from '../../cli/print-table.ts'

interface Row {
  readonly name: string
  readonly size: number
}

const rows: readonly Row[] = [
  { name: 'a long name of a session', size: 7 },
  { name: '日本語', size: 1200 },
]
const columns: readonly Column<Row>[] = [
  { title: 'NAME', cell: row => row.name, min: 6 },
  { title: 'SIZE', cell: row => `${row.size} bytes`, short: row => String(row.size), align: 'right' },
  { title: 'NOTE', cell: () => 'remark', drop: 1 },
]
const plain = (text: string) => text
const table = (width: number, of = columns) => renderTable(of, rows, { width, paintHeader: plain })

describe('renderTable', () => {
  it('aligns columns by what a terminal shows, wide characters included', () => {
    expect(table(Infinity)).toEqual([
      'NAME                            SIZE  NOTE',
      'a long name of a session     7 bytes  remark',
      '日本語                    1200 bytes  remark',
    ])
  })

  it('takes the short forms first, then narrows, then leaves columns out', () => {
    expect(table(38)[1]).toBe('a long name of a session     7  remark')
    expect(table(24)[1]).toBe('a long na…     7  remark')
    expect(table(18)[1]).toBe('a long name…     7')
  })

  it('cuts a wide character whole or not at all', () => {
    expect(table(12)).toEqual(['NAME    SIZE', 'a lon…     7', '日本語  1200'])
    expect(cutToWidth('日本語', 4)).toBe('日…')
    expect(cutToWidth('日本語', 5)).toBe('日本…')
    expect(cutToWidth('👩‍👩‍👧‍👦 family', 3)).toBe('👩‍👩‍👧‍👦…')
    expect(cutToWidth('x', 0)).toBe('')
  })

  it('makes every cell one harmless line', () => {
    const hostile = [{ name: 'a\u001b[31mred\nb\u202etxt\u0007', size: 1 }]
    const lines = renderTable(columns, hostile, { width: Infinity, paintHeader: plain })
    expect(lines).toHaveLength(2)
    expect(lines[1]).toBe('a [31mred b txt  1 bytes  remark')
  })

  it('never makes a line wider than the terminal, as far as columns may shrink or go (seed 7)', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { minLength: 1, maxLength: 6 })
    const property = fc.property(texts, fc.integer({ min: 24, max: 120 }), (names, width) => {
      const some = names.map((name, size) => ({ name, size }))
      const lines = renderTable(columns, some, { width, paintHeader: plain })
      expect(Math.max(...lines.map(line => stringWidth(line)))).toBeLessThanOrEqual(width)
    })
    fc.assert(property, { seed: 7, numRuns: 300 })
  })

  it('colours a cell without moving the columns, and puts lines below a row', () => {
    const painted: Column<Row> = { title: 'NAME', cell: row => row.name, paint: text => `<${text}>` }
    const size = columns[1] as Column<Row>
    const lines = renderTable([painted, size], rows, {
      width: Infinity,
      paintHeader: text => `[${text}]`,
      below: row => (row.size > 100 ? ['    large', '    very'] : []),
    })
    expect(lines).toEqual([
      '[NAME                            SIZE]',
      '<a long name of a session>     7 bytes',
      '<日本語                  >  1200 bytes',
      '    large',
      '    very',
    ])
  })
})

describe('wrapText', () => {
  it('breaks at spaces and indents every line', () => {
    expect(wrapText('one two three four', 12, '  ')).toEqual(['  one two', '  three four'])
  })

  it('lets a word that is too long stand alone, uncut', () => {
    expect(wrapText('see /a/very/long/path now', 10)).toEqual(['see', '/a/very/long/path', 'now'])
  })
})

describe('renderPairs', () => {
  it('lines the values up, and wraps them beside their names', () => {
    const pairs = [
      ['found', '3'],
      ['due', 'one two three'],
    ] as const
    expect(renderPairs(pairs, 15, plain)).toEqual(['found  3', 'due    one two', '       three'])
    expect(renderPairs(pairs, Infinity, text => `<${text}>`)).toEqual(['<found>  3', '<due>    one two three'])
  })
})
