/** `hooks`: what Claude Code and git tell the monitor by themselves. */
import type { Command } from 'commander'
import { type CommandGroup, withOutput } from './command-tree.ts'

function withPlace(command: Command): Command {
  return withOutput(
    command
      .option('--project [folder]', 'of one project only, in its personal settings (default: the current folder)')
      .option('--git [folder]', 'the post-commit hook of a repository, instead (default: the current folder)'),
  )
}

export const hooks: CommandGroup = {
  title: 'Hooks:',
  commands: [
    {
      usage: 'hooks',
      help: 'let Claude Code and git tell of what they do, so that it is saved at once',
      below: [
        {
          usage: 'install',
          help: "add to Claude Code's settings; everything else in them stays byte for byte",
          examples: [
            { line: 'hooks install', help: 'for every session of yours' },
            { line: 'hooks install --no-brief', help: 'without what new sessions are told of the last one' },
            { line: 'hooks install --git', help: 'checkpoint after a commit in this repository' },
          ],
          shape: command => {
            withPlace(command).option('--no-brief', 'do not tell a new session what the last one left unfinished')
          },
          does: async (context, options) => (await import('../commands/hooks.ts')).hooksInstall(context, options),
        },
        {
          usage: 'uninstall',
          help: "take them out of Claude Code's settings; an untouched file gets its old bytes back",
          examples: [{ line: 'hooks uninstall --all', help: 'wherever they were put' }],
          shape: command => {
            withPlace(command).option('--all', 'wherever they were put, projects too')
          },
          does: async (context, options) => (await import('../commands/hooks.ts')).hooksUninstall(context, options),
        },
        {
          usage: 'status',
          help: 'where they are, and whether they are in force',
          examples: [{ line: 'hooks status --json', help: 'for another program' }],
          shape: command => {
            withOutput(command.option('--project [folder]', 'of this project too (default: the current folder)'))
          },
          does: async (context, options) => (await import('../commands/hooks.ts')).hooksStatus(context, options),
        },
      ],
    },
  ],
}
