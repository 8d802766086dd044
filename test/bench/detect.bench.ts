/**
 * How fast the detector is, and whether it is right: on corpora of real sizes, against what any program has to pay for
 * the same bytes. Every run's facts are compared with the corpus's truth; one mistake fails the benchmark.
 */
import fs from 'node:fs'
import path from 'node:path'
import { seededRandom } from '../support/random.ts'
import type { BenchContext, Benchmark, OptionValues } from './benchmark.ts'
import { bundleScripts } from './bundle.ts'
import { type BenchCorpus, describeCorpus, makeCorpus } from './corpora.ts'
import type { Comparison } from './detect/truth.ts'
import { loadAverage, machineClass } from './machine.ts'
import {
  type Candidate,
  interleave,
  type Measured,
  median,
  type Run,
  runOnce,
  type Summary,
  summarise,
} from './measure.ts'
import { ccusageCandidates, installCcusage, type Peer } from './peers.ts'
import { figure, type Goal, goalOf, notBuiltYet, type Report, type Table } from './report.ts'

const scripts = {
  bytes: 'test/bench/detect/bytes.ts',
  scan: 'test/bench/detect/scan.ts',
  sweep: 'test/bench/detect/sweep.ts',
  engine: 'test/bench/detect/engine.ts',
  'engine-thread': 'shared/engine/engine-thread-main.ts',
}
type Scripts = Readonly<Record<keyof typeof scripts, string>>

const baseline = 'wc -l'
const scan = 'cold full scan, one thread'
const seed = 'detect 1'

export const detect: Benchmark = {
  summary: 'session detection: cold scan, memory, event loop, sweep; --sessions 268,1000,5000',
  options: {
    sessions: { type: 'string', default: '268,1000,5000' },
    rounds: { type: 'string' },
    peers: { type: 'boolean', default: false },
  },
  async *run(values, context) {
    const built = await bundleScripts(scripts, path.join(context.folder, 'scripts'), context.signal)
    const peer = values['peers'] === true ? await installCcusage(context.folder) : null
    if (peer?.ok === false) context.say(peer.why)
    for (const sessions of sizesOf(values, context)) {
      context.say(`Making ${sessions} sessions …`)
      const request = { sessions, seed, profile: 'real', repositories: Math.min(34, sessions) } as const
      const corpus = await makeCorpus(request, context.folder, context.signal)
      try {
        yield await measureCorpus({ corpus, built, peer, rounds: roundsFor(sessions, values, context), context })
      } finally {
        await corpus.remove()
      }
    }
  },
}

/** @throws {RangeError} for anything but whole numbers. */
function sizesOf(values: OptionValues, { quick }: BenchContext): readonly number[] {
  return quick ? [40] : String(values['sessions']).split(',').map(wholeNumber)
}

