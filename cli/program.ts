/**
 * The command line as it is documented: every command, option and example, and nothing of what they do.
 *
 * Each command's module is loaded when it is asked for, so that `--help` reads this file and commander only.
 */
import { Command, type CommanderError, Option } from 'commander'
import about from '../package.json' with { type: 'json' }
import { oneLine } from '../shared/core/format.ts'
import { numberFields } from '../shared/core/settings.ts'
import type { CommandContext } from './context.ts'
import { type ExitCode, exitCodeHelp, exitCodes } from './exit-codes.ts'
import { settingFlags } from './flags.ts'
import { problemLine } from './terminal.ts'

/** Where a command leaves its answer; the entry point hands it to the process. */
export interface ProgramResult {
  exitCode: ExitCode
}

const examples = `Examples:
  session-monitor list --why               every session, most urgent first, with the reasons
  session-monitor check                    save what is due, once
  session-monitor run --interval 10        keep watch, a check every 10 minutes
  session-monitor checkpoint 3f2a9c1e      save this session now (its id, the beginning of it, or its title)
  session-monitor restore 3f2a9c1e --to ../rescued
                                           give its newest checkpoint back, into a new folder`

const checkpointHelp = '<session>/<number>, or a session for its newest'

const environmentHelp = `Environment:
  SESSION_MONITOR_HOME   where checkpoints and settings lie
  CLAUDE_CONFIG_DIR      where Claude Code keeps its sessions; several with commas between them
  NO_COLOR               no colours`

export function buildProgram(context: CommandContext, result: ProgramResult): Command {
  const answer = async (work: Promise<ExitCode>) => {
    result.exitCode = await work
  }
  const program = new Command('session-monitor')
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
      outputError: (text, write) => write(usageLine(text)),
      getOutHelpWidth: () => Math.min(context.terminal.width(), 110),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', `\n${examples}\n\n${exitCodeHelp}\n\n${environmentHelp}`)
    .option('--once', 'the same as "check"')
    .allowExcessArguments()
    .action(async (options: Record<string, unknown>) => {
      const [unknown] = program.args
      if (unknown !== undefined) program.error(`error: unknown command '${unknown}'`)
      const { once, ...rest } = options
      if (once === true) return answer((await import('./commands/check.ts')).check(context, rest))
      if (Object.keys(rest).length > 0) return answer((await import('./commands/run.ts')).run(context, rest))
      program.outputHelp({ error: true })
      result.exitCode = exitCodes.usage
    })
  program.option('--interval <minutes>', settingHelp('intervalMinutes'))
  withPolicy(withOutput(program))

  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .helpOption('-h, --help', 'print this help')
      .allowExcessArguments(false)

  const list = command('list', 'show every session, most urgent first')
    .option('--why', 'with the reason for each and its scores')
    .action(async (_, own: Command) =>
      answer((await import('./commands/list.ts')).list(context, own.optsWithGlobals())),
    )
  withPolicy(withOutput(list))

  const status = command('status', 'show how things stand, on one screen').action(async (_, own: Command) =>
    answer((await import('./commands/status.ts')).status(context, own.optsWithGlobals())),
  )
  withPolicy(withOutput(status))

  const check = command('check', 'look at everything once and save what is due')
    .option('-v, --verbose', 'with an answer for each session')
    .action(async (_, own: Command) =>
      answer((await import('./commands/check.ts')).check(context, own.optsWithGlobals())),
    )
  withPolicy(withOutput(check))

  const run = command('run', 'keep watch until Ctrl-C, one line per check')
    .option('--interval <minutes>', settingHelp('intervalMinutes'))
    .action(async (_, own: Command) => answer((await import('./commands/run.ts')).run(context, own.optsWithGlobals())))
  withPolicy(withOutput(run))

  const checkpoint = command('checkpoint', 'save sessions now, cooling down or not')
    .argument('[session...]', 'id, beginning of an id (4 characters or more), or title')
    .option('--due', 'all that are due')
    .option('--all', 'all with something new')
    .action(async (names: string[], _, own: Command) =>
      answer((await import('./commands/checkpoint.ts')).checkpoint(context, names, own.optsWithGlobals())),
    )
  withPolicy(withOutput(checkpoint))

  const checkpoints = command('checkpoints', 'list what is saved of a session')
    .argument('<session>', 'id, beginning of an id, or title')
    .action(async (name: string, _, own: Command) =>
      answer((await import('./commands/checkpoints.ts')).checkpoints(context, name, own.optsWithGlobals())),
    )
  withJson(checkpoints)

  const show = command('show', 'show a checkpoint: why, what it holds, what it lacks, and its resume brief')
    .argument('<checkpoint>', checkpointHelp)
    .action(async (name: string, _, own: Command) =>
      answer((await import('./commands/checkpoints.ts')).show(context, name, own.optsWithGlobals())),
    )
  withJson(show)

  const restore = command('restore', 'give a checkpoint back into a new folder, verified byte for byte')
    .argument('<checkpoint>', checkpointHelp)
    .requiredOption('--to <folder>', 'where to; must not exist yet, or be empty')
    .addOption(
      new Option('--only <part>', 'a part alone, for instance when the other is damaged').choices([
        'files',
        'transcript',
      ]),
    )
    .action(async (name: string, _, own: Command) =>
      answer((await import('./commands/restore.ts')).restore(context, name, own.optsWithGlobals())),
    )
  withOutput(restore)

  const verify = command('verify', 'check that everything saved can be given back')
    .option('--read-data', 'read and hash every byte, not only what is where')
    .action(async (_, own: Command) =>
      answer((await import('./commands/verify.ts')).verify(context, own.optsWithGlobals())),
    )
  withOutput(verify)

  const gc = command('gc', 'let old checkpoints go as the settings say, and free what nothing needs')
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .action(async (_, own: Command) => answer((await import('./commands/gc.ts')).gc(context, own.optsWithGlobals())))
  withOutput(gc)

  const lock = command('lock', 'hold the lock until Ctrl-C, so that nobody checkpoints meanwhile')
    .option('--status', 'only say who holds it; exit code 3 if somebody does')
    .option('--wait', 'wait until it is free')
    .action(async (_, own: Command) =>
      answer((await import('./commands/lock.ts')).lock(context, own.optsWithGlobals())),
    )
  withOutput(lock)

  addStateCommands(command('state', 'the commands of the older coordinator'), context, answer)

  return program
}

