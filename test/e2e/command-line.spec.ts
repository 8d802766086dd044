/**
 * Every command of the built program on made-up sessions: in a pipe and in a pseudo-terminal, with its exit code, and
 * its JSON against the schema that is published of it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeCommand, flatten } from '../../cli/describe.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { outputSchemas } from '../../cli/json-schemas.ts'
import { buildProgram } from '../../cli/program.ts'
import { createFakeTerminal } from '../cli/fake-terminal.ts'
import { buildDemo, type DemoWorld } from '../support/demo-world.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const program = path.resolve(import.meta.dirname, '../../dist/cli/session-monitor.js')

let scratch: ScratchHome
let demo: DemoWorld
let env: Record<string, string>
let id = ''
let title = ''

beforeAll(() => {
  scratch = makeScratchHome('command-line')
  demo = buildDemo(scratch.folder, Date.now(), { live: [] })
  // No service manager of this machine is asked for anything.
  const bin = path.join(scratch.folder, 'bin')
  mkdirSync(bin)
  for (const name of ['systemctl', 'launchctl'])
    writeFileSync(path.join(bin, name), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  env = {
    ...scratch.env,
    HOME: demo.home,
    CLAUDE_CONFIG_DIR: demo.configDir,
    TERM: 'xterm-256color',
    PATH: `${bin}${path.delimiter}${scratch.env['PATH'] ?? process.env['PATH'] ?? ''}`,
  }
  const [first] = demo.sessions
  id = first?.truth.sessionId ?? ''
  title = first?.script.title ?? ''
  expect(run(['checkpoint', '--all'])).toMatchObject({ code: 0, err: '' })
  const logs = path.join(scratch.dataDir, 'logs')
  mkdirSync(logs, { recursive: true })
  writeFileSync(path.join(logs, 'session-monitor.log'), '2026-11-27 16:47:33,123 - INFO - Started.\nnot of ours\n')
})
afterAll(() => scratch.remove())

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(args: readonly string[], change: Record<string, string> = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: demo.projects[0],
    env: { ...env, ...change },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { code: status, out: stdout, err: stderr }
}

const quoted = (words: readonly string[]) => words.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')

/** Both streams together, as a person sees them. */
function runInTerminal(
  args: readonly string[],
  change: Record<string, string> = {},
): { code: number | null; shown: string } {
  const line = `stty cols 100 rows 40; exec ${quoted([process.execPath, program, ...args])}`
  const { status, stdout } = spawnSync('script', ['-qec', `sh -c ${quoted([line])}`, '/dev/null'], {
    cwd: demo.projects[0],
    env: { ...env, ...change },
    encoding: 'utf8',
    input: '',
    timeout: 60_000,
  })
  return { code: status, shown: stdout }
}

interface Case {
  /** The command's path; `S` and `T` in the arguments stand for a session's id and title. */
  readonly command: string
  readonly args?: readonly string[]
  readonly code?: number
  /** Runs until it is interrupted, once it has printed this. */
  readonly until?: string
  readonly json?: false
  /** Prints one JSON value per line. */
  readonly lines?: true
  /** Its code is an answer, not a failure: it prints all the same. */
  readonly answers?: true
}

const { failed, usage } = exitCodes

const cases: readonly Case[] = [
  { command: 'list', args: ['--why'] },
  { command: 'status' },
  { command: 'checkpoints', args: ['S'] },
  { command: 'checkpoints', args: ['T'] },
  { command: 'checkpoints', args: ['nosuch'], code: usage, json: false },
  { command: 'show', args: ['S'] },
  { command: 'show', args: ['S/99'], code: usage, json: false },
  { command: 'check' },
  { command: 'check', args: ['S'] },
  { command: 'check', args: ['--time-hours', '0'], code: usage, json: false },
  { command: 'run', until: 'found' },
  { command: 'checkpoint', args: ['S'] },
  { command: 'checkpoint', code: usage, json: false },
  { command: 'pause', code: failed, json: false },
  { command: 'resume', code: failed, json: false },
  { command: 'lock', args: ['--status'] },
  { command: 'lock', until: 'eld' },
  { command: 'state list' },
  { command: 'state check', args: ['S'] },
  { command: 'state update', args: ['S'] },
  { command: 'state clean' },
  { command: 'rescue' },
  { command: 'diff', args: ['S'] },
  { command: 'diff', args: ['S', '--patch'] },
  { command: 'restore', args: ['S'] },
  { command: 'undo' },
  { command: 'export', args: ['S'], code: usage, json: false },
  { command: 'import', args: ['nosuch'], code: usage, json: false },
  { command: 'serve', args: ['--no-open'], until: '127.0.0.1' },
  { command: 'logs', lines: true },
  // Without a service manager that answers; with one: test/processes/service.test.ts.
  { command: 'service install', code: failed },
  { command: 'service uninstall', code: failed },
  { command: 'service start', code: failed },
  { command: 'service stop', code: failed },
  { command: 'service status', code: failed, answers: true },
  { command: 'test' },
  { command: 'hooks install' },
  { command: 'hooks status' },
  { command: 'hooks uninstall' },
  { command: 'doctor' },
  { command: 'verify' },
  { command: 'gc', args: ['--dry-run'] },
  { command: 'settings get' },
  { command: 'settings get', args: ['nosuch'], code: usage, json: false },
  { command: 'settings set', args: ['intervalMinutes', '7'] },
  { command: 'settings set', args: ['intervalMinutes', '700'], code: usage, json: false },
  { command: 'settings preset', args: ['default'] },
  { command: 'settings reset', args: ['intervalMinutes'] },
  { command: 'settings path' },
  { command: 'completion', args: ['bash'], json: false },
  { command: 'man', json: false },
  { command: 'schema', args: ['list'], json: false },
]