function roundsFor(sessions: number, values: OptionValues, { quick }: BenchContext): number {
  if (values['rounds'] !== undefined) return wholeNumber(String(values['rounds']))
  if (quick) return 2
  return sessions < 500 ? 9 : 5
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${text} is no whole number above 0`)
  return value
}

interface Plan {
  readonly corpus: BenchCorpus
  readonly built: Scripts
  readonly peer: Peer | null
  readonly rounds: number
  readonly context: BenchContext
}

async function measureCorpus(plan: Plan): Promise<Report> {
  const { corpus, peer, rounds, context } = plan
  const { folder, signal } = context
  const loadBefore = loadAverage()
  await runOnce(readCandidate(plan), folder, signal) // so that every file is in the page cache
  const candidates = [...ownCandidates(plan), ...(peer?.ok ? ccusageCandidates(peer, { ...corpus, folder }) : [])]
  const measured = await interleave(candidates, {
    rounds,
    random: seededRandom(`${seed} order ${corpus.sessions}`),
    folder,
    signal,
    onRun: ({ name }, { wallMs }) => context.say(`  ${name}: ${Math.round(wallMs)} ms`),
  })
  const sweep = await interleave([sweepCandidate(plan)], { rounds: 1, random: seededRandom(seed), folder, signal })
  const engine = await interleave([engineCandidate(plan)], {
    rounds: context.quick ? 1 : 3,
    random: seededRandom(seed),
    folder,
    signal,
  })
  const parts = { measured, sweeps: resultsOf<SweepResult>(sweep), engines: resultsOf<EngineResult>(engine) }
  const summaries = candidates.map(({ name }) => summarise(measured, name, baseline))
  return {
    title: `${new Date().toISOString().slice(0, 10)}: detect, ${corpus.sessions} sessions`,
    setting: [
      describeCorpus(corpus),
      `machine: ${machineClass()}; load average ${loadBefore} before, ${loadAverage()} after`,
      `method: ${rounds} rounds, interleaved in random order, warm page cache, whole processes, medians`,
      ...(peer?.ok === false ? [`peer: ${peer.why}`] : []),
    ],
    tables: [scanTable(summaries), engineTable(parts.engines), sweepTable(parts.sweeps)],
    goals: goals(summaries, parts, peer),
    failures: [...measured.failures, ...sweep.failures, ...engine.failures],
  }
}

function resultsOf<Result>({ runs }: Measured): readonly Result[] {
  return [...runs.values()].flat().flatMap(({ result }) => (result === null ? [] : [result as Result]))
}

// Candidates

function ownCandidates(plan: Plan): readonly Candidate[] {
  return [countLines(plan), readCandidate(plan), parseCandidate(plan), scanCandidate(plan)]
}

/** The yardstick: what a C program takes to look at every byte once. */
function countLines({ corpus, context }: Plan): Candidate {
  return {
    name: baseline,
    command: ['xargs', '-0', 'wc', '-l'],
    until: 'exit',
    inputFile: corpus.listFile,
    env: safeEnvironment(),
    cwd: context.folder,
    check: ({ outputFile }) => whyNot('lines', totalOf(fs.readFileSync(outputFile, 'utf8')), corpus.lines),
  }
}

/** Sum of what `wc` says of each file. Its own totals are left out: `xargs` may have started it more than once. */
function totalOf(output: string): number {
  const counts = [...output.matchAll(/^\s*(\d+) (.*)$/gm)].filter(([, , name]) => name !== 'total')
  return counts.reduce((sum, [, lines]) => sum + Number(lines), 0)
}

function readCandidate(plan: Plan): Candidate {
  return script(plan, 'Node, reading the bytes', 'bytes', ['read', plan.corpus.listFile], run =>
    whyNot('bytes', (run.result as { bytes?: number } | null)?.bytes, plan.corpus.bytes),
  )
}

function parseCandidate(plan: Plan): Candidate {
  return script(plan, 'Node, JSON.parse of every line', 'bytes', ['parse', plan.corpus.listFile], run =>
    whyNot('lines', (run.result as { lines?: number } | null)?.lines, plan.corpus.lines),
  )
}

function scanCandidate(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  return script(plan, scan, 'scan', [configDir, truthFile], run => whyWrong(run, plan.corpus))
}

function sweepCandidate(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  return script(plan, 'sweep', 'sweep', [configDir, truthFile, '9'], run => whyWrong(run, plan.corpus))
}

/** With a data folder of its own in each run, because the store remembers. */
function engineCandidate(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  const dataFolder = path.join(plan.corpus.folder, 'engine-data')
  const idleSeconds = plan.context.quick ? '1' : '10'
  const args = [plan.built['engine-thread'], configDir, truthFile, dataFolder, idleSeconds]
  return script(plan, 'engine thread', 'engine', args, run => {
    fs.rmSync(dataFolder, { recursive: true, force: true })
    return whyWrong(run, plan.corpus)
  })
}

function script(
  { built, context }: Plan,
  name: string,
  entry: keyof Scripts,
  args: readonly string[],
  check: Candidate['check'],
): Candidate {
  const command = [process.execPath, built[entry], ...args] as const
  return { name, command: [...command], until: 'done', env: safeEnvironment(), cwd: context.folder, check }
}

/** `run.ts` has made it safe. */
function safeEnvironment(): Readonly<Record<string, string>> {
  return process.env as Record<string, string>
}

function whyNot(what: string, counted: number | undefined, wanted: number): string | null {
  return counted === wanted ? null : `${counted ?? 'no'} ${what} instead of ${wanted}`
}

function whyWrong({ result }: Run, corpus: BenchCorpus): string | null {
  const comparison = result as Comparison | null
  if (comparison === null || comparison.checked !== corpus.sessions) return 'its facts were not checked'
  if (comparison.wrong === 0) return null
  return `${comparison.wrong} of ${comparison.checked} sessions are wrong: ${comparison.mistakes.join('; ')}`
}

// What the scripts in `detect/` tell

interface Took {
  readonly wallMs: number
  readonly cpuMs: number
}

interface SweepResult {
  readonly bare: readonly Took[]
  readonly refresh: readonly Took[]
  readonly seen: number
}

interface Watched {
  readonly wallMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly mainThreadCpuMs: number
  readonly utilisation: number
  readonly states: number
}

interface EngineResult {
  readonly quiet: Watched
  readonly coldLook: Watched
  readonly secondLook: Watched
  readonly idle: {
    readonly seconds: number
    readonly cpuMsPerSecond: number
    readonly wakeUpsPerSecond: number | null
  }
}

interface Parts {
  readonly measured: Measured
  readonly sweeps: readonly SweepResult[]
  readonly engines: readonly EngineResult[]
}

// The report

function scanTable(summaries: readonly Summary[]): Table {
  return {
    title: 'Whole processes',
    columns: ['what', 'time, ms', `× ${baseline}`, 'range', 'CPU, ms', `CPU × ${baseline}`, 'peak memory, MB'],
    rows: summaries.map(({ name, wallMs, wallRatio, wallRange, cpuMs, cpuRatio, peakBytes }) => [
      name,
      figure(wallMs),
      figure(wallRatio),
      wallRange.map(figure).join('–'),
      orDash(cpuMs),
      orDash(cpuRatio),
      peakBytes === null ? '–' : figure(peakBytes / 1e6),
    ]),
  }
}

const orDash = (value: number | null): string => (value === null ? '–' : figure(value))

function engineTable(engines: readonly EngineResult[]): Table {
  const row = (what: string, phase: (result: EngineResult) => Watched) => {
    const middle = (value: (watched: Watched) => number) => figure(median(engines.map(each => value(phase(each)))))
    const values = [
      middle(watched => watched.wallMs),
      middle(watched => watched.p50Ms),
      middle(watched => watched.p99Ms),
      middle(watched => watched.maxMs),
      middle(watched => watched.mainThreadCpuMs),
      middle(watched => watched.utilisation * 100),
      middle(watched => watched.states),
    ]
    return [what, ...values]
  }
  const columns = ['what', 'took, ms', 'p50, ms', 'p99, ms', 'max, ms', 'CPU of main thread, ms', 'busy, %', 'states']
  return {
    title: `Event-loop delay of the main thread while the engine's thread works; medians of ${engines.length} processes`,
    columns,
    rows:
      engines.length === 0
        ? []
        : [
            row('nothing (what the machine itself costs)', result => result.quiet),
            row('cold look at everything', result => result.coldLook),
            row('second look, nothing new', result => result.secondLook),
          ],
  }
}

