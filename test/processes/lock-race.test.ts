/**
 * Real processes race for one lock while others of them are killed or stopped, and monitors for the same sessions:
 * a short share of what `npm run campaign -- lock` does for minutes.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { type HammerOptions, runHammer } from '../support/lock-hammer.ts'
import { raceMonitors } from '../support/monitor-race.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

const homes: ScratchHome[] = []
const newHome = (name: string) => {
  const home = makeScratchHome(name)
  homes.push(home)
  return home
}
afterAll(() => {
  for (const home of homes) home.remove()
})

const seed = 20261123
const asPromised = { overlaps: 0, stuck: 0, lateWrites: 0 }

const races: readonly (readonly [title: string, Omit<HammerOptions, 'folder' | 'env' | 'seed'>, object])[] = [
  [
    'killed at random, with wall clocks that jump by up to a day',
    { kind: 'ticket', processes: 6, durationMs: 2_500, killEveryMs: 120, clockJumps: true },
    { refused: 0 },
  ],
  [
    'killed at random beside an older monitor',
    { kind: 'beside-legacy', processes: 5, legacy: 1, durationMs: 2_500, killEveryMs: 200 },
    {},
  ],
  [
    'stopped for longer than a holder may be silent',
    {
      kind: 'ticket',
      processes: 4,
      durationMs: 3_000,
      stop: { everyMs: 100, forMs: 1_000 },
      silentMs: 400,
      heartbeatMs: 50,
    },
    { kills: 0 },
  ],
]

describe('real processes', () => {
  it.concurrent.each(races)(
    `that are %s never hold the lock two at a time, write nothing late, and all come to their end (seed ${seed})`,
    async (_title, race, also) => {
      const { dataDir: folder, env } = newHome('race')
      const result = await runHammer({ folder, env, seed, ...race })
      expect(result).toMatchObject({ ...asPromised, ...also })
      expect(result.kills + result.stops).toBeGreaterThan(0)
      expect(result.acquisitions).toBeGreaterThan(race.processes)
    },
    60_000,
  )

  it.concurrent('that are monitors over the same due sessions checkpoint each exactly once', async () => {
    const rounds = await raceMonitors({ home: newHome('monitors'), monitors: 3, sessions: 12, rounds: 2 })
    const exact = { created: 12, records: 12, failed: 0, racing: expect.any(Number), tooLate: expect.any(Number) }
    expect(rounds).toEqual([exact, exact])
    expect(rounds.reduce((all, round) => all + round.racing, 0)).toBeGreaterThan(2)
  }, 60_000)
})
