/**
 * The command line as it is documented: the program, its groups of commands, and how it ends on its own.
 *
 * One description, walked by commander, by the completions and by the manual. Loads nothing of what a command does.
 */
import { Command, type CommanderError } from 'commander'
import about from '../package.json' with { type: 'json' }
import type { CommandContext } from './context.ts'
import { type ExitCode, exitCodeMeanings, exitCodes } from './exit-codes.ts'
import {
  addExamples,
  addGroups,
  type CommandGroup,
  type CommandSpec,
  type ProgramResult,
  withInterval,
  withOutput,
  withPolicy,
} from './program/command-tree.ts'
import { givingBack } from './program/giving-back.ts'
import { hooks } from './program/hooks.ts'
import { looking } from './program/looking.ts'
import { running } from './program/running.ts'
import { saving } from './program/saving.ts'
import { environmentVariables, shell } from './program/shell.ts'
import { upkeep } from './program/upkeep.ts'
import { createLayout } from './table-layout.ts'
import { usageLine } from './usage-line.ts'

const groups: readonly CommandGroup[] = [looking, saving, givingBack, running, hooks, upkeep, shell]

const examples = [
  { line: 'list --why', help: 'every session, with the reasons' },
  { line: 'check', help: 'save what is due, once' },
  { line: 'run --interval 10', help: 'keep watch, a check every 10 minutes' },
  { line: 'checkpoint 3f2a9c1e', help: 'save this session now' },
  { line: 'restore 3f2a9c1e --to ../rescued', help: 'give its newest checkpoint back' },
]

/** @param first What stands first on the command line: where it is a command's name, only that one is made. */
export function buildProgram(context: CommandContext, result: ProgramResult, first = ''): Command {
  const program = new Command('session-monitor')
  const helpWidth = () => Math.min(context.terminal.width(), 110)
  program
    .description('Checkpoints every Claude Code session on this machine before its work can be lost.')
    .version(about.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or with a command its help')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: text => context.terminal.print(text.trimEnd()),
      writeErr: text => context.terminal.note(text.trimEnd()),
      outputError: (text, write) => write(usageLine(text, '')),
      getOutHelpWidth: helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .option('--once', 'the same as "check"')
    .allowExcessArguments()
    .action(async (options: Record<string, unknown>) => {
      if (program.args.length > 0) refuseUnknown(program)
      const ending = await withoutCommand(context, options)
      if (ending === null) program.outputHelp({ error: true })
      result.exitCode = ending ?? exitCodes.usage
    })
  withPolicy(withOutput(withInterval(program)))
  addExamples(program, examples)
  program.addHelpText('after', () => `\n${exitCodeHelp(helpWidth())}\n\n${environmentHelp(helpWidth())}`)
  addGroups(program, groupsFor(first), context, result)
  return program
}

/** The rest is needed where there is something to say of all commands: help, completion, a name that is none. */
function groupsFor(first: string): readonly CommandGroup[] {
  const group = groups.find(({ commands }) => commands.some(isNamed(first)))
  if (group === undefined || group === shell) return groups
  return [{ ...group, commands: group.commands.filter(isNamed(first)) }]
}

function isNamed(name: string) {
  return ({ usage }: CommandSpec) => usage.split(' ', 1)[0] === name
}

/** As the older monitor was called, by options alone; null if there was none. */
async function withoutCommand(context: CommandContext, options: Record<string, unknown>): Promise<ExitCode | null> {
  const { once, ...rest } = options
  if (once === true) return (await import('./commands/check.ts')).check(context, rest)
  if (Object.keys(rest).length === 0) return null
  return (await import('./commands/run.ts')).run(context, rest)
}

/** Commander's own way, which suggests what may have been meant; it keeps it to itself. @throws {CommanderError} */
function refuseUnknown(program: Command): void {
  ;(program as Command & { unknownCommand(): void }).unknownCommand()
}

function exitCodeHelp(width: number): string {
  const pairs = exitCodeMeanings.map(([code, help]) => [String(code).padStart(3), help] as const)
  return ['Exit codes:', ...helpPairs(pairs, width)].join('\n')
}

function environmentHelp(width: number): string {
  return ['Environment:', ...helpPairs(environmentVariables, width)].join('\n')
}

/** All of it is ours, and plain. */
function helpPairs(pairs: readonly (readonly [name: string, help: string])[], width: number): readonly string[] {
  const { renderPairs } = createLayout(text => text.length)
  return renderPairs(pairs, width - 2, name => name).map(line => `  ${line}`)
}

/** How commander's own endings (help, version, a wrong option) end the program. */
export function exitCodeOfCommander(error: CommanderError): ExitCode {
  return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
}
