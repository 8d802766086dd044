/**
 * The process's streams, signals and exit code, handed to the program.
 *
 * The exit code is set, not forced, so that everything written arrives; only a stop that hangs is cut short.
 */
import os from 'node:os'
import type { CommandContext } from './context.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { olderArguments } from './older-arguments.ts'
import { quickCommand } from './quick-command.ts'
import { createTerminal } from './terminal.ts'

/** A clean stop that takes longer is ended: what is saved is safe at any moment. */
const stopLimitMs = 4_500
/** One Ctrl-C may arrive twice, from the terminal and from npm; a second one after this long means "at once". */
const impatientMs = 1_000

const terminal = createTerminal(process.stdout, process.stderr, process.env)
const interrupted = new AbortController()
let interruptedMs = 0

/** Runs what the command line says. Resolves when the exit code is set. */
export async function start(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  const context = {
    terminal,
    environment: { env: process.env, home: os.homedir(), platform: process.platform },
    interrupted: interrupted.signal,
    log: () => {},
    nowMs: () => Date.now(),
  }
  const args = olderArguments(process.argv.slice(2))
  process.exitCode = await (quickCommand(context, args) ?? anyCommand(context, args))
}

async function anyCommand(context: CommandContext, args: readonly string[]): Promise<ExitCode> {
  const { fullCommand } = await import('./full-command.ts')
  return fullCommand(context, args)
}

function interrupt(): void {
  if (interrupted.signal.aborted) {
    if (performance.now() - interruptedMs > impatientMs) process.exit(exitCodes.interrupted)
    return
  }
  interruptedMs = performance.now()
  interrupted.abort()
  setTimeout(() => {
    terminal.note('session-monitor: did not stop in time and was ended; what is saved is safe')
    process.exit(exitCodes.failed)
  }, stopLimitMs).unref()
}
