/**
 * A process of the lock hammer: takes the lock again and again and writes down when it held it, until the stop file
 * is there; then it takes one last turn and ends by itself.
 *
 * Its one argument is a `HammerChild` as JSON. Times in its log are of the system's monotonic clock, which all
 * processes share: `ask <ns>`, `in <ns> <fence>`, `out <ns>`, `lost <ns>`, `end`. `in` is written after the lock is
 * had and `out` before it is given back, so two entries that overlap prove two holders. Each turn also writes a
 * record the way the store does: only while `held()`, and by `link` to the next number.
 */
import { appendFileSync, existsSync, linkSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLockBesideLegacy } from '../../shared/engine/legacy-lock.ts'
import { createLock } from '../../shared/engine/lock-file.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { createLegacyMonitor } from './legacy-monitor.ts'
import type { HammerChild } from './lock-hammer.ts'
import { seededRandom } from './random.ts'

const child = JSON.parse(process.argv[2] ?? '{}') as HammerChild
const random = seededRandom(child.seed)
const note = (line: string) => appendFileSync(child.logFile, `${line}\n`)
const nowNs = () => process.hrtime.bigint()

/** What a turn needs of a lock, whichever it is. */
interface Held {
  readonly fence: number
  held(): boolean
  release(): Promise<void> | void
}

/** The real world, with a wall clock that somebody sets by up to a day at every look if the hammer wants that. */
function ports(): Ports {
  const real = nodePorts(() => {})
  if (!child.clockJumps) return real
  return { ...real, clock: { ...real.clock, nowMs: () => real.clock.nowMs() + random.int(-86_400_000, 86_400_000) } }
}

function ours(): () => Promise<Held> {
  const { silentMs, heartbeatMs } = child
  const own = createLock(ports(), child.lockFolder, { name: 'a racer', silentMs, heartbeatMs })
  const lock = child.kind === 'beside-legacy' ? createLockBesideLegacy(ports(), own, () => [child.root]) : own
  return async () => {
    const attempt = await lock.acquire({ waitMs: 300_000 })
    if (attempt.kind !== 'held') throw new Error(JSON.stringify(attempt))
    return attempt.lock
  }
}

/** The older monitor, with the second that it sleeps between two looks. */
function legacy(): () => Promise<Held> {
  const { files, clock, processes } = ports()
  const monitor = createLegacyMonitor(files, clock, processes, child.root)
  return async () => {
    while (!monitor.tryAcquire()) await sleep(1_000)
    return { fence: 0, held: () => true, release: monitor.release }
  }
}

interface ProperLockfile {
  lock(file: string, options: object): Promise<() => Promise<void>>
}

function proper(): () => Promise<Held> {
  const { lock } = createRequire(import.meta.url)(child.properLockfile) as ProperLockfile
  const retries = { forever: true, minTimeout: 20, maxTimeout: 50 }
  return async () => {
    let compromised = false
    const onCompromised = () => {
      compromised = true
    }
    const release = await lock(child.lockFolder, { stale: 10_000, retries, realpath: false, onCompromised })
    return { fence: 0, held: () => !compromised, release: () => release().catch(() => {}) }
  }
}

/** @returns whether the record was written: false when somebody else took the number. */
function writeRecord(seen: number, fence: number): boolean {
  const draft = path.join(child.recordFolder, `.${process.pid}`)
  writeFileSync(draft, String(fence))
  try {
    linkSync(draft, path.join(child.recordFolder, String(seen + 1)))
    return true
  } catch {
    return false
  } finally {
    unlinkSync(draft)
  }
}

const acquire = child.kind === 'legacy' ? legacy() : child.kind === 'proper-lockfile' ? proper() : ours()

async function turn(): Promise<void> {
  note(`ask ${nowNs()}`)
  const lock = await acquire()
  note(`in ${nowNs()} ${lock.fence}`)
  const seen = readdirSync(child.recordFolder).reduce((top, name) => Math.max(top, Number(name) || 0), 0)
  await sleep(random.int(0, child.holdMs))
  const isHeld = lock.held()
  if (isHeld && child.kind !== 'legacy') writeRecord(seen, lock.fence)
  note(`${isHeld ? 'out' : 'lost'} ${nowNs()}`)
  await lock.release()
  await sleep(random.int(0, child.pauseMs))
}

const starter = process.ppid
while (!existsSync(child.stopFile)) {
  // Whoever would stop us is gone.
  if (process.ppid !== starter) process.exit(1)
  await turn()
}
await turn()
note('end')
process.exit(0)