const wordsOf = ({ command, args = [] }: Case) => [
  ...command.split(' '),
  ...args.map(word => word.replace(/^S(?=$|\/)/, id).replace(/^T$/, title)),
]
const titleOf = ({ command, args = [] }: Case) => [command, ...args].join(' ')
const ending = cases.filter(({ until }) => until === undefined)
const lasting = cases.filter(({ until }) => until !== undefined)
const colour = /\u001b\[[0-9;]*m/

function expectJson(command: string, text: string): void {
  const schema = Object.entries(outputSchemas).find(([name]) => name === command)?.[1]
  const parsed = schema?.safeParse(JSON.parse(text))
  expect({ command, issues: parsed?.error?.issues ?? [], success: parsed?.success }).toEqual({
    command,
    issues: [],
    success: true,
  })
}

describe('the cases below', () => {
  it('have JSON of every command that promises some', () => {
    const tried = cases.filter(({ json }) => json !== false).map(({ command }) => command)
    // Given back further down; with a monitor that runs in `running.spec.ts`.
    const elsewhere = ['export', 'import', 'pause', 'resume']
    expect(
      Object.keys(outputSchemas)
        .filter(name => !tried.includes(name))
        .sort(),
    ).toEqual(elsewhere)
  })

  it('are of every command that there is', () => {
    const { terminal } = createFakeTerminal()
    const environment = { env: {}, home: '/nowhere', platform: 'linux' } as const
    const context = { terminal, environment, interrupted: new AbortController().signal, log: () => {}, nowMs: () => 0 }
    const all = flatten(describeCommand(buildProgram(context, { exitCode: exitCodes.fine })))
    const leaves = all.filter(({ path: name, commands }) => name !== '' && commands.length === 0).map(one => one.path)
    expect(leaves.filter(name => !cases.some(({ command }) => command === name))).toEqual([])
  })
})

describe('in a pipe', () => {
  it.each(ending.map(one => [titleOf(one), one] as const))('%s ends as it should, in plain text', (_title, one) => {
    const { code, out, err } = run(wordsOf(one))
    expect({ code, out, err }).toMatchObject({ code: one.code ?? 0 })
    expect(`${out}${err}`).not.toMatch(/\u001b/)
    expect(out === '').toBe(!one.answers && one.code !== undefined)
  })

  it.each(lasting.map(one => [titleOf(one), one] as const))('%s runs until it is interrupted', async (_title, one) => {
    const child = spawn(process.execPath, [program, ...wordsOf(one)], { cwd: demo.projects[0], env })
    let shown = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        shown += chunk.toString('utf8')
        if (shown.includes(one.until ?? '')) child.kill('SIGINT')
      })
    }
    const code = await new Promise(resolve => child.once('close', resolve))
    expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining(one.until ?? '') })
  })

  const withJson = ending.filter(({ json }) => json !== false)
  it.each(withJson.map(one => [titleOf(one), one] as const))('%s --json fits its schema', (_title, one) => {
    const { code, out } = run([...wordsOf(one), '--json'])
    expect(code).toBe(one.code ?? 0)
    for (const text of one.lines ? out.trim().split('\n') : [out]) expectJson(one.command, text)
  })

  it('what is given back, in all its ways, fits its schema', () => {
    const [target, archive] = [path.join(scratch.folder, 'beside'), path.join(scratch.folder, 'one.tar.zst')]
    const steps: readonly (readonly [code: number, ...words: string[]])[] = [
      [0, 'restore', id, '--to', target],
      [usage, 'restore', id, '--to', target],
      [0, 'restore', id, '--in-place', '--yes'],
      [0, 'undo'],
      [0, 'undo', '--last'],
      [0, 'export', id, '--to', archive],
      [usage, 'export', id, '--to', archive],
      [0, 'import', archive],
      [failed, 'import', path.join(target, 'RESTORED.json')],
    ]
    for (const [code, ...words] of steps) {
      const ended = run([...words, '--json'])
      expect({ words, code: ended.code, err: ended.err }).toMatchObject({ words, code })
      expectJson(words[0] ?? '', ended.out)
    }
  })

  it('serve --json prints a link that fits its schema', async () => {
    const child = spawn(process.execPath, [program, 'serve', '--no-open', '--json'], { cwd: demo.projects[0], env })
    const line = await new Promise<string>(resolve => child.stdout.once('data', data => resolve(String(data))))
    const over = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGTERM')
    expect(await over).toBe(0)
    expectJson('serve', line)
  })
})

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
if (!hasScript) console.warn('No command is tried in a pseudo-terminal: script of util-linux is not installed')

