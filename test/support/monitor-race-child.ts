/**
 * One of many monitors over one store: does a cycle whenever its starter says so, and tells what came of it.
 *
 * Its one argument is a `RaceChild` as JSON. Each message is how far the wall clock is ahead, in ms.
 */
import { startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { RaceAnswer, RaceChild } from './monitor-race.ts'

const { dataFolder, root, home } = JSON.parse(process.argv[2] ?? '{}') as RaceChild
const real = nodePorts(() => {})
let aheadMs = 0
const ports = { ...real, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + aheadMs } }
const started = await startMonitor(ports, { dataFolder, roots: [root], home, automatic: false })
if (!started.ok) throw new Error(started.message)
const { monitor } = started

process.on('message', async (ahead: number) => {
  aheadMs = ahead
  const { due, created, failed, notDone } = await monitor.runCycle({})
  process.send?.({ due, created, failed, notDone } satisfies RaceAnswer)
})
process.on('disconnect', async () => {
  await monitor.stop()
  process.exit(0)
})
process.send?.('ready')
