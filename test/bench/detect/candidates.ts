/** What the detection benchmark measures: programs and scripts, and how each proves that it did its work. */
import fs from 'node:fs'
import path from 'node:path'
import type { BenchContext } from '../benchmark.ts'
import type { BenchCorpus } from '../corpora.ts'
import type { Candidate, Run } from '../measure.ts'
import type { Peer } from '../peers.ts'
import { names } from './tables.ts'
import type { Comparison } from './truth.ts'

export const scripts = {
  bytes: 'test/bench/detect/bytes.ts',
  scan: 'test/bench/detect/scan.ts',
  sweep: 'test/bench/detect/sweep.ts',
  paint: 'test/bench/detect/paint.ts',
  warm: 'test/bench/detect/warm.ts',
  'bare-sweep': 'test/bench/detect/bare-sweep.ts',
  engine: 'test/bench/detect/engine.ts',
  append: 'test/bench/detect/append.ts',
  'scan-worker': 'shared/engine/scan-worker.ts',
  'engine-thread': 'shared/engine/engine-thread-main.ts',
}
export type Scripts = Readonly<Record<keyof typeof scripts, string>>

export interface Plan {
  readonly corpus: BenchCorpus
  readonly built: Scripts
  readonly peer: Peer | null
  readonly rounds: number
  readonly context: BenchContext
}

export function ownCandidates(plan: Plan): readonly Candidate[] {
  const readers = [countLines(plan), readCandidate(plan), parseCandidate(plan)]
  return [...readers, oneThread(plan), twoThreads(plan), paint(plan)]
}

/** The yardstick: what a C program takes to look at every byte once. */
function countLines({ corpus, context }: Plan): Candidate {
  return {
    name: names.lines,
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

export function readCandidate(plan: Plan): Candidate {
  return script(plan, 'Node, reading the bytes', 'bytes', ['read', plan.corpus.listFile], run =>
    whyNot('bytes', (run.result as { bytes?: number } | null)?.bytes, plan.corpus.bytes),
  )
}

function parseCandidate(plan: Plan): Candidate {
  return script(plan, 'Node, JSON.parse of every line', 'bytes', ['parse', plan.corpus.listFile], run =>
    whyNot('lines', (run.result as { lines?: number } | null)?.lines, plan.corpus.lines),
  )
}

function oneThread(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  return script(plan, names.oneThread, 'scan', [configDir, truthFile], run => whyWrong(run, plan.corpus))
}

/** Below a few hundred megabytes the detector does without its worker. */
function twoThreads(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  const args = [configDir, truthFile, plan.built['scan-worker']]
  return script(plan, names.twoThreads, 'scan', args, run => whyWrong(run, plan.corpus))
}

function paint(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  return script(plan, names.paint, 'paint', [configDir, truthFile], run => whyWrong(run, plan.corpus))
}

/** Leaves the index that {@link warmCandidates} start from. */
export function learnCandidate(plan: Plan): Candidate {
  return warmScript(plan, 'learn')
}

export function warmCandidates(plan: Plan): readonly Candidate[] {
  const sweep = script(plan, names.sweep, 'bare-sweep', [plan.corpus.configDir], ({ result }) => {
    const { seen = 0 } = (result ?? {}) as { readonly seen?: number }
    return seen >= plan.corpus.files ? null : `${seen} files seen of ${plan.corpus.files}`
  })
  return [sweep, warmScript(plan, names.warm)]
}

function warmScript(plan: Plan, name: string): Candidate {
  const { configDir, truthFile, folder } = plan.corpus
  const args = [configDir, truthFile, path.join(folder, 'index')]
  return script(plan, name, 'warm', args, run => whyWrong(run, plan.corpus))
}

export function sweepCandidate(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  return script(plan, 'sweep', 'sweep', [configDir, truthFile, '9'], run => whyWrong(run, plan.corpus))
}

/** With a data folder of its own in each run, because the store remembers. */
export function engineCandidate(plan: Plan): Candidate {
  const { configDir, truthFile } = plan.corpus
  const dataFolder = path.join(plan.corpus.folder, 'engine-data')
  const idleSeconds = plan.context.quick ? '1' : '10'
  const args = [plan.built['engine-thread'], configDir, truthFile, dataFolder, idleSeconds]
  return script(plan, 'engine thread', 'engine', args, run => {
    fs.rmSync(dataFolder, { recursive: true, force: true })
    return whyWrong(run, plan.corpus)
  })
}

/** The last of all on a corpus: it changes it. */
export function appendCandidate(plan: Plan): Candidate {
  const { configDir, truthFile, folder } = plan.corpus
  const dataFolder = path.join(folder, 'append-data')
  const [appends, idleSeconds] = plan.context.quick ? ['20', '1'] : ['300', '10']
  return script(plan, 'append', 'append', [configDir, truthFile, dataFolder, appends, idleSeconds], ({ result }) => {
    fs.rmSync(dataFolder, { recursive: true, force: true })
    const { missed = null } = (result ?? {}) as { readonly missed?: number }
    return missed === 0 ? null : `${missed ?? 'all'} appends never arrived`
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
