/**
 * Every operation on the disk fails once, in turn, while checkpoints are made: maker, snapshot and store end to end.
 *
 * After each fault: what was ever reported saved verifies and restores to the byte, nothing half is visible, and the
 * next process, for which nothing fails, checkpoints everything without help.
 */
import type { CheckpointOutcome } from '../../../shared/core/checkpoint.ts'
import type { FaultEffect, MemoryFiles } from '../../support/memory-file-system.ts'
import { createMemoryWorld, type MemoryWorld } from './memory-world.ts'

export interface FailingOperations {
  readonly points: number
  /** Outcomes of the checkpoints that were hit, by kind or failure code. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly string[]
}

interface Fault {
  readonly code: string
  readonly effect: FaultEffect
  /** It goes on failing from there. */
  readonly lasting: boolean
}

const codes = ['EIO', 'ENOSPC', 'EACCES'] as const
const faults: readonly Fault[] = codes.flatMap(code => [
  ...(['before', 'after', 'half'] as const).map(effect => ({ code, effect, lasting: false })),
  { code, effect: 'before', lasting: true },
])

/** Steps that a world has taken before the one that is hit: the very first checkpoint, the next, and later ones. */
const histories = [0, 1, 3] as const

/**
 * @param points stops when so many faults were tried
 * @param stride tries every so manieth operation only
 */
export async function failEveryOperation(seed: number, points: number, stride = 1): Promise<FailingOperations> {
  const outcomes: Record<string, number> = {}
  const failures: string[] = []
  let tried = 0
  for (let round = 0; tried < points; round++) {
    for (const steps of histories) {
      const worldSeed = `${seed}/${round}/${steps}`
      const operations = await operationsOf(worldSeed, steps)
      for (let at = 1 + (round % stride); at <= operations && tried < points; at += stride) {
        for (const fault of faults) {
          tried += 1
          const label = `world ${worldSeed}, operation ${at} of ${operations}, ${fault.code} ${fault.lasting ? 'from there on' : fault.effect}`
          failures.push(...(await failOnce(worldSeed, steps, at, fault, outcomes)).map(words => `${label}: ${words}`))
        }
      }
    }
  }
  return { points: tried, outcomes, failures }
}

async function worldAfter(seed: string, steps: number): Promise<MemoryWorld> {
  const world = createMemoryWorld(seed)
  for (let step = 0; step < steps; step++) {
    await world.checkpoint(world.disk.another())
    world.work()
  }
  return world
}

async function operationsOf(seed: string, steps: number): Promise<number> {
  const world = await worldAfter(seed, steps)
  const view = world.disk.another()
  await world.checkpoint(view)
  return view.operations()
}

async function failOnce(
  seed: string,
  steps: number,
  at: number,
  fault: Fault,
  outcomes: Record<string, number>,
): Promise<readonly string[]> {
  const world = await worldAfter(seed, steps)
  const view = world.disk.another()
  setFault(view, at, fault)
  for (const name of namesOf(await world.checkpoint(view))) outcomes[name] = (outcomes[name] ?? 0) + 1
  const hit = await world.check()
  world.work()
  const next = await world.checkpoint(world.disk.another())
  const stuck = namesOf(next).filter(name => name !== 'saved' && name !== 'unchanged')
  return [...hit, ...stuck.map(name => `the next run says ${name}`), ...(await world.check())]
}

function setFault(view: MemoryFiles, at: number, { code, effect, lasting }: Fault): void {
  if (lasting) view.failFrom(at, code)
  else view.failAt(at, code, effect)
}

function namesOf(outcomes: readonly CheckpointOutcome[] | null): readonly string[] {
  if (outcomes === null) return ['store not opened']
  return outcomes.map(outcome => (outcome.kind === 'failed' ? `failed: ${outcome.code}` : outcome.kind))
}
