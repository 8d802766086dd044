/**
 * What the desktop app costs: start to tray and to the first rows, memory of its main process, and how long its main
 * thread keeps tray and page waiting while the engine reads 5,000 sessions and checkpoints 268.
 *
 * On the stand-in for Electron the main process also carries the stand-in's own work for the page (DevTools messages as
 * JSON); the figures without a window have none of it. Runs on the real Electron too, where it is.
 */
import fs from 'node:fs'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { findElectron } from '../../build/electron-binary.ts'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { type BenchCorpus, describeCorpus, makeCorpus } from './corpora.ts'
import { type AppRun, type Delays, runApp } from './desktop/app-run.ts'
import { loadAverage, machineClass } from './machine.ts'
import { median } from './measure.ts'
import { figure, goalOf, type Report, type Table } from './report.ts'

const top = path.resolve(import.meta.dirname, '../..')
const seed = 'desktop 1'
const limits = { p99Ms: 20, maxMs: 100 } as const

export const desktop: Benchmark = {
  summary:
    'the desktop app: start to tray and rows, memory, delays of its main thread' +
    ' while 5,000 sessions are read and 268 checkpointed',
  options: {
    scan: { type: 'string', default: '5000' },
    cycle: { type: 'string', default: '268' },
    rounds: { type: 'string', default: '3' },
  },
  async *run(values, context) {
    if (!fs.existsSync(path.join(top, 'dist/main/main.js'))) throw new Error('there is no build: run "npm run build"')
    const rounds = context.quick ? 1 : Number(values['rounds'])
    const found = findElectron({ top, env: process.env, platform: process.platform })
    const standIn = path.join(top, 'test/electron-double/electron')
    const runner = found.kind === 'found' ? found.file : standIn
    const name = found.kind === 'found' ? 'the real Electron' : 'the stand-in (the real Electron is not here)'
    const plan: Plan = { context, rounds, runner, name, loadBefore: loadAverage() }
    const cycle = await makeCorpus(
      requestFor(context.quick ? 20 : Number(values['cycle'])),
      context.folder,
      context.signal,
    )
    const first = await measureCycle(plan, cycle).finally(cycle.remove)
    const scan = await makeCorpus(
      requestFor(context.quick ? 60 : Number(values['scan'])),
      context.folder,
      context.signal,
    )
    const second = await measureScan(plan, scan).finally(scan.remove)
    yield report(plan, [describeCorpus(cycle), describeCorpus(scan)], first, second)
  },
}

interface Plan {
  readonly context: BenchContext
  readonly rounds: number
  /** Program that runs the app. */
  readonly runner: string
  readonly name: string
  readonly loadBefore: string
}

const requestFor = (sessions: number) =>
  ({ sessions, seed, profile: 'real', repositories: Math.min(30, sessions) }) as const

interface Start {
  readonly trayMs: number
  readonly rowsMs: number
  readonly pageMs: number | null
  readonly bytes: number
}

interface CycleFigures {
  readonly emptyTrayMs: readonly number[]
  readonly warm: readonly Start[]
  readonly delays: Readonly<Record<'window' | 'tray only', readonly RunDelays[]>>
}

/** What a process that does nothing had to wait in the same time is the machine's part of it. */
interface RunDelays {
  readonly starting: Delays
  readonly working: Delays
  readonly idleProcess: Delays
}

async function delaysUntil(run: AppRun, what: string): Promise<RunDelays> {
  const starting = (await run.when('started')).value as Delays
  const own = monitorEventLoopDelay({ resolution: 1 })
  own.enable()
  const working = (await run.when(what)).value as Delays
  own.disable()
  const [p99Ms, maxMs] = [own.percentile(99) / 1e6 - 1, own.max / 1e6 - 1].map(ms => Math.max(0, ms)) as [
    number,
    number,
  ]
  return { starting, working, idleProcess: { p99Ms, maxMs, samples: own.count } }
}

let runs = 0

function begin({ context, runner }: Plan, corpus: BenchCorpus, data: string, hidden: boolean): AppRun {
  const userData = path.join(context.folder, `electron-${runs++}`)
  const env = { CLAUDE_CONFIG_DIR: corpus.configDir, SESSION_MONITOR_HOME: data }
  return runApp({ executable: runner, env, userData, hidden, signal: context.signal })
}

function newData({ context }: Plan): string {
  const folder = path.join(context.folder, `data-${runs++}`)
  fs.mkdirSync(folder, { mode: 0o700 })
  return folder
}

/** Cold with all checkpoints, then warm starts on what that left. */
async function measureCycle(plan: Plan, corpus: BenchCorpus): Promise<CycleFigures> {
  const delays = { window: [] as RunDelays[], 'tray only': [] as RunDelays[] }
  const warm: Start[] = []
  const emptyTrayMs: number[] = []
  for (let round = 0; round < plan.rounds; round++) {
    emptyTrayMs.push(await emptyApp(plan))
    for (const where of ['window', 'tray only'] as const) {
      const data = newData(plan)
      const run = begin(plan, corpus, data, where === 'tray only')
      delays[where].push(await delaysUntil(run, 'cycle'))
      await run.quit()
      if (where === 'window') warm.push(await measureStart(plan, corpus, data))
      fs.rmSync(data, { recursive: true, force: true })
      plan.context.say(`  cycle, ${where}: ${words(delays[where].at(-1))}`)
    }
  }
  return { emptyTrayMs, warm, delays }
}

