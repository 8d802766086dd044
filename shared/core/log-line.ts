/**
 * A line of the log, as the older monitor wrote it: "2026-11-27 16:47:33,123 - INFO - message". Local time with
 * milliseconds; one line, harmless on a terminal, secrets taken out. Pure.
 */
import { oneLine } from './format.ts'
import { redact } from './redact.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

const names: Readonly<Record<LogLevel, string>> = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' }

export interface LogEntry {
  /** Epoch ms, by the clock and zone of this machine. */
  readonly atMs: number
  readonly level: LogLevel
  readonly message: string
}

/** A longer line is cut. UTF-16 units. */
const maxCharacters = 8_000

export function formatLogLine(
  { atMs, level, message }: LogEntry,
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const text = Object.keys(fields).length === 0 ? message : `${message} ${fieldsText(fields)}`
  return `${logStamp(atMs)} - ${names[level]} - ${oneLine(redact(text), maxCharacters)}`
}

/** What {@link formatLogLine} wrote; null for any other line. */
export function parseLogLine(line: string): LogEntry | null {
  const [, day, time, ms, name, message] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) - ([A-Z]+) - (.*)$/.exec(line) ?? []
  const level = logLevels.find(one => names[one] === name)
  const atMs = Date.parse(`${day}T${time}.${ms}`)
  if (level === undefined || message === undefined || Number.isNaN(atMs)) return null
  return { atMs, level, message }
}

/** True if a line of `level` is to be written, or shown, where `least` is asked for. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(least)
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields)
  } catch {
    return '{…}'
  }
}

function logStamp(atMs: number): string {
  const at = new Date(atMs)
  const digits = (n: number, width = 2) => String(n).padStart(width, '0')
  const day = `${at.getFullYear()}-${digits(at.getMonth() + 1)}-${digits(at.getDate())}`
  const time = `${digits(at.getHours())}:${digits(at.getMinutes())}:${digits(at.getSeconds())}`
  return `${day} ${time},${digits(at.getMilliseconds(), 3)}`
}
