/** Commands about the monitor that runs: its log, the service that keeps it running, its page. */
import { Option } from 'commander'
import { type CommandGroup, withJson } from './command-tree.ts'

export const running: CommandGroup = {
  title: 'The monitor that runs:',
  commands: [
    {
      usage: 'serve',
      help: 'show it as a page in the browser, on this machine only',
      examples: [
        { line: 'serve', help: 'opens the browser, or prints the link and the SSH tunnel' },
        { line: 'serve --port 9000 --no-open', help: 'at this port, prints the link only' },
      ],
      shape: command => {
        command
          .option('--port <number>', 'listen here on 127.0.0.1 (default 8737, or any free one)')
          .option('--no-open', 'do not open the browser')
          .option('--allow-changes', 'let pages change settings and give work back, not only look and save')
      },
      does: async (context, options) => (await import('../commands/serve.ts')).serve(context, options),
    },
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
            .addOption(
              new Option('--level <level>', 'of at least this level').choices(['debug', 'info', 'warn', 'error']),
            ),
        )
      },
      does: async (context, options) => (await import('../commands/logs.ts')).logs(context, options),
    },
  ],
}
