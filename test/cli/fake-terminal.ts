/** A terminal that remembers what was written to it. */
import { createTerminal, type Terminal, type TextStream } from '../../cli/terminal.ts'

export interface FakeTerminal {
  readonly terminal: Terminal
  out(): string
  err(): string
  /** The reader of standard output goes away, or its stream fails in another way. */
  breakOut(code: string): void
}

export interface FakeTerminalOptions {
  /** Null: a pipe. */
  readonly columns?: number | null
  readonly env?: Readonly<Record<string, string>>
}

export function createFakeTerminal({ columns = null, env = {} }: FakeTerminalOptions = {}): FakeTerminal {
  const [out, err] = [createFakeStream(columns), createFakeStream(columns)]
  return {
    terminal: createTerminal(out.stream, err.stream, env),
    out: out.text,
    err: err.text,
    breakOut: out.break,
  }
}

function createFakeStream(columns: number | null) {
  let written = ''
  const listeners: ((error: NodeJS.ErrnoException) => void)[] = []
  const stream: TextStream = {
    ...(columns === null ? {} : { isTTY: true, columns }),
    write: text => {
      written += text
      return true
    },
    on: (_event, listener) => listeners.push(listener),
  }
  return {
    stream,
    text: () => written,
    break: (code: string) => {
      for (const listener of listeners) listener(Object.assign(new Error(`write ${code}`), { code }))
    },
  }
}
