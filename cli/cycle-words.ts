/** What a check found and did, in words: the summary of `check` and the line of `run`. Pure. */
import { factorTitles } from '../shared/core/explain.ts'
import { count, formatBytes, formatCount, formatDuration } from '../shared/core/format.ts'
import type { CycleSummary } from '../shared/core/monitor-state.ts'
import { factorNames } from '../shared/core/scoring.ts'
import { plainWords } from './session-words.ts'

type Pair = readonly [name: string, value: string]

/** Name and value of every number of the summary. */
export function cyclePairs(cycle: CycleSummary): readonly Pair[] {
  return [
    ['found', `${count(cycle.found, 'session')} in ${millisecondWords(cycle.tookMs)}`],
    ['due', `${number(cycle.due)}${inBrackets(dueWords(cycle))}`],
    ['created', `${number(cycle.created)}${inBrackets(createdWords(cycle))}`],
    ...optionalPair('not done', cycle.notDone),
    ['held', `${number(sum(cycle.heldBy))}${inBrackets(kindWords(cycle.heldBy))}`],
    ['failed', number(cycle.failed)],
  ]
}

/** The same in one line: "found 12, due 5 (files changed 4, total 1), created 5 (…), held 7, failed 0". */
export function cycleLine(cycle: CycleSummary): string {
  const notDone = Object.keys(cycle.notDone).length === 0 ? '' : `, not done ${kindWords(cycle.notDone)}`
  const due = cycle.due === 0 ? 'due 0' : `due ${number(cycle.due)} (${dueWords(cycle)})`
  const created = cycle.created === 0 ? 'created 0' : `created ${number(cycle.created)} (${createdWords(cycle)})`
  const rest = `held ${number(sum(cycle.heldBy))}, failed ${number(cycle.failed)}`
  return `found ${number(cycle.found)}, ${due}, ${created}${notDone}, ${rest}; took ${millisecondWords(cycle.tookMs)}`
}

/** Every factor, those with none too, so that the line has the same shape each time; '' when nothing was due. */
function dueWords({ due, dueBy }: CycleSummary): string {
  if (due === 0) return ''
  const titles: readonly Pair[] = [...factorNames.map(name => [name, factorTitles[name]] as const), ['total', 'total']]
  return titles.map(([name, title]) => `${title} ${number(dueBy[name] ?? 0)}`).join(', ')
}

function createdWords({ created, averageMs, addedBytes }: CycleSummary): string {
  if (created === 0 || averageMs === null) return ''
  return `${millisecondWords(averageMs)} on average, ${formatBytes(addedBytes)} added`
}

/** "nothing changed 5, below threshold 2", most first. */
function kindWords(byKind: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(byKind).filter(([, n]) => n > 0)
  return kinds
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([kind, n]) => `${plainWords(kind)} ${number(n)}`)
    .join(', ')
}

function optionalPair(name: string, byKind: Readonly<Record<string, number>>): readonly Pair[] {
  return sum(byKind) === 0 ? [] : [[name, `${number(sum(byKind))}${inBrackets(kindWords(byKind))}`]]
}

/** "68 ms", "2.4 s", and minutes in full from one on. */
export function millisecondWords(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return ms < 59_950 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms)
}

function inBrackets(words: string): string {
  return words === '' ? '' : `  (${words})`
}

function number(n: number): string {
  return formatCount(n)
}

function sum(byKind: Readonly<Record<string, number>>): number {
  return Object.values(byKind).reduce((all, n) => all + n, 0)
}
