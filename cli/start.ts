/**
 * The process's streams, signals and exit code, handed to the program.
 *
 * The exit code is set, not forced, so that everything written arrives; only a stop that hangs is cut short.
 */
import os from 'node:os'
import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { olderArguments } from './older-arguments.ts'
import type { ProgramResult } from './program/command-tree.ts'
import { buildProgram, exitCodeOfCommander } from './program.ts'
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
  const result: ProgramResult = { exitCode: exitCodes.fine }
  const context = {
    terminal,
    environment: { env: process.env, home: os.homedir(), platform: process.platform },
    interrupted: interrupted.signal,
    log: () => {},
    nowMs: () => Date.now(),
  }
  try {
    await buildProgram(context, result).parseAsync(olderArguments(process.argv.slice(2)), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    result.exitCode = exitCodeOfCommander(error)
  }
  process.exitCode = result.exitCode
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
