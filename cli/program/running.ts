/** Commands about the monitor that runs: its log, the service that keeps it running, its page. */
import { Option } from 'commander'
import { type CommandGroup, type CommandSpec, withInterval, withJson, withOutput, withPolicy } from './command-tree.ts'

const loadService = () => import('../commands/service.ts')

const install: CommandSpec = {
  usage: 'install',
  help: 'start it now and at each login, and again when it breaks',
  examples: [{ line: 'service install --interval 10', help: 'with a check every 10 minutes' }],
  shape: command => {
    withPolicy(withOutput(withInterval(command)))
  },
  does: async (context, options) => (await loadService()).serviceInstall(context, options),
}
const uninstall: CommandSpec = {
  usage: 'uninstall',
  help: 'stop it and take the service away; what is saved stays',
  examples: [{ line: 'service uninstall', help: 'and keep every checkpoint' }],
  shape: command => {
    withOutput(command)
  },
  does: async (context, options) => (await loadService()).serviceUninstall(context, options),
}
const start: CommandSpec = {
  usage: 'start',
  help: 'start the service now',
  examples: [{ line: 'service start', help: 'without waiting for the next login' }],
  shape: command => {
    withOutput(command)
  },
  does: async (context, options) => (await loadService()).serviceStart(context, options),
}
const stop: CommandSpec = {
  usage: 'stop',
  help: 'stop the service until the next login',
  examples: [{ line: 'service stop', help: 'to work on the machine undisturbed' }],
  shape: command => {
    withOutput(command)
  },
  does: async (context, options) => (await loadService()).serviceStop(context, options),
}
const status: CommandSpec = {
  usage: 'status',
  help: 'whether it is installed, and which monitor runs; exit code 1 if none does',
  examples: [{ line: 'service status --json', help: 'for a script' }],
  shape: command => {
    withOutput(command)
  },
  does: async (context, options) => (await loadService()).serviceStatus(context, options),
}

/** As the older monitor's scripts have them, without the word "service". */
const olderFaces: readonly CommandSpec[] = [
  ...[install, uninstall, start, stop].map(spec => ({ ...spec, examples: [], hidden: true })),
  {
    usage: 'test',
    help: 'say what a check would find and save; writes nothing',
    hidden: true,
    shape: command => {
      withPolicy(withOutput(command))
    },
    does: async (context, options) => (await import('../commands/test.ts')).test(context, options),
  },
]

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
        withJson(command)
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
    {
      usage: 'service',
      help: 'let the system keep it running (systemd, launchd, task scheduler), for this user only',
      below: [install, uninstall, start, stop, status],
    },
    ...olderFaces,
  ],
}
