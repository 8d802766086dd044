/** Command lines that need no parser: `list` and `status` with switches only, which are asked most and must be quick. */
import type { CommandContext } from './context.ts'
import type { ExitCode } from './exit-codes.ts'

const commonSwitches = { '--json': 'json', '--quiet': 'quiet', '-q': 'quiet' } as const
const switches: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  list: { ...commonSwitches, '--why': 'why' },
  status: commonSwitches,
}

/** The options as the parser would hand them on; null for every other command line. */
export function quickOptions([command = '', ...rest]: readonly string[]): Readonly<Record<string, true>> | null {
  const known = Object.hasOwn(switches, command) ? switches[command] : undefined
  if (known === undefined || !rest.every(arg => Object.hasOwn(known, arg))) return null
  return Object.fromEntries(rest.map(arg => [known[arg], true]))
}

/** Runs it; null where it is not one of these. */
export function quickCommand(context: CommandContext, args: readonly string[]): Promise<ExitCode> | null {
  const options = quickOptions(args)
  if (options === null) return null
  return args[0] === 'list'
    ? import('./commands/list.ts').then(({ list }) => list(context, options))
    : import('./commands/status.ts').then(({ status }) => status(context, options))
}
