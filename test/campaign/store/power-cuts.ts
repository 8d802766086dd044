/**
 * The power goes while checkpoints are made on a disk in memory that loses whatever was not synced.
 *
 * The same with syncs that do nothing must lose checkpoints: a trial that cannot fail proves nothing.
 */
import type { FileSystem } from '../../../shared/engine/ports.ts'
import type { MemoryFiles } from '../../support/memory-file-system.ts'
import { createMemoryWorld } from './memory-world.ts'

export interface PowerCuts {
  readonly cuts: number
  /** Checkpoints that had been reported saved when the power went. */
  readonly saved: number
  /** Cuts after which something was not as promised. */
  readonly lossy: number
  readonly failures: readonly string[]
}

/** What the processes of a control run leave out. */
export type Unsynced = 'nothing' | 'everything' | 'folders'

export async function cutPower(seed: number, cuts: number, unsynced: Unsynced = 'nothing'): Promise<PowerCuts> {
  let saved = 0
  let lossy = 0
  const failures: string[] = []
  for (let cut = 0; cut < cuts; cut++) {
    const worldSeed = `${seed}/${cut}`
    const done = await cutOnce(worldSeed, unsynced)
    saved += done.saved
    if (done.failures.length > 0) lossy += 1
    failures.push(...done.failures.map(words => `world ${worldSeed}: ${words}`))
  }
  return { cuts, saved, lossy, failures }
}

async function cutOnce(seed: string, unsynced: Unsynced) {
  const world = createMemoryWorld(seed)
  const process = () => {
    const view = world.disk.another()
    return { view, files: withoutSync(view, unsynced) }
  }
  const steps = world.random.int(0, 3)
  let operations = 150
  for (let step = 0; step < steps; step++) {
    const { view, files } = process()
    await world.checkpoint(files)
    operations = view.operations()
    world.work()
  }
  // Every other time in the very moment after a checkpoint was reported; else somewhere in the middle of one.
  const last = process()
  if (world.random.chance(0.5)) last.view.dieAt(world.random.int(1, operations))
  await world.checkpoint(last.files).catch(isDeath)
  const saved = world.saved.length
  world.disk.powerCut(world.random.int(0, 2 ** 31))
  const failures = [...(await world.check())]
  world.rewriteAll()
  world.work()
  const next = await world.checkpoint(world.disk.another())
  const stuck = (next ?? []).filter(({ kind }) => kind !== 'saved' && kind !== 'unchanged')
  failures.push(...stuck.map(({ kind }) => `the next run says ${kind}`), ...(next ? [] : ['the store does not open']))
  if (failures.length === 0) failures.push(...(await world.check()))
  return { saved, failures }
}

function isDeath(error: unknown): void {
  if (!(error instanceof Error && error.message.startsWith('this process died'))) throw error
}

function withoutSync(files: MemoryFiles, unsynced: Unsynced): FileSystem {
  if (unsynced === 'nothing') return files
  const open: FileSystem['open'] = (at, mode) => {
    const file = files.open(at, mode)
    return unsynced === 'folders' ? file : { ...file, sync: () => {} }
  }
  return { ...files, open, syncFolder: () => {} }
}
