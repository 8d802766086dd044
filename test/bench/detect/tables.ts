/** What the detection benchmark found, as tables and as promises kept or missed. Pure. */
import { median, type Summary } from '../measure.ts'
import type { Peer } from '../peers.ts'
import { figure, type Goal, goalOf, type Table } from '../report.ts'

/** The candidates that promises are measured by. */
export const names = {
  lines: 'wc -l',
  oneThread: 'cold full scan, one thread',
  twoThreads: 'cold full scan, two threads',
  paint: 'first paint from heads and tails',
  sweep: 'bare stat sweep',
  warm: 'warm start',
} as const

interface Took {
  readonly wallMs: number
  readonly cpuMs: number
}

export interface SweepResult {
  readonly bare: readonly Took[]
  readonly refresh: readonly Took[]
  readonly seen: number
}

export interface Watched {
  readonly wallMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly mainThreadCpuMs: number
  readonly utilisation: number
  readonly states: number
}

export interface EngineResult {
  readonly quiet: Watched
  readonly coldLook: Watched
  readonly secondLook: Watched
  readonly idle: {
    readonly seconds: number
    readonly cpuMsPerSecond: number
    readonly wakeUpsPerSecond: number | null
  }
}

/** Of the scripts that measure within one process. */
export interface Parts {
  readonly sweeps: readonly SweepResult[]
  readonly engines: readonly EngineResult[]
  readonly appends: readonly AppendResult[]
}

export interface AppendTimes {
  /** From the append to the event of a bare watcher, ms each. */
  readonly bareMs: readonly number[]
  /** From the same append to the state that shows it. */
  readonly stateMs: readonly number[]
}

export interface AppendResult {
  /** The first line of each session after a long rest, when little of it is in memory. */
  readonly first: AppendTimes
  /** Another line of the same session. */
  readonly next: AppendTimes
  /** Of a monitor and a bare watcher of the same files. */
  readonly idleCpuMsPerSecond: number
}

export function scanTable(summaries: readonly Summary[], baseline: string): Table {
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

export function appendTable(appends: readonly AppendResult[]): Table {
  const at = (times: readonly number[], share: number) =>
    figure(times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN)
  const row = (what: string, times: readonly number[]) => {
    return [what, String(times.length), at(times, 0.5), at(times, 0.95), at(times, 0.99)]
  }
  return {
    title: 'From a line appended on disk, in one process',
    columns: ['to', 'appends', 'p50, ms', 'p95, ms', 'p99, ms'],
    rows: appends.flatMap(({ first, next }) => [
      row("first line after a rest: a bare watcher's event", first.bareMs),
      row("first line after a rest: the monitor's changed state", first.stateMs),
      row("another line: a bare watcher's event", next.bareMs),
      row("another line: the monitor's changed state", next.stateMs),
    ]),
  }
}

export function engineTable(engines: readonly EngineResult[]): Table {
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

export function sweepTable(sweeps: readonly SweepResult[]): Table {
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

export function scanGoals(
  summaries: readonly Summary[],
  { sweeps, engines, appends }: Parts,
  peer: Peer | null,
): readonly Goal[] {
  const of = (name: string) => summaries.find(summary => summary.name === name)
  const ratio = (name: string, limit: number) => goalOf(name, limit, `× ${names.lines}`, of(name)?.wallRatio ?? null)
  const memory = (name: string) => goalOf(`peak memory, ${name}`, 150, 'MB', megabytes(of(name)?.peakBytes ?? null))
  return [
    ratio(names.oneThread, 3.5),
    ratio(names.twoThreads, 2.5),
    peerGoal(summaries, peer),
    ratio(names.paint, 0.25),
    sweepGoal(sweeps),
    memory(names.oneThread),
    memory(names.twoThreads),
    ...loopGoals(engines),
    ...appendGoals(appends),
  ]
}

export function warmGoals(summaries: readonly Summary[]): readonly Goal[] {
  const warm = summaries.find(({ name }) => name === names.warm)
  return [goalOf(names.warm, 1.5, `× ${names.sweep}`, warm?.wallRatio ?? null)]
}

function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 1e6
}

function peerGoal(summaries: readonly Summary[], peer: Peer | null): Goal {
  const what = 'faster than ccusage native, the faster of each'
  const limit = '≥ 3.5 times'
  const own = fastestOf(summaries.filter(({ name }) => name === names.oneThread || name === names.twoThreads))
  const other = fastestOf(summaries.filter(({ name }) => name.startsWith('ccusage')))
  if (own === undefined || other === undefined) {
    const measured = peer?.ok === false ? peer.why : 'ask for it with --peers'
    return { what, limit, measured, verdict: 'not measured' }
  }
  const factor = other.wallMs / own.wallMs
  return { what, limit, measured: `${figure(factor)} times`, verdict: factor >= 3.5 ? 'met' : 'missed' }
}

function fastestOf(summaries: readonly Summary[]): Summary | undefined {
  return summaries.toSorted((a, b) => a.wallMs - b.wallMs)[0]
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

function appendGoals(appends: readonly AppendResult[]): readonly Goal[] {
  const ratio = ({ bareMs, stateMs }: AppendTimes) => median(stateMs) / median(bareMs)
  const middle = (ratios: readonly number[]) => (ratios.length === 0 ? null : median(ratios))
  const first = middle(appends.map(result => ratio(result.first)))
  const next = middle(appends.map(result => ratio(result.next)))
  const idle = appends.map(({ idleCpuMsPerSecond }) => idleCpuMsPerSecond)
  return [
    goalOf('append on disk to changed state, after a rest', 3, '× bare watch event', first),
    goalOf('append on disk to changed state, another line', 3, '× bare watch event', next),
    goalOf('idle with every file watched', 1, 'ms CPU a second', idle.length === 0 ? null : median(idle)),
  ]
}
