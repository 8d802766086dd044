/** What is wrong with a command line, in the words of this program instead of the parser's. Pure. */
import { oneLine } from '../shared/core/format.ts'
import { problemLine } from './terminal.ts'

/** Of an argument, and of an option's value. */
const badChoices = [
  /^command-argument value '(?<given>.*)' is invalid for argument '(?<name>.*)'\. Allowed choices are (?<choices>.*)\.$/s,
  /^option '.*<(?<name>.*)>' argument '(?<given>.*)' is invalid\. Allowed choices are (?<choices>.*)\.$/s,
]

/**
 * @param text As commander says it: "error: unknown option '--x'", perhaps with "(Did you mean --y?)" below.
 * @param command Path of the command that was given; '' for the program itself.
 */
export function usageLine(text: string, command: string): string {
  const [, said = '', hint] = /^(?:error: )?(.*?)(?:\n\(D(id you mean .*)\))?$/s.exec(text.trim()) ?? []
  const groups = badChoices.map(pattern => pattern.exec(said)?.groups).find(found => found !== undefined)
  if (groups !== undefined) {
    const { given = '', name = '', choices = '' } = groups
    return problemLine({ what: `"${oneLine(given, 80)}" is no ${name}`, remedy: `give one of: ${choices}` })
  }
  const help = `see "session-monitor${command === '' ? '' : ` ${command}`} --help"`
  const remedy = hint === undefined ? help : `d${hint}`
  return problemLine({ what: oneLine(said, 400).replace(/\.$/, ''), remedy })
}
