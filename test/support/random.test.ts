import { describe, expect, it } from 'vitest'
import { seededRandom } from './random.ts'

const many = (count: number, draw: () => number) => Array.from({ length: count }, draw)
const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))]

describe('seededRandom', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const draw = (seed: number | string) => {
      const random = seededRandom(seed)
      return [random.next(), random.int(1, 1e9), random.uuid(), random.hex(17), random.shuffle([1, 2, 3, 4, 5])]
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('keeps branches apart: drawing from one does not shift the other', () => {
    const random = seededRandom('seed')
    const before = random.branch('b').next()
    random.branch('a').next()
    expect(random.branch('b').next()).toBe(before)
    expect(random.branch('a').next()).not.toBe(before)
  })

  it('spreads evenly and has the quantiles of a log-normal (seed 1)', () => {
    const random = seededRandom(1)
    const buckets = [0, 0, 0, 0]
    for (const value of many(40_000, () => random.int(0, 3))) buckets[value] = (buckets[value] ?? 0) + 1
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(300)
    const sizes = many(40_000, () => random.logNormal(1000, 1.5))
    expect(quantile(sizes, 0.5)).toBeCloseTo(1000, -2)
    expect(Math.log((quantile(sizes, 0.95) ?? 0) / 1000)).toBeCloseTo(1.645 * 1.5, 1)
  })

  it('makes ids in the forms that the formats ask for (seed 2)', () => {
    const random = seededRandom(2)
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(random.hex(17)).toMatch(/^[0-9a-f]{17}$/)
    expect(new Set(many(1000, () => random.int(0, 2 ** 31))).size).toBeGreaterThan(990)
  })

  it('picks by weight, and refuses to pick from nothing (seed 3)', () => {
    const random = seededRandom(3)
    const heads = many(10_000, () =>
      random.weighted([
        [3, 1],
        [1, 0],
      ] as const),
    )
    expect(Math.abs(heads.filter(Boolean).length - 7500)).toBeLessThan(200)
    expect(() => random.pick([])).toThrow(RangeError)
    expect(() => random.weighted([])).toThrow(RangeError)
  })
})
