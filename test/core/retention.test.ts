import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  believedNowMs,
  budgetBytesOf,
  type KeptCheckpoint,
  outdated,
  planRetention,
  type RetentionPolicy,
  retentionPolicy,
} from '../../shared/core/retention.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import { hourMs, idOf, minuteMs, noonMs } from '../support/core-values.ts'

const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
const policy = retentionPolicy(defaultSettings)
const gigabyte = 1e9

const at = (seq: number, atMs: number, more: Partial<KeptCheckpoint> = {}): KeptCheckpoint => ({
  sessionId: idOf(1),
  seq,
  atMs,
  verified: true,
  bytes: 1_000,
  packs: [],
  ...more,
})
/** One every `stepMs` over `spanMs` until `noonMs`, oldest first. */
const every = (stepMs: number, spanMs: number, untilMs = noonMs) =>
  Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, (_, n) => n * stepMs)
    .toReversed()
    .map((ageMs, n) => at(n + 1, untilMs - ageMs))
const seqs = (records: readonly KeptCheckpoint[]) => records.map(record => record.seq)
const keptOf = (records: readonly KeptCheckpoint[], nowMs = noonMs) => {
  const gone = new Set(outdated(records, policy, nowMs))
  return records.filter(record => !gone.has(record))
}
const plan = (
  checkpoints: readonly KeptCheckpoint[],
  packs: Record<string, number> = {},
  budgetBytes = 10 * gigabyte,
) => planRetention({ checkpoints, packBytes: new Map(Object.entries(packs)), policy, budgetBytes, nowMs: noonMs })

/** Sessions as a store may hold them, clocks that jumped and damage included. */
const anyCheckpoints = fc
  .array(
    fc.record({
      session: fc.integer({ min: 1, max: 4 }),
      ageMs: fc.oneof(
        fc.integer({ min: -2 * dayMs, max: 60 * dayMs }),
        fc.integer({ min: 0, max: 800 * dayMs }),
        fc.constantFrom(noonMs, -3_650 * dayMs),
      ),
      verified: fc.boolean(),
      packs: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 }),
    }),
    { maxLength: 40 },
  )
  .map(all =>
    all.map(({ session, ageMs, ...rest }, n) => at(n + 1, noonMs - ageMs, { sessionId: idOf(session), ...rest })),
  )
const packSizes = { a: 10, b: 5_000, c: 70_000, d: 200, e: 1_000_000 }
const property = (body: (checkpoints: KeptCheckpoint[], budget: number) => void) =>
  fc.assert(fc.property(anyCheckpoints, fc.integer({ min: 0, max: 1_200_000 }), body), { seed: 41, numRuns: 300 })
const keptByPlan = (checkpoints: readonly KeptCheckpoint[], budget: number) => {
  const { dropByAge, dropByBudget } = plan(checkpoints, packSizes, budget)
  const gone = new Set([...dropByAge, ...dropByBudget])
  return checkpoints.filter(each => !gone.has(each))
}