function sweepTable(sweeps: readonly SweepResult[]): Table {
  const row = (what: string, took: readonly Took[]) => [
    what,
    figure(median(took.map(({ wallMs }) => wallMs))),
    figure(median(took.map(({ cpuMs }) => cpuMs))),
  ]
  return {
    title: 'Looking again when nothing is new, in one process',
    columns: ['what', 'time, ms', 'CPU, ms'],
    rows: sweeps.flatMap(({ bare, refresh, seen }) => [
      row(`bare sweep over ${seen} files: list and lstat`, bare),
      row('refresh of a detector that knows them', refresh),
    ]),
  }
}

function goals(summaries: readonly Summary[], { sweeps, engines }: Parts, peer: Peer | null): readonly Goal[] {
  const of = (name: string) => summaries.find(summary => summary.name === name)
  const peakMegabytes = (of(scan)?.peakBytes ?? 0) / 1e6
  return [
    goalOf(scan, 3.5, `× ${baseline}`, of(scan)?.wallRatio ?? null),
    notBuiltYet('cold full scan, two threads', `≤ 2.5 × ${baseline}`, 'the engine has no scan workers'),
    peerGoal(summaries, peer),
    notBuiltYet('first paint from heads and tails', `≤ 0.25 × ${baseline}`, 'the detector reads every file whole'),
    notBuiltYet('warm start, 10,000 known sessions', '≤ 1.5 × bare stat sweep', 'there is no persistent index'),
    sweepGoal(sweeps),
    notBuiltYet('append on disk to changed state', '≤ 3 × bare watch event', 'nothing watches the roots'),
    goalOf('peak memory of the scan', 150, 'MB', peakMegabytes || null),
    ...loopGoals(engines),
    idleGoal(engines),
  ]
}

