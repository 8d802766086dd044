/** The whole command line as plain values, read off commander: what completions and the manual are made from. Pure. */
import type { Argument, Command, Option } from 'commander'
import { type Example, examplesFor } from './program/command-tree.ts'

export interface WordDescription {
  readonly name: string
  readonly help: string
  readonly required: boolean
  readonly many: boolean
  readonly choices: readonly string[]
}

export interface OptionDescription {
  /** With its dash; null if there is none. */
  readonly short: string | null
  /** With its dashes. */
  readonly long: string
  readonly help: string
  /** Null for a flag that stands alone. */
  readonly value: { readonly name: string; readonly choices: readonly string[] } | null
}

export interface CommandDescription {
  /** From below the program, such as `state list`; '' for the program itself. */
  readonly path: string
  readonly help: string
  readonly words: readonly WordDescription[]
  readonly options: readonly OptionDescription[]
  readonly examples: readonly Example[]
  readonly commands: readonly CommandDescription[]
}

export function describeCommand(command: Command, path = ''): CommandDescription {
  const helper = command.createHelp()
  const below = helper.visibleCommands(command).filter(one => one.name() !== 'help')
  return {
    path,
    help: command.description(),
    words: command.registeredArguments.map(wordOf),
    options: helper.visibleOptions(command).map(optionOf),
    examples: examplesFor(command),
    commands: below.map(one => describeCommand(one, path === '' ? one.name() : `${path} ${one.name()}`)),
  }
}

/** The command and all below it, in the order of the help. */
export function flatten(command: CommandDescription): readonly CommandDescription[] {
  return [command, ...command.commands.flatMap(flatten)]
}

/** "<session>", "[session...]" */
export function wordUsage({ name, required, many }: WordDescription): string {
  const inside = `${name}${many ? '...' : ''}`
  return required ? `<${inside}>` : `[${inside}]`
}

function wordOf(argument: Argument): WordDescription {
  return {
    name: argument.name(),
    help: argument.description,
    required: argument.required,
    many: argument.variadic,
    choices: argument.argChoices ?? [],
  }
}

function optionOf(option: Option): OptionDescription {
  const [, name] = /[<[]([^>\].]+)/.exec(option.flags) ?? []
  return {
    short: option.short ?? null,
    long: option.long ?? '',
    help: option.description,
    value: name === undefined ? null : { name, choices: option.argChoices ?? [] },
  }
}
