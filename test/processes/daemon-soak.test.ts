/** A short share of `npm run campaign -- daemon`: four minutes of 40 sessions at 20 times the speed. */
import { afterAll, describe, expect, it } from 'vitest'
import { drift, leftZombies, soak } from '../campaign/daemon/soak.ts'
import { makeScratchHome } from '../support/scratch.ts'

const home = makeScratchHome('soak')
afterAll(() => home.remove())
const seed = 20261127

describe.runIf(process.platform === 'linux')('a monitor that runs on while sessions change', () => {
  it(`keeps no file, no connection and no process, and ends when it is told to (seed ${seed})`, async () => {
    const { samples, exitCode } = await soak({ home, seed, sessions: 40, repositories: 2, speed: 20, minutes: 4 })
    const last = samples.at(-1)
    expect({ exitCode, zombies: leftZombies(samples) }).toEqual({ exitCode: 0, zombies: [] })
    expect(last?.cycles).toBeGreaterThan(1)
    expect(last?.checkpoints).toBeGreaterThanOrEqual(40)
    expect(drift(samples, 'files')).toBeLessThan(0.5)
    expect(Math.max(...samples.map(one => one.connections))).toBeLessThan(6)
  }, 120_000)
})

describe('what a soak calls left behind', () => {
  it('is a child that is dead in two samples in a row, not one that has just died', () => {
    const of = (...all: readonly (readonly number[])[]) => leftZombies(all.map(zombies => ({ zombies })))
    expect([of([7], [8], [9]), of([7], [], [7]), of([7], [7, 8], [8])]).toEqual([[], [], [7, 8]])
  })
})
