/** The manual page in roff, made from the description of the command line. Pure. */
import { type CommandDescription, flatten, type OptionDescription, wordUsage } from './describe.ts'

export interface ManualParts {
  readonly version: string
  /** As in the help: code and meaning. */
  readonly exitCodes: readonly (readonly [code: number, help: string])[]
  readonly environment: readonly (readonly [name: string, help: string])[]
  readonly files: readonly (readonly [path: string, help: string])[]
}

const about = `Active Session Monitor finds every Claude Code session on the machine, knows what each would lose if it died now, and checkpoints transcript, work tree and a resume brief of those that need it into a store of its own. Sessions are named by their id, by the beginning of it (4 characters or more), or by their title.`

export function renderManual(program: CommandDescription, parts: ManualParts): string {
  const commands = flatten(program).filter(({ path, commands }) => path !== '' && commands.length === 0)
  const lines = [
    `.TH SESSION\\-MONITOR 1 "" "session\\-monitor ${text(parts.version)}" "User Commands"`,
    '.SH NAME',
    `session\\-monitor \\- ${text(program.help.replace(/\.$/, '').replace(/^[A-Z]/, letter => letter.toLowerCase()))}`,
    '.SH SYNOPSIS',
    '.B session\\-monitor',
    '.RI [ options ]',
    '.RI [ command ]',
    '.SH DESCRIPTION',
    text(about),
    '.SH OPTIONS',
    ...program.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...parts.exitCodes.flatMap(([code, help]) => item(`.B ${code}`, help)),
    '.SH ENVIRONMENT',
    ...parts.environment.flatMap(([name, help]) => item(`.B ${text(name)}`, help)),
    '.SH FILES',
    ...parts.files.flatMap(([path, help]) => item(`.I ${text(path)}`, help)),
    '.SH EXAMPLES',
    ...program.examples.flatMap(example => item(`.B session\\-monitor ${text(example.line)}`, example.help)),
  ]
  return `${lines.join('\n')}\n`
}

function commandLines(command: CommandDescription): readonly string[] {
  const usage = [command.path, ...command.words.map(wordUsage)].join(' ')
  return [
    `.SS ${text(usage)}`,
    text(sentence(command.help)),
    ...command.words.filter(word => word.help !== '').flatMap(word => item(`.I ${text(word.name)}`, word.help)),
    ...command.options.flatMap(optionLines),
    ...command.examples.flatMap(example => item(`.B session\\-monitor ${text(example.line)}`, example.help)),
  ]
}

function optionLines({ short, long, value, help }: OptionDescription): readonly string[] {
  const name = short === null ? long : `${short}, ${long}`
  return item(value === null ? `.B ${text(name)}` : `.BI "${text(name)} " ${text(value.name)}`, help)
}

function item(tag: string, help: string): readonly string[] {
  return ['.TP', tag, text(help)]
}

function sentence(help: string): string {
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}.`
}

/** Plain text for roff: no request at the start of a line, a hyphen that can be copied, no escape of its own. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/^([.'])/, '\\&$1')
}
