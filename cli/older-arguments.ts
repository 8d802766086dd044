/**
 * The command line of the older monitor's scripts, as this program's own: `Install -Interval 10` becomes
 * `install --interval 10`. Pure; what is not known is left as it is.
 */

const options = [
  'interval',
  'time-hours',
  'activity-files',
  'idle-minutes',
  'context-percent',
  'quiet',
  'once',
  'follow',
] as const
const commands = ['install', 'uninstall', 'start', 'stop', 'status', 'logs', 'test', 'help'] as const

/** @param args What follows the program's name. */
export function olderArguments(args: readonly string[]): readonly string[] {
  return args.map((arg, i) => (i === 0 ? commandOf(arg) : optionOf(arg)))
}

function commandOf(arg: string): string {
  return commands.find(name => name === arg.toLowerCase()) ?? optionOf(arg)
}

/** `-TimeHours`, and `-TimeHours:2` as PowerShell takes it too. */
function optionOf(arg: string): string {
  const [, name = '', value] = /^-([A-Za-z]{4,}(?:-[A-Za-z]+)?)(?::(.*))?$/.exec(arg) ?? []
  const known = options.find(option => option.replaceAll('-', '') === name.toLowerCase().replaceAll('-', ''))
  if (known === undefined) return arg
  return value === undefined ? `--${known}` : `--${known}=${value}`
}
