/**
 * Where text goes: standard output and error, with colours and a width only where there is a terminal.
 *
 * A reader that has gone away (`| head`) is no error: what follows is dropped and `gone` tells. Never reads a key.
 */
import { styleText } from 'node:util'
import type { Problem } from './exit-codes.ts'

/** The part of a stream that is used here. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Terminal {
  /** One line, or several, to standard output. */
  print(line?: string): void
  /** One line to standard error. */
  note(line: string): void
  /** Draws one line over itself on standard error, or takes it away. The next printed line takes its place. */
  bar(line: string | null): void
  /** Columns of standard output; `Infinity` where it is no terminal, so that nothing is cut. */
  width(): number
  /** Columns of standard error, or null where it is no terminal: then no bar is drawn. */
  barWidth(): number | null
  /** Colours `text` for standard output, where it may. */
  paint(style: Style, text: string): string
  /** Aborted when the reader of standard output has gone away. */
  readonly gone: AbortSignal
}

export function createTerminal(
  out: TextStream,
  err: TextStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const gone = new AbortController()
  // Without a listener Node would end the program with a stack trace.
  out.on('error', error => {
    if (error.code !== 'EPIPE') throw error
    gone.abort()
  })
  err.on('error', () => {})
  const coloured = isTerminal(out, env) && !env['NO_COLOR']
  let drawn = false
  const bar = (line: string | null) => {
    if (drawn || line !== null) err.write(`\r\u001b[2K${line ?? ''}`)
    drawn = line !== null
  }
  return {
    print: (line = '') => {
      bar(null)
      if (!gone.signal.aborted) out.write(`${line}\n`)
    },
    note: line => {
      bar(null)
      err.write(`${line}\n`)
    },
    bar,
    width: () => (out.isTTY ? out.columns || 80 : Infinity),
    barWidth: () => (isTerminal(err, env) ? err.columns || 80 : null),
    paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
    gone: gone.signal,
  }
}

/** "session-monitor: what; what to do", as every error of this program reads. */
export function problemLine(problem: Pick<Problem, 'what' | 'remedy'>): string {
  return `session-monitor: ${problem.what}${problem.remedy === '' ? '' : `; ${problem.remedy}`}`
}

/**
 * A value as JSON text that is harmless on a terminal: what JSON allows unescaped and a terminal may obey
 * (C1 controls, DEL, direction marks) is written as `\uXXXX`, which any reader takes for the same value.
 */
export function safeJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function isTerminal(stream: TextStream, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}
