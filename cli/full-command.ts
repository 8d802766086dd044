/** Any command line, read by the parser that knows all of them. */
import { CommanderError } from 'commander'
import type { CommandContext } from './context.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { ProgramResult } from './program/command-tree.ts'
import { buildProgram, exitCodeOfCommander } from './program.ts'

/** @param args What follows the program's name. */
export async function fullCommand(context: CommandContext, args: readonly string[]): Promise<ExitCode> {
  const result: ProgramResult = { exitCode: exitCodes.fine }
  try {
    await buildProgram(context, result, args[0]).parseAsync(args, { from: 'user' })
    return result.exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return exitCodeOfCommander(error)
  }
}
