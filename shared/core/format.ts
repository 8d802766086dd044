/** Numbers in words: the same text in the command line, the tray and the page. English; pure. */

/** "45 s", "12 min", "3 h 20 min", "2 d 4 h"; never negative. @param ms The duration in milliseconds. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const [hours, days] = [Math.floor(minutes / 60), Math.floor(minutes / 1440)]
  if (days === 0) return withRest(hours, 'h', minutes % 60, 'min')
  return withRest(days, 'd', hours % 24, 'h')
}

/** "just now", "5 min ago", or "in 5 min" for an instant to come. */
export function formatAge(atMs: number, nowMs: number): string {
  const age = nowMs - atMs
  if (Math.abs(age) < 10_000) return 'just now'
  return age > 0 ? `${formatDuration(age)} ago` : `in ${formatDuration(-age)}`
}

/** "812 B", "4.2 kB", "31 MB", "1.3 GB" (powers of 1,000). @param bytes Not negative. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** "950", "12k", "1.2M". @param tokens Not negative. */
export function formatTokens(tokens: number): string {
  if (tokens < 1000) return String(tokens)
  if (tokens < 999_500) return `${Math.round(tokens / 1000)}k`
  return `${(tokens / 1_000_000).toFixed(tokens < 9_950_000 ? 1 : 0)}M`
}

/** At most two decimals, no trailing zeros: "0.3", "1.25", "12". */
export function formatNumber(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** "950", "12,345". By hand: the first number that the system's locale data formats holds a process up for 60 ms. @param n Whole. */
export function formatCount(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** "1 file", "3 files". @param plural Where it is not `one` + "s". */
export function count(n: number, one: string, plural = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : plural}`
}

/** One line for a terminal, tray or notification: control and direction characters become spaces, cut with "…". */
export function oneLine(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters && /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text
  return cutText(printable(text).replace(/ {2,}/g, ' ').trim(), maxCharacters)
}

/** Control, line-end and direction characters become spaces: nothing in it moves a cursor or turns text round. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, ' ')
}

/** `text`, or its beginning with "…" and no half of a surrogate pair. @param maxCharacters In UTF-16 units, at least 1. */
export function cutText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  const kept = text.slice(0, Math.max(0, maxCharacters - 1)).replace(/[\ud800-\udbff]$/, '')
  return `${kept.trimEnd()}…`
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`
}
