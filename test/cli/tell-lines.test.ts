import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { anyScript } from '../../cli/print-table.ts'
import { isPlainText, type Layout } from '../../cli/table-layout.ts'
import { tellLines } from '../../cli/tell-lines.ts'

const seed = 91

describe('plain text', () => {
  it(`takes a column for each of its parts, wherever it is cut (seed ${seed})`, () => {
    const anything = fc.string({ unit: 'binary', maxLength: 12 })
    const latin = fc.string({ unit: fc.integer({ min: 0x20, max: 0x24f }).map(n => String.fromCharCode(n)) })
    fc.assert(
      fc.property(fc.oneof(anything, latin), fc.integer({ min: 0, max: 12 }), (text, at) => {
        fc.pre(isPlainText(text))
        expect([stringWidth(text), stringWidth(text.slice(at))]).toEqual([text.length, text.slice(at).length])
      }),
      { seed, numRuns: 3_000 },
    )
  })

  it.each(['é', '…', 'a – b', '“x”', 'Ł'])('is %j', text => expect(isPlainText(text)).toBe(true))
  it.each(['日', '\u00ad', 'e\u0301', '\u200b', '👍', '\u001b[1m', '\t'])('is not %j', text =>
    expect(isPlainText(text)).toBe(false),
  )
})

describe('tellLines', () => {
  const rows = (titles: readonly string[]) => (layout: Layout) =>
    layout.renderTable(
      [
        { title: 'TITLE', cell: (row: string) => row, min: 4 },
        { title: 'N', cell: () => '1' },
      ],
      titles,
      {
        width: 12,
        paintHeader: text => text,
      },
    )

  it.each([
    ['plain titles', ['Fix the login page', 'Ärger']],
    ['a wide one among them', ['Fix the login page', '日本語のテスト']],
    ['none', []],
  ])('lays out %s as with what measures every script', async (_what, titles) => {
    expect(await tellLines(rows(titles))).toEqual(rows(titles)(anyScript))
  })

  it('takes no width for colours', async () => {
    const render = (layout: Layout) => layout.renderPairs([['a', '\u001b[31mred\u001b[39m green']], 12, text => text)
    expect(await tellLines(render)).toEqual(render(anyScript))
  })

  it('asks for the lines once where all is plain, and twice where not', async () => {
    let asked = 0
    const render = (text: string) => (layout: Layout) => {
      asked++
      return [layout.cutToWidth(text, 3)]
    }
    expect([await tellLines(render('abcd')), asked]).toEqual([['ab…'], 1])
    expect([await tellLines(render('日本')), asked]).toEqual([['日…'], 3])
  })
})
