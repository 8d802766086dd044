/** Commands that checkpoint, or keep others from it. */
import { type CommandGroup, sessionWord, withInterval, withOutput, withPolicy } from './command-tree.ts'

export const saving: CommandGroup = {
  title: 'Save:',
  commands: [
    {
      usage: 'check [session] [project]',
      help: 'look at everything once and save what is due',
      words: ['only say whether this session would be saved now, and why', 'the folder that it belongs to'],
      examples: [
        { line: 'check', help: 'one cycle, as at every interval of "run"' },
        { line: 'check --verbose', help: 'with an answer for each session' },
        { line: 'check 3f2a9c1e', help: 'the same as "state check": looks, saves nothing' },
      ],
      shape: command => {
        withPolicy(withOutput(command.option('-v, --verbose', 'with an answer for each session')))
      },
      does: async (context, options, [session, project]) =>
        session === undefined
          ? (await import('../commands/check.ts')).check(context, options)
          : (await import('../commands/state.ts')).stateCheck(context, session, project, options),
    },
    {
      usage: 'run',
      help: 'keep watch until Ctrl-C, one line per check',
      examples: [
        { line: 'run --interval 10', help: 'a check every 10 minutes' },
        { line: 'run --json', help: 'one line of JSON per check' },
      ],
      shape: command => {
        withPolicy(withOutput(withInterval(command)))
        command.option('--wait', 'where one runs already, wait for its end and take its place')
      },
      does: async (context, options) => (await import('../commands/run.ts')).run(context, options),
    },
    {
      usage: 'checkpoint [session...]',
      help: 'save sessions now, cooling down or not',
      words: [sessionWord],
      examples: [
        { line: 'checkpoint 3f2a9c1e', help: 'this one' },
        { line: 'checkpoint --all', help: 'all with something new' },
      ],
      shape: command => {
        command.option('--due', 'all that are due').option('--all', 'all with something new')
        withPolicy(withOutput(command))
      },
      does: async (context, options, names) =>
        (await import('../commands/checkpoint.ts')).checkpoint(context, names, options),
    },
    {
      usage: 'pause [duration]',
      help: 'let the monitor that runs save nothing by itself for a while',
      words: ['such as 30m, 2h or 1d; until "resume" if it is left out'],
      examples: [{ line: 'pause 2h', help: 'what you ask for by hand is still saved' }],
      shape: withOutput,
      does: async (context, options, [duration]) =>
        (await import('../commands/pause.ts')).pause(context, duration, options),
    },
    {
      usage: 'resume',
      help: 'end a pause',
      examples: [{ line: 'resume', help: 'and check at once' }],
      shape: withOutput,
      does: async (context, options) => (await import('../commands/pause.ts')).resume(context, options),
    },
    {
      usage: 'lock',
      help: 'hold the lock until Ctrl-C, so that nobody checkpoints meanwhile',
      examples: [
        { line: 'lock --status', help: 'who holds it' },
        { line: 'lock --wait', help: 'wait until it is free, then hold it' },
      ],
      shape: command => {
        command
          .option('--status', 'only say who holds it; exit code 3 if somebody does')
          .option('--wait', 'wait until it is free')
        withOutput(command)
      },
      does: async (context, options) => (await import('../commands/lock.ts')).lock(context, options),
    },
    {
      usage: 'state',
      help: 'the commands of the older coordinator',
      below: [
        {
          usage: 'list',
          help: 'what is saved of each session, newest first',
          examples: [{ line: 'state list --json', help: 'for another program' }],
          shape: withOutput,
          does: async (context, options) => (await import('../commands/state.ts')).stateList(context, options),
        },
        {
          usage: 'check <session> [project]',
          help: 'whether it would be checkpointed now, and why',
          words: [sessionWord, 'the folder that it belongs to'],
          examples: [{ line: 'state check 3f2a9c1e', help: 'looks, saves nothing' }],
          shape: withOutput,
          does: async (context, options, [name = '', project]) =>
            (await import('../commands/state.ts')).stateCheck(context, name, project, options),
        },
        {
          usage: 'update <session>',
          help: 'checkpoint it now, the same as "checkpoint"',
          words: [sessionWord],
          examples: [{ line: 'state update 3f2a9c1e', help: 'cooling down or not' }],
          shape: withOutput,
          does: async (context, options, [name = '']) =>
            (await import('../commands/state.ts')).stateUpdate(context, name, options),
        },
        {
          usage: 'clean',
          help: 'remove what ended processes left behind; never a checkpoint',
          examples: [{ line: 'state clean', help: 'temporary files and old lock tickets' }],
          shape: withOutput,
          does: async (context, options) => (await import('../commands/state.ts')).stateClean(context, options),
        },
      ],
    },
  ],
}
