/**
 * Rows in aligned columns that fit a width: first the short forms, then narrower columns, then fewer of them.
 *
 * Pure. Widths are in terminal columns, so that wide characters and emoji stay aligned. Every cell is made one
 * harmless line here: no control character of a title or a path gets through.
 */
import { oneLine } from '../shared/core/format.ts'

export interface Column<Row> {
  readonly title: string
  cell(row: Row): string
  /** A shorter form, taken by every row when the table is too wide. */
  short?(row: Row): string
  /** Colours the padded cell. */
  paint?(text: string, row: Row): string
  readonly align?: 'right'
  /** May be cut down to this many columns; without it the column keeps its width. */
  readonly min?: number
  /** Never wider than this. */
  readonly max?: number
  /** When nothing else helps: the column with the highest number is left out first; without it, never. */
  readonly drop?: number
}

export interface TableOptions<Row> {
  /** In terminal columns; may be `Infinity`. */
  readonly width: number
  paintHeader(text: string): string
  /** Lines below a row, such as the reason; as they are. */
  below?(row: Row): readonly string[]
}

const gap = 2

/** How many columns of a terminal a text takes; colours take none. */
export type WidthOf = (text: string) => number

export type Layout = ReturnType<typeof createLayout>

export function createLayout(widthOf: WidthOf) {
  return { renderTable, renderPairs, wrapText, cutToWidth }

  /** The header and the rows, one string per line, none wider than `options.width`. */
  function renderTable<Row>(
    columns: readonly Column<Row>[],
    rows: readonly Row[],
    options: TableOptions<Row>,
  ): readonly string[] {
    const fitted = fitColumns(columns, rows, options.width)
    const header = fitted.map(({ column, width }, i) => pad(column.title, width, column, i === fitted.length - 1))
    const lines = [options.paintHeader(header.join(' '.repeat(gap)).trimEnd())]
    rows.forEach((row, rowIndex) => {
      const cells = fitted.map(({ column, width, cells: texts, widths }, i) => {
        const text = pad(texts[rowIndex] ?? '', width, column, i === fitted.length - 1, widths[rowIndex])
        return column.paint ? column.paint(text, row) : text
      })
      lines.push(cells.join(' '.repeat(gap)).trimEnd())
      lines.push(...(options.below?.(row) ?? []))
    })
    return lines
  }

  function fitColumns<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): FittedColumn<Row>[] {
    const long = columns.map(column => measure(column, rows, false))
    if (total(long) <= width) return long
    const short = columns.map(column => measure(column, rows, true))
    const narrow = shrink(short, width)
    if (total(narrow) <= width) return narrow
    const least = leastNeeded(columns)
    return least === null
      ? narrow
      : fitColumns(
          columns.filter(column => column !== least),
          rows,
          width,
        )
  }

  function measure<Row>(column: Column<Row>, rows: readonly Row[], short: boolean): FittedColumn<Row> {
    const cells = rows.map(row => oneLine(short && column.short ? column.short(row) : column.cell(row), 2_000))
    const widths = cells.map(widthOf)
    const widest = widths.reduce((most, width) => Math.max(most, width), widthOf(column.title))
    return { column, cells, widths, width: Math.min(column.max ?? Infinity, widest) }
  }

  function pad<Row>(text: string, width: number, column: Column<Row>, last: boolean, own = widthOf(text)): string {
    const cut = own <= width ? text : cutToWidth(text, width)
    const space = ' '.repeat(Math.max(0, width - (cut === text ? own : widthOf(cut))))
    if (column.align === 'right') return space + cut
    return last ? cut : cut + space
  }

  /** `text` in at most `width` terminal columns, cut with "…" between whole characters as a reader sees them. */
  function cutToWidth(text: string, width: number): string {
    if (width === Infinity || widthOf(text) <= width) return text
    // Apart into whole characters only where they are not single ones: that takes a while to load.
    if (isPlainText(text)) return width < 1 ? '' : `${text.slice(0, width - 1).trimEnd()}…`
    let [cut, used] = ['', 0]
    for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
      used += widthOf(segment)
      if (used > width - 1) break
      cut += segment
    }
    return width < 1 ? '' : `${cut.trimEnd()}…`
  }

  /** `text` over several lines of at most `width` columns, broken at spaces; each begins with `indent`. */
  function wrapText(text: string, width: number, indent = ''): readonly string[] {
    return wrapWords(oneLine(text, 10_000), width - widthOf(indent)).map(line => indent + line)
  }

  /** Colours may be in it: they have no width. */
  function wrapWords(text: string, width: number): readonly string[] {
    const lines: string[] = []
    let line = ''
    for (const word of text.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && widthOf(longer) > width) {
        lines.push(line)
        line = word
      } else line = longer
    }
    return [...lines, line]
  }

  /**
   * "name  value" lines with the names in one column and the values wrapped beside them.
   *
   * Values are taken as they are, since they may be coloured: what comes from outside has been through `oneLine`.
   */
  function renderPairs(
    pairs: readonly (readonly [name: string, value: string])[],
    width: number,
    paintName: (text: string) => string,
  ): readonly string[] {
    const names = pairs.reduce((most, [name]) => Math.max(most, widthOf(name)), 0)
    return pairs.flatMap(([name, value]) => {
      const [first = '', ...more] = wrapWords(value, width - names - gap)
      const head = `${paintName(name)}${' '.repeat(names - widthOf(name) + gap)}${first}`
      return [head, ...more.map(line => ' '.repeat(names + gap) + line)]
    })
  }
}

interface FittedColumn<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  /** Of each cell, uncut. */
  readonly widths: readonly number[]
  readonly width: number
}

function leastNeeded<Row>(columns: readonly Column<Row>[]): Column<Row> | null {
  const droppable = columns.filter(column => column.drop !== undefined)
  return droppable.sort((a, b) => (b.drop ?? 0) - (a.drop ?? 0))[0] ?? null
}

function total<Row>(fitted: readonly FittedColumn<Row>[]): number {
  return fitted.reduce((sum, one) => sum + one.width, 0) + gap * Math.max(0, fitted.length - 1)
}

/** Takes columns from the widest of those that may shrink until it fits or none may. */
function shrink<Row>(fitted: readonly FittedColumn<Row>[], width: number): FittedColumn<Row>[] {
  const widths = fitted.map(one => one.width)
  for (let excess = total(fitted) - width; excess > 0; excess--) {
    const room = widths.map((w, i) => w - Math.max(fitted[i]?.column.min ?? w, 1))
    const most = room.indexOf(Math.max(...room))
    if ((room[most] ?? 0) <= 0) break
    widths[most] = (widths[most] ?? 1) - 1
  }
  return fitted.map((one, i) => ({ ...one, width: widths[i] ?? one.width }))
}

/** Text of which every part takes one column: Latin letters and signs, and those that this program writes itself. */
export function isPlainText(text: string): boolean {
  return /^[\x20-\x7e\xa1-\xac\xae-\u024f\u2013\u2014\u2018-\u201d\u2026]*$/.test(text)
}
