import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { makeScratchHome } from '../support/scratch.ts'
import {
  type Candidate,
  childrenCpuMs,
  interleave,
  type Measured,
  median,
  type Run,
  runOnce,
  summarise,
} from './measure.ts'

const home = makeScratchHome('measure')
afterAll(() => home.remove())
const never = new AbortController().signal

const run = (wallMs: number, cpuMs: number | null = null, peakBytes: number | null = null): Run => ({
  wallMs,
  cpuMs,
  peakBytes,
  result: null,
  outputFile: '',
  exitCode: 0,
})
const measured = (runs: Readonly<Record<string, readonly Run[]>>): Measured => ({
  runs: new Map(Object.entries(runs)),
  failures: [],
})

const voice = JSON.stringify(path.join(import.meta.dirname, 'child-voice.ts'))
const candidate = (name: string, code: string, more: Partial<Candidate> = {}): Candidate => ({
  name,
  command: [process.execPath, '--input-type=module', '-e', code],
  until: 'exit',
  env: home.env,
  cwd: home.folder,
  check: () => null,
  ...more,
})
const speaking = (code: string) => `import { sayDone, sayResult } from ${voice}; ${code}`
/** Code that uses the processor until it has used that much of it, however long that takes. */
const busyUntil = (cpuMs: number) =>
  `for (let used = 0; used < ${cpuMs}000; ) { const { user, system } = process.cpuUsage(); used = user + system }`

describe('median', () => {
  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle)
  })

  it('of nothing is a mistake of the caller', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('summarise', () => {
  it('gives medians, their ratio, and the range of the ratios round by round', () => {
    const all = measured({
      base: [run(10, 5), run(20, 5), run(30, 5)],
      other: [run(40, 10, 7), run(40, 20, 9), run(90, 15, 8)],
    })
    expect(summarise(all, 'other', 'base')).toEqual({
      name: 'other',
      wallMs: 40,
      wallRatio: 2,
      wallRange: [2, 4],
      cpuMs: 15,
      cpuRatio: 3,
      peakBytes: 8,
    })
  })

  it('gives no CPU ratio where the baseline has no CPU time', () => {
    const all = measured({ base: [run(10)], other: [run(40, 10)] })
    expect(summarise(all, 'other', 'base')).toMatchObject({ wallRatio: 4, cpuMs: 10, cpuRatio: null, peakBytes: null })
  })
})

describe('childrenCpuMs', () => {
  it('adds user and system time of the second line, minutes included', () => {
    expect(childrenCpuMs(['0m9.000s 0m9.000s', '1m0.250s 0m0.125s'])).toBe(60_375)
  })

  it('is null for what is no answer of `times`', () => {
    expect(childrenCpuMs(['whatever'])).toBeNull()
  })
})

describe.skipIf(process.platform === 'win32')('runOnce (skipped on Windows, where there is no `times`)', () => {
  it('counts the CPU time of all that a program did', async () => {
    const busy = candidate('busy', busyUntil(200))
    const { cpuMs, exitCode } = await runOnce(busy, home.folder, never)
    expect(exitCode).toBe(0)
    expect(cpuMs).toBeGreaterThanOrEqual(200)
  })

  it('counts what a script did until it said that it was done, and hears what comes after', async () => {
    const after = `sayDone(); ${busyUntil(1000)} sayResult({ right: true })`
    const run = await runOnce(candidate('after', speaking(after), { until: 'done' }), home.folder, never)
    expect(run.cpuMs).toBeLessThan(900)
    expect(run.result).toEqual({ right: true })
    expect(run.peakBytes).toBeGreaterThan(10_000_000)
  })

  it('takes a script that never says so as failed', async () => {
    const { exitCode } = await runOnce(candidate('silent', speaking(''), { until: 'done' }), home.folder, never)
    expect(exitCode).toBe(1)
  })

  it('ends what it started when it is told to stop', async () => {
    const stop = new AbortController()
    const hanging = runOnce(candidate('hangs', 'setInterval(() => {}, 1000)'), home.folder, stop.signal)
    setTimeout(() => stop.abort(), 300)
    await expect(hanging).rejects.toThrow('aborted')
  })
})

describe('interleave', () => {
  it('runs every candidate once per round, in an order that the seed decides (seed 3)', async () => {
    const order: string[] = []
    const candidates = ['a', 'b', 'c'].map(name => candidate(name, ''))
    const options = { rounds: 2, folder: home.folder, signal: never, random: seededRandom(3) }
    const { runs, failures } = await interleave(candidates, { ...options, onRun: ({ name }) => order.push(name) })
    const wanted = seededRandom(3)
    expect(order).toEqual([...wanted.shuffle(['a', 'b', 'c']), ...wanted.shuffle(['a', 'b', 'c'])])
    expect([...runs.values()].map(({ length }) => length)).toEqual([2, 2, 2])
    expect(failures).toEqual([])
  })

  it('tells each run that did not do its work', async () => {
    const candidates = [
      candidate('wrong', '', { check: () => '3 lines instead of 4' }),
      candidate('broken', 'process.exitCode = 7'),
    ]
    const { failures } = await interleave(candidates, {
      rounds: 1,
      folder: home.folder,
      signal: never,
      random: seededRandom(1),
    })
    expect(failures.toSorted()).toEqual(['broken, round 1: ended with code 7', 'wrong, round 1: 3 lines instead of 4'])
  })
})
