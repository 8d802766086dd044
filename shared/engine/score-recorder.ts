/**
 * Keeps how the scores and contexts of sessions went, one small file per session. A cache: whatever is lost or does
 * not parse begins anew, and nothing else depends on it.
 */
import path from 'node:path'
import { z } from 'zod'
import { type ScoreSample, type SessionHistory, sampleOf, withSample } from '../core/score-history.ts'
import type { PerFactor } from '../core/scoring.ts'
import { isLive, type SessionId } from '../core/session.ts'
import { loadCache, saveCache } from './cache-file.ts'
import { errorCode, removeQuietly } from './durable-file.ts'
import type { SessionEntry } from './overview.ts'
import type { Ports } from './ports.ts'

export interface ScoreRecorder {
  /** Takes a sample of every session that has something to lose or that is live. */
  record(entries: Iterable<SessionEntry>, nowMs: number): void
  history(sessionId: SessionId): SessionHistory
  /** Writes what has changed. */
  save(): void
}

/** Sessions that are kept in memory and on disk; the ones that were longest without a sample go. */
const mostSessions = 2_000

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
const fileSchema = z.looseObject({ v: z.literal(1), samples: z.array(rowSchema).max(1_000) })

export function createScoreRecorder(ports: Ports, folder: string): ScoreRecorder {
  const known = new Map<SessionId, readonly ScoreSample[]>()
  const unsaved = new Set<SessionId>()
  const fileOf = (id: SessionId) => path.join(folder, `${id}.json`)

  return {
    record(entries, nowMs) {
      for (const { session, view } of entries) {
        if (view.partial || (view.protection === 'protected' && !isLive(view.live))) continue
        const context = { tokens: view.contextTokens, percent: view.contextPercent }
        take(session.facts.sessionId, sampleOf(view.score, context, nowMs))
      }
    },
    history: sessionId => ({ samples: samplesOf(sessionId) }),
    save() {
      if (unsaved.size === 0) return
      ports.files.makeFolder(folder)
      for (const id of unsaved) saveCache(ports, fileOf(id), { v: 1, samples: (known.get(id) ?? []).map(rowOf) })
      unsaved.clear()
      forgetOldest()
    },
  }

  function take(id: SessionId, sample: ScoreSample): void {
    const before = samplesOf(id)
    const after = withSample(before, sample)
    if (after === before) return
    known.delete(id)
    known.set(id, after)
    unsaved.add(id)
  }

  function samplesOf(id: SessionId): readonly ScoreSample[] {
    return known.get(id) ?? loadCache(ports, fileOf(id), fileSchema)?.samples.map(sampleOfRow) ?? []
  }

  function forgetOldest(): void {
    for (const id of known.keys()) {
      if (known.size <= mostSessions) break
      known.delete(id)
      removeQuietly(ports.files, fileOf(id))
    }
    for (const name of strangers()) removeQuietly(ports.files, path.join(folder, name))
  }

  /** Files beyond the number that is kept, of sessions that had no sample in this run: the oldest. */
  function strangers(): readonly string[] {
    const names = listed().filter(name => !known.has(name.replace(/\.json$/, '')))
    const tooMany = names.length + known.size - mostSessions
    if (tooMany <= 0) return []
    const age = new Map(names.map(name => [name, changedMs(path.join(folder, name))]))
    return names.sort((a, b) => (age.get(a) ?? 0) - (age.get(b) ?? 0)).slice(0, tooMany)
  }

  function listed(): readonly string[] {
    try {
      return ports.files.list(folder)
    } catch (error) {
      if (errorCode(error) === null) throw error
      return []
    }
  }

  function changedMs(at: string): number {
    try {
      return ports.files.lstat(at).mtimeMs
    } catch (error) {
      if (errorCode(error) === null) throw error
      return 0
    }
  }
}

type Row = z.infer<typeof rowSchema>

function rowOf({ atMs, total, scores, contextTokens, contextPercent }: ScoreSample): Row {
  return [atMs, total, scores.time, scores.activity, scores.context, scores.idle, contextTokens, contextPercent]
}

function sampleOfRow([atMs, total, time, activity, context, idle, contextTokens, contextPercent]: Row): ScoreSample {
  const scores: PerFactor = { time, activity, context, idle }
  return { atMs, total, scores, contextTokens, contextPercent }
}
