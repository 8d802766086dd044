/** Commands that look after the store, the settings and the program itself. */
import { presetNames } from '../../shared/core/settings-presets.ts'
import { type CommandGroup, withJson, withOutput } from './command-tree.ts'

export const upkeep: CommandGroup = {
  title: 'Upkeep:',
  commands: [
    {
      usage: 'doctor',
      help: 'check this machine and this installation, and say what to do where something is amiss',
      examples: [
        { line: 'doctor', help: 'first thing when something does not work' },
        { line: 'doctor --json', help: 'for a report: home folder and secrets are left out' },
      ],
      shape: withOutput,
      does: async (context, options) => (await import('../commands/doctor.ts')).doctor(context, options),
    },
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
    {
      usage: 'settings',
      help: 'show and change what is set; a monitor that runs applies it at once',
      below: [
        {
          usage: 'get [key]',
          help: 'show every setting, or one',
          words: ['such as intervalMinutes, or a group such as thresholds'],
          examples: [
            { line: 'settings get', help: 'all, with what is allowed' },
            { line: 'settings get thresholds', help: 'a group' },
          ],
          shape: withJson,
          does: async (context, options, [key]) =>
            (await import('../commands/settings.ts')).settingsGet(context, key, options),
        },
        {
          usage: 'set <key> <value...>',
          help: 'set one; checked before anything is written',
          words: ['as "settings get" names it', 'a number, true or false, a word, or JSON'],
          examples: [
            { line: 'settings set thresholds.timeHours 1', help: 'checkpoint after an hour' },
            { line: 'settings set language de', help: 'a word' },
          ],
          shape: withOutput,
          does: async (context, options, words) =>
            (await import('../commands/settings.ts')).settingsSet(context, words, options),
        },
        {
          usage: 'reset [key...]',
          help: 'go back to the default',
          words: ['as "settings get" names them'],
          examples: [{ line: 'settings reset thresholds.timeHours', help: 'this one' }],
          shape: command => {
            withOutput(command.option('--all', 'everything, projects and folders too'))
          },
          does: async (context, options, keys) =>
            (await import('../commands/settings.ts')).settingsReset(context, keys, options),
        },
        {
          usage: 'preset <name>',
          help: 'set interval and thresholds to a ready-made policy',
          words: ['which'],
          choices: presetNames,
          examples: [{ line: 'settings preset conservative', help: 'fewer checkpoints' }],
          shape: withOutput,
          does: async (context, options, [name = '']) =>
            (await import('../commands/settings.ts')).settingsPreset(context, name, options),
        },
        {
          usage: 'path',
          help: 'print where the settings file lies',
          examples: [{ line: 'settings path', help: 'it may be edited by hand, too' }],
          shape: withJson,
          does: async (context, options) => (await import('../commands/settings.ts')).settingsPath(context, options),
        },
      ],
    },
  ],
}
