/** What a benchmark found, and how it looks on the terminal and in `results.md`: the same Markdown in both. Pure. */

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** `not measured`: it can be, but was not in this run. */
export type Verdict = 'met' | 'missed' | 'not built yet' | 'not measured'

/** A figure that was promised, beside the one that was measured. */
export interface Goal {
  readonly what: string
  readonly limit: string
  readonly measured: string
  readonly verdict: Verdict
}

export interface Report {
  readonly title: string
  /** Corpus, machine, method: one line each. Names neither hosts nor paths. */
  readonly setting: readonly string[]
  readonly tables: readonly Table[]
  readonly goals: readonly Goal[]
  /** In words, what was not true. With any of them the figures mean nothing. */
  readonly failures: readonly string[]
}

/** @param measured Null if there was nothing to measure. @param limit Smaller is better. */
export function goalOf(what: string, limit: number, unit: string, measured: number | null): Goal {
  return {
    what,
    limit: `≤ ${limit} ${unit}`,
    measured: measured === null ? '–' : `${figure(measured)} ${unit}`,
    verdict: measured === null ? 'not measured' : measured <= limit ? 'met' : 'missed',
  }
}

export function notBuiltYet(what: string, limit: string, why: string): Goal {
  return { what, limit, measured: why, verdict: 'not built yet' }
}

/** Three significant digits, no exponent. */
export function figure(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toLocaleString('en-GB', { minimumFractionDigits: 0, maximumFractionDigits: Math.min(digits, 3) })
}

export function toMarkdown(report: Report): string {
  const goals: Table = {
    title: 'Promised and measured',
    columns: ['what', 'promised', 'measured', 'verdict'],
    rows: report.goals.map(goal => [goal.what, goal.limit, goal.measured, goal.verdict]),
  }
  const parts = [
    `## ${report.title}`,
    report.setting.map(line => `- ${line}`).join('\n'),
    ...[...report.tables, goals].filter(table => table.rows.length > 0).map(tableToMarkdown),
    ...(report.failures.length > 0 ? [`**Wrong:**\n${report.failures.map(line => `- ${line}`).join('\n')}`] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function tableToMarkdown({ title, columns, rows }: Table): string {
  const widths = columns.map((column, i) => Math.max(column.length, 3, ...rows.map(row => (row[i] ?? '').length)))
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [`**${title}**`, '', line(columns), rule, ...rows.map(line)].join('\n')
}
