/**
 * What checkpoints cost: of everything on a machine, and of one growing transcript, beside restic and borg on the same
 * bytes; what a look at a work tree costs beside `git status`; what verifying costs beside `sha256sum`.
 *
 * Every store that was measured is verified in the same run; one finding fails the benchmark. The peers save less: the
 * transcripts alone, no work tree, and no record per session.
 *
 * What was measured stays on the disk until the whole benchmark is done: an ext4 without a journal makes no file in a
 * place that was freed in the last minutes, and searching past thousands of them would be charged to whoever comes next.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { StoreReport } from '../../shared/engine/verify-store.ts'
import { seededRandom } from '../support/random.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { bundleScripts } from './bundle.ts'
import { type BenchCorpus, describeCorpus, makeCorpus } from './corpora.ts'
import { loadAverage, machineClass } from './machine.ts'
import { type Candidate, interleave, median, summarise } from './measure.ts'
import { figure, type Goal, goalOf, type Report, type Table } from './report.ts'
import { type BackupTool, bytesBelow, installTool, type OpenTool, openBorg, openRestic } from './store/backup-tools.ts'
import { type ListingTimes, measureListing } from './store/listing.ts'
import { startMonitorProcess } from './store/monitor-process.ts'

const scripts = { monitor: 'test/bench/store/monitor-child.ts', verify: 'test/bench/store/verify.ts' }
type Scripts = Readonly<Record<keyof typeof scripts, string>>

const seed = 'store 1'

/** Makes the 268 sessions of this seed the 230 MB that was promised for. */
const scale = 2.6

export const store: Benchmark = {
  summary: 'checkpoints: 268 sessions, one growing transcript, listing, verify; beside restic, borg, git, sha256sum',
  options: {
    sessions: { type: 'string', default: '268' },
    rounds: { type: 'string', default: '3' },
    parts: { type: 'string', default: 'machine,growth,listing' },
  },
  async *run(values, context) {
    const built = await bundleScripts(scripts, path.join(context.folder, 'scripts'), context.signal)
    const missing = [installTool('restic'), installTool('borg')].filter(why => why !== null)
    for (const why of missing) context.say(`NOT COMPARED: ${why}`)
    const sessions = context.quick ? 30 : Number(values['sessions'])
    const rounds = context.quick ? 1 : Number(values['rounds'])
    const parts = String(values['parts']).split(',')
    context.say(`Making ${sessions} sessions …`)
    const request = { sessions, seed, profile: 'real', scale, repositories: Math.min(30, sessions) } as const
    const corpus = await makeCorpus(request, context.folder, context.signal)
    try {
      const plan: Plan = { context, corpus, built, rounds, missing }
      if (parts.includes('machine')) yield await measureMachine(plan)
      if (parts.includes('growth')) {
        yield await measureGrowth(plan, 'the transcript alone')
        yield await measureGrowth(plan, 'with the work tree of its repository')
      }
      if (parts.includes('listing')) yield await measureListings(context)
    } finally {
      await corpus.remove()
    }
  },
}

interface Plan {
  readonly context: BenchContext
  readonly corpus: BenchCorpus
  readonly built: Scripts
  readonly rounds: number
  /** Peers that are not there, in words. */
  readonly missing: readonly string[]
}

const today = () => new Date().toISOString().slice(0, 10)

function setting(loadBefore: string, { missing }: Pick<Plan, 'missing'>, ...lines: readonly string[]): string[] {
  const machine = `machine: ${machineClass()}; load average ${loadBefore} before, ${loadAverage()} after`
  return [...lines, machine, ...missing.map(why => `NOT COMPARED: ${why}`)]
}

// Everything on a machine

const phases = ['cold', 'unchanged', '30 sessions grown'] as const
type Phase = (typeof phases)[number]

interface PhaseTime {
  readonly phase: Phase
  readonly ourMs: number
  readonly resticMs: number | null
  readonly savedMs: readonly number[]
}