describe.runIf(hasScript)('in a terminal', () => {
  it.each(ending.map(one => [titleOf(one), one] as const))('%s ends as in a pipe, within the width', (_title, one) => {
    const { code, shown } = runInTerminal(wordsOf(one))
    expect({ code, shown }).toEqual({ code: one.code ?? 0, shown: expect.stringMatching(/\S/) })
  })

  it('has colours, and none with NO_COLOR', () => {
    expect(runInTerminal(['list']).shown).toMatch(colour)
    expect(runInTerminal(['list'], { NO_COLOR: '1' }).shown).not.toMatch(colour)
  })

  it('cuts the list to the width', () => {
    const lines = runInTerminal(['list'], { NO_COLOR: '1' }).shown.split(/\r?\n/)
    expect(lines.filter(line => line.replaceAll(/^\r?(\u001b\[2K)?/g, '').length > 100)).toEqual([])
  })
})

describe('the older faces, each alone', () => {
  it.each([
    '--time-hours 3',
    '--activity-files 9',
    '--idle-minutes 40',
    '--context-percent 60',
    '--interval 5',
    '--quiet',
  ])('%s keeps watch until it is interrupted', async flags => {
    const child = spawn(process.execPath, [program, ...flags.split(' ')], { cwd: demo.projects[0], env })
    const code = new Promise(resolve => child.once('close', resolve))
    setTimeout(() => child.kill('SIGINT'), 1_500)
    expect(await code).toBe(0)
  })

  it.each([
    ['Install -Interval 10', failed, 'session-monitor: '],
    ['Install -Interval 99', usage, '--interval must be a number from 1 to 60 minutes'],
    ['uninstall', failed, 'session-monitor: '],
    ['Start', failed, 'there is no service'],
    ['stop', failed, 'there is no service'],
    ['Status', 0, 'last checkpoint'],
    ['Logs', 0, 'INFO - Started.'],
    ['Test -TimeHours 3', 0, 'Nothing was saved or changed.'],
    ['help', 0, 'Usage: session-monitor'],
    ['-Once -Quiet', 0, ''],
  ])('%s ends with %i', (line, code, words) => {
    const ended = run(line.split(' '))
    expect({ ...ended, text: `${ended.out}${ended.err}` }).toMatchObject({ code, text: expect.stringContaining(words) })
  })

  it('--once checks once', () => {
    expect(run(['--once'])).toMatchObject({ code: 0, out: expect.stringContaining('found') })
  })
})

describe('other exit codes', () => {
  it('is 3 while somebody else holds the lock, and 1 when the store cannot be used', async () => {
    const holder = spawn(process.execPath, [program, 'lock'], { cwd: demo.projects[0], env })
    await new Promise(resolve => holder.stdout.once('data', resolve))
    expect(run(['lock', '--status'])).toMatchObject({ code: exitCodes.locked })
    const over = new Promise(resolve => holder.once('close', resolve))
    holder.kill('SIGINT')
    await over
    const data = path.join(scratch.folder, 'other-data')
    mkdirSync(path.join(data, 'store'), { recursive: true })
    writeFileSync(path.join(data, 'store/FORMAT'), 'asm-store 99\n')
    expect(run(['check'], { SESSION_MONITOR_HOME: data })).toMatchObject({ code: failed, out: '' })
    expect(run(['doctor'], { SESSION_MONITOR_HOME: data })).toMatchObject({ code: failed })
    rmSync(data, { recursive: true })
  })
})
