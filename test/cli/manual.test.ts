/** The manual page: complete, and right in the eyes of groff where it is installed. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { describeCommand, flatten } from '../../cli/describe.ts'
import { exitCodeMeanings, exitCodes } from '../../cli/exit-codes.ts'
import { renderManual } from '../../cli/manual.ts'
import { buildProgram } from '../../cli/program.ts'
import { createFakeTerminal } from './fake-terminal.ts'

const { terminal } = createFakeTerminal()
const environment = { env: {}, home: '/nowhere', platform: 'linux' } as const
const interrupted = new AbortController().signal
const program = describeCommand(
  buildProgram({ terminal, environment, interrupted, log: () => {}, nowMs: () => 0 }, { exitCode: exitCodes.fine }),
)
const parts = {
  version: '1.2.3',
  exitCodes: exitCodeMeanings,
  environment: [['NO_COLOR', 'no colours']],
  files: [['/data/.hidden', "what begins with a dot, has 'quotes' or a \\ in it"]],
} as const

const hasGroff = spawnSync('groff', ['--version']).status === 0
if (!hasGroff) console.warn('The manual is not checked by groff: it is not installed')

describe('the manual', () => {
  it('has every command with its options, arguments and examples', () => {
    const page = renderManual(program, parts).replaceAll('\\-', '-')
    for (const { path, options, examples } of flatten(program).filter(({ commands }) => commands.length === 0)) {
      expect(page).toContain(`.SS ${path}`)
      for (const { long } of options) expect(page).toContain(long)
      for (const { line } of examples) expect(page).toContain(line)
    }
  })

  it('lets no text become a request or an escape', () => {
    const page = renderManual(program, parts)
    expect(page).toContain(".I /data/.hidden\nwhat begins with a dot, has 'quotes' or a \\e in it")
    const requests = page.split('\n').filter(line => /^[.']/.test(line))
    expect(requests.filter(line => !/^\.(TH|SH|SS|TP|B|BI|I|RI)( |$)/.test(line))).toEqual([])
  })

  it.runIf(hasGroff)('is taken by groff without a warning', () => {
    const { stderr, status } = spawnSync('groff', ['-ww', '-man', '-Tutf8'], {
      input: renderManual(program, parts),
      encoding: 'utf8',
    })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })
})

describe('the description of the command line', () => {
  it('has a help and an example for every command that is shown', () => {
    const leaves = flatten(program).filter(({ commands }) => commands.length === 0)
    expect(leaves.filter(({ help, examples }) => help === '' || examples.length === 0)).toEqual([])
    expect(leaves.flatMap(({ words }) => words.filter(word => word.help === ''))).toEqual([])
  })
})