async function measureMachine(plan: Plan): Promise<Report> {
  const { context, corpus, rounds } = plan
  const loadBefore = loadAverage()
  const random = seededRandom(seed)
  const times: PhaseTime[] = []
  const failures: string[] = []
  const verified: { readonly ratio: number; readonly verifyMs: number; readonly sumMs: number }[] = []
  let storeBytes = 0
  for (let round = 0; round < rounds; round++) {
    const folder = path.join(context.folder, `round-${round}`)
    fs.mkdirSync(folder)
    const restic = isMissing(plan, 'restic') ? null : await openRestic(folder)
    const dataFolder = path.join(folder, 'data')
    const starting = { at: null as Awaited<ReturnType<typeof startMonitorProcess>> | null }
    for (const phase of phases) {
      if (phase === '30 sessions grown') growTranscripts(corpus, 30, 200_000)
      let ours = { wallMs: 0, savedMs: [] as readonly number[], problems: [] as readonly string[] }
      let resticMs: number | null = null
      const runs = [
        async () => {
          starting.at ??= await startMonitorProcess(plan.built.monitor, corpus.configDir, dataFolder, context.signal)
          ours = await starting.at.checkpoint()
        },
        async () => {
          resticMs = restic && (await restic.backup(path.join(corpus.configDir, 'projects')))
        },
      ]
      for (const run of random.shuffle(runs)) await run()
      failures.push(...ours.problems.map(words => `${phase}: ${words}`))
      times.push({ phase, ourMs: ours.wallMs, resticMs, savedMs: ours.savedMs })
      context.say(
        `  ${phase}: ${Math.round(ours.wallMs)} ms, ${ours.savedMs.length} saved; restic ${Math.round(resticMs ?? 0)} ms`,
      )
    }
    const listFile = path.join(folder, 'sources')
    await starting.at?.list(listFile)
    await starting.at?.end()
    storeBytes = bytesBelow(path.join(dataFolder, 'store'))
    verified.push(await measureVerify(plan, path.join(dataFolder, 'store'), listFile, failures))
  }
  return machineReport(plan, loadBefore, times, verified, storeBytes, failures)
}

function isMissing({ missing }: Plan, program: string): boolean {
  return missing.some(why => why.includes(program))
}

function transcriptsOf({ listFile }: BenchCorpus): readonly string[] {
  return fs.readFileSync(listFile, 'utf8').split('\0').filter(Boolean)
}

const isMain = (file: string) => !file.includes('/subagents/')

function growTranscripts(corpus: BenchCorpus, count: number, bytes: number): void {
  const large = transcriptsOf(corpus).filter(file => isMain(file) && fs.statSync(file).size > 50_000)
  for (const file of large.slice(0, count)) growTranscript(file, bytes)
}

/** Appends its own last lines, at most so many bytes of them. */
function growTranscript(file: string, bytes: number): void {
  const content = fs.readFileSync(file)
  const whole = content.subarray(0, content.lastIndexOf(0x0a) + 1)
  const from = whole.length <= bytes ? 0 : whole.indexOf(0x0a, whole.length - bytes) + 1
  // A torn last line would take the first new one with it.
  fs.truncateSync(file, whole.length)
  fs.appendFileSync(file, whole.subarray(from))
}

async function measureVerify({ context, built }: Plan, storeFolder: string, listFile: string, failures: string[]) {
  const env = process.env as Record<string, string>
  const verify: Candidate = {
    name: 'verify',
    command: [process.execPath, built.verify, storeFolder],
    until: 'done',
    env,
    cwd: context.folder,
    check: ({ result }) => whyNotWhole(result as StoreReport | null),
  }
  const sum: Candidate = {
    name: 'sha256sum',
    command: ['xargs', '-0', 'sha256sum'],
    until: 'exit',
    inputFile: listFile,
    env,
    cwd: context.folder,
    check: () => null,
  }
  const measured = await interleave([verify, sum], { rounds: 3, random: seededRandom(seed), ...context })
  failures.push(...measured.failures)
  const { wallMs, wallRatio } = summarise(measured, 'verify', 'sha256sum')
  context.say(`  verify --read-data: ${Math.round(wallMs)} ms, ${wallRatio.toFixed(2)} × sha256sum`)
  return { ratio: wallRatio, verifyMs: wallMs, sumMs: wallMs / wallRatio }
}

function whyNotWhole(report: StoreReport | null): string | null {
  if (report === null || report.checkpoints === 0) return 'nothing was verified'
  const damage = report.findings.filter(({ severity }) => severity === 'damage')
  return damage.length === 0 ? null : `${damage.length} findings: ${damage[0]?.message}`
}

