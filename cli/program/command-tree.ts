/**
 * How every command of the program is made: its help, its options that many share, its examples, and what it does.
 *
 * Each command's module is loaded when it is asked for, so that `--help` reads the descriptions and commander only.
 */
import type { Command } from 'commander'
import { numberFields } from '../../shared/core/settings-fields.ts'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { settingFlags } from '../flags.ts'
import { usageLine } from '../usage-line.ts'

/** Where a command leaves its answer; the entry point hands it to the process. */
export interface ProgramResult {
  exitCode: ExitCode
}

export interface Example {
  /** What follows `session-monitor`. */
  readonly line: string
  readonly help: string
}

export interface CommandSpec {
  /** `name <argument> [other]`. */
  readonly usage: string
  readonly help: string
  /** What each argument is, in their order. */
  readonly words?: readonly string[]
  readonly examples?: readonly Example[]
  /** Of the first argument. */
  readonly choices?: readonly string[]
  /** Further options, arguments and shared ones. */
  readonly shape?: (command: Command) => void
  /**
   * @param options As commander hands them on: each command says in its own type which ones it reads.
   * @param words The arguments, in order; what was left out is missing.
   */
  readonly does?: (
    context: CommandContext,
    options: never,
    words: readonly string[],
    command: Command,
  ) => Promise<ExitCode>
  readonly below?: readonly CommandSpec[]
  /** Not shown in `--help`, completion and manual: for other programs. */
  readonly hidden?: boolean
}

export const sessionWord = 'id, beginning of an id (4 characters or more), or title'
export const checkpointWord = '<session>/<number>, or a session for its newest'

export interface CommandGroup {
  readonly title: string
  readonly commands: readonly CommandSpec[]
}

const examplesOf = new WeakMap<Command, readonly Example[]>()

export function examplesFor(command: Command): readonly Example[] {
  return examplesOf.get(command) ?? []
}

export function addGroups(
  program: Command,
  groups: readonly CommandGroup[],
  context: CommandContext,
  result: ProgramResult,
): void {
  for (const { title, commands } of groups) {
    program.commandsGroup(title)
    for (const spec of commands) addCommand(program, spec, context, result)
  }
}

function addCommand(parent: Command, spec: CommandSpec, context: CommandContext, result: ProgramResult): void {
  const command = parent
    .command(spec.usage, { hidden: spec.hidden ?? false })
    .description(spec.help)
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
  const path = pathTo(command)
  command.configureOutput({ outputError: (text, write) => write(usageLine(text, path)) })
  for (const [i, argument] of command.registeredArguments.entries()) argument.description = spec.words?.[i] ?? ''
  if (spec.choices !== undefined) command.registeredArguments[0]?.choices(spec.choices)
  spec.shape?.(command)
  addExamples(command, spec.examples ?? [])
  const { does, below } = spec
  if (does !== undefined) {
    command.action(async () => {
      // Of `[name...]` commander makes a list.
      const words = command.processedArgs.flat().filter(word => word !== undefined) as string[]
      result.exitCode = await does(context, command.optsWithGlobals() as never, words, command)
    })
  }
  if (below === undefined) return
  command.helpCommand('help [command]', 'print the help of a command').enablePositionalOptions()
  for (const one of below) addCommand(command, one, context, result)
}

/** "state check": without the program's own name. */
function pathTo(command: Command): string {
  return command.parent === null ? '' : `${pathTo(command.parent)} ${command.name()}`.trim()
}

export function addExamples(command: Command, examples: readonly Example[]): void {
  if (examples.length === 0) return
  examplesOf.set(command, examples)
  command.addHelpText('after', `\nExamples:\n${exampleLines(examples).join('\n')}`)
}

const exampleColumns = 38

function exampleLines(examples: readonly Example[]): readonly string[] {
  return examples.flatMap(({ line, help }) => {
    const typed = `session-monitor ${line}`
    return typed.length < exampleColumns
      ? [`  ${typed.padEnd(exampleColumns)} ${help}`]
      : [`  ${typed}`, `  ${' '.repeat(exampleColumns)} ${help}`]
  })
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON, as "schema" describes it')
}

export function withOutput(command: Command): Command {
  return withJson(command).option('-q, --quiet', 'print failures only')
}

/** Flags that stand for settings, besides the interval: for this run only, over the settings file. */
export function withPolicy(command: Command): Command {
  for (const { flag, key, value } of settingFlags.filter(each => each.name !== 'interval')) {
    command.option(`${flag} <${value}>`, settingHelp(key))
  }
  return command
}

export function withInterval(command: Command): Command {
  return command.option('--interval <minutes>', settingHelp('intervalMinutes'))
}

/** "checkpoint when this many files changed (1 to 10000 files; default 15)" */
function settingHelp(key: string): string {
  const field = numberFields.find(each => each.key === key)
  if (field === undefined) throw new Error(`no setting ${key}`)
  const help = field.help.charAt(0).toLowerCase() + field.help.slice(1).replace(/\.$/, '')
  return `${help} (${field.min} to ${field.max} ${field.unit}; default ${field.default})`
}
