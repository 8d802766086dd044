/**
 * How fast the detector is, and whether it is right: on corpora of real sizes, against what any program has to pay for
 * the same bytes. Every run's facts are compared with the corpus's truth; one mistake fails the benchmark.
 */
import path from 'node:path'
import { seededRandom } from '../support/random.ts'
import type { BenchContext, Benchmark, OptionValues } from './benchmark.ts'
import { bundleScripts } from './bundle.ts'
import { type CorpusRequest, describeCorpus, makeCorpus } from './corpora.ts'
import {
  appendCandidate,
  engineCandidate,
  learnCandidate,
  ownCandidates,
  type Plan,
  readCandidate,
  type Scripts,
  scripts,
  sweepCandidate,
  warmCandidates,
} from './detect/candidates.ts'
import {
  type AppendResult,
  appendTable,
  type EngineResult,
  engineTable,
  names,
  type SweepResult,
  scanGoals,
  scanTable,
  sweepTable,
  warmGoals,
} from './detect/tables.ts'
import { loadAverage, machineClass } from './machine.ts'
import { type Candidate, interleave, type Measured, runOnce, summarise } from './measure.ts'
import { ccusageCandidates, installCcusage, type Peer } from './peers.ts'
import type { Report } from './report.ts'

const seed = 'detect 1'

export const detect: Benchmark = {
  summary: 'session detection: cold scan, first paint, warm start, memory, event loop',
  options: {
    sessions: { type: 'string', default: '268,1000,5000' },
    known: { type: 'string', default: '10000' },
    rounds: { type: 'string' },
    peers: { type: 'boolean', default: false },
  },
  async *run(values, context) {
    const built = await bundleScripts(scripts, path.join(context.folder, 'scripts'), context.signal)
    const peer = values['peers'] === true ? await installCcusage(context.folder) : null
    if (peer?.ok === false) context.say(peer.why)
    const tools = { built, peer, values, context }
    for (const sessions of sizesOf(values['sessions'], context)) {
      yield await onCorpus({ sessions, profile: 'real' }, tools, measureScan)
    }
    for (const sessions of sizesOf(values['known'], context)) {
      yield await onCorpus({ sessions, profile: 'small' }, tools, measureWarmStart)
    }
  },
}

interface Tools {
  readonly built: Scripts
  readonly peer: Peer | null
  readonly values: OptionValues
  readonly context: BenchContext
}

async function onCorpus(
  { sessions, profile }: Pick<CorpusRequest, 'sessions' | 'profile'>,
  { built, peer, values, context }: Tools,
  measure: (plan: Plan) => Promise<Report>,
): Promise<Report> {
  context.say(`Making ${sessions} sessions …`)
  const request = { sessions, seed, profile, repositories: Math.min(34, sessions) }
  const corpus = await makeCorpus(request, context.folder, context.signal)
  try {
    return await measure({ corpus, built, peer, rounds: roundsFor(sessions, values, context), context })
  } finally {
    await corpus.remove()
  }
}

/** A list of whole numbers; `0` for none of this kind. @throws {RangeError} for anything else. */
function sizesOf(value: OptionValues[string], { quick }: BenchContext): readonly number[] {
  if (value === '0') return []
  return quick ? [40] : String(value).split(',').map(wholeNumber)
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

async function measureScan(plan: Plan): Promise<Report> {
  const { corpus, peer, rounds, context } = plan
  const { folder, signal } = context
  const setting = settingOf(plan)
  await runOnce(readCandidate(plan), folder, signal) // so that every file is in the page cache
  const candidates = [...ownCandidates(plan), ...(peer?.ok ? ccusageCandidates(peer, { ...corpus, folder }) : [])]
  const measured = await inRounds(plan, candidates, rounds)
  const sweep = await inRounds(plan, [sweepCandidate(plan)], 1)
  const engine = await inRounds(plan, [engineCandidate(plan)], context.quick ? 1 : 3)
  const append = await inRounds(plan, [appendCandidate(plan)], 1)
  const parts = {
    sweeps: resultsOf<SweepResult>(sweep),
    engines: resultsOf<EngineResult>(engine),
    appends: resultsOf<AppendResult>(append),
  }
  const summaries = candidates.map(({ name }) => summarise(measured, name, names.lines))
  return {
    title: `${today()}: detect, ${corpus.sessions} sessions`,
    setting: setting(),
    tables: [
      scanTable(summaries, names.lines),
      engineTable(parts.engines),
      sweepTable(parts.sweeps),
      appendTable(parts.appends),
    ],
    goals: scanGoals(summaries, parts, peer),
    failures: [...measured.failures, ...sweep.failures, ...engine.failures, ...append.failures],
  }
}

async function measureWarmStart(plan: Plan): Promise<Report> {
  const setting = settingOf(plan)
  const learnt = await inRounds(plan, [learnCandidate(plan)], 1)
  const candidates = warmCandidates(plan)
  const measured = await inRounds(plan, candidates, plan.rounds)
  const summaries = candidates.map(({ name }) => summarise(measured, name, names.sweep))
  return {
    title: `${today()}: detect, warm start of ${plan.corpus.sessions} known sessions`,
    setting: setting(),
    tables: [scanTable(summaries, names.sweep)],
    goals: warmGoals(summaries),
    failures: [...learnt.failures, ...measured.failures],
  }
}

function inRounds({ corpus, context }: Plan, candidates: readonly Candidate[], rounds: number): Promise<Measured> {
  return interleave(candidates, {
    rounds,
    random: seededRandom(`${seed} order ${corpus.sessions}`),
    folder: context.folder,
    signal: context.signal,
    onRun: ({ name }, { wallMs }) => context.say(`  ${name}: ${Math.round(wallMs)} ms`),
  })
}

/** What a report says first; called once before and once after, because the load is told as of both. */
function settingOf({ corpus, peer, rounds }: Plan): () => readonly string[] {
  const before = loadAverage()
  return () => [
    describeCorpus(corpus),
    `machine: ${machineClass()}; load average ${before} before, ${loadAverage()} after`,
    `method: ${rounds} rounds, interleaved in random order, warm page cache, whole processes, medians`,
    ...(peer?.ok === false ? [`peer: ${peer.why}`] : []),
  ]
}

const today = () => new Date().toISOString().slice(0, 10)

function resultsOf<Result>({ runs }: Measured): readonly Result[] {
  return [...runs.values()].flat().flatMap(({ result }) => (result === null ? [] : [result as Result]))
}