function machineReport(
  plan: Plan,
  loadBefore: string,
  times: readonly PhaseTime[],
  verified: readonly { readonly ratio: number; readonly verifyMs: number; readonly sumMs: number }[],
  storeBytes: number,
  failures: readonly string[],
): Report {
  const of = (phase: Phase) => times.filter(each => each.phase === phase)
  const known = (phase: Phase) =>
    of(phase).flatMap(({ ourMs, resticMs }) => (resticMs === null ? [] : [{ ourMs, resticMs }]))
  const resticMs = (phase: Phase) => medianOf(known(phase).map(each => each.resticMs))
  const ratio = (phase: Phase) => {
    const [ours, theirs] = [medianOf(known(phase).map(each => each.ourMs)), resticMs(phase)]
    return ours === null || theirs === null ? null : ours / theirs
  }
  const savedMs = (phase: Phase) => medianOf(of(phase).flatMap(each => each.savedMs))
  const text = (value: number | null) => (value === null ? '–' : figure(value))
  const rows = phases.map(phase => [
    phase,
    text(medianOf(of(phase).map(each => each.ourMs))),
    text(resticMs(phase)),
    text(ratio(phase)),
    String(median(of(phase).map(each => each.savedMs.length))),
    text(savedMs(phase)),
  ])
  const table: Table = {
    title:
      'Checkpoints of everything: our whole monitor, durable and read back, beside restic with the transcripts alone',
    columns: ['state', 'ours ms', 'restic ms', 'ratio', 'checkpoints', 'median ms each'],
    rows,
  }
  const cold = resticMs('cold')
  const perCheckpoint = savedMs('cold')
  const scaled = cold === null || perCheckpoint === null ? null : (perCheckpoint * 1_500) / cold
  const verifyRatio = medianOf(verified.map(each => each.ratio))
  const goals: Goal[] = [
    goalOf('cold, beside one restic backup', 2, '×', ratio('cold')),
    goalOf('nothing changed, beside restic', 1.2, '×', ratio('unchanged')),
    goalOf('30 sessions grown, beside restic', 1.2, '×', ratio('30 sessions grown')),
    goalOf('median per checkpoint, on a machine where restic takes 1.5 s', 5, 'ms', scaled),
    goalOf('verify --read-data, beside sha256sum of the same bytes', 2, '×', verifyRatio),
  ]
  const verify = `verify --read-data ${text(medianOf(verified.map(each => each.verifyMs)))} ms, sha256sum ${text(medianOf(verified.map(each => each.sumMs)))} ms; store ${(storeBytes / 1e6).toFixed(1)} MB`
  const method = `method: ${plan.rounds} rounds, each with a new store and a new restic repository, in random order; the monitor starts cold and stays`
  return {
    title: `${today()}: store, ${plan.corpus.sessions} sessions`,
    setting: setting(loadBefore, plan, describeCorpus(plan.corpus), method, verify),
    tables: [table],
    goals,
    failures,
  }
}

function medianOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values)
}

// One growing transcript

const steps = 20

const request = 'ours, a whole request'
const making = 'ours, the checkpoint in it'

type Alone = 'the transcript alone' | 'with the work tree of its repository'

/** The other programs save the transcript alone; so does ours when the session's folder is gone. */
async function measureGrowth(plan: Plan, what: Alone): Promise<Report> {
  const { context, corpus, built } = plan
  const loadBefore = loadAverage()
  const random = seededRandom(`${seed} growth`)
  const folder = fs.mkdtempSync(path.join(context.folder, 'growth-'))
  const work = path.join(corpus.folder, 'work')
  const elsewhere = what === 'the transcript alone' ? path.join(corpus.folder, 'gone') : work
  const lines = fs.readFileSync(largestTranscript(corpus), 'utf8').replaceAll(work, elsewhere)
  const source = Buffer.from(lines)
  const whole = source.subarray(0, source.indexOf(0x0a, Math.min(source.length - 1, 5_250_000)) + 1 || source.length)
  const configDir = path.join(folder, 'config')
  const target = path.join(configDir, 'projects/one', path.basename(largestTranscript(corpus)))
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.mkdirSync(path.join(configDir, 'sessions'))
  const openers: readonly [string, OpenTool][] = [
    ['restic', openRestic],
    ['borg', openBorg],
  ]
  const tools: BackupTool[] = []
  for (const [name, open] of openers) if (!isMissing(plan, name)) tools.push(await open(folder))
  fs.writeFileSync(target, firstLines(whole, 1 / steps))
  const dataFolder = path.join(folder, 'data')
  const monitor = await startMonitorProcess(built.monitor, configDir, dataFolder, context.signal)
  const ms = new Map<string, number[]>([request, making, ...tools.map(({ name }) => name)].map(name => [name, []]))
  const failures: string[] = []
  for (let step = 1; step <= steps; step++) {
    fs.writeFileSync(target, firstLines(whole, step / steps), { flag: 'r+' })
    const ours = async () => {
      const { wallMs, saved, savedMs, problems } = await monitor.checkpoint()
      // The first one has the start of the process in it.
      if (step > 1) ms.get(request)?.push(wallMs)
      if (step > 1) ms.get(making)?.push(...savedMs)
      failures.push(...problems, ...(saved === 1 ? [] : [`step ${step}: ${saved} checkpoints`]))
    }
    const theirs = tools.map(tool => async () => {
      const tookMs = await tool.backup(path.dirname(target))
      if (step > 1) ms.get(tool.name)?.push(tookMs)
    })
    for (const run of random.shuffle([ours, ...theirs])) await run()
  }
  await monitor.end()
  const storeFolder = path.join(dataFolder, 'store')
  const [verified] = (await verifyOnce(plan, storeFolder)).failures
  if (verified !== undefined) failures.push(verified)
  const ourBytes = bytesBelow(storeFolder)
  const theirBytes = tools.map(tool => [tool.name, tool.bytes()] as const)
  const bytes = new Map([[request, ourBytes], [making, ourBytes], ...theirBytes])
  return growthReport(plan, what, { loadBefore, logicalBytes: whole.length }, ms, bytes, failures)
}

