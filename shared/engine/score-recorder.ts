/**
 * Keeps how the scores and contexts of sessions at work went, in sixteen small files. A cache: whatever is lost or does
 * not parse begins anew, and nothing else depends on it.
 */
import path from 'node:path'
import { z } from 'zod'
import { type ScoreSample, type SessionHistory, sampleOf, withSample } from '../core/score-history.ts'
import type { PerFactor } from '../core/scoring.ts'
import { isLive, type SessionId } from '../core/session.ts'
import { loadCache, saveCache } from './cache-file.ts'
import type { SessionEntry } from './overview.ts'
import type { Ports } from './ports.ts'

export interface ScoreRecorder {
  /** Takes a sample of every session that is live, or was at work within the last day and has something to lose. */
  record(entries: Iterable<SessionEntry>): void
  history(sessionId: SessionId): SessionHistory
  /** Writes what has changed, at most every ten minutes unless it must be `now`. */
  save(now?: boolean): void
}

/** Sessions that are kept; the ones that were longest without a sample go. */
export const mostSessions = 500
const dayMs = 86_400_000
const saveEveryMs = 600_000

/** A row per sample: time, total, the four scores, context tokens, context percent. */
const rowSchema = z.tuple([
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number().nullable(),
  z.number().nullable(),
])
const shardSchema = z.looseObject({ v: z.literal(1), sessions: z.record(z.string(), z.array(rowSchema).max(1_000)) })

export function createScoreRecorder(ports: Ports, folder: string): ScoreRecorder {
  /** Oldest sample first. */
  const known = load()
  const unsaved = new Set<string>()
  let savedMs = ports.clock.monotonicMs()

  return {
    record(entries) {
      const nowMs = ports.clock.nowMs()
      for (const { session, view } of entries) {
        const isAtWork = nowMs - (view.lastActivityMs ?? 0) < dayMs && view.protection !== 'protected'
        if (view.partial || !(isLive(view.live) || isAtWork)) continue
        const context = { tokens: view.contextTokens, percent: view.contextPercent }
        take(session.facts.sessionId, sampleOf(view.score, context, nowMs))
      }
      forgetOldest()
    },
    history: sessionId => ({ samples: known.get(sessionId) ?? [] }),
    save(now = false) {
      const nowMs = ports.clock.monotonicMs()
      if (unsaved.size === 0 || (!now && nowMs - savedMs < saveEveryMs)) return
      savedMs = nowMs
      ports.files.makeFolder(folder)
      for (const shard of unsaved) saveCache(ports, fileOf(shard), { v: 1, sessions: sessionsOf(shard) })
      unsaved.clear()
    },
  }

  function take(id: SessionId, sample: ScoreSample): void {
    const before = known.get(id) ?? []
    const after = withSample(before, sample)
    if (after === before) return
    known.delete(id)
    known.set(id, after)
    unsaved.add(shardOf(id))
  }

  function forgetOldest(): void {
    for (const id of known.keys()) {
      if (known.size <= mostSessions) return
      known.delete(id)
      unsaved.add(shardOf(id))
    }
  }

  function fileOf(shard: string): string {
    return path.join(folder, `${shard}.json`)
  }

  function sessionsOf(shard: string): Record<SessionId, readonly Row[]> {
    const own = [...known].filter(([id]) => shardOf(id) === shard)
    return Object.fromEntries(own.map(([id, samples]) => [id, samples.map(rowOf)]))
  }

  function load(): Map<SessionId, readonly ScoreSample[]> {
    const all = [...'0123456789abcdef'].flatMap(shard =>
      Object.entries(loadCache(ports, fileOf(shard), shardSchema)?.sessions ?? {}).map(
        ([id, rows]) => [id, rows.map(sampleOfRow)] as const,
      ),
    )
    return new Map(all.sort(([, a], [, b]) => (a.at(-1)?.atMs ?? 0) - (b.at(-1)?.atMs ?? 0)))
  }
}

function shardOf(id: SessionId): string {
  return id[0] ?? '0'
}

type Row = z.infer<typeof rowSchema>

function rowOf({ atMs, total, scores, contextTokens, contextPercent }: ScoreSample): Row {
  return [atMs, total, scores.time, scores.activity, scores.context, scores.idle, contextTokens, contextPercent]
}

function sampleOfRow([atMs, total, time, activity, context, idle, contextTokens, contextPercent]: Row): ScoreSample {
  const scores: PerFactor = { time, activity, context, idle }
  return { atMs, total, scores, contextTokens, contextPercent }
}
