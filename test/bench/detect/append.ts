/**
 * From a line appended on disk to the changed state of a monitor that runs by itself, beside the bare event of the same
 * append from a watcher of the same folders, both in one process; then what watching costs while nothing happens.
 * Each session gets two lines: the first after a long rest, when little of it is in memory, and then another.
 * Every append has to arrive. Changes the corpus: nothing may be compared with its truth afterwards.
 */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { watch } from 'chokidar'
import type { MonitorState } from '../../../shared/core/monitor-state.ts'
import { startMonitor } from '../../../shared/engine/monitor.ts'
import { nodePorts } from '../../../shared/engine/node-ports.ts'
import { sayDone, sayResult } from '../child-voice.ts'
import { readTruth } from './truth.ts'

interface AppendTimes {
  readonly bareMs: number[]
  readonly stateMs: number[]
}

const [, , configDir = '', truthFile = '', dataFolder = '', appends = '300', idleSeconds = '5'] = process.argv
/** An append that is not seen by then is missed. */
const patienceMs = 5_000
/** Longer than the monitor gathers changes, so that each append is one of its own. */
const betweenMs = 80

const bare = watch(path.join(configDir, 'projects'), { ignoreInitial: true, atomic: false })
await new Promise<void>(resolve => void bare.once('ready', () => resolve()))
const started = await startMonitor(
  nodePorts(() => {}),
  { dataFolder, roots: [configDir], home: process.env['HOME'] ?? '', automatic: true },
)
if (!started.ok) throw new Error(started.message)
const { monitor } = started
await monitor.pause({ untilMs: null })
await until(async () => {
  const { watch: watching, phase } = await monitor.getState({})
  return watching?.mode === 'watching' && phase === 'paused'
}, 60_000)
await sleep(2_000)

const files = readTruth(truthFile).flatMap(({ sessionId, streams }) => {
  const main = streams.find(({ name }) => name === 'main')
  return main === undefined ? [] : [{ sessionId, file: main.path }]
})
const first: AppendTimes = { bareMs: [], stateMs: [] }
const next: AppendTimes = { bareMs: [], stateMs: [] }
let missed = 0
for (let i = 0; i < Number(appends); i++) {
  const target = files[(i >> 1) % files.length]
  if (target === undefined) break
  const times = await append(target, i)
  if (times === null) missed += 1
  else {
    const kind = i % 2 === 0 ? first : next
    kind.bareMs.push(times.bareMs)
    kind.stateMs.push(times.stateMs)
  }
  await sleep(betweenMs)
}
const before = process.cpuUsage()
await sleep(Number(idleSeconds) * 1_000)
const { user, system } = process.cpuUsage(before)
sayDone()
sayResult({ first, next, missed, idleCpuMsPerSecond: (user + system) / 1_000 / Number(idleSeconds) })
await bare.close()
await monitor.stop()

async function append({ sessionId, file }: { readonly sessionId: string; readonly file: string }, n: number) {
  const prompts = promptsOf(await monitor.getState({}), sessionId)
  const seen = { bare: 0, state: 0 }
  const onChange = (at: string) => {
    if (at === file) seen.bare ||= performance.now()
  }
  bare.on('change', onChange)
  const stop = monitor.onState(state => {
    const atMs = performance.now()
    if (promptsOf(state, sessionId) > prompts) seen.state ||= atMs
  })
  const fromMs = performance.now()
  fs.appendFileSync(file, `${JSON.stringify({ type: 'user', message: { role: 'user', content: `Go on, ${n}` } })}\n`)
  const arrived = await until(async () => seen.bare > 0 && seen.state > 0, patienceMs)
  stop()
  bare.off('change', onChange)
  return arrived ? { bareMs: seen.bare - fromMs, stateMs: seen.state - fromMs } : null
}

function promptsOf(state: MonitorState, sessionId: string): number {
  return state.sessions.find(view => view.sessionId === sessionId)?.counts.prompts ?? 0
}

async function until(isTrue: () => Promise<boolean>, forMs: number): Promise<boolean> {
  const endMs = performance.now() + forMs
  while (performance.now() < endMs) {
    if (await isTrue()) return true
    await turn()
  }
  return false
}
