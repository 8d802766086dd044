/**
 * The page under load, in real Chromium: 10,000 sessions, 50 of them changing every second, while somebody scrolls and
 * types. Long tasks as the browser's own observer sees them, the time from a key to its letter, memory after each
 * collection, and how large the bundle is.
 */
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { CDPSession, Page } from 'playwright-core'
import { type MonitorState, type SessionView, withViews } from '../../shared/core/monitor-state.ts'
import { scoreSession } from '../../shared/core/scoring.ts'
import { defaultSettings, policyFor } from '../../shared/core/settings.ts'
import { createFakeMonitorApi } from '../support/fake-monitor-api.ts'
import { hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { sampleSession, sampleState } from '../support/sample-state.ts'
import type { Benchmark } from './benchmark.ts'
import { loadAverage, machineClass } from './machine.ts'
import { figure, type Goal, goalOf, type Report } from './report.ts'

const sessionCount = 10_000
const updatesPerSecond = 50
const stepMs = 1_000 / updatesPerSecond
/** What the window promises: nothing longer than this while it is used. */
const longMs = 100
const dist = path.resolve(import.meta.dirname, '../../dist/renderer')

export const page: Benchmark = {
  summary: 'The window with 10,000 sessions and 50 updates a second: long tasks, keys, memory, bundle size.',
  options: { minutes: { type: 'string', default: '10' } },
  async *run(values, { quick, signal, say }) {
    const missing = whyNoPage(process.env)
    if (missing !== null) throw new Error(missing)
    const minutes = quick ? 0.5 : Number(values['minutes'])
    yield await measure(minutes, signal, say)
  },
}

interface Used {
  /** Durations of all long tasks, ms. */
  readonly tasks: readonly number[]
  readonly seconds: number
}

async function measure(minutes: number, signal: AbortSignal, say: (text: string) => void): Promise<Report> {
  const load = loadAverage()
  const browser = await launchChromium()
  const random = seededRandom('page bench')
  const fake = createFakeMonitorApi()
  let state = sampleState({ sessions: makeSessions(random), phase: 'idle' })
  fake.answer('getState', () => state)
  try {
    const fromMs = performance.now()
    const hosted = await hostPage(browser, fake.api, { initScript: observerScript })
    await hosted.page.getByRole('row').nth(5).waitFor({ timeout: 60_000 })
    const firstRowsMs = performance.now() - fromMs
    await hosted.page.waitForTimeout(2_000)
    const loading = await takeTasks(hosted.page)
    const stopUpdates = keepUpdating(() => {
      state = nextState(state, random)
      fake.tell(state)
    })
    say('Standing still …')
    const still = await during(hosted.page, 20, async () => hosted.page.waitForTimeout(20_000))
    say('Scrolling …')
    const scrolling = await during(hosted.page, 20, () => scroll(hosted.page, 20))
    say('Typing …')
    const keys: number[] = []
    const typing = await during(hosted.page, 20, async () => void keys.push(...(await type(hosted.page, 20))))
    await hosted.page.getByRole('searchbox').fill('')
    say(`Updating for ${minutes} minutes …`)
    const memory = await watchMemory(hosted.page, minutes, signal)
    const waiting = await takeTasks(hosted.page)
    const last = await agreement(hosted.page, state, stopUpdates)
    await hosted.close()
    const parts: readonly (readonly [string, Used])[] = [
      ['loading 10,000 sessions', { tasks: loading, seconds: firstRowsMs / 1_000 }],
      ['standing still', still],
      ['scrolling', scrolling],
      ['typing a search', typing],
      ['updates only', { tasks: waiting, seconds: minutes * 60 }],
    ]
    return reportOf({ load, parts, keys, memory, firstRowsMs, failures: [...hosted.complaints, ...last] })
  } finally {
    await browser.close()
  }
}

/** Notes every long task from the first moment on. */
const observerScript = `
  window.longTasks = []
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longTasks.push(entry.duration)
  }).observe({ type: 'longtask', buffered: true })
`

function takeTasks(at: Page): Promise<number[]> {
  return at.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.splice(0))
}

async function during(at: Page, seconds: number, use: () => Promise<void>): Promise<Used> {
  await takeTasks(at)
  await use()
  return { tasks: await takeTasks(at), seconds }
}

/** The wheel, down and up, as fast as anybody turns it. */
async function scroll(at: Page, seconds: number): Promise<void> {
  await at.mouse.move(600, 500)
  const untilMs = performance.now() + seconds * 1_000
  for (let turn = 0; performance.now() < untilMs; turn++) {
    await at.mouse.wheel(0, turn % 40 < 25 ? 900 : -600)
    await at.waitForTimeout(30)
  }
}

/** Types and deletes; resolves with the time from each key to the frame that shows its letter, ms. */
async function type(at: Page, seconds: number): Promise<readonly number[]> {
  await at.evaluate(() => {
    const times: number[] = []
    ;(window as unknown as { keyTimes: number[] }).keyTimes = times
    addEventListener('keydown', event => {
      requestAnimationFrame(() => requestAnimationFrame(() => times.push(performance.now() - event.timeStamp)))
    })
  })
  await at.getByRole('searchbox').focus()
  const untilMs = performance.now() + seconds * 1_000
  for (let turn = 0; performance.now() < untilMs; turn++) {
    const word = ['parser', 'shop', 'branch 7', 'zzz'][turn % 4] ?? ''
    for (const letter of word) await at.keyboard.press(letter, { delay: 40 })
    for (const _ of word) await at.keyboard.press('Backspace', { delay: 20 })
  }
  return at.evaluate(() => (window as unknown as { keyTimes: number[] }).keyTimes)
}

