/**
 * Processes in checkpoint loops are killed with SIGKILL at random moments and replaced: nothing that was reported
 * saved is lost, nothing half is visible, and each new process goes on by itself where the dead one left off.
 */
import path from 'node:path'
import { seededRandom } from '../../support/random.ts'
import type { ScratchHome } from '../../support/scratch.ts'
import { checkStore, pause, startCrew } from './checkpoint-processes.ts'

export interface KillOptions {
  readonly home: ScratchHome
  readonly script: string
  readonly seed: number
  readonly kills: number
  readonly processes: number
  readonly sessions: number
  /** Longest pause between two kills, ms. */
  readonly everyMs: number
}

export interface Kills {
  readonly kills: number
  readonly reported: number
  readonly records: number
  readonly failures: readonly string[]
}

export async function killProcesses(options: KillOptions): Promise<Kills> {
  const { home, kills } = options
  const storeFolder = path.join(home.dataDir, 'store')
  const crew = startCrew({ ...options, seed: `${options.seed}`, folder: home.folder, env: home.env, storeFolder })
  const random = seededRandom(`${options.seed}/kills`)
  try {
    await until(() => crew.reported().length >= options.processes)
    for (let done = 0; done < kills; done++) {
      await pause(random, options.everyMs)
      crew.replaceOne()
    }
    // The last ones must come to something without help.
    const before = crew.reported().length
    await until(() => crew.reported().length >= before + options.processes)
    const complaints = await crew.end()
    const reported = crew.reported()
    const { records, failures } = await checkStore(storeFolder, reported)
    return { kills, reported: reported.length, records, failures: [...complaints, ...failures] }
  } finally {
    await crew.kill()
  }
}

/** @throws {Error} after a minute. */
async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 60_000
  while (!condition()) {
    if (performance.now() > limit) throw new Error('no checkpoint for a minute')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
