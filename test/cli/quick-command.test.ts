import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../cli/program.ts'
import { quickOptions } from '../../cli/quick-command.ts'
import { createFakeTerminal } from './fake-terminal.ts'

const context = {
  terminal: createFakeTerminal().terminal,
  environment: { env: {}, home: '/nowhere', platform: 'linux' },
  interrupted: new AbortController().signal,
  log: () => {},
  nowMs: () => 0,
} as const

/** What the parser makes of the same words. */
function parsed([name = '', ...rest]: readonly string[]) {
  const program = buildProgram(context, { exitCode: 0 })
  const command = program.commands.find(each => each.name() === name)
  const { operands, unknown } = command?.parseOptions([...rest]) ?? {}
  return { options: command?.opts(), operands, unknown }
}

describe('a command line that needs no parser', () => {
  it.each([
    [['list']],
    [['list', '--json']],
    [['list', '--why', '--quiet']],
    [['list', '-q', '--json', '--why']],
    [['status']],
    [['status', '--quiet', '--json']],
  ])('%j means what the parser makes of it', args => {
    expect(parsed(args)).toEqual({ options: quickOptions(args), operands: [], unknown: [] })
  })

  it.each([
    [[]],
    [['--help']],
    [['list', '--help']],
    [['list', '--time-hours', '1']],
    [['list', 'extra']],
    [['list', '--js']],
    [['status', '--why']],
    [['check']],
    [['toString']],
    [['list', 'toString']],
  ])('%j is left to the parser', args => {
    expect(quickOptions(args)).toBe(null)
  })
})
