/** The real engine at work on the made-up machine of the demo, in a scratch folder, for pages and screenshots. */
import path from 'node:path'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { buildDemo, type DemoWorld, demoHolders } from './demo-world.ts'
import { startHolders } from './holders.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

export interface DemoMonitor {
  readonly monitor: Monitor
  readonly world: DemoWorld
  readonly folder: string
  /** Moves the clock that the monitor sees; that of the disk stays. */
  advance(ms: number): void
  /** Ends the monitor and removes the machine. */
  stop(): Promise<void>
}

export interface DemoMonitorOptions {
  /** Checks by itself at every interval. Default false. */
  readonly automatic?: boolean
}

/** @throws {Error} if the monitor does not start. */
export async function startDemoMonitor(options: DemoMonitorOptions = {}): Promise<DemoMonitor> {
  const folder = makeScratchFolder('demo-page')
  const holders = startHolders(demoHolders)
  const world = buildDemo(path.join(folder, 'machine'), Date.now(), { live: holders.processes })
  const real = nodePorts(() => {})
  let aheadMs = 0
  const ports = { ...real, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + aheadMs } }
  const started = await startMonitor(ports, {
    dataFolder: path.join(folder, 'data'),
    roots: [world.configDir],
    home: world.home,
    environment: { PATH: process.env['PATH'] ?? '' },
    automatic: options.automatic ?? false,
  })
  if (!started.ok) throw new Error(started.message)
  const { monitor } = started
  return {
    monitor,
    world,
    folder,
    advance(ms) {
      aheadMs += ms
    },
    async stop() {
      await monitor.stop()
      await holders.stop()
      removeScratchFolder(folder)
    },
  }
}
