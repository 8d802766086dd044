/**
 * How soon the built command line answers, as ratios to `node -e 0` in the same run: the help, the list over a warm
 * index, and the hook with every payload that the real Claude Code sent.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { hookEvents } from '../../shared/core/hook-word.ts'
import { seededRandom } from '../support/random.ts'
import type { BenchContext, Benchmark, OptionValues } from './benchmark.ts'
import { loadAverage, machineClass } from './machine.ts'
import { median } from './measure.ts'
import { figure, type Goal, goalOf, type Report } from './report.ts'

const top = path.resolve(import.meta.dirname, '../..')
const program = path.join(top, 'dist/cli/session-monitor.js')
const hookFile = path.join(top, 'dist/hook/hook.cjs')
const payloadFile = path.join(top, 'test/fixtures/claude-code/hooks/hook-payloads.jsonl')

export const cli: Benchmark = {
  summary: 'start-up of the command line and of the hook, beside node -e 0; needs a build; --sessions 1000',
  options: { sessions: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '31' } },
  async *run(values, context) {
    yield startUp(values, context)
  },
}

interface Timed {
  readonly name: string
  readonly args: readonly string[]
  readonly input?: string
  /** What is wrong with what it printed, or null. */
  readonly check: (out: string) => string | null
}

function startUp(values: OptionValues, context: BenchContext): Report {
  const sessions = context.quick ? 20 : Number(values['sessions'])
  const rounds = context.quick ? 3 : Number(values['rounds'])
  const load = loadAverage()
  const env = world(context.folder, sessions)
  const hook = path.join(context.folder, 'data/hooks/hook.cjs')
  fs.mkdirSync(path.dirname(hook), { recursive: true })
  fs.copyFileSync(hookFile, hook)
  const candidates: readonly Timed[] = [
    { name: 'node -e 0', args: ['-e', '0'], check: () => null },
    { name: '--help', args: [program, '--help'], check: says('Usage: session-monitor') },
    { name: 'list', args: [program, 'list'], check: says(`${sessions.toLocaleString('en-GB')} sessions`) },
    { name: 'status', args: [program, 'status'], check: says('last checkpoint') },
    // As many runs of the bare process as of the hook: a p99 of few says nothing beside one of many.
    ...payloads().flatMap(({ reg, stdin }, n): readonly Timed[] => {
      const input = JSON.stringify(stdin)
      const bare = { name: `bare ${n}`, args: ['-e', '0'], input, check: () => null }
      const hooked = {
        name: `hook ${n}`,
        args: [hook, reg],
        input,
        check: (out: string) => (out === '' ? null : `printed ${out}`),
      }
      return [bare, hooked]
    }),
  ]
  const { times, failures } = measure(candidates, rounds, env, context)
  return report({ times, failures, sessions, rounds, load })
}

function payloads() {
  const lines = fs.readFileSync(payloadFile, 'utf8').trim().split('\n')
  const all = lines.map(line => JSON.parse(line) as { readonly reg: string; readonly stdin: unknown })
  return all.filter(({ reg }) => hookEvents.some(event => event === reg))
}

function says(words: string) {
  return (out: string) => (out.includes(words) ? null : `did not say "${words}"`)
}

/** Sessions of a dozen lines each, half of them checkpointed, with the index and the code cache as a first run leaves them. */
function world(folder: string, sessions: number): Record<string, string> {
  const home = path.join(folder, 'home')
  const config = path.join(home, '.claude')
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    CLAUDE_CONFIG_DIR: config,
    SESSION_MONITOR_HOME: path.join(folder, 'data'),
  }
  fs.mkdirSync(path.join(config, 'sessions'), { recursive: true })
  for (let n = 0; n < sessions; n++)
    writeSession(path.join(config, 'projects', `-home-p${n % 30}`), `/home/p${n % 30}`, n)
  for (const args of [['checkpoint', '--all'], ['list'], ['--help'], ['status']]) {
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  }
  return env
}

