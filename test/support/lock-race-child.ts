/**
 * A process of the lock race: takes the lock again and again, writes down when it held it, and ends by itself
 * after one last turn once the stop file is there.
 *
 * Arguments: lock folder, log file, stop file, seed. Log lines: `in <ns> <fence>`, `out <ns>`, `end`; times are of
 * the system's monotonic clock, which all processes share. `in` is written after the lock is had, `out` before it
 * is given back, so two overlapping entries prove two holders.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLock } from '../../shared/engine/lock-file.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { seededRandom } from './random.ts'

const [folder = '', logFile = '', stopFile = '', seed = ''] = process.argv.slice(2)
const random = seededRandom(seed)
const lock = createLock(
  nodePorts(() => {}),
  folder,
  { name: 'a racer' },
)
const note = (line: string) => appendFileSync(logFile, `${line}\n`)

async function turn(): Promise<void> {
  const attempt = await lock.acquire({ waitMs: 60_000 })
  if (attempt.kind !== 'held') throw new Error(JSON.stringify(attempt))
  note(`in ${process.hrtime.bigint()} ${attempt.lock.fence}`)
  await sleep(random.int(0, 15))
  if (!attempt.lock.held()) throw new Error(`fence ${attempt.lock.fence} was lost by a living process`)
  note(`out ${process.hrtime.bigint()}`)
  attempt.lock.release()
  await sleep(random.int(0, 10))
}

while (!existsSync(stopFile)) await turn()
await turn()
note('end')
