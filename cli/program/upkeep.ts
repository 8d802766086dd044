/** Commands that look after the store, the settings and the program itself. */
import { type CommandGroup, withOutput } from './command-tree.ts'

export const upkeep: CommandGroup = {
  title: 'Upkeep:',
  commands: [
    {
      usage: 'verify',
      help: 'check that everything saved can be given back',
      examples: [{ line: 'verify --read-data', help: 'read and hash every byte' }],
      shape: command => {
        withOutput(command.option('--read-data', 'read and hash every byte, not only what is where'))
      },
      does: async (context, options) => (await import('../commands/verify.ts')).verify(context, options),
    },
    {
      usage: 'gc',
      help: 'let old checkpoints go as the settings say, and free what nothing needs',
      examples: [{ line: 'gc --dry-run', help: 'say what would go, remove nothing' }],
      shape: command => {
        withOutput(command.option('--dry-run', 'say what would be removed, and remove nothing'))
      },
      does: async (context, options) => (await import('../commands/gc.ts')).gc(context, options),
    },
  ],
}
