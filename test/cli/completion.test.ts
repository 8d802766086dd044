/** The completion scripts in the shells that they are for; a shell that is not installed is skipped, and that is said. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderCompletion, type Shell, shells } from '../../cli/completion.ts'
import { type CommandDescription, describeCommand } from '../../cli/describe.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { buildProgram } from '../../cli/program.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import { createFakeTerminal } from './fake-terminal.ts'

const { terminal } = createFakeTerminal()
const environment = { env: {}, home: '/nowhere', platform: 'linux' } as const
const interrupted = new AbortController().signal
const program: CommandDescription = describeCommand(
  buildProgram({ terminal, environment, interrupted, log: () => {}, nowMs: () => 0 }, { exitCode: exitCodes.fine }),
)

let scratch: ScratchHome
beforeAll(() => {
  scratch = makeScratchHome('completion')
  for (const shell of shells)
    writeFileSync(path.join(scratch.folder, `script.${shell}`), renderCompletion(shell, program))
  // The program as the scripts find it on PATH: here one that knows two sessions.
  const bin = path.join(scratch.folder, 'bin')
  mkdirSync(bin)
  writeFileSync(
    path.join(bin, 'session-monitor'),
    '#!/bin/sh\n[ "$1" = complete-sessions ] && printf \'3f2a9c1e-0\\tFix: the login\\n7b11d0c5-0\\tWrite docs\\n\'\n',
  )
  chmodSync(path.join(bin, 'session-monitor'), 0o755)
  writeFileSync(path.join(scratch.folder, 'a-file'), '')
})
afterAll(() => scratch.remove())

/** How each shell is asked what it would offer for `words`, the last of which is being typed; prints one offer a line. */
const ask: Readonly<Record<Shell, (words: readonly string[]) => readonly string[]>> = {
  bash: words => [
    'bash',
    '--norc',
    '-c',
    `source script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _session_monitor; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ],
  // The completion system's own builtins work in an editor only: here they print what they are given.
  zsh: words => [
    'zsh',
    '-f',
    '-c',
    `compdef() { : }; _describe() { print -l -- "\${(@P)@[-1]}" }; compadd() { shift; print -l -- $@ }; _message() { : }; _files() { print -l -- * }
     source ./script.zsh; words=("$@"); CURRENT=$#; _session_monitor`,
    'zsh',
    ...words,
  ],
  fish: words => ['fish', '--no-config', '-c', 'source script.fish; complete -C "$argv"', '--', words.join(' ')],
}

function offersOf(shell: Shell, ...typed: readonly string[]): readonly string[] {
  const [file = '', ...args] = ask[shell](['session-monitor', ...typed])
  const env = { ...scratch.env, PATH: `${path.join(scratch.folder, 'bin')}:${process.env['PATH']}`, TERM: 'dumb' }
  const { stdout, stderr, status } = spawnSync(file, args, { cwd: scratch.folder, env, encoding: 'utf8' })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  // Zsh and fish tell a help beside each offer.
  return stdout
    .trim()
    .split('\n')
    .map(line => line.split(/[\t:]/)[0] ?? '')
}

const isInstalled = (shell: Shell) => spawnSync(shell, ['--version']).status === 0
for (const shell of shells.filter(one => !isInstalled(one))) {
  console.warn(`The ${shell} completion is not tested: ${shell} is not installed`)
}

describe.each(shells.filter(isInstalled))('the completion of %s', shell => {
  it('offers the commands, and those below a command', () => {
    const commands = program.commands.map(({ path: name }) => name)
    expect(offersOf(shell, '')).toEqual(expect.arrayContaining(commands))
    expect(offersOf(shell, 'state', '')).toEqual(expect.arrayContaining(['list', 'check', 'update', 'clean']))
  })

  it('offers the options of the command that is typed, and of no other', () => {
    const offers = offersOf(shell, 'verify', '--')
    expect(offers).toEqual(expect.arrayContaining(['--read-data', '--json', '--quiet']))
    expect(offers).not.toContain('--why')
  })

  it('offers the choices of a value and of an argument', () => {
    expect(offersOf(shell, 'logs', '--level', '').toSorted()).toEqual(['debug', 'error', 'info', 'warn'])
    expect(offersOf(shell, 'completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
  })

  it('offers sessions where one is wanted, and files where a folder is', () => {
    expect(offersOf(shell, 'checkpoints', '')).toEqual(expect.arrayContaining(['3f2a9c1e-0', '7b11d0c5-0']))
    expect(offersOf(shell, 'restore', '--to', 'a-')).toContain('a-file')
  })
})
