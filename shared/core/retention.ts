/**
 * Which checkpoints to keep. Pure: it is told what there is and what time it is, and it deletes nothing.
 *
 * Invariants (tests cite them by number):
 * 1. A session's highest number and its newest verified checkpoint are always kept, whatever their age and size.
 * 2. What does not verify is never dropped: it is for a human to judge.
 * 3. Of what verifies, all of the policy's first period is kept, then the newest of each hour, day and week.
 * 4. The clock can only make us keep more. Order is by number; a checkpoint "from the future" is kept by the policy,
 *    one from before its predecessors counts as old as they are, and a clock that jumps ahead is not believed (see
 *    {@link believedNowMs}).
 * 5. A larger budget keeps all that a smaller one keeps.
 */
import type { SessionId } from './session.ts'

export interface RetentionPolicy {
  /** Every checkpoint is kept for so long. */
  readonly allMs: number
  /** The newest of each hour, then of each day, then of each week, is kept up to these ages. */
  readonly hourlyMs: number
  readonly dailyMs: number
  readonly weeklyMs: number
}

/** A checkpoint as retention sees it. */
export interface KeptCheckpoint {
  readonly sessionId: SessionId
  readonly seq: number
  /** Wall clock when it was taken, epoch ms. */
  readonly atMs: number
  /** The record is whole, and the packs that it needs are there. */
  readonly verified: boolean
  /** Of the record itself. */
  readonly bytes: number
  readonly packs: readonly string[]
}

export interface RetentionRequest {
  readonly checkpoints: readonly KeptCheckpoint[]
  /** Size of each pack by name. */
  readonly packBytes: ReadonlyMap<string, number>
  readonly policy: RetentionPolicy
  readonly budgetBytes: number
  readonly nowMs: number
}

