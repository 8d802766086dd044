/**
 * What the engine's thread costs the thread that serves tray and page: event-loop delay while it is quiet, during a
 * cold look at everything and during a second look; and what an idle monitor costs afterwards.
 *
 * A look is asked for by pausing and resuming a monitor without a schedule, which looks and checkpoints nothing. It is
 * what a host sees: scan, work trees, and the state that comes over the wire.
 */
import fs from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { MonitorState } from '../../../shared/core/monitor-state.ts'
import { type EngineThreadStarted, startEngineThread } from '../../../shared/engine/engine-thread.ts'
import { sayDone, sayResult } from '../child-voice.ts'
import { readTruth } from './truth.ts'

const [, , engineScript = '', configDir = '', truthFile = '', dataFolder = '', idleSeconds = '5'] = process.argv
/** A timer this short turns the loop often enough to see a delay of a millisecond. */
const tickMs = 1

const thread = threadOf(
  await startEngineThread({
    script: pathToFileURL(engineScript),
    options: { dataFolder, roots: [configDir], home: process.env['HOME'] ?? '', automatic: false },
    log: () => {},
    onCrash: error => {
      throw error
    },
  }),
)
let states = 0
thread.monitor.onState(() => {
  states += 1
})

const quiet = await watched(() => sleep(1000))
const coldLook = await watched(() => thread.monitor.pause({ untilMs: null }).then(arrived))
const { sessions } = await arrived()
const secondLook = await watched(() => thread.monitor.resume({}).then(arrived))
const idle = await idleFor(Number(idleSeconds) * 1000)
sayDone()
sayResult({ quiet, coldLook, secondLook, idle, ...compareViews() })
await thread.stop()

/** The state that a page would show, as soon as all of it is here. */
function arrived(): Promise<MonitorState> {
  return thread.monitor.getState({})
}

function threadOf(started: EngineThreadStarted) {
  if (!started.ok) throw new Error(`${started.code}: ${started.message}`)
  return started.thread
}

/** Event-loop delay of this thread while `work` runs elsewhere, in ms beyond the timer's own period. */
async function watched(work: () => Promise<unknown>) {
  const delay = monitorEventLoopDelay({ resolution: tickMs })
  const [fromMs, fromStates, before] = [performance.now(), states, performance.eventLoopUtilization()]
  const cpuBefore = process.threadCpuUsage()
  delay.enable()
  await work()
  delay.disable()
  const cpu = process.threadCpuUsage(cpuBefore)
  return {
    wallMs: performance.now() - fromMs,
    p50Ms: beyondTick(delay.percentile(50)),
    p99Ms: beyondTick(delay.percentile(99)),
    maxMs: beyondTick(delay.max),
    mainThreadCpuMs: (cpu.user + cpu.system) / 1000,
    utilisation: performance.eventLoopUtilization(before).utilization,
    states: states - fromStates,
  }
}

function beyondTick(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - tickMs)
}

/** CPU time and voluntary context switches of the whole process while nothing happens. */
async function idleFor(ms: number) {
  const [before, switchesBefore] = [process.cpuUsage(), wakeUps()]
  await sleep(ms)
  const cpu = process.cpuUsage(before)
  const switches = wakeUps()
  return {
    seconds: ms / 1000,
    cpuMsPerSecond: (cpu.user + cpu.system) / ms,
    wakeUpsPerSecond: switches === null || switchesBefore === null ? null : ((switches - switchesBefore) * 1000) / ms,
  }
}

/** Times that any thread of this process went to sleep so far; null where the system does not tell. */
function wakeUps(): number | null {
  try {
    const tasks = fs.readdirSync('/proc/self/task')
    const counts = tasks.map(task => {
      const status = fs.readFileSync(`/proc/self/task/${task}/status`, 'utf8')
      return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    })
    return counts.reduce((sum, count) => sum + count, 0)
  } catch {
    return null
  }
}

/** What a page would show of each session, against the truth. */
function compareViews() {
  const byId = new Map(sessions.map(view => [view.sessionId, view]))
  const truth = readTruth(truthFile)
  const mistakes = truth.flatMap(({ sessionId, truth: facts }) => {
    const view = byId.get(sessionId)
    const same =
      view !== undefined &&
      view.title === facts.title &&
      JSON.stringify(view.counts) === JSON.stringify(facts.counts) &&
      view.contextTokens === (facts.context?.tokens ?? null) &&
      view.lastActivityMs === facts.lastActivityMs &&
      view.filesChanged === facts.filesChanged.length
    return same ? [] : [sessionId]
  })
  const more = sessions.length - truth.length
  return { checked: truth.length, wrong: mistakes.length + Math.abs(more), mistakes: mistakes.slice(0, 5) }
}
