/** Commands that give back what is saved. */
import { Option } from 'commander'
import { type CommandGroup, checkpointWord, withOutput } from './command-tree.ts'

export const givingBack: CommandGroup = {
  title: 'Give back:',
  commands: [
    {
      usage: 'restore <checkpoint>',
      help: 'give a checkpoint back into a new folder, verified byte for byte',
      words: [checkpointWord],
      examples: [
        { line: 'restore 3f2a9c1e --to ../rescued', help: 'the newest of this session' },
        { line: 'restore 3f2a9c1e/2 --to ../old --only files', help: 'its second, without the transcript' },
      ],
      shape: command => {
        command
          .requiredOption('--to <folder>', 'where to; must not exist yet, or be empty')
          .addOption(
            new Option('--only <part>', 'a part alone, for instance when the other is damaged').choices([
              'files',
              'transcript',
            ]),
          )
        withOutput(command)
      },
      does: async (context, options, [name = '']) =>
        (await import('../commands/restore.ts')).restore(context, name, options),
    },
  ],
}