describe('the policy', () => {
  it('keeps all of a day, then hours, days and weeks, and after that only the newest (invariant 3)', () => {
    const kept = keptOf(every(10 * minuteMs, 500 * dayMs))
    const ages = kept.map(record => noonMs - record.atMs)
    const within = (fromMs: number, toMs: number) => ages.filter(age => age > fromMs && age <= toMs).length
    expect(within(-1, dayMs)).toBe(24 * 6 + 1)
    expect(within(dayMs, 2 * dayMs)).toBe(24)
    expect([28, 29]).toContain(within(2 * dayMs, 30 * dayMs))
    expect([48, 49]).toContain(within(30 * dayMs, 365 * dayMs))
    expect(within(365 * dayMs, 500 * dayMs)).toBe(0)
  })

  it('keeps the newest of each hour, day and week', () => {
    const hour = Math.floor((noonMs - 30 * hourMs) / hourMs) * hourMs
    const day = Math.floor((noonMs - 10 * dayMs) / dayMs) * dayMs
    const week = Math.floor((noonMs - 100 * dayMs) / weekMs) * weekMs
    const times = [week, week + 6 * dayMs, day, day + 23 * hourMs, hour, hour + 59 * minuteMs, noonMs]
    expect(seqs(keptOf(times.map((time, n) => at(n + 1, time))))).toEqual([2, 4, 6, 7])
  })

  it('keeps the only checkpoint of a session however old it is (invariant 1)', () => {
    expect(outdated([at(7, noonMs - 3_000 * dayMs)], policy, noonMs)).toEqual([])
  })

  it('keeps the newest verified one below a newest that does not verify, and what does not verify (invariants 1 and 2)', () => {
    const old = [1, 2, 3, 4].map(seq => at(seq, noonMs - (1_000 - seq) * dayMs, { verified: seq < 3 }))
    expect(seqs(outdated(old, policy, noonMs))).toEqual([1])
  })

  it('does not let what is damaged stand for its hour', () => {
    const hour = Math.floor((noonMs - 40 * hourMs) / hourMs) * hourMs
    const records = [at(1, hour), at(2, hour + 1, { verified: false }), at(3, noonMs)]
    expect(outdated(records, policy, noonMs)).toEqual([])
  })

  it('comes to rest: a second pass drops nothing', () => {
    const once = keptOf(every(37 * minuteMs, 400 * dayMs))
    expect(outdated(once, policy, noonMs)).toEqual([])
  })

  it('gives the same however often it ran in between', () => {
    const all = every(3 * hourMs, 200 * dayMs)
    const steps = every(dayMs, 100 * dayMs, noonMs + 100 * dayMs).map(step => step.atMs)
    const stepwise = steps.reduce<readonly KeptCheckpoint[]>((left, nowMs) => keptOf(left, nowMs), all)
    expect(stepwise).toEqual(keptOf(all, noonMs + 100 * dayMs))
  })
})

describe('a clock that jumps', () => {
  it('back, while a checkpoint is taken, does not make it old (invariant 4)', () => {
    const records = [at(1, noonMs - 2 * hourMs), at(2, 0), at(3, noonMs - hourMs)]
    expect(outdated(records, policy, noonMs)).toEqual([])
  })

  it('ahead, while one is taken, leaves it and all others as they are', () => {
    const records = [at(1, noonMs - 2 * hourMs), at(2, noonMs + 900 * dayMs), at(3, noonMs - hourMs)]
    expect(outdated(records, policy, noonMs)).toEqual([])
    expect(outdated(records, policy, 0)).toEqual([])
  })

  it('ahead for good is believed only after three days of work under it', () => {
    const times = every(dayMs, 40 * dayMs).map(record => record.atMs)
    const aheadMs = noonMs + 2_000 * dayMs
    expect(believedNowMs(noonMs + hourMs, times)).toBe(noonMs + hourMs)
    expect(believedNowMs(aheadMs, times)).toBe(noonMs + 5 * dayMs)
    expect(believedNowMs(aheadMs + hourMs, [...times, aheadMs])).toBe(noonMs + 6 * dayMs)
    expect(believedNowMs(aheadMs + 2 * dayMs, [...times, ...[0, 1, 2].map(n => aheadMs + n * dayMs)])).toBe(
      aheadMs + 2 * dayMs,
    )
    expect(believedNowMs(aheadMs, [])).toBe(aheadMs)
  })

  it('ahead drops nothing of a year of work that the right time would keep', () => {
    const work = keptOf(every(hourMs, 300 * dayMs))
    const request = { checkpoints: work, packBytes: new Map(), policy, budgetBytes: gigabyte }
    const dropped = planRetention({ ...request, nowMs: noonMs + 5_000 * dayMs }).dropByAge
    const later = planRetention({ ...request, nowMs: noonMs + 6 * dayMs }).dropByAge
    expect(dropped.filter(record => !later.includes(record))).toEqual([])
    expect(work.length - dropped.length).toBeGreaterThan(60)
  })
})

