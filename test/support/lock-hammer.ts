/**
 * Many real processes race for one lock while others of them are killed or stopped: what they wrote down, judged.
 *
 * Overlaps are found from the monotonic clock in the processes' logs, never by the lock itself. Only processes that
 * were started here are ever signalled, and only before their end was seen.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, seededRandom } from './random.ts'

export type HammerKind = 'ticket' | 'beside-legacy' | 'legacy' | 'proper-lockfile'

/** What a racer is started with. */
export interface HammerChild {
  readonly kind: HammerKind
  readonly seed: string
  readonly lockFolder: string
  /** A Claude root, where the older monitor's lock lies. */
  readonly root: string
  readonly recordFolder: string
  readonly logFile: string
  readonly stopFile: string
  readonly holdMs: number
  readonly pauseMs: number
  readonly clockJumps: boolean
  readonly silentMs: number
  readonly heartbeatMs: number
  /** Module of proper-lockfile; '' where it is not raced. */
  readonly properLockfile: string
}

export interface HammerOptions {
  /** A scratch folder of its own. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly seed: number
  readonly kind: Exclude<HammerKind, 'legacy'>
  readonly processes: number
  /** How many of them are the older monitor. Default 0. */
  readonly legacy?: number
  /** Counted from when every process has had a turn. */
  readonly durationMs: number
  /** Mean time between two kills; null for none. */
  readonly killEveryMs?: number | null
  /** How likely the holder is chosen, rather than anybody. Default 0.5. */
  readonly holderShare?: number
  /** The holder is stopped now and then, for so long. */
  readonly stop?: { readonly everyMs: number; readonly forMs: number } | null
  readonly clockJumps?: boolean
  readonly holdMs?: number
  readonly silentMs?: number
  readonly heartbeatMs?: number
  readonly properLockfile?: string
  /** The racer's script, built; default its source, which takes a processor half a second to start. */
  readonly script?: string
}

interface Racer {
  readonly child: ChildProcess
  readonly kind: HammerKind
  readonly logFile: string
  readonly ended: Promise<unknown>
  /** Just before the signal was sent, on the monotonic clock; null if it was not killed. */
  killedNs: bigint | null
  /** When it was stopped, and when it went on. */
  readonly stops: { readonly fromNs: bigint; toNs: bigint }[]
}

interface Turn {
  readonly kind: HammerKind
  readonly askNs: bigint
  /** Null while it still waited when it was killed. */
  readonly inNs: bigint | null
  readonly outNs: bigint
  readonly fence: number
  readonly wasLost: boolean
  readonly wasKilled: boolean
  readonly wasStopped: boolean
}

