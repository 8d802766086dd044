/** Commands about the monitor that runs: its log, the service that keeps it running, its page. */
import { type CommandGroup, withJson } from './command-tree.ts'

export const running: CommandGroup = {
  title: 'The monitor that runs:',
  commands: [
    {
      usage: 'logs',
      help: 'show the end of its log',
      examples: [
        { line: 'logs -f', help: 'and each further line, until Ctrl-C' },
        { line: 'logs --level warn -n 200', help: 'what went wrong of late' },
      ],
      shape: command => {
        withJson(
          command
            .option('-f, --follow', 'go on with each further line')
            .option('-n, --lines <count>', 'how many lines (default 50)')
            .option('--level <level>', 'of at least this level: debug, info, warn, error'),
        )
      },
      does: async (context, options) => (await import('../commands/logs.ts')).logs(context, options),
    },
  ],
}