function addStateCommands(state: Command, context: CommandContext, answer: (work: Promise<ExitCode>) => Promise<void>) {
  const load = () => import('./commands/state.ts')
  const below = (usage: string, description: string) =>
    withOutput(state.command(usage).description(description).helpOption('-h, --help', 'print this help'))
  below('list', 'what is saved of each session, newest first').action(async (_, own: Command) =>
    answer((await load()).stateList(context, own.optsWithGlobals())),
  )
  below('check <session> [project]', 'whether it would be checkpointed now, and why').action(
    async (name: string, project: string | undefined, _, own: Command) =>
      answer((await load()).stateCheck(context, name, project, own.optsWithGlobals())),
  )
  below('update <session>', 'checkpoint it now, the same as "checkpoint"').action(
    async (name: string, _, own: Command) => answer((await load()).stateUpdate(context, name, own.optsWithGlobals())),
  )
  below('clean', 'remove what ended processes left behind; never a checkpoint').action(async (_, own: Command) =>
    answer((await load()).stateClean(context, own.optsWithGlobals())),
  )
}

function withJson(command: Command): Command {
  return command.option('--json', 'print JSON')
}

function withOutput(command: Command): Command {
  return withJson(command).option('-q, --quiet', 'print failures only')
}

/** Flags that stand for settings, besides the interval: for this run only, over the settings file. */
function withPolicy(command: Command): Command {
  for (const { flag, key, value } of settingFlags.filter(each => each.name !== 'interval')) {
    command.option(`${flag} <${value}>`, settingHelp(key))
  }
  return command
}

/** "checkpoint when this many files changed (1 to 10000 files; default 15)" */
function settingHelp(key: string): string {
  const field = numberFields.find(each => each.key === key)
  if (field === undefined) throw new Error(`no setting ${key}`)
  const help = field.help.charAt(0).toLowerCase() + field.help.slice(1).replace(/\.$/, '')
  return `${help} (${field.min} to ${field.max} ${field.unit}; default ${field.default})`
}

/** Commander's "error: unknown option '--x'" in the words of this program. */
function usageLine(text: string): string {
  const [, what = '', hint] = /^(?:error: )?(.*?)(?:\n\((Did you mean .*)\))?$/s.exec(text.trim()) ?? []
  return problemLine({ what: oneLine(what, 400).replace(/\.$/, ''), remedy: hint ?? 'see "session-monitor --help"' })
}

/** How commander's own endings (help, version, a wrong option) end the program. */
export function exitCodeOfCommander(error: CommanderError): ExitCode {
  return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
}