export interface HammerResult {
  readonly acquisitions: number
  readonly perSecond: number
  readonly kills: number
  readonly stops: number
  /** Two holders at once, at least one of them ours and none of them stopped meanwhile, but for `legacyCaused`. */
  readonly overlaps: number
  /** Among the older monitors: theirs by construction. */
  readonly legacyOverlaps: number
  /**
   * One of ours beside an older monitor whose lock another older one had overwritten or deleted: nothing on the disk
   * said any more that it was held.
   */
  readonly legacyCaused: number
  /** Racers that did not come to their end. */
  readonly stuck: number
  /** Holders that found their fence refused: they had been followed. */
  readonly refused: number
  /** Records of a lower fence after one of a higher: a late holder that wrote. */
  readonly lateWrites: number
  readonly records: number
  readonly waitMs: Quantiles
  readonly longestHoldMs: number
  /** Between the end of a holder, however it ended, and the next one, while somebody waited. */
  readonly longestFreeMs: number
  /** The same after a killed holder alone. */
  readonly deadMs: Quantiles
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The racer's source. */
export const hammerScript = path.join(import.meta.dirname, 'lock-hammer-child.ts')
const readyWithinMs = 120_000
const endWithinMs = 120_000

export async function runHammer(options: HammerOptions): Promise<HammerResult> {
  const random = seededRandom(`hammer/${options.seed}`)
  const race = startRace(options)
  try {
    await everyoneHadATurn(race.racers)
    const fromNs = process.hrtime.bigint()
    const stopped = { count: 0 }
    await Promise.all([killNowAndThen(race, options, random), stopNowAndThen(race, options, stopped)])
    const seconds = Number(process.hrtime.bigint() - fromNs) / 1e9
    race.end()
    const stuck = await countStuck(race.racers)
    return judge(race, { fromNs, seconds, stuck, stops: stopped.count })
  } finally {
    for (const racer of race.racers) if (isRunning(racer)) racer.child.kill('SIGKILL')
    await Promise.all(race.racers.map(racer => racer.ended))
  }
}

type Race = ReturnType<typeof startRace>

function startRace(options: HammerOptions) {
  const at = (name: string) => path.join(options.folder, name)
  for (const name of ['lock', 'root', 'records']) mkdirSync(at(name), { recursive: true })
  if (options.kind === 'beside-legacy') writeFileSync(path.join(at('root'), 'monitor-state.json'), '{}')
  const racers: Racer[] = []
  const start = (kind: HammerKind) => {
    const logFile = at(`racer-${racers.length}.log`)
    writeFileSync(logFile, '')
    const child: HammerChild = {
      kind,
      seed: `${options.seed}/${racers.length}`,
      lockFolder: at('lock'),
      root: at('root'),
      recordFolder: at('records'),
      logFile,
      stopFile: at('stop'),
      holdMs: options.holdMs ?? 15,
      pauseMs: 10,
      clockJumps: options.clockJumps ?? false,
      silentMs: options.silentMs ?? 600_000,
      heartbeatMs: options.heartbeatMs ?? 10_000,
      properLockfile: options.properLockfile ?? '',
    }
    const args = [options.script ?? hammerScript, JSON.stringify(child)]
    const started = spawn(process.execPath, args, { env: options.env, stdio: ['ignore', 'ignore', 'inherit'] })
    racers.push({ child: started, kind, logFile, ended: once(started, 'exit'), killedNs: null, stops: [] })
  }
  const legacy = options.legacy ?? 0
  for (let n = 0; n < options.processes; n += 1) start(n < legacy ? 'legacy' : options.kind)
  return {
    racers,
    start,
    lockFolder: at('lock'),
    recordFolder: at('records'),
    end: () => writeFileSync(at('stop'), ''),
  }
}

function isRunning({ child }: Racer): boolean {
  return child.exitCode === null && child.signalCode === null
}

const alive = (racers: readonly Racer[]) => racers.filter(racer => isRunning(racer) && racer.killedNs === null)

async function everyoneHadATurn(racers: readonly Racer[]): Promise<void> {
  const untilMs = performance.now() + readyWithinMs
  while (!racers.every(racer => readFileSync(racer.logFile, 'utf8').includes('out '))) {
    if (performance.now() > untilMs) throw new Error('not every racer had a turn')
    await sleep(100)
  }
}

async function killNowAndThen(race: Race, options: HammerOptions, random: Random): Promise<void> {
  const untilMs = performance.now() + options.durationMs
  const every = options.killEveryMs ?? null
  while (every !== null && performance.now() < untilMs) {
    await sleep(random.int(0, 2 * every))
    const victim = chooseVictim(race, random, options.holderShare ?? 0.5)
    if (victim === null) continue
    victim.killedNs = process.hrtime.bigint()
    victim.child.kill('SIGKILL')
    race.start(victim.kind)
  }
  await sleep(Math.max(0, untilMs - performance.now()))
}

/** The racer on the newest ticket, or anybody who was not hit already. */
function chooseVictim(race: Race, random: Random, holderShare: number): Racer | null {
  const candidates = alive(race.racers).filter(racer => racer.stops.every(({ toNs }) => toNs > 0n))
  if (candidates.length === 0) return null
  const holder = random.chance(holderShare) ? holderOf(race, candidates) : null
  return holder ?? random.pick(candidates)
}

function holderOf(race: Race, candidates: readonly Racer[]): Racer | null {
  const newest = readdirSync(race.lockFolder)
    .filter(name => /^\d+$/.test(name))
    .sort()
    .at(-1)
  if (newest === undefined) return null
  const ticket = readFileSync(path.join(race.lockFolder, newest), 'utf8')
  return candidates.find(racer => ticket.includes(`"pid":${racer.child.pid},`)) ?? null
}

async function stopNowAndThen(race: Race, options: HammerOptions, stopped: { count: number }): Promise<void> {
  const untilMs = performance.now() + options.durationMs
  while (options.stop && performance.now() + options.stop.forMs < untilMs) {
    await sleep(options.stop.everyMs)
    const holder = holderOf(race, alive(race.racers))
    if (holder === null) continue
    const stop = { fromNs: process.hrtime.bigint(), toNs: 0n }
    holder.stops.push(stop)
    holder.child.kill('SIGSTOP')
    stopped.count += 1
    await sleep(options.stop.forMs)
    holder.child.kill('SIGCONT')
    stop.toNs = process.hrtime.bigint()
  }
}

/** Those that were not killed must write their last word and end with code 0. */
async function countStuck(racers: readonly Racer[]): Promise<number> {
  const survivors = racers.filter(racer => racer.killedNs === null)
  await Promise.race([Promise.all(survivors.map(racer => racer.ended)), sleep(endWithinMs, null, { ref: false })])
  const came = survivors.filter(({ child, logFile }) => {
    return child.exitCode === 0 && readFileSync(logFile, 'utf8').endsWith('\nend\n')
  })
  return survivors.length - came.length
}

function turnsOf(racer: Racer): readonly Turn[] {
  const words = readFileSync(racer.logFile, 'utf8')
    .split('\n')
    .map(line => line.split(' '))
  return words.flatMap(([word, askNs = ''], index) => {
    if (word !== 'ask') return []
    const [came, inNs = '', fence = '0'] = words[index + 1] ?? []
    const [left, leftNs = ''] = words[index + 2] ?? []
    const hasIn = came === 'in'
    const hasOut = hasIn && (left === 'out' || left === 'lost')
    const outNs = hasOut ? BigInt(leftNs) : racer.killedNs
    if (outNs === null) return []
    const fromNs = hasIn ? BigInt(inNs) : outNs
    return [
      {
        kind: racer.kind,
        askNs: BigInt(askNs),
        inNs: hasIn ? fromNs : null,
        outNs,
        fence: Number(fence),
        wasLost: left === 'lost',
        wasKilled: !hasOut,
        wasStopped: racer.stops.some(stop => stop.fromNs < outNs && (stop.toNs === 0n || stop.toNs > fromNs)),
      },
    ]
  })
}

type Held = Turn & { readonly inNs: bigint }

function judge(
  race: Race,
  run: { readonly fromNs: bigint; readonly seconds: number; readonly stuck: number; readonly stops: number },
): HammerResult {
  const all = race.racers.flatMap(turnsOf)
  const held = all.filter((turn): turn is Held => turn.inNs !== null).sort((a, b) => order(a.inNs, b.inNs))
  const later = held.filter(turn => turn.inNs >= run.fromNs)
  const ours = later.filter(turn => turn.kind !== 'legacy')
  const frees = freeTimes(all, held)
  const overlaps = overlapsIn(held)
  const isLegacy = ({ kind }: Held) => kind === 'legacy'
  const amongLegacy = overlaps.filter(pair => pair.every(isLegacy))
  const robbed = new Set(amongLegacy.flat())
  const withOurs = overlaps.filter(pair => !pair.every(isLegacy))
  const caused = withOurs.filter(pair => pair.some(turn => robbed.has(turn)))
  const fences = readdirSync(race.recordFolder)
    .filter(name => /^\d+$/.test(name))
    .sort((a, b) => Number(a) - Number(b))
    .map(name => Number(readFileSync(path.join(race.recordFolder, name), 'utf8')))
  return {
    acquisitions: later.length,
    perSecond: later.length / run.seconds,
    kills: race.racers.filter(racer => racer.killedNs !== null).length,
    stops: run.stops,
    overlaps: withOurs.length - caused.length,
    legacyOverlaps: amongLegacy.length,
    legacyCaused: caused.length,
    stuck: run.stuck,
    refused: held.filter(turn => turn.wasLost).length,
    lateWrites: fences.filter((fence, index) => fences.slice(0, index).some(earlier => earlier > fence)).length,
    records: fences.length,
    waitMs: quantiles(ours.map(turn => ms(turn.inNs - turn.askNs))),
    longestHoldMs: Math.max(0, ...held.filter(turn => !turn.wasStopped).map(turn => ms(turn.outNs - turn.inNs))),
    longestFreeMs: Math.max(0, ...frees.map(free => free.ms)),
    deadMs: quantiles(frees.filter(free => free.afterKill).map(free => free.ms)),
  }
}

const order = (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b))
const ms = (ns: bigint) => Number(ns) / 1e6

