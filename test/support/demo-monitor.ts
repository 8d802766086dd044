/** The real engine at work on the made-up machine of the demo, in a scratch folder, for pages and screenshots. */
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import { buildDemo, type DemoWorld, type DemoWorldSession, demoHolders } from './demo-world.ts'
import { startHolders } from './holders.ts'
import { promptLine } from './monitor-world.ts'
import { makeScratchFolder, removeScratchFolder } from './scratch.ts'

export interface DemoMonitor {
  readonly monitor: Monitor
  readonly world: DemoWorld
  readonly folder: string
  /** Moves the clock that the monitor sees; that of the disk stays. */
  advance(ms: number): void
  /** From now on the disk takes no new file; or again does. */
  fillDisk(full: boolean): void
  /** A session by its title. @throws {Error} if there is none. */
  session(title: string): DemoWorldSession
  /** A file of a project, absolute. */
  fileOf(project: string, name: string): string
  /** Works on `guest-form.tsx` for so many rounds, `workStepMs` apart by the monitor's clock, with a check after each. */
  work(rounds: number): Promise<void>
  /** Ends the monitor and removes the machine. */
  stop(): Promise<void>
}

export interface DemoMonitorOptions {
  /** Checks by itself at every interval. Default false. */
  readonly automatic?: boolean
  /** How far in the past the demo's present lies: `work` then leads up to now. Default 0. */
  readonly behindMs?: number
}

export const workStepMs = 45 * 60_000

/** @throws {Error} if the monitor does not start. */
export async function startDemoMonitor(options: DemoMonitorOptions = {}): Promise<DemoMonitor> {
  const folder = makeScratchFolder('demo-page')
  const holders = startHolders(demoHolders)
  const { automatic = false, behindMs = 0 } = options
  const world = buildDemo(path.join(folder, 'machine'), Date.now() - behindMs, { live: holders.processes })
  const real = nodePorts(() => {})
  let aheadMs = -behindMs
  let isFull = false
  const files: FileSystem = {
    ...real.files,
    open(file, mode) {
      if (isFull && mode === 'create')
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      return real.files.open(file, mode)
    },
  }
  const ports = { ...real, files, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + aheadMs } }
  const started = await startMonitor(ports, {
    dataFolder: path.join(folder, 'data'),
    roots: [world.configDir],
    home: world.home,
    environment: { PATH: process.env['PATH'] ?? '' },
    automatic,
  })
  if (!started.ok) throw new Error(started.message)
  const { monitor } = started
  const titled = (title: string) => {
    const found = world.sessions.find(({ script }) => script.title === title)
    if (found === undefined) throw new Error(`the demo has no session ${title}`)
    return found
  }
  const fileOf = (project: string, name: string) => path.join(world.home, 'projects', project, name)
  return {
    monitor,
    world,
    folder,
    advance(ms) {
      aheadMs += ms
    },
    fillDisk(full) {
      isFull = full
    },
    session: titled,
    fileOf,
    async work(rounds) {
      const busy = titled('Guest checkout without an account')
      for (let round = 1; round <= rounds; round++) {
        aheadMs += workStepMs
        appendFileSync(fileOf('webshop', 'src/checkout/guest-form.tsx'), `// Step ${round}: keep the cart.\n`)
        const line = promptLine(busy.truth.sessionId, fileOf('webshop', ''), `Next step, ${round}`)
        const at = new Date(ports.clock.nowMs() - 60_000).toISOString()
        appendFileSync(busy.mainPath, line.replace(/"timestamp":"[^"]*"/, `"timestamp":"${at}"`))
        await monitor.runCycle({})
      }
    },
    async stop() {
      await monitor.stop()
      await holders.stop()
      removeScratchFolder(folder)
    },
  }
}