async function measureStart(plan: Plan, corpus: BenchCorpus, data: string): Promise<Start> {
  const run = begin(plan, corpus, data, false)
  const [tray, rows, page] = [await run.when('tray'), await run.when('rows'), await run.when('page')]
  const bytes = (await run.ask('memory')) as number
  await run.quit()
  return { trayMs: tray.afterMs, rowsMs: rows.afterMs, pageMs: page.afterMs, bytes }
}

/** Until checkpoints begin: then everything has been read. */
async function measureScan(plan: Plan, corpus: BenchCorpus): Promise<CycleFigures['delays']> {
  const delays = { window: [] as RunDelays[], 'tray only': [] as RunDelays[] }
  for (let round = 0; round < plan.rounds; round++) {
    for (const where of ['window', 'tray only'] as const) {
      const data = newData(plan)
      const run = begin(plan, corpus, data, where === 'tray only')
      delays[where].push(await delaysUntil(run, 'checkpointing'))
      await run.quit()
      fs.rmSync(data, { recursive: true, force: true })
      plan.context.say(`  scan, ${where}: ${words(delays[where].at(-1))}`)
    }
  }
  return delays
}

/** Start to tray of an app that has nothing but a tray: what the runner itself takes. */
async function emptyApp({ context, runner }: Plan): Promise<number> {
  const folder = path.join(context.folder, `empty-${runs++}`)
  fs.mkdirSync(folder)
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    '{"name":"empty","version":"1.0.0","main":"main.js","type":"module"}',
  )
  const icon = JSON.stringify(path.join(top, 'dist/main/app.png'))
  const main = `import { app, Menu, Tray } from 'electron'
app.whenReady().then(() => { globalThis.tray = new Tray(${icon}); tray.setContextMenu(Menu.buildFromTemplate([])) })`
  fs.writeFileSync(path.join(folder, 'main.js'), main)
  const run = runApp({
    executable: runner,
    app: folder,
    env: {},
    userData: path.join(folder, 'data'),
    hidden: true,
    signal: context.signal,
  })
  const { afterMs } = await run.when('tray')
  await run.quit()
  return afterMs
}

function words(delays: RunDelays | undefined): string {
  const say = ({ p99Ms, maxMs }: Delays) => `p99 ${figure(p99Ms)} ms, max ${figure(maxMs)} ms`
  return delays === undefined ? '–' : `${say(delays.working)}; an idle process ${say(delays.idleProcess)}`
}

function report(plan: Plan, corpora: readonly string[], cycle: CycleFigures, scan: CycleFigures['delays']): Report {
  const p99 = (all: readonly Delays[]) => median(all.map(({ p99Ms }) => p99Ms))
  const max = (all: readonly Delays[]) => Math.max(...all.map(({ maxMs }) => maxMs))
  const parts = [
    ['reading everything for the first time', scan],
    ['the first cycle with all its checkpoints', cycle.delays],
  ] as const
  const kinds = [
    ['working', 'the app'],
    ['idleProcess', 'an idle process beside it'],
    ['starting', 'the app until its engine has begun'],
  ] as const
  const delayRows = parts.flatMap(([what, delays]) =>
    (['window', 'tray only'] as const).flatMap(where =>
      kinds.map(([kind, who]) => {
        const all = delays[where].map(one => one[kind])
        return [what, where, who, figure(p99(all)), figure(median(all.map(({ maxMs }) => maxMs))), figure(max(all))]
      }),
    ),
  )
  const start = (of: (start: Start) => number) => figure(median(cycle.warm.map(of)))
  const tables: readonly Table[] = [
    {
      title: 'From start on, ms (warm index)',
      columns: ['an app with only a tray', 'tray', 'rows in the tray’s state', 'rows on the page', 'main process, MB'],
      rows: [
        [
          figure(median(cycle.emptyTrayMs)),
          start(({ trayMs }) => trayMs),
          start(({ rowsMs }) => rowsMs),
          start(({ pageMs }) => pageMs ?? 0),
          start(({ bytes }) => bytes / 1e6),
        ],
      ],
    },
    {
      title: 'How long the main thread kept others waiting, ms',
      columns: ['while', 'with', 'who', 'p99, median', 'max, median', 'max, worst'],
      rows: delayRows,
    },
  ]
  return {
    title: `${new Date().toISOString().slice(0, 10)}: desktop, on ${plan.name}`,
    setting: [
      ...corpora,
      `method: ${plan.rounds} rounds, each with new data; delays by a 1 ms timer of the main thread, that ms taken off`,
      `machine: ${machineClass()}; load average ${plan.loadBefore} before, ${loadAverage()} after`,
    ],
    tables,
    goals: parts.flatMap(([what, delays]) => [
      goalOf(`p99 while ${what}`, limits.p99Ms, 'ms', p99(delays.window.map(({ working }) => working))),
      goalOf(`max while ${what}`, limits.maxMs, 'ms', max(delays.window.map(({ working }) => working))),
    ]),
    failures: [],
  }
}
