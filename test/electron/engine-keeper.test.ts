import { describe, expect, it } from 'vitest'
import { type EngineStarted, type KeptEngine, keepEngine, restartDelayMs } from '../../electron/engine-keeper.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeMonitorApi } from '../support/fake-monitor-api.ts'

const refused = { ok: false, message: 'Unknown format', remedy: 'Update.' } as const
const crash = (kept: { readonly crashes: readonly ((reason: string) => void)[] }) =>
  kept.crashes.at(-1)?.('The monitor stopped: out of memory.')

/** A keeper whose engines start unless `results` says otherwise, one after the other. */
function keptEngine(results: readonly EngineStarted[] = []) {
  const clock = createFakeClock()
  const seen: KeptEngine[] = []
  const crashes: ((reason: string) => void)[] = []
  const stops: number[] = []
  const { api } = createFakeMonitorApi()
  const left = [...results]
  const keeper = keepEngine({
    clock,
    start: async onCrash => {
      crashes.push(onCrash)
      const stop = async (graceMs: number) => void stops.push(graceMs)
      return left.shift() ?? { ok: true, monitor: api, stop }
    },
    onChange: now => seen.push(now),
  })
  return { clock, seen, crashes, stops, keeper, api }
}

const kinds = (seen: readonly KeptEngine[]) => seen.map(({ kind }) => kind)

describe('a kept engine', () => {
  it('is started, and can be asked', async () => {
    const { clock, seen, keeper, api } = keptEngine()
    await clock.advance(0)
    expect([kinds(seen), keeper.monitor()]).toEqual([['starting', 'running'], api])
  })
  it('is started again after a crash, and everybody is told', async () => {
    const kept = keptEngine()
    await kept.clock.advance(0)
    crash(kept)
    await kept.clock.advance(0)
    expect([kept.seen.at(-1), kept.keeper.monitor()]).toEqual([
      {
        kind: 'down',
        message: 'The monitor stopped: out of memory.',
        remedy: 'It is started again in 1 s.',
      },
      null,
    ])
    await kept.clock.advance(1_000)
    expect(kinds(kept.seen)).toEqual(['starting', 'running', 'down', 'starting', 'running'])
  })
  it('is tried again when it could not start, with the reason and the remedy', async () => {
    const { clock, seen } = keptEngine([refused])
    await clock.advance(0)
    expect(seen.at(-1)).toEqual({
      kind: 'down',
      message: 'Unknown format',
      remedy: 'Update. It is started again in 1 s.',
    })
    await clock.advance(1_000)
    expect(seen.at(-1)?.kind).toBe('running')
  })
  it('is given more and more time while it fails', async () => {
    expect([1, 2, 3, 4, 5, 6, 100].map(restartDelayMs)).toEqual([
      1_000, 5_000, 15_000, 60_000, 300_000, 300_000, 300_000,
    ])
    const { clock, crashes } = keptEngine(Array(20).fill(refused))
    await clock.advance(3_600_000)
    expect(crashes.length).toBe(16)
  })
  it('is healthy again after ten minutes', async () => {
    const kept = keptEngine([refused, refused])
    await kept.clock.advance(6_000)
    expect(kept.seen.at(-1)?.kind).toBe('running')
    await kept.clock.advance(600_000)
    crash(kept)
    await kept.clock.advance(1_000)
    expect(kept.seen.at(-1)?.kind).toBe('running')
  })
  it('ends in order and is not started any more', async () => {
    const kept = keptEngine()
    await kept.clock.advance(0)
    await kept.keeper.stop(3_500)
    crash(kept)
    await kept.clock.advance(3_600_000)
    expect([kept.stops, kinds(kept.seen), kept.clock.sleepers()]).toEqual([[3_500], ['starting', 'running'], 0])
  })
  it('ends at once while it waits to be started again', async () => {
    const { clock, keeper, crashes } = keptEngine(Array(20).fill(refused))
    await clock.advance(0)
    await keeper.stop(3_500)
    await clock.advance(3_600_000)
    expect(crashes.length).toBe(1)
  })
  it('that comes up after the end was asked for is ended too', async () => {
    const { keeper, stops, seen } = keptEngine()
    await keeper.stop(3_500)
    expect([stops, kinds(seen)]).toEqual([[3_500], ['starting']])
  })
})
