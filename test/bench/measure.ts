/**
 * Measures whole processes against each other, so that a noisy machine is noisy to all of them alike.
 *
 * Candidates run one at a time, each as a process of its own (start-up and memory are part of what it costs), in
 * rounds: every candidate once per round, in an order that a seed decides. What counts are medians and their ratio
 * to the baseline's in the same rounds. CPU time is told beside wall time, because other work on the machine
 * lengthens the one and hardly the other.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Random } from '../support/random.ts'
import { type ChildWord, peakIn, type Usage } from './child-voice.ts'

export interface Candidate {
  readonly name: string
  readonly command: readonly [file: string, ...args: string[]]
  /** `done`: a script that says so through `child-voice.ts`. `exit`: any program, done when its process ends. */
  readonly until: 'done' | 'exit'
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** A file to read as its standard input. */
  readonly inputFile?: string
  /** Whether it did its work: null, or what is wrong. Not measured. */
  readonly check: (run: Run) => string | null
}

export interface Run {
  readonly wallMs: number
  /** Null where the system does not tell. */
  readonly cpuMs: number | null
  readonly peakBytes: number | null
  /** What a script said with `sayResult`, last word. */
  readonly result: unknown
  /** Holds what it wrote to its standard output; gone with the next run. */
  readonly outputFile: string
  readonly exitCode: number | null
}

export interface MeasureOptions {
  readonly rounds: number
  readonly random: Random
  /** For output files. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly onRun?: (candidate: Candidate, run: Run) => void
}

export interface Measured {
  readonly runs: ReadonlyMap<string, readonly Run[]>
  /** In words; empty when every run did its work. */
  readonly failures: readonly string[]
}

/** @throws {Error} when a candidate cannot be started, or the signal is aborted. */
export async function interleave(candidates: readonly Candidate[], options: MeasureOptions): Promise<Measured> {
  const runs = new Map<string, Run[]>(candidates.map(({ name }) => [name, []]))
  const failures: string[] = []
  for (let round = 0; round < options.rounds; round++) {
    for (const candidate of options.random.shuffle(candidates)) {
      const run = await runOnce(candidate, options.folder, options.signal)
      const problem = run.exitCode === 0 ? candidate.check(run) : `ended with code ${run.exitCode}`
      if (problem !== null) failures.push(`${candidate.name}, round ${round + 1}: ${problem}`)
      runs.get(candidate.name)?.push(run)
      options.onRun?.(candidate, run)
    }
  }
  return { runs, failures }
}

/** A run that hangs is ended after this long. */
const hangsAfterMs = 600_000
const samplePeakEveryMs = 50

export async function runOnce(candidate: Candidate, folder: string, signal: AbortSignal): Promise<Run> {
  signal.throwIfAborted()
  const outputFile = path.join(folder, 'output')
  const input = candidate.inputFile === undefined ? null : fs.openSync(candidate.inputFile, 'r')
  const output = fs.openSync(outputFile, 'w')
  try {
    const startedMs = performance.now()
    const child = start(candidate, input ?? 'ignore', output)
    const heard = candidate.until === 'done' ? listenToScript(child) : listenToProgram(child)
    const stop = () => killGroup(child)
    const timer = setTimeout(stop, hangsAfterMs)
    signal.addEventListener('abort', stop, { once: true })
    const exitCode = await ended(child)
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    signal.throwIfAborted()
    const { doneMs, usage, result } = heard()
    return {
      wallMs: (doneMs ?? performance.now()) - startedMs,
      cpuMs: usage?.cpuMs ?? null,
      peakBytes: usage?.peakBytes ?? null,
      result,
      outputFile,
      exitCode: candidate.until === 'done' && doneMs === null ? (exitCode ?? 1) || 1 : exitCode,
    }
  } finally {
    if (input !== null) fs.closeSync(input)
    fs.closeSync(output)
  }
}

