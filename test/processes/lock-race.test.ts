/** Real processes race for one lock while others of them are killed: never two holders, and nobody is left waiting. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../support/random.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'

interface Racer {
  readonly child: ChildProcess
  readonly logFile: string
  readonly ended: Promise<unknown>
  /** Just before the signal was sent, on the monotonic clock; null if it was not killed. */
  killedNs: bigint | null
}

interface Turn {
  readonly inNs: bigint
  readonly outNs: bigint
  readonly fence: number
}

const racersAtOnce = 8
const childFile = path.join(import.meta.dirname, '../support/lock-race-child.ts')
const homes: ScratchHome[] = []
const racers: Racer[] = []

afterEach(() => {
  for (const racer of racers.splice(0)) racer.child.kill('SIGKILL')
  for (const home of homes.splice(0)) home.remove()
})

function startRace(seed: number) {
  const home = makeScratchHome('race')
  homes.push(home)
  const folder = path.join(home.dataDir, 'lock')
  const stopFile = path.join(home.folder, 'stop')
  const startRacer = () => {
    const logFile = path.join(home.folder, `racer-${racers.length}.log`)
    writeFileSync(logFile, '')
    const args = [childFile, folder, logFile, stopFile, `${seed}/${racers.length}`]
    const child = spawn(process.execPath, args, { env: home.env, stdio: ['ignore', 'ignore', 'inherit'] })
    racers.push({ child, logFile, ended: once(child, 'exit'), killedNs: null })
  }
  return { folder, startRacer, stop: () => writeFileSync(stopFile, '') }
}

const running = () => racers.filter(racer => racer.killedNs === null && racer.child.exitCode === null)

/** The racer whose pid is on the newest ticket, or any: only children of ours are ever signalled. */
function chooseVictim(folder: string, random: Random): Racer {
  const newest = readdirSync(folder)
    .filter(name => /^\d+$/.test(name))
    .sort()
    .at(-1)
  const ticket = newest === undefined ? '' : readFileSync(path.join(folder, newest), 'utf8')
  const holder = running().find(racer => ticket.includes(`"pid":${racer.child.pid},`))
  return random.chance(0.5) && holder ? holder : random.pick(running())
}

function turnsOf(racer: Racer): readonly Turn[] {
  const lines = readFileSync(racer.logFile, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    const [word, inNs = '', fence = ''] = line.split(' ')
    if (word !== 'in') return []
    const outNs = lines[index + 1]?.startsWith('out ') ? BigInt(lines[index + 1]?.slice(4) ?? '') : racer.killedNs
    return outNs === null ? [] : [{ inNs: BigInt(inNs), outNs, fence: Number(fence) }]
  })
}

describe('a race of real processes for the lock', () => {
  it.each([20261123])(
    'with 20 of them killed has one holder at a time and leaves nobody waiting (seed %i)',
    async seed => {
      const random = seededRandom(seed)
      const race = startRace(seed)
      for (let n = 0; n < racersAtOnce; n += 1) race.startRacer()
      await expect
        .poll(() => racers.filter(racer => turnsOf(racer).length > 0).length, { timeout: 10_000 })
        .toBe(racersAtOnce)
      for (let kills = 0; kills < 20; kills += 1) {
        await sleep(random.int(20, 250))
        const victim = chooseVictim(race.folder, random)
        victim.killedNs = process.hrtime.bigint()
        victim.child.kill('SIGKILL')
        race.startRacer()
      }
      race.stop()
      await Promise.all(racers.map(racer => racer.ended))

      const turns = racers.flatMap(turnsOf).sort((a, b) => (a.inNs < b.inNs ? -1 : 1))
      const overlaps = turns.filter((turn, index) => turns.slice(0, index).some(earlier => earlier.outNs > turn.inNs))
      const survivors = racers.filter(racer => racer.killedNs === null)
      expect({ overlaps, fences: turns.map(turn => turn.fence) }).toEqual({
        overlaps: [],
        fences: turns.map(turn => turn.fence).sort((a, b) => a - b),
      })
      expect(
        survivors.map(racer => [racer.child.exitCode, readFileSync(racer.logFile, 'utf8').endsWith('\nend\n')]),
      ).toEqual(Array.from({ length: racersAtOnce }, () => [0, true]))
      expect([racers.length, turns.length >= 2 * racersAtOnce]).toEqual([racersAtOnce + 20, true])
    },
  )
})