function peerGoal(summaries: readonly Summary[], peer: Peer | null): Goal {
  const what = 'times faster than ccusage native'
  const limit = '≥ 3.5 times'
  const own = summaries.find(({ name }) => name === scan)
  const others = summaries.filter(({ name }) => name.startsWith('ccusage'))
  const fastest = others.toSorted((a, b) => a.wallMs - b.wallMs)[0]
  if (own === undefined || fastest === undefined) {
    const measured = peer?.ok === false ? peer.why : 'ask for it with --peers'
    return { what, limit, measured, verdict: 'not measured' }
  }
  const factor = fastest.wallMs / own.wallMs
  return { what, limit, measured: `${figure(factor)} times`, verdict: factor >= 3.5 ? 'met' : 'missed' }
}

function sweepGoal(sweeps: readonly SweepResult[]): Goal {
  const ratios = sweeps.map(
    ({ bare, refresh }) => median(refresh.map(({ wallMs }) => wallMs)) / median(bare.map(({ wallMs }) => wallMs)),
  )
  const ratio = ratios.length === 0 ? null : median(ratios)
  return goalOf('interval sweep, nothing new', 1.5, '× bare stat sweep', ratio)
}

function loopGoals(engines: readonly EngineResult[]): readonly Goal[] {
  const middle = (value: (result: EngineResult) => number) => (engines.length === 0 ? null : median(engines.map(value)))
  return [
    goalOf(
      'event-loop delay p99, cold look',
      10,
      'ms',
      middle(({ coldLook }) => coldLook.p99Ms),
    ),
    goalOf(
      'event-loop delay max, cold look',
      50,
      'ms',
      middle(({ coldLook }) => coldLook.maxMs),
    ),
    goalOf(
      'event-loop delay max, second look',
      50,
      'ms',
      middle(({ secondLook }) => secondLook.maxMs),
    ),
  ]
}

/** Without a watcher there is nothing that could wake it: the figure is the floor, not the promise. */
function idleGoal(engines: readonly EngineResult[]): Goal {
  const cpu = engines.map(({ idle }) => idle.cpuMsPerSecond)
  const wakeUps = engines.flatMap(({ idle }) => idle.wakeUpsPerSecond ?? [])
  const measured =
    cpu.length === 0 || wakeUps.length === 0
      ? 'nothing watches yet'
      : `no watcher yet; without one ${figure(median(cpu))} ms CPU and ${figure(median(wakeUps))} wake-ups a second`
  return { what: 'idle with 10,000 files watched', limit: 'no CPU', measured, verdict: 'not built yet' }
}
