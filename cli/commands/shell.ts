/** `session-monitor completion`, `man`, and what completions ask for. */
import type { Command } from 'commander'
import about from '../../package.json' with { type: 'json' }
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { renderCompletion, shells } from '../completion.ts'
import { type CommandContext, fail } from '../context.ts'
import { type CommandDescription, describeCommand } from '../describe.ts'
import { type ExitCode, exitCodeMeanings, exitCodes, usageProblem } from '../exit-codes.ts'
import { renderManual } from '../manual.ts'
import { environmentVariables } from '../program/shell.ts'
import { titleOf } from '../session-words.ts'

export async function completion(context: CommandContext, name: string, command: Command): Promise<ExitCode> {
  const shell = shells.find(one => one === name)
  if (shell === undefined) return fail(context, usageProblem(`no completion for ${name}`, `name ${shells.join(', ')}`))
  context.terminal.print(renderCompletion(shell, describeProgram(command)).trimEnd())
  return exitCodes.fine
}

export async function manual(context: CommandContext, command: Command): Promise<ExitCode> {
  const { settings, store } = dataPaths(dataFolder(context.environment))
  const page = renderManual(describeProgram(command), {
    version: about.version,
    exitCodes: exitCodeMeanings,
    environment: environmentVariables,
    files: [
      [settings, 'the settings'],
      [store, 'the checkpoints: records, readable by hand, and packs of zstd frames'],
    ],
  })
  context.terminal.print(page.trimEnd())
  return exitCodes.fine
}

function describeProgram(command: Command): CommandDescription {
  let top = command
  while (top.parent !== null) top = top.parent
  return describeCommand(top)
}

/** Says nothing when there is nothing to say: a completion is no place for errors. */
export async function sessionsToComplete(context: CommandContext): Promise<ExitCode> {
  const { openStoreFor, storedSessions } = await import('../stored.ts')
  const opened = openStoreFor(context)
  const sessions = opened.ok ? storedSessions(opened.value.store) : opened
  if (!sessions.ok) return exitCodes.fine
  for (const session of sessions.value) context.terminal.print(`${session.sessionId}\t${titleOf(session)}`)
  return exitCodes.fine
}
