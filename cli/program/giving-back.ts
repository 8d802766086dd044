/** Commands that compare what is saved and give it back. */
import { Option } from 'commander'
import { type CommandGroup, checkpointWord, withJson, withOutput } from './command-tree.ts'

const collect = (one: string, before: readonly string[] = []) => [...before, one]

export const givingBack: CommandGroup = {
  title: 'Give back:',
  commands: [
    {
      usage: 'rescue',
      help: 'list sessions that died, stalled, were lost or forgotten, and the way back to each',
      examples: [
        { line: 'rescue', help: 'after a crash or a weekend' },
        { line: 'rescue --brief', help: 'with what each was doing' },
      ],
      shape: command => withJson(command.option('--brief', "with each one's resume brief")),
      does: async (context, options) => (await import('../commands/rescue.ts')).rescue(context, options),
    },
    {
      usage: 'diff <checkpoint> [other]',
      help: 'compare a checkpoint with now, or with another one: files and conversation',
      words: [checkpointWord, 'a second checkpoint; without it, how things are now'],
      examples: [
        { line: 'diff 3f2a9c1e', help: 'what changed since its newest' },
        { line: 'diff 3f2a9c1e/2 3f2a9c1e/5', help: 'between two of a session' },
        { line: 'diff 3f2a9c1e --file src/login.ts', help: 'one file, line by line' },
      ],
      shape: command => {
        command
          .addOption(new Option('--file <path>', 'show this file line by line; may be repeated').argParser(collect))
          .option('-p, --patch', 'show every changed file line by line')
        withJson(command)
      },
      does: async (context, options, [name = '', other]) =>
        (await import('../commands/diff.ts')).diff(context, name, other, options),
    },
    {
      usage: 'restore <checkpoint>',
      help: 'plan what giving a checkpoint back would do; do it with --in-place --yes, or into a new folder with --to',
      words: [checkpointWord],
      examples: [
        { line: 'restore 3f2a9c1e', help: 'what would happen; writes nothing' },
        { line: 'restore 3f2a9c1e --in-place --yes', help: 'the newest of this session, undoable' },
        { line: 'restore 3f2a9c1e --only src/login.ts --in-place --yes', help: 'one file; a folder works as well' },
        { line: 'restore 3f2a9c1e --transcript --in-place --yes', help: 'so that claude --resume opens it' },
        { line: 'restore 3f2a9c1e/2 --to ../old --files', help: 'its second, without the transcript' },
      ],
      shape: command => {
        command
          .option('--to <folder>', 'into a new folder, which must not exist yet, or be empty')
          .option('--in-place', "into the project and into Claude Code's own folder; prints the plan")
          .option('-y, --yes', 'do what the plan says; a safety checkpoint comes first')
          .option('--files', 'the work tree alone')
          .option('--transcript', 'the conversation alone')
          .addOption(new Option('--only <path>', 'this file or folder alone; may be repeated').argParser(collect))
          .option('--replace-conflicts', 'write over files whose present content is in no checkpoint')
          .option('--keep-deleted', 'leave files deleted that are not there any more')
        withOutput(command)
      },
      does: async (context, options, [name = '']) =>
        (await import('../commands/restore.ts')).restore(context, name, options),
    },
    {
      usage: 'undo [restore]',
      help: 'list restores in place, put back what was there before one, or finish one that was cut short',
      words: ['id of a restore, or the beginning of it; without it, the list'],
      examples: [
        { line: 'undo', help: 'what can be undone' },
        { line: 'undo --last', help: 'put back what was there before' },
        { line: 'undo --resume 1f0c', help: 'finish one that was cut short' },
      ],
      shape: command => {
        command
          .option('--last', 'the newest that can be')
          .option('--resume', 'finish it instead')
          .option('--replace-conflicts', 'also where something was changed since')
        withOutput(command)
      },
      does: async (context, options, [id]) => (await import('../commands/undo.ts')).undo(context, id, options),
    },
    {
      usage: 'export <checkpoint>',
      help: 'write a checkpoint as one .tar.zst that tar and sha256sum can read and check',
      words: [checkpointWord],
      examples: [{ line: 'export 3f2a9c1e --to login.tar.zst', help: 'for another machine' }],
      shape: command => withOutput(command.requiredOption('--to <file>', 'where to; must not exist yet')),
      does: async (context, options, [name = '']) =>
        (await import('../commands/export.ts')).exportTo(context, name, options),
    },
    {
      usage: 'import <file>',
      help: 'take an exported checkpoint into the store, every byte checked',
      words: ['what "export" wrote'],
      examples: [{ line: 'import login.tar.zst --project ~/shop', help: 'the project lies there on this machine' }],
      shape: command =>
        withOutput(command.option('--project <folder>', 'where the project is here; default where it was there')),
      does: async (context, options, [file = '']) =>
        (await import('../commands/export.ts')).importFrom(context, file, options),
    },
  ],
}