/** Pairs of holders at one time. One that was stopped holds nothing any more once it has been followed: its fence says so. */
function overlapsIn(held: readonly Held[]): readonly (readonly [Held, Held])[] {
  const pairs: [Held, Held][] = []
  const open: Held[] = []
  for (const turn of held.filter(each => !each.wasStopped && !each.wasLost)) {
    const still = open.filter(earlier => earlier.outNs > turn.inNs)
    for (const earlier of still) pairs.push([earlier, turn])
    open.splice(0, open.length, ...still, turn)
  }
  return pairs
}

/** How long nobody held it though somebody waited, for each change of holder. */
function freeTimes(all: readonly Turn[], held: readonly Held[]) {
  return held.flatMap((turn, index) => {
    const next = held[index + 1]
    if (next === undefined || turn.wasStopped || next.inNs < turn.outNs) return []
    // From when somebody waits who gets it, or who was killed while waiting.
    const waits = all.filter(other => other.askNs < next.inNs && (other.inNs ?? other.outNs) >= next.inNs)
    const fromNs = waits.reduce((least, other) => (other.askNs < least ? other.askNs : least), next.askNs)
    const sinceNs = fromNs > turn.outNs ? fromNs : turn.outNs
    return [{ ms: ms(next.inNs - sinceNs), afterKill: turn.wasKilled }]
  })
}

/** All 0 for no values. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