function writeSession(folder: string, cwd: string, n: number): void {
  const sessionId = `${(0x10000000 + n * 7919).toString(16)}-0000-4000-8000-${String(n).padStart(12, '0')}`
  const frame = { cwd, sessionId, version: '2.1.330', gitBranch: 'main', isSidechain: false }
  const lines = Array.from({ length: 12 }, (_, i) => {
    const timestamp = new Date(Date.UTC(2026, 10, 1 + (n % 20), 9, n % 60, i)).toISOString()
    const usage = { input_tokens: 20_000 + n, output_tokens: 100 }
    const reply = {
      id: `m${i}`,
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-5',
      content: [{ type: 'text', text: 'Done.' }],
      stop_reason: 'end_turn',
      usage,
    }
    const message = i % 2 === 0 ? { role: 'user', content: `Task ${n}: look at part ${i}` } : reply
    return JSON.stringify({ type: i % 2 === 0 ? 'user' : 'assistant', message, ...frame, uuid: `${n}-${i}`, timestamp })
  })
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, `${sessionId}.jsonl`), `${lines.join('\n')}\n`)
}

type Times = ReadonlyMap<string, readonly number[]>

function measure(
  candidates: readonly Timed[],
  rounds: number,
  env: Record<string, string>,
  { say, signal }: BenchContext,
) {
  const random = seededRandom('cli start-up')
  const times = new Map(candidates.map(({ name }) => [name, [] as number[]]))
  const failures: string[] = []
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted()
    if (round % 10 === 0) say(`Round ${round + 1} of ${rounds} …`)
    for (const { name, args, input = '', check } of random.shuffle(candidates)) {
      const fromMs = performance.now()
      const { status, stdout, stderr } = spawnSync(process.execPath, [...args], { env, input, encoding: 'utf8' })
      times.get(name)?.push(performance.now() - fromMs)
      const wrong = status === 0 && stderr === '' ? check(stdout) : `ended with ${status}: ${stderr}`
      if (wrong !== null) failures.push(`${name}: ${wrong}`)
    }
  }
  return { times: times as Times, failures }
}

interface Found {
  readonly times: Times
  readonly failures: readonly string[]
  readonly sessions: number
  readonly rounds: number
  readonly load: string
}

function report({ times, failures, sessions, rounds, load }: Found): Report {
  const bare = times.get('node -e 0') ?? []
  const base = median(bare)
  const bares = [...times].flatMap(([name, each]) => (name.startsWith('bare ') ? each : []))
  const hooks = [...times].flatMap(([name, each]) => (name.startsWith('hook ') ? each : []))
  const rows = [
    ...[...times].filter(([name]) => !/^(hook|bare) /.test(name)),
    ['hook, every payload', hooks] as const,
  ].map(([name, each]) => [
    name,
    figure(median(each)),
    figure(quantile(each, 0.99)),
    (median(each) / base).toFixed(2),
    (Math.min(...each) / Math.min(...bare)).toFixed(2),
  ])
  const ratio = (name: string) => median(times.get(name) ?? []) / base
  const goals: readonly Goal[] = [
    goalOf('--help beside node -e 0', 2.5, '×', ratio('--help')),
    goalOf(`list of ${sessions} sessions on a warm index beside node -e 0`, 4, '×', ratio('list')),
    goalOf('hook beyond node -e 0, p99', 100, 'ms', quantile(hooks, 0.99) - quantile(bares, 0.99)),
  ]
  return {
    title: 'Command line and hook, start-up',
    setting: [
      `${sessions} sessions of 12 lines in 30 folders, all checkpointed; nobody runs; ${rounds} rounds in random order; the bundle, with its code cache`,
      `machine: ${machineClass()}; load average ${load} before, ${loadAverage()} after`,
    ],
    tables: [
      {
        title: 'From start to end',
        columns: ['what', 'median ms', 'p99 ms', 'median ratio', 'ratio of the fastest'],
        rows,
      },
    ],
    goals,
    failures,
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
