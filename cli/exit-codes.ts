/** How the program ends, and how a problem is told: the same for every command. */
import type { CheckpointOutcome } from '../shared/core/checkpoint.ts'

export const exitCodes = { fine: 0, failed: 1, usage: 2, locked: 3, interrupted: 130 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** For `--help` and the manual. */
export const exitCodeMeanings = [
  [exitCodes.fine, 'fine'],
  [exitCodes.failed, 'a checkpoint failed, or verify or doctor found something, or the store cannot be used'],
  [exitCodes.usage, 'the command line is wrong: nothing was done'],
  [exitCodes.locked, 'another checkpointer holds the lock: nothing was lost, try again'],
  [exitCodes.interrupted, 'stopped by a signal before it was done'],
] as const

/** A reason to stop, told as "session-monitor: what; what to do". */
export interface Problem {
  /** What happened, without a full stop. */
  readonly what: string
  /** What the user can do, in the imperative, without a full stop; '' where there is nothing to do. */
  readonly remedy: string
  readonly exitCode: ExitCode
}

export function usageProblem(what: string, remedy: string): Problem {
  return { what, remedy, exitCode: exitCodes.usage }
}

/** Told by either what it is or the value, so that a command reads from top to bottom. */
export type Either<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

export function fine<T>(value: T): Either<T> {
  return { ok: true, value }
}

export function stop<T>(problem: Problem): Either<T> {
  return { ok: false, problem }
}

/** A failure outweighs a lock: it needs the user, the lock only needs time. */
export function exitCodeOf(outcomes: readonly CheckpointOutcome[]): ExitCode {
  if (outcomes.some(outcome => outcome.kind === 'failed')) return exitCodes.failed
  return outcomes.some(outcome => outcome.kind === 'locked-elsewhere') ? exitCodes.locked : exitCodes.fine
}
