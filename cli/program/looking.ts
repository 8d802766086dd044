/** Commands that look and change nothing. */
import { type CommandGroup, checkpointWord, sessionWord, withJson, withOutput, withPolicy } from './command-tree.ts'

export const looking: CommandGroup = {
  title: 'Look:',
  commands: [
    {
      usage: 'list',
      help: 'show every session, most urgent first',
      examples: [
        { line: 'list --why', help: 'with the reason for each and its scores' },
        { line: 'list --json', help: 'for another program' },
        { line: 'list --time-hours 1', help: 'as it would be if an hour counted' },
      ],
      shape: command => {
        withPolicy(withOutput(command.option('--why', 'with the reason for each and its scores')))
      },
      does: async (context, options) => (await import('../commands/list.ts')).list(context, options),
    },
    {
      usage: 'status',
      help: 'show how things stand, on one screen',
      examples: [{ line: 'status --json', help: 'for a status line or a monitoring system' }],
      shape: command => {
        withPolicy(withOutput(command))
      },
      does: async (context, options) => (await import('../commands/status.ts')).status(context, options),
    },
    {
      usage: 'checkpoints <session>',
      help: 'list what is saved of a session',
      words: [sessionWord],
      examples: [{ line: 'checkpoints 3f2a9c1e', help: 'the beginning of the id is enough' }],
      shape: withJson,
      does: async (context, options, [name = '']) =>
        (await import('../commands/checkpoints.ts')).checkpoints(context, name, options),
    },
    {
      usage: 'show <checkpoint>',
      help: 'show a checkpoint: why, what it holds, what it lacks, and its resume brief',
      words: [checkpointWord],
      examples: [
        { line: 'show 3f2a9c1e', help: "the session's newest" },
        { line: 'show 3f2a9c1e/2', help: 'its second' },
      ],
      shape: withJson,
      does: async (context, options, [name = '']) =>
        (await import('../commands/checkpoints.ts')).show(context, name, options),
    },
  ],
}