describe('the budget', () => {
  const old = noonMs - 20 * dayMs
  const thinnable = [
    at(1, old - weekMs, { packs: ['small'] }),
    at(2, old, { packs: ['large'] }),
    at(3, old + dayMs, { packs: ['middle', 'shared'] }),
    at(4, noonMs, { packs: ['newest', 'shared'] }),
  ]
  const sizes = { small: 10, large: 9_000, middle: 3_000, newest: 2_000, shared: 500 }

  it.each([
    [20_000, [], 18_510],
    [18_505, [1], 17_500],
    [16_000, [1, 2], 7_500],
    [6_000, [1, 2, 3], 3_500],
  ])('of %i bytes drops the oldest, then the largest', (budget, dropped, keptBytes) => {
    const result = plan(thinnable, sizes, budget)
    expect({ ...result, dropByBudget: seqs(result.dropByBudget) }).toEqual({
      dropByAge: [],
      dropByBudget: dropped,
      keptBytes,
    })
  })

  it('that cannot be met still keeps the newest of each session (invariant 1)', () => {
    expect(seqs(plan(thinnable, sizes, 0).dropByBudget)).toEqual([1, 2, 3])
  })

  it('does not drop what would free nothing', () => {
    const chain = [
      at(1, old, { packs: ['a'] }),
      at(2, old + dayMs, { packs: ['a', 'b'] }),
      at(3, noonMs, { packs: ['a', 'b'] }),
    ]
    expect(plan(chain, { a: 5_000, b: 5_000 }, 100).dropByBudget).toEqual([])
  })

  it('is the setting, or its share of what would be free, whichever is less', () => {
    expect(budgetBytesOf(defaultSettings, { freeBytes: 500 * gigabyte, totalBytes: 1e12 }, 0)).toBe(10 * gigabyte)
    expect(budgetBytesOf(defaultSettings, { freeBytes: 28 * gigabyte, totalBytes: 1e12 }, 2 * gigabyte)).toBe(
      3 * gigabyte,
    )
    expect(budgetBytesOf(defaultSettings, { freeBytes: 0, totalBytes: 0 }, 0)).toBe(10 * gigabyte)
  })
})

describe('any store (300 stores, seed 41)', () => {
  it('keeps the highest number and the newest verified one of every session (invariant 1)', () => {
    property((checkpoints, budget) => {
      const kept = new Set(keptByPlan(checkpoints, budget))
      for (const records of Map.groupBy(checkpoints, each => each.sessionId).values()) {
        const newestFirst = records.toSorted((a, b) => b.seq - a.seq)
        const wanted = [newestFirst[0], newestFirst.find(each => each.verified)].filter(each => each !== undefined)
        expect(wanted.filter(each => !kept.has(each))).toEqual([])
      }
    })
  })

  it('keeps what does not verify (invariant 2), and all that the policy asks for while the budget allows (3)', () => {
    property(checkpoints => {
      const kept = new Set(keptByPlan(checkpoints, Number.MAX_SAFE_INTEGER))
      const lost = checkpoints.filter(each => !kept.has(each))
      const young = (each: KeptCheckpoint) => noonMs - each.atMs <= policy.allMs
      expect(lost.filter(each => !each.verified || young(each))).toEqual([])
      expect(lost.filter(each => !hasBetter(each, checkpoints, kept, policy))).toEqual([])
    })
  })

  it('keeps with a larger budget all that it keeps with a smaller one (invariant 5)', () => {
    property((checkpoints, budget) => {
      const more = new Set(keptByPlan(checkpoints, budget * 2 + 500))
      expect(keptByPlan(checkpoints, budget).filter(each => !more.has(each))).toEqual([])
    })
  })

  it('fits the budget whenever the part that must stay does, and says what it takes', () => {
    property((checkpoints, budget) => {
      const sizes = new Map(Object.entries(packSizes))
      const bytesOf = (records: readonly KeptCheckpoint[]) =>
        [...new Set(records.flatMap(each => each.packs))].reduce(
          (sum, pack) => sum + (sizes.get(pack) ?? 0),
          records.length * 1_000,
        )
      const least = bytesOf(keptByPlan(checkpoints, 0))
      const kept = keptByPlan(checkpoints, budget)
      expect(bytesOf(kept)).toBe(plan(checkpoints, packSizes, budget).keptBytes)
      expect(bytesOf(kept)).toBeLessThanOrEqual(Math.max(budget, least))
    })
  })
})

/** A dropped checkpoint is past the last period, or a later one of its session is kept in its week at least. */
function hasBetter(
  lost: KeptCheckpoint,
  all: readonly KeptCheckpoint[],
  kept: ReadonlySet<KeptCheckpoint>,
  { weeklyMs }: RetentionPolicy,
): boolean {
  const later = all.filter(each => each.sessionId === lost.sessionId && each.seq > lost.seq && kept.has(each))
  // A clock set back makes a checkpoint as old as its predecessors, so its own time may lie before theirs.
  const before = all.filter(each => each.sessionId === lost.sessionId && each.seq <= lost.seq && each.atMs <= noonMs)
  const timeMs = Math.max(...before.map(each => each.atMs))
  return noonMs - timeMs > weeklyMs || later.some(each => each.atMs - timeMs < weekMs)
}
