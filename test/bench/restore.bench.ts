/**
 * What a plan of a restore costs, beside reading the same files once: in time, processor time and memory, each in a
 * process of its own, in turn. Once with files that are all in the checkpoint, once with files that git has.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { createPackTable } from '../../shared/engine/record-packs.ts'
import { createSnapshotter } from '../../shared/engine/work-tree-snapshot.ts'
import { seededRandom } from '../support/random.ts'
import { git } from '../support/repositories.ts'
import { draftOf, openTestStore, sessionA, treeRecordOf } from '../support/stores.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { bundleScripts } from './bundle.ts'
import { loadAverage, machineClass } from './machine.ts'
import { median } from './measure.ts'
import { figure, goalOf, type Report } from './report.ts'
import type { PlanJob, PlanMeasured } from './restore/plan-child.ts'

const seed = 1
const fileBytes = 2_000

export const restore: Benchmark = {
  summary: 'the plan of a restore, beside reading the same files once; --files 50000 --rounds 5',
  options: { files: { type: 'string', default: '50000' }, rounds: { type: 'string', default: '5' } },
  async *run(values, context) {
    const fileCount = context.quick ? 500 : Number(values['files'])
    const rounds = context.quick ? 1 : Number(values['rounds'])
    const entries = { child: 'test/bench/restore/plan-child.ts' }
    const { child } = await bundleScripts(entries, path.join(context.folder, 'scripts'), context.signal)
    for (const kind of ['untracked', 'committed'] as const) {
      const job = await makeProject(context, fileCount, kind)
      const { read, plan } = await measureRounds(context, child, job, rounds)
      yield report(read, plan, fileCount, kind)
    }
  },
}

type Kind = 'untracked' | 'committed'

async function measureRounds({ signal, say }: BenchContext, child: string, job: Omit<PlanJob, 'what'>, rounds: number) {
  const [read, plan]: [PlanMeasured[], PlanMeasured[]] = [[], []]
  // The first round fills the caches of the system.
  for (let round = 0; round <= rounds; round++) {
    signal.throwIfAborted()
    say(`Round ${round} of ${rounds} …`)
    const [one, other] = [
      await measure(child, { ...job, what: 'read' }),
      await measure(child, { ...job, what: 'plan' }),
    ]
    if (round === 0 && rounds > 1) continue
    read.push(one)
    plan.push(other)
  }
  return { read, plan }
}

async function measure(script: string, job: PlanJob): Promise<PlanMeasured> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(job)])
  return JSON.parse(stdout) as PlanMeasured
}

/** Files in a repository, saved once; then one in a hundred is changed, and one in a thousand goes. */
async function makeProject(
  { folder, say }: BenchContext,
  fileCount: number,
  kind: Kind,
): Promise<Omit<PlanJob, 'what'>> {
  say(`Making ${fileCount} ${kind} files and their checkpoint …`)
  const [root, dataFolder, home] = ['project', 'data', 'owner'].map(name => path.join(folder, kind, name)) as [
    string,
    string,
    string,
  ]
  const random = seededRandom(seed)
  fs.mkdirSync(home, { recursive: true })
  fs.mkdirSync(root)
  git(root, 'init', '-q')
  const names = Array.from({ length: fileCount }, (_, n) => `d${n % 250}/file-${n}.txt`)
  for (let n = 0; n < 250; n++) fs.mkdirSync(path.join(root, `d${n}`))
  for (const name of names) fs.writeFileSync(path.join(root, name), random.hex(fileBytes / 2))
  if (kind === 'committed') {
    git(root, 'add', '-A')
    git(root, 'commit', '-q', '-m', 'all of them')
  }
  await save(root, dataFolder, home)
  names.forEach((name, n) => {
    if (n % 1_000 === 0) fs.rmSync(path.join(root, name))
    else if (n % 100 === 0) fs.writeFileSync(path.join(root, name), random.hex(fileBytes / 2))
  })
  return { root, dataFolder, home }
}

async function save(root: string, dataFolder: string, home: string): Promise<void> {
  const ports = nodePorts(() => {})
  const store = openTestStore(path.join(dataFolder, 'store'), ports)
  const opened = store.newPack()
  if (!opened.ok) throw new Error(opened.message)
  const { pack } = opened
  const gitFolder = path.join(dataFolder, 'git')
  const snapshotter = createSnapshotter(ports, { gitFolder, home, environment: process.env })
  const captured = await snapshotter.capture(root, null, pack)
  if (!captured.ok) throw new Error(captured.message)
  const tree = treeRecordOf(pack, createPackTable(), captured.manifest)
  const draft = draftOf(store, pack, { session: sessionA, tree: () => tree })
  const finished = pack.finish()
  if (!finished.ok) throw new Error(finished.message)
  const [made] = store.commit([draft], finished.pack, () => true)
  if (made?.kind !== 'committed') throw new Error(JSON.stringify(made))
}

function report(read: readonly PlanMeasured[], plan: readonly PlanMeasured[], fileCount: number, kind: Kind): Report {
  const of = (runs: readonly PlanMeasured[], what: 'ms' | 'cpuMs' | 'maxRssMegabytes') =>
    median(runs.map(run => run[what]))
  const counts = plan[0]?.counts ?? {}
  const row = (name: string, runs: readonly PlanMeasured[]) => [
    name,
    figure(of(runs, 'ms')),
    figure(of(runs, 'cpuMs')),
    figure(of(runs, 'maxRssMegabytes')),
  ]
  const gone = Math.ceil(fileCount / 1_000)
  const expected = { conflict: Math.ceil(fileCount / 100) - gone, create: gone }
  const wrong = Object.entries(expected).filter(([action, n]) => counts[action] !== n)
  return {
    title: `The plan of a restore of ${fileCount.toLocaleString('en-GB')} ${kind} files`,
    setting: [
      `machine: ${machineClass()}; load ${loadAverage()}`,
      `${fileCount} ${kind} files of ${fileBytes} bytes in a git repository, one checkpoint, then 0.9 % changed and 0.1 % removed (seed ${seed}); medians of ${read.length} rounds in turn, files in the system's cache, each in a process of its own`,
    ],
    tables: [
      {
        title: 'Whole process',
        columns: ['what', 'ms', 'processor ms', 'peak memory, MB'],
        rows: [row('reading every file once', read), row('planning', plan)],
      },
    ],
    goals: [
      goalOf(`plan to reading, time, ${kind}`, 2, '×', of(plan, 'ms') / of(read, 'ms')),
      goalOf(`plan to reading, processor time, ${kind}`, 2, '×', of(plan, 'cpuMs') / of(read, 'cpuMs')),
      goalOf(`peak memory of the plan, ${kind}`, 400, 'MB', of(plan, 'maxRssMegabytes')),
    ],
    failures: wrong.map(([action, n]) => `${counts[action] ?? 0} paths planned as ${action}, not ${n}`),
  }
}
