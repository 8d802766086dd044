/** Sessions in words for tables and lines: one way to write each fact, whatever the command. Pure. */
import { count, formatAge, formatNumber, oneLine } from '../shared/core/format.ts'
import type { Protection, SessionView, UnsavedWork } from '../shared/core/monitor-state.ts'
import type { LiveState } from '../shared/core/session.ts'
import type { Style } from './terminal.ts'

export const protectionStyles: Readonly<Record<Protection, Style>> = {
  failing: 'red',
  'at-risk': 'yellow',
  changed: 'cyan',
  protected: 'green',
  excluded: 'dim',
}

/** "at risk" for `at-risk`, and so for every status and reason that is written with hyphens. */
export function plainWords(name: string): string {
  return name.replaceAll('-', ' ')
}

export function titleOf(session: { readonly title: string }): string {
  return oneLine(session.title, 200) || 'Untitled session'
}

export function liveWords(live: LiveState): string {
  return plainWords(live.status)
}

/** "12 messages, 4 files", or "none". */
export function unsavedWords({ messages, files }: UnsavedWork): string {
  const parts = [messages > 0 ? count(messages, 'message') : '', files > 0 ? count(files, 'file') : '']
  return parts.filter(part => part !== '').join(', ') || 'none'
}

/** "12 msg 4 f" for narrow tables. */
export function unsavedShort({ messages, files }: UnsavedWork): string {
  const parts = [messages > 0 ? `${messages} msg` : '', files > 0 ? `${files} f` : '']
  return parts.filter(part => part !== '').join(' ') || 'none'
}

export function checkpointAge(view: SessionView, nowMs: number): string {
  return view.lastCheckpoint === null ? 'never' : formatAge(view.lastCheckpoint.atMs, nowMs)
}

/** The age in its largest unit alone: "2 h ago" for "2 h 40 min ago". */
export function checkpointAgeShort(view: SessionView, nowMs: number): string {
  const long = checkpointAge(view, nowMs)
  return long.replace(/^(\d+ \S+) \d+ \S+ ago$/, '$1 ago')
}

export function percentWords(percent: number | null): string {
  return percent === null ? '' : `${formatNumber(percent)} %`
}

/** Two decimals, so that a column of scores lines up; none where the score is beyond any comparison. */
export function scoreWords(total: number): string {
  return total < 100 ? total.toFixed(2) : total.toFixed(0)
}

/** Local time as "2026-11-23 18:25:45". */
export function timeStamp(atMs: number): string {
  const at = new Date(atMs)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