/** Megabytes in use after a collection, at the start and after each minute. */
async function watchMemory(at: Page, minutes: number, signal: AbortSignal): Promise<readonly number[]> {
  const session = await at.context().newCDPSession(at)
  const samples = [await usedMegabytes(session)]
  const count = Math.max(2, Math.ceil(minutes))
  for (let n = 0; n < count && !signal.aborted; n++) {
    await at.waitForTimeout((minutes * 60_000) / count)
    samples.push(await usedMegabytes(session))
  }
  return samples
}

async function usedMegabytes(session: CDPSession): Promise<number> {
  for (let n = 0; n < 2; n++) await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1e6
}

/** What is not as it should be when the updates have ended: the page must show the last state. */
async function agreement(at: Page, _state: MonitorState, stopUpdates: () => void): Promise<readonly string[]> {
  stopUpdates()
  await at.waitForTimeout(1_000)
  const shown = await at.getByText('10,000 sessions', { exact: true }).count()
  return shown === 1 ? [] : ['the page does not show 10,000 sessions at the end']
}

function keepUpdating(update: () => void): () => void {
  const timer = setInterval(update, stepMs)
  return () => clearInterval(timer)
}

function makeSessions(random: Random): readonly SessionView[] {
  const protections = ['protected', 'protected', 'protected', 'changed', 'at-risk'] as const
  return Array.from({ length: sessionCount }, (_, at) =>
    changed(
      sampleSession({
        sessionId: random.uuid(),
        title: `${random.pick(['Mend the parser', 'Faster search', 'Write a post', 'Sort the branch'])} ${at}`,
        project: { root: `/home/dev/project-${at % 240}`, name: `project-${at % 240}`, kind: 'git' },
        branch: `branch ${at % 30}`,
        protection: random.pick(protections),
      }),
      random,
    ),
  )
}

function changed(view: SessionView, random: Random): SessionView {
  const signals = {
    hoursSinceCheckpoint: random.next() * 4,
    messages: random.int(1, 400),
    filesChanged: random.int(0, 30),
    contextPercent: random.int(0, 100),
    idleMinutes: random.int(0, 200),
  }
  const unsaved = { messages: random.int(0, 40), files: random.int(0, 12), transcriptBytes: random.int(0, 90_000) }
  return { ...view, unsaved, score: scoreSession(signals, policyFor(defaultSettings, null).policy) }
}

/** One session is other than before, and stands where it belongs. */
function nextState(state: MonitorState, random: Random): MonitorState {
  const view = changed(random.pick(state.sessions), random)
  return {
    ...state,
    revision: state.revision + 1,
    atMs: Date.now(),
    sessions: withViews(state.sessions, [view], new Set()),
  }
}

interface Measured {
  readonly load: string
  readonly parts: readonly (readonly [string, Used])[]
  readonly keys: readonly number[]
  readonly memory: readonly number[]
  readonly firstRowsMs: number
  readonly failures: readonly string[]
}

function reportOf({ load, parts, keys, memory, firstRowsMs, failures }: Measured): Report {
  const used = parts.filter(([name]) => name !== 'loading 10,000 sessions')
  const tooLong = used.flatMap(([, { tasks }]) => tasks).filter(ms => ms > longMs)
  const [first = 0] = memory.slice(1)
  const growth = first === 0 ? 0 : (memory.at(-1) ?? 0) / first
  const sizes = bundleSizes()
  const goals: readonly Goal[] = [
    goalOf(`tasks over ${longMs} ms while scrolling, typing and updating`, 0, '', tooLong.length),
    goalOf('key to letter, p99', 100, 'ms', keys.length === 0 ? null : quantile(keys, 0.99)),
    goalOf('memory at the end to memory after the first sample', 1.1, '×', growth),
  ]
  return {
    title: `page, ${sessionCount.toLocaleString('en-GB')} sessions, ${updatesPerSecond} updates a second`,
    setting: [
      `machine: ${machineClass()}; load average ${load} before, ${loadAverage()} after`,
      'real Chromium, headless, 1,200 × 800; the built page; states over a wire as patches, one session each',
      `first rows after ${figure(firstRowsMs)} ms; memory in MB after a collection: ${memory.map(mb => mb.toFixed(1)).join(', ')}`,
    ],
    tables: [
      {
        title: 'Long tasks (over 50 ms, by the browser’s observer)',
        columns: ['while', 'seconds', 'long tasks', 'over 100 ms', 'longest, ms'],
        rows: parts.map(([name, { tasks, seconds }]) => [
          name,
          figure(seconds),
          String(tasks.length),
          String(tasks.filter(ms => ms > longMs).length),
          figure(tasks.reduce((most, ms) => Math.max(most, ms), 0)),
        ]),
      },
      {
        title: 'From a key to the frame after its letter',
        columns: ['keys', 'p50, ms', 'p95, ms', 'p99, ms', 'longest, ms'],
        rows: [[String(keys.length), ...[0.5, 0.95, 0.99, 1].map(q => figure(quantile(keys, q)))]],
      },
      { title: 'Bundle', columns: ['what', 'kB', 'kB, gzip'], rows: sizes },
    ],
    goals,
    failures,
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}

function bundleSizes(): readonly (readonly string[])[] {
  const files = fs.readdirSync(path.join(dist, 'assets'))
  return ['js', 'css', 'woff2'].map(ending => {
    const contents = files
      .filter(name => name.endsWith(`.${ending}`))
      .map(name => fs.readFileSync(path.join(dist, 'assets', name)))
    const kilobytes = (sizes: readonly number[]) => figure(sizes.reduce((sum, size) => sum + size, 0) / 1e3)
    return [
      `${ending} (${contents.length})`,
      kilobytes(contents.map(c => c.length)),
      kilobytes(contents.map(c => gzipSync(c).length)),
    ]
  })
}
