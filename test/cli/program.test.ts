/** What the command line takes and refuses before anything is looked at, without starting a process. */
import { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { exitCodes } from '../../cli/exit-codes.ts'
import type { ProgramResult } from '../../cli/program/command-tree.ts'
import { buildProgram, exitCodeOfCommander } from '../../cli/program.ts'
import { createFakeTerminal } from './fake-terminal.ts'

/** An environment in which nothing can be found, so that what gets through would be seen. */
const environment = { env: { SESSION_MONITOR_HOME: '/nowhere' }, home: '/nowhere', platform: 'linux' } as const

async function parse(...args: readonly string[]) {
  const { terminal, out, err } = createFakeTerminal()
  const result: ProgramResult = { exitCode: exitCodes.fine }
  const interrupted = new AbortController().signal
  const program = buildProgram({ terminal, environment, interrupted, log: () => {}, nowMs: () => 0 }, result)
  const ending = await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => error)
  const code = ending instanceof CommanderError ? exitCodeOfCommander(ending) : result.exitCode
  return { code, out: out(), err: err() }
}

const commands = ['list', 'status', 'check', 'run', 'checkpoint', 'checkpoints', 'show', 'restore', 'verify']

describe('help', () => {
  it('names every command, flag and exit code, with examples', async () => {
    const { code, out, err } = await parse('--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const flags = ['--once', '--interval', '--time-hours', '--activity-files', '--idle-minutes', '--context-percent']
    const codes = Object.values(exitCodes).map(each => `  ${each}  `)
    for (const word of [...commands, ...flags, ...codes, 'Examples:', 'NO_COLOR']) expect(out).toContain(word)
  })

  it.each(commands)('of %s is printed in both ways', async command => {
    const help = await parse(command, '--help')
    expect(help).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Usage: session-monitor ${command}`) })
    expect(await parse('help', command)).toEqual(help)
  })

  it('goes to standard error, with code 2, when nothing is asked', async () => {
    expect(await parse()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Usage: session-monitor') })
  })
})

describe('a wrong command line', () => {
  it.each([
    ['an unknown command', ['lst'], "unknown command 'lst'; did you mean list?"],
    ['a name that is like none', ['zzzzzz'], `unknown command 'zzzzzz'; see "session-monitor --help"`],
    ['a missing argument', ['settings', 'set'], `argument 'key'; see "session-monitor settings set --help"`],
    ['a choice that is none', ['completion', 'tcsh'], '"tcsh" is no shell; give one of: bash, zsh, fish'],
    ['a level that is none', ['logs', '--level', 'loud'], '"loud" is no level; give one of: debug, info, warn, error'],
    ['an unknown option', ['--nope'], "unknown option '--nope'"],
    ['a misspelt option', ['list', '--jsn'], 'did you mean --json?'],
    ['an argument too many', ['list', 'extra'], 'too many arguments'],
    ['a flag without its value', ['check', '--time-hours'], "'--time-hours <hours>' argument missing"],
    [
      'a flag out of its range',
      ['check', '--time-hours', '900'],
      '--time-hours must be a number from 0.05 to 720 hours',
    ],
    [
      'a flag that is no number',
      ['run', '--interval', 'x'],
      '--interval must be a number from 1 to 60 minutes, not "x"',
    ],
    ['a flag before the command', ['--idle-minutes', '0', 'list'], '--idle-minutes must be a number from 1'],
    ['an interval where nothing repeats', ['check', '--interval', '5'], "unknown option '--interval'"],
    ['no session named', ['checkpoint'], 'no session is named'],
    ['names and --all', ['checkpoint', 'x', '--all'], 'exclude each other'],
    ['--due and --all', ['checkpoint', '--due', '--all'], 'exclude each other'],
    ['no checkpoint', ['show'], "missing required argument 'checkpoint'"],
    ['no target', ['export', '3f2a'], "required option '--to <file>' not specified"],
    [
      'two parts at once',
      ['restore', 'x', '--files', '--transcript'],
      '--files, --transcript and --only exclude each other',
    ],
    ['two places at once', ['restore', 'x', '--to', 'y', '--in-place'], 'exclude each other'],
    ['yes to nothing', ['restore', 'x', '--yes'], 'it is not clear where to'],
    ['hostile text', ['\u001b[2J\nx'], "unknown command ' [2J x'"],
  ])('with %s ends with code 2 and one line that says what to do', async (_title, args, words) => {
    const { code, out, err } = await parse(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^session-monitor: [^\n]+; [^\n]+\n$/)
    expect(err).toContain(words)
  })
})