/** Runs a script that prepares something, and gives what it said. @throws {Error} if it failed. */
export async function runScript(
  file: string,
  args: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<unknown> {
  const name = path.basename(file)
  const env = process.env as Record<string, string>
  const command = [process.execPath, file, ...args] as const
  const candidate: Candidate = { name, command: [...command], until: 'done', env, cwd: folder, check: () => null }
  const { exitCode, result } = await runOnce(candidate, folder, signal)
  if (exitCode !== 0) throw new Error(`${name} ended with code ${exitCode}`)
  return result
}

/** A program runs below a shell, because only a parent that waits for it is told its CPU time. */
const timed = '"$@" 3>&-; code=$?; times >&3; exit $code'

function start({ command, until, env, cwd }: Candidate, input: number | 'ignore', output: number): ChildProcess {
  const options = {
    cwd,
    env,
    stdio: [input, output, 'inherit', 'pipe'] as const,
    detached: process.platform !== 'win32',
  }
  const [file, ...args] = command
  const shell = until === 'exit' ? shellWithTimes() : null
  const [run, runArgs] = shell === null ? [file, args] : [shell, ['-c', timed, 'sh', file, ...args]]
  return spawn(run, runArgs, { ...options, stdio: [...options.stdio] })
}

/** Bash tells milliseconds, a plain `sh` hundredths of a second. */
function shellWithTimes(): string | null {
  return ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/bin/sh'].find(file => fs.existsSync(file)) ?? null
}

interface Heard {
  /** On our clock; null when that is the end of the process. */
  readonly doneMs: number | null
  readonly usage: { readonly cpuMs: number | null; readonly peakBytes: number | null } | null
  readonly result: unknown
}

function listenToScript(child: ChildProcess): () => Heard {
  let doneMs: number | null = null
  let usage: Usage | null = null
  let result: unknown = null
  onLines(child, line => {
    const word = JSON.parse(line) as ChildWord
    if (word.kind === 'result') result = word.value
    else if (doneMs === null) {
      doneMs = performance.now()
      usage = word.usage
    }
  })
  return () => ({ doneMs, usage, result })
}

/** The time ends with the process, the peak is the last mark seen of its largest process. */
function listenToProgram(child: ChildProcess): () => Heard {
  const lines: string[] = []
  let doneMs: number | null = null
  let peakBytes: number | null = null
  const sampler = setInterval(() => {
    const peaks = treeOf(child.pid).flatMap(pid => peakIn(`/proc/${pid}/status`) ?? [])
    if (peaks.length > 0) peakBytes = Math.max(peakBytes ?? 0, ...peaks)
  }, samplePeakEveryMs)
  child.once('exit', () => {
    doneMs = performance.now()
    clearInterval(sampler)
  })
  onLines(child, line => lines.push(line))
  return () => ({ doneMs, usage: { cpuMs: childrenCpuMs(lines), peakBytes }, result: null })
}

function onLines(child: ChildProcess, take: (line: string) => void): void {
  const stream = child.stdio[3] as NodeJS.ReadableStream
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

/** The second line of `times`: user and system time of what the shell waited for, as `1m2.345s 0m0.067s`. */
export function childrenCpuMs(lines: readonly string[]): number | null {
  const parts = [...(lines[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  if (parts.length !== 2) return null
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0)
}

/** A process and what it started, as far as Linux tells. */
function treeOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return []
  try {
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/)
    return [pid, ...children.filter(Boolean).flatMap(child => treeOf(Number(child)))]
  } catch {
    return [pid]
  }
}

/** Resolves when the process is gone and all that it said has been read. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code))
  })
}

/** Only a group that was made here (`detached`). */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
  } catch {}
}

/** @throws {RangeError} for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new RangeError('no values')
  return (low + high) / 2
}

/** A candidate's medians beside the baseline's. Ratios are null where the system told nothing. */
export interface Summary {
  readonly name: string
  readonly wallMs: number
  readonly wallRatio: number
  /** Smallest and largest ratio to the baseline's run of the same round. */
  readonly wallRange: readonly [number, number]
  readonly cpuMs: number | null
  readonly cpuRatio: number | null
  readonly peakBytes: number | null
}

/** @throws {RangeError} if one of the two never ran. */
export function summarise(measured: Measured, name: string, baseline: string): Summary {
  const [runs, baseRuns] = [measured.runs.get(name) ?? [], measured.runs.get(baseline) ?? []]
  const wallMs = median(runs.map(run => run.wallMs))
  const ratios = runs.map((run, round) => run.wallMs / (baseRuns[round]?.wallMs ?? Number.NaN))
  const [cpuMs, baseCpuMs] = [medianKnown(runs.map(run => run.cpuMs)), medianKnown(baseRuns.map(run => run.cpuMs))]
  return {
    name,
    wallMs,
    wallRatio: wallMs / median(baseRuns.map(run => run.wallMs)),
    wallRange: [Math.min(...ratios), Math.max(...ratios)],
    cpuMs,
    cpuRatio: cpuMs === null || baseCpuMs === null ? null : cpuMs / baseCpuMs,
    peakBytes: medianKnown(runs.map(run => run.peakBytes)),
  }
}

function medianKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null)
  return known.length === 0 ? null : median(known)
}
