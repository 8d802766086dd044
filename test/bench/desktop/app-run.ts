/** One run of the built app with `probe.cjs` inside, on the stand-in or on the real Electron. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

export interface Delays {
  readonly p99Ms: number
  readonly maxMs: number
  readonly samples: number
}

export interface Word {
  readonly what: string
  /** Epoch ms. */
  readonly atMs: number
  readonly value?: unknown
}

export interface AppRun {
  /** Resolves with what the probe says of it, and ms since the start. @throws {Error} when the app ends first. */
  when(what: string): Promise<{ readonly afterMs: number; readonly value: unknown }>
  ask(order: 'memory' | 'delays'): Promise<unknown>
  quit(): Promise<void>
}

const top = path.resolve(import.meta.dirname, '../../..')

export interface AppOptions {
  readonly executable: string
  /** The app's folder; default: the built product. */
  readonly app?: string
  readonly env: Readonly<Record<string, string>>
  readonly userData: string
  /** Starts in the tray only. */
  readonly hidden: boolean
  readonly signal: AbortSignal
}

export function runApp({ executable, app = '.', env, userData, hidden, signal }: AppOptions): AppRun {
  const probe = path.join(import.meta.dirname, 'probe.cjs')
  const flags = [`--user-data-dir=${userData}`, ...(process.geteuid?.() === 0 ? ['--no-sandbox'] : [])]
  const startedMs = Date.now()
  const child = spawn(executable, ['-r', probe, ...flags, app, ...(hidden ? ['--hidden'] : [])], {
    cwd: top,
    env: { ...process.env, ...env, PROBE_PAGE: hidden ? '0' : '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal,
  })
  const words = new Map<string, Word>()
  child.on('message', (word: Word) => {
    if (typeof word === 'object') words.set(word.what, word)
  })
  const exited = once(child, 'exit')
  const when: AppRun['when'] = async what => {
    for (;;) {
      const word = words.get(what)
      if (word !== undefined) return { afterMs: word.atMs - startedMs, value: word.value }
      await nextWord(child, exited)
    }
  }
  return {
    when,
    async ask(order) {
      words.delete(order)
      child.send(order)
      return (await when(order)).value
    },
    async quit() {
      child.send('quit')
      await exited
    },
  }
}

async function nextWord(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  const ended = exited.then(() => {
    throw new Error('the app ended before it said what was waited for')
  })
  await Promise.race([once(child, 'message'), ended])
}