export interface RetentionPlan {
  readonly dropByAge: readonly KeptCheckpoint[]
  readonly dropByBudget: readonly KeptCheckpoint[]
  /** Of the records that stay, and of the packs that they name. */
  readonly keptBytes: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
/** For how many days at most the newest of three different days of work is taken to be the present. */
const trustedDays = 7

/** The policy of the settings, in ms. */
export function retentionPolicy(settings: {
  readonly retention: { readonly [K in 'allHours' | 'hourlyDays' | 'dailyDays' | 'weeklyDays']: number }
}): RetentionPolicy {
  const { allHours, hourlyDays, dailyDays, weeklyDays } = settings.retention
  return {
    allMs: allHours * hourMs,
    hourlyMs: hourlyDays * dayMs,
    dailyMs: dailyDays * dayMs,
    weeklyMs: weeklyDays * dayMs,
  }
}

/**
 * What the store may take, in bytes: the setting, or a share of the space that would be free without it, whichever
 * is less. @param totalBytes 0 for a disk that does not tell: then the setting alone counts.
 */
export function budgetBytesOf(
  settings: { readonly storeBudgetGigabytes: number; readonly storeBudgetPercent: number },
  disk: { readonly freeBytes: number; readonly totalBytes: number },
  storeBytes: number,
): number {
  const fixed = settings.storeBudgetGigabytes * 1e9
  if (disk.totalBytes === 0) return fixed
  return Math.floor(Math.min(fixed, ((disk.freeBytes + storeBytes) * settings.storeBudgetPercent) / 100))
}

/**
 * The time that ages are measured from: `nowMs`, but at most a week after the third newest day on which any
 * checkpoint was taken. So a clock that is years ahead, and the first checkpoints taken under it, make nothing old;
 * who works once a fortnight merely sees things age a few weeks later.
 */
export function believedNowMs(nowMs: number, times: readonly number[]): number {
  const newestOfDay = new Map<number, number>()
  for (const atMs of times.filter(time => time <= nowMs)) {
    const day = Math.floor(atMs / dayMs)
    newestOfDay.set(day, Math.max(atMs, newestOfDay.get(day) ?? atMs))
  }
  const days = [...newestOfDay.values()].sort((a, b) => b - a)
  const witness = days[Math.min(2, days.length - 1)]
  return witness === undefined ? nowMs : Math.min(nowMs, witness + trustedDays * dayMs)
}

export function planRetention(request: RetentionRequest): RetentionPlan {
  const { checkpoints, packBytes, policy, budgetBytes } = request
  const times = checkpoints.map(each => each.atMs)
  const nowMs = believedNowMs(request.nowMs, times)
  const sessions = [...Map.groupBy(checkpoints, each => each.sessionId).values()]
  const dropByAge = sessions.flatMap(records => outdated(records, policy, nowMs))
  const old = new Set(dropByAge)
  const kept = checkpoints.filter(each => !old.has(each))
  const sacred = new Set(sessions.flatMap(sacredOf))
  const order = thinningOrder(
    kept.filter(each => !sacred.has(each)),
    packBytes,
    nowMs,
  )
  const thinned = thin(kept, order, packBytes, budgetBytes)
  return { dropByAge, dropByBudget: thinned.dropped, keptBytes: thinned.bytes }
}

/** Never dropped (invariants 1 and 2). @param records of one session */
function sacredOf(records: readonly KeptCheckpoint[]): readonly KeptCheckpoint[] {
  const newestFirst = records.toSorted((a, b) => b.seq - a.seq)
  const verified = newestFirst.find(each => each.verified)
  return records.filter(each => each === newestFirst[0] || each === verified || !each.verified)
}

/** Those of one session that the policy lets go (invariant 3). */
export function outdated(
  records: readonly KeptCheckpoint[],
  policy: RetentionPolicy,
  nowMs: number,
): readonly KeptCheckpoint[] {
  const sacred = new Set(sacredOf(records))
  const periods = [
    { untilMs: policy.allMs, everyMs: 0 },
    { untilMs: policy.hourlyMs, everyMs: hourMs },
    { untilMs: policy.dailyMs, everyMs: dayMs },
    { untilMs: policy.weeklyMs, everyMs: weekMs },
  ]
  const taken = new Set<string>()
  const dropped: KeptCheckpoint[] = []
  for (const { record, timeMs } of timed(records, nowMs).toReversed()) {
    const period = periods.findIndex(({ untilMs }) => nowMs - timeMs <= untilMs)
    const everyMs = periods[period]?.everyMs
    const bucket = everyMs ? `${period} ${Math.floor(timeMs / everyMs)}` : null
    const wanted = everyMs === 0 || (bucket !== null && !taken.has(bucket))
    if (bucket !== null && record.verified) taken.add(bucket)
    if (!wanted && !sacred.has(record)) dropped.push(record)
  }
  return dropped.toReversed()
}

interface Timed {
  readonly record: KeptCheckpoint
  readonly timeMs: number
}

/** Lowest number first; a time before that of a predecessor, by a clock that was set back, counts as the predecessor's. */
function timed(records: readonly KeptCheckpoint[], nowMs: number): readonly Timed[] {
  let latestMs = Number.NEGATIVE_INFINITY
  return records
    .toSorted((a, b) => a.seq - b.seq)
    .map(record => {
      if (record.atMs > nowMs) return { record, timeMs: record.atMs }
      latestMs = Math.max(latestMs, record.atMs)
      return { record, timeMs: latestMs }
    })
}

/** Oldest week first, and within a week the largest first: its record and its share of the packs that it names. */
function thinningOrder(
  candidates: readonly KeptCheckpoint[],
  packBytes: ReadonlyMap<string, number>,
  nowMs: number,
): readonly KeptCheckpoint[] {
  const users = new Map<string, number>()
  for (const pack of candidates.flatMap(each => each.packs)) users.set(pack, (users.get(pack) ?? 0) + 1)
  const share = (pack: string) => (packBytes.get(pack) ?? 0) / (users.get(pack) ?? 1)
  const weighed = candidates.map(record => ({
    record,
    weeks: Math.max(0, Math.floor((nowMs - record.atMs) / weekMs)),
    bytes: record.packs.reduce((sum, pack) => sum + share(pack), record.bytes),
  }))
  const byName = (a: KeptCheckpoint, b: KeptCheckpoint) =>
    a.sessionId === b.sessionId ? a.seq - b.seq : a.sessionId < b.sessionId ? -1 : 1
  return weighed
    .sort((a, b) => b.weeks - a.weeks || b.bytes - a.bytes || byName(a.record, b.record))
    .map(({ record }) => record)
}

/**
 * Drops as few as possible of `order`, from its beginning, until the rest fits the budget; then takes back those
 * whose packs all stay anyway, because they cost next to nothing. Both steps only grow with the budget (invariant 5).
 */
function thin(
  kept: readonly KeptCheckpoint[],
  order: readonly KeptCheckpoint[],
  packBytes: ReadonlyMap<string, number>,
  budgetBytes: number,
) {
  const without = (count: number) => {
    const gone = new Set(order.slice(0, count))
    const packs = new Set(kept.flatMap(each => (gone.has(each) ? [] : each.packs)))
    const dropped = [...gone].filter(each => !each.packs.every(pack => packs.has(pack)))
    const lost = new Set(dropped)
    const records = kept.reduce((sum, each) => sum + (lost.has(each) ? 0 : each.bytes), 0)
    return { dropped, bytes: [...packs].reduce((sum, pack) => sum + (packBytes.get(pack) ?? 0), records) }
  }
  let [low, high] = [0, order.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (without(middle).bytes <= budgetBytes) high = middle
    else low = middle + 1
  }
  return without(low)
}
