/** Commands that describe the command line itself: completions, manual, the shape of its JSON. */
import { completeSessions, shells } from '../completion.ts'
import { type CommandGroup, sessionWord } from './command-tree.ts'

/** Name and meaning, for the help and the manual. */
export const environmentVariables = [
  ['SESSION_MONITOR_HOME', 'where checkpoints and settings lie'],
  ['CLAUDE_CONFIG_DIR', 'where Claude Code keeps its sessions; several with commas between them'],
  ['NO_COLOR', 'no colours'],
] as const

export const shell: CommandGroup = {
  title: 'This program:',
  commands: [
    {
      usage: 'completion <shell>',
      help: 'print a completion script for a shell',
      words: ['what to print it for'],
      choices: shells,
      examples: [
        { line: 'completion bash >> ~/.bashrc', help: 'or: eval "$(session-monitor completion bash)"' },
        { line: 'completion zsh > ~/.zfunc/_session-monitor', help: 'a folder of $fpath, before compinit' },
        { line: 'completion fish | source', help: 'in ~/.config/fish/config.fish' },
      ],
      does: async (context, _, [name = ''], command) =>
        (await import('../commands/shell.ts')).completion(context, name, command),
    },
    {
      usage: 'man',
      help: 'print the manual page',
      examples: [{ line: 'man | man -l -', help: 'read it' }],
      does: async (context, _options, _words, command) =>
        (await import('../commands/shell.ts')).manual(context, command),
    },
    {
      usage: 'schema [command...]',
      help: 'print the JSON Schema of what a command prints with --json; alone: which commands have one',
      words: ['such as: list, or: state check'],
      examples: [{ line: 'schema list', help: 'fields may be added later; none goes or changes its meaning' }],
      does: async (context, _, words) => (await import('../commands/schema.ts')).schema(context, words.join(' ')),
    },
    {
      usage: completeSessions,
      help: `print every session that is saved, for completions (${sessionWord})`,
      hidden: true,
      does: async context => (await import('../commands/shell.ts')).sessionsToComplete(context),
    },
  ],
}