function verifyOnce({ context, built }: Plan, storeFolder: string) {
  const candidate: Candidate = {
    name: 'verify',
    command: [process.execPath, built.verify, storeFolder],
    until: 'done',
    env: process.env as Record<string, string>,
    cwd: context.folder,
    check: ({ result }) => whyNotWhole(result as StoreReport | null),
  }
  return interleave([candidate], { rounds: 1, random: seededRandom(seed), ...context })
}

function largestTranscript(corpus: BenchCorpus): string {
  const bySize = transcriptsOf(corpus)
    .filter(isMain)
    .toSorted((a, b) => fs.statSync(b).size - fs.statSync(a).size)
  if (bySize[0] === undefined) throw new RangeError('no transcript')
  return bySize[0]
}

/** Whole lines, about this share of the content. */
function firstLines(content: Buffer, share: number): Buffer {
  return content.subarray(0, content.lastIndexOf(0x0a, Math.ceil(content.length * share) - 1) + 1)
}

function growthReport(
  plan: Plan,
  what: Alone,
  { loadBefore, logicalBytes }: { readonly loadBefore: string; readonly logicalBytes: number },
  ms: ReadonlyMap<string, readonly number[]>,
  bytes: ReadonlyMap<string, number>,
  failures: readonly string[],
): Report {
  const ours = { ms: median(ms.get(request) ?? []), bytes: bytes.get(request) ?? 0 }
  const rows = [...ms].map(([name, times]) => {
    const stored = bytes.get(name) ?? 0
    return [
      name,
      figure(median(times)),
      figure(median(times) / ours.ms),
      figure(stored / 1e6),
      figure(ours.bytes / stored),
    ]
  })
  const restic = ms.get('restic')
  const resticBytes = bytes.get('restic')
  const faster = (name: string): Goal => {
    const times = restic ? median(restic) / median(ms.get(name) ?? []) : null
    return {
      what: `times faster than restic: ${name}`,
      limit: '≥ 80 ×',
      measured: times === null ? '–' : `${figure(times)} ×`,
      verdict: times === null ? 'not measured' : times >= 80 ? 'met' : 'missed',
    }
  }
  const goals: Goal[] = [
    faster(request),
    faster(making),
    goalOf('bytes of the whole store, beside restic', 0.35, '×', resticBytes ? ours.bytes / resticBytes : null),
  ]
  const columns = ['program', 'median ms', '× ours', 'stored MB', 'our bytes / theirs']
  const title = `One transcript of ${(logicalBytes / 1e6).toFixed(2)} MB, checkpointed ${steps} times as it grows: ${what}`
  const method =
    'ours, in a monitor that runs: a request is look, lock and checkpoint, a checkpoint is work tree, transcript, record and reading back; the others: one process per backup'
  return {
    title: `${today()}: store, one growing transcript, ${what}`,
    setting: setting(loadBefore, plan, method),
    tables: [{ title, columns, rows }],
    goals: what === 'the transcript alone' ? goals : [],
    failures,
  }
}

// Listing

async function measureListings(context: BenchContext): Promise<Report> {
  const loadBefore = loadAverage()
  const times: ListingTimes[] = []
  for (const [files, rounds] of context.quick
    ? ([[50, 3]] as const)
    : ([
        [50, 25],
        [2_000, 25],
        [50_000, 9],
      ] as const)) {
    const done = await measureListing(context.folder, files, rounds)
    context.say(`  ${files} files: ${done.ourMs.toFixed(1)} ms, git status ${done.gitMs.toFixed(1)} ms`)
    times.push(done)
  }
  const rows = times.map(({ files, ourMs, gitMs, spawns }) => [
    String(files),
    figure(ourMs),
    figure(gitMs),
    figure(ourMs / gitMs),
    figure(spawns),
  ])
  return {
    title: `${today()}: store, listing a work tree`,
    setting: setting(
      loadBefore,
      { missing: [] },
      'a look with 20 changed files in a running monitor, and `git status` started from the same process, in random order',
    ),
    tables: [{ title: 'Medians', columns: ['files', 'ours ms', 'git status ms', 'ratio', 'git processes'], rows }],
    goals: times.map(({ files, ourMs, gitMs }) =>
      goalOf(`look at ${files} files, beside git status`, 1.5, '×', ourMs / gitMs),
    ),
    failures: times.flatMap(each => each.failures),
  }
}
