/**
 * The running monitor over a clock that runs ahead: the engine by itself, its local socket and its dashboard, with
 * commands and a page that come and go. Tells what it holds whenever its starter asks.
 *
 * The engine is in this thread, because a clock cannot be handed to another one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { WebSocket } from 'ws'
import { createAdmission } from '../../../cli/dashboard/admission.ts'
import { dashboardCalls } from '../../../cli/dashboard/dashboard-calls.ts'
import { createDashboardHost } from '../../../cli/dashboard/dashboard-host.ts'
import { startDashboard } from '../../../cli/dashboard/dashboard-server.ts'
import { connectMonitor, type Wire } from '../../../shared/core/wire.ts'
import { connectLocal } from '../../../shared/engine/local-client.ts'
import { localPlace } from '../../../shared/engine/local-place.ts'
import { startLocalServer } from '../../../shared/engine/local-server.ts'
import { startMonitor } from '../../../shared/engine/monitor.ts'
import { longLivedPorts } from '../../../shared/engine/node-ports.ts'
import type { Clock } from '../../../shared/engine/ports.ts'
import type { SoakChild, SoakSample } from './soak.ts'

const { dataFolder, root, home, speed } = JSON.parse(process.argv[2] ?? '{}') as SoakChild
const real = longLivedPorts(() => {})
const ports = { ...real, clock: fastClock(real.clock, speed) }
const startedMs = ports.clock.nowMs()
const uid = process.getuid?.() ?? null

const started = await startMonitor(ports, {
  dataFolder,
  roots: [root],
  home,
  automatic: true,
  settingsOverride: settings => ({
    ...settings,
    intervalMinutes: 1,
    cooldownMinutes: 5,
    thresholds: { ...settings.thresholds, timeHours: 0.05 },
  }),
})
if (!started.ok) throw new Error(started.message)
const { monitor } = started
const place = localPlace(dataFolder, process.platform, tmpdir())
const identity = { pid: process.pid, name: 'the soak', version: '0', startedMs: 0 }
const door = await startLocalServer(ports, monitor, { place, uid, identity })
if (!door.ok) throw new Error(door.message)
const admission = createAdmission()
const dashboard = await startDashboard({
  files: { get: () => null },
  admission,
  host: createDashboardHost(process.platform, '0'),
  allowed: dashboardCalls(false),
  port: 0,
  log: () => {},
  nowMs: () => performance.now(),
  onOpened: () => {},
})
dashboard.serve(monitor)

let cycles = 0
let checkpoints = 0
let visits = 0
let seenCycleMs = 0
monitor.onState(({ lastCycle }) => {
  if (lastCycle === null || lastCycle.startedMs === seenCycleMs) return
  seenCycleMs = lastCycle.startedMs
  cycles++
  checkpoints += lastCycle.created
})

const ending = new AbortController()
const coming = comeAndGo()
process.on('message', message => {
  if (message === 'sample') process.send?.(sample())
  else void end()
})
process.on('disconnect', () => process.exit(1))
process.send?.('ready')

/** A command and a page that look and leave, again and again; one of each in a hundred leaves without a word. */
async function comeAndGo(): Promise<void> {
  const key = admission.exchange(admission.newToken())
  while (!ending.signal.aborted) {
    const command = await connectLocal(ports.files, place, { timeoutMs: 20_000, uid })
    if (command.kind === 'connected') {
      command.monitor.onState(() => {})
      await command.monitor.getState({})
      command.close()
    }
    await visitPage(`${key}`)
    visits++
    await real.clock.sleep(250, ending.signal)
  }
}

async function visitPage(key: string): Promise<void> {
  const host = `127.0.0.1:${dashboard.port}`
  const socket = new WebSocket(`ws://${host}/monitor`, ['session-monitor', `key.${key}`], { origin: `http://${host}` })
  const listeners = new Set<(message: unknown) => void>()
  const wire: Wire = {
    send: message => socket.send(JSON.stringify(message)),
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  socket.on('message', data => {
    for (const listener of listeners) listener(JSON.parse(String(data)))
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const page = connectMonitor(wire)
  page.onState(() => {})
  await page.getState({})
  page.close()
  if (visits % 100 === 0) socket.terminate()
  else socket.close()
}

function sample(): SoakSample {
  for (let n = 0; n < 3; n++) globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return {
    rss,
    heap: heapUsed + external,
    files: readdirSync('/proc/self/fd').length,
    handles: process.getActiveResourcesInfo().filter(name => name !== 'Immediate').length,
    zombies: zombies(),
    connections: door.ok ? door.server.clients() + dashboard.pages() : 0,
    cycles,
    checkpoints,
    visits,
    seenMs: ports.clock.nowMs() - startedMs,
  }
}

/** Of this process and of all that it has started. */
function zombies(): readonly number[] {
  const all = readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []))
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]))
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === process.pid || isOurs(parents.get(pid)))
  return all.flatMap(({ pid, state }) => (state === 'Z' && isOurs(pid) ? [pid] : []))
}

function processOf(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, state, parent: Number(parent) }
  } catch {
    return null
  }
}

async function end(): Promise<void> {
  ending.abort()
  await coming
  await dashboard.close()
  if (door.ok) await door.server.close()
  await monitor.stop()
  process.exit(0)
}

/** Both clocks and every wait, so many times as fast. */
function fastClock(clock: Clock, times: number): Clock {
  const [wall, steady] = [clock.nowMs(), clock.monotonicMs()]
  return {
    nowMs: () => wall + (clock.nowMs() - wall) * times,
    monotonicMs: () => steady + (clock.monotonicMs() - steady) * times,
    sleep: (ms, signal) => clock.sleep(ms / times, signal),
  }
}
