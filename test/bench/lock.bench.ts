/**
 * How fast the lock is, beside proper-lockfile from the package registry in the same run: alone, and under a hammer of
 * processes that are killed at random. One overlap of ours fails the benchmark.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { createLock } from '../../shared/engine/lock-file.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { type HammerKind, type HammerResult, runHammer } from '../support/lock-hammer.ts'
import type { BenchContext, Benchmark, OptionValues } from './benchmark.ts'
import { bundleScripts } from './bundle.ts'
import { loadAverage, machineClass } from './machine.ts'
import { median } from './measure.ts'
import { figure, type Goal, goalOf, type Report, type Table } from './report.ts'

const peerName = 'proper-lockfile'
const peerVersion = '4.1.2'
const seed = 1

export const lock: Benchmark = {
  summary: 'the lock, alone and under a hammer of killed processes, beside proper-lockfile; --seconds 60',
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '32' },
  },
  async *run(values, context) {
    const peer = await installPeer(context)
    const alone = await measureAlone(peer, context)
    const hammered = await measureHammered(peer, values, context)
    yield report(alone, hammered, values, context)
  },
}

/** Its main module, or null with a word to the user. */
async function installPeer({ folder, say }: BenchContext): Promise<string | null> {
  const into = path.join(folder, 'peer')
  fs.mkdirSync(into)
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const flags = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error', '--prefix', into]
    await promisify(execFile)(npm, ['install', ...flags, `${peerName}@${peerVersion}`], { timeout: 120_000 })
    return createRequire(path.join(into, 'x.js')).resolve(peerName)
  } catch (error) {
    say(`${peerName} could not be installed: ${(error as Error).message.split('\n')[0]}`)
    return null
  }
}

/** Median ms of acquire and release, nobody else being there. */
interface Alone {
  readonly ours: number
  readonly peer: number | null
  readonly samples: number
}

async function measureAlone(peer: string | null, { folder, quick, say }: BenchContext): Promise<Alone> {
  say('Alone …')
  const ours = oursAlone(path.join(folder, 'alone'))
  const theirs = peer === null ? null : peerAlone(peer, path.join(folder, 'alone-peer'))
  const samples: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] }
  for (let n = 0; n < (quick ? 30 : 600); n += 1) {
    samples.ours.push(await timed(ours))
    if (theirs !== null) samples.peer.push(await timed(theirs))
  }
  // The first ones compile the code.
  const settled = (times: readonly number[]) => median(times.slice(Math.floor(times.length / 6)))
  return { ours: settled(samples.ours), peer: theirs && settled(samples.peer), samples: samples.ours.length }
}

function oursAlone(folder: string): () => Promise<void> {
  const own = createLock(
    nodePorts(() => {}),
    folder,
    { name: 'a benchmark' },
  )
  return async () => {
    const attempt = await own.acquire({ waitMs: 0 })
    if (attempt.kind !== 'held') throw new Error(JSON.stringify(attempt))
    attempt.lock.release()
  }
}

function peerAlone(module: string, folder: string): () => Promise<void> {
  fs.mkdirSync(folder)
  const { lock: take } = createRequire(import.meta.url)(module) as {
    lock(file: string): Promise<() => Promise<void>>
  }
  return async () => (await take(folder))()
}

async function timed(work: () => Promise<void>): Promise<number> {
  const fromMs = performance.now()
  await work()
  return performance.now() - fromMs
}

type Hammered = ReadonlyMap<HammerKind, HammerResult>

async function measureHammered(peer: string | null, values: OptionValues, context: BenchContext): Promise<Hammered> {
  const results = new Map<HammerKind, HammerResult>()
  const entries = { racer: 'test/support/lock-hammer-child.ts' }
  const { racer } = await bundleScripts(entries, path.join(context.folder, 'scripts'), context.signal)
  const kinds = peer === null ? (['ticket'] as const) : (['ticket', 'proper-lockfile'] as const)
  for (const kind of kinds) {
    context.signal.throwIfAborted()
    context.say(`Hammer on ${kind} …`)
    const folder = path.join(context.folder, `hammer-${kind}`)
    fs.mkdirSync(folder)
    const processes = context.quick ? 4 : Number(values['processes'])
    const durationMs = context.quick ? 3_000 : Number(values['seconds']) * 1000
    const env = process.env as Record<string, string>
    const options = {
      folder,
      env,
      seed,
      kind,
      processes,
      durationMs,
      killEveryMs: 300,
      script: racer,
      properLockfile: peer ?? '',
    }
    results.set(kind, await runHammer(options))
  }
  return results
}

function report(alone: Alone, hammered: Hammered, values: OptionValues, { quick }: BenchContext): Report {
  const ours = hammered.get('ticket')
  const peer = hammered.get('proper-lockfile')
  const failures = [
    ...((ours?.overlaps ?? 0) > 0 ? [`${ours?.overlaps} overlaps of ours`] : []),
    ...((ours?.stuck ?? 0) > 0 ? [`${ours?.stuck} processes of ours did not end`] : []),
  ]
  const processes = quick ? 4 : values['processes']
  return {
    title: `Lock beside ${peerName} ${peerVersion}`,
    setting: [
      `machine: ${machineClass()}; load ${loadAverage()}`,
      `alone: medians of ${alone.samples} in turn; hammer: ${processes} processes for ${quick ? 3 : values['seconds']} s, hold 0–15 ms, a kill every 300 ms on average (half of them the holder of ours), seed ${seed}`,
    ],
    tables: [aloneTable(alone), hammerTable(hammered)],
    goals: goals(alone, ours, peer),
    failures,
  }
}

function aloneTable({ ours, peer }: Alone): Table {
  const cell = (value: number | null) => (value === null ? '–' : figure(value))
  return {
    title: 'Acquire and release, uncontended',
    columns: ['lock', 'ms'],
    rows: [
      ['ours', cell(ours)],
      [peerName, cell(peer)],
    ],
  }
}

function hammerTable(hammered: Hammered): Table {
  const round = (value: number) => Math.round(value).toLocaleString('en-GB')
  const rows = [...hammered].map(([kind, result]) => [
    kind === 'ticket' ? 'ours' : kind,
    String(result.kills),
    `${round(result.acquisitions)} (${figure(result.perSecond)}/s)`,
    String(result.overlaps),
    `${round(result.waitMs.p50)} / ${round(result.waitMs.p99)} / ${round(result.waitMs.max)}`,
    `${round(result.deadMs.p50)} / ${round(result.deadMs.max)}`,
    round(result.longestFreeMs),
  ])
  return {
    title: 'Under the hammer',
    columns: [
      'lock',
      'kills',
      'acquisitions',
      'overlaps',
      'wait p50 / p99 / max, ms',
      'dead after a killed holder p50 / max, ms',
      'longest free while waited for, ms',
    ],
    rows,
  }
}

function goals(alone: Alone, ours: HammerResult | undefined, peer: HammerResult | undefined): readonly Goal[] {
  const both = ours !== undefined && peer !== undefined
  return [
    goalOf('uncontended, ours to theirs', 1, '×', alone.peer && alone.ours / alone.peer),
    goalOf('acquisitions, theirs to ours', 0.5, '×', both ? peer.acquisitions / ours.acquisitions : null),
    goalOf('wait p99, ours to theirs', 0.333, '×', both ? ours.waitMs.p99 / peer.waitMs.p99 : null),
    goalOf('dead after a killed holder, longest', 100, 'ms', ours?.deadMs.max ?? null),
  ]
}
