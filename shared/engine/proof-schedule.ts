/**
 * Test restores by themselves: a few newest checkpoints a day, another session each time, and at once again for a
 * session that failed and has a newer checkpoint now. The last result is in the state; a failure is a notice until
 * the session's newest checkpoint comes back whole.
 *
 * What is remembered is a cache (`proof.json`): without it the round begins anew.
 */
import { z } from 'zod'
import { checkpointId, parseCheckpointId } from '../core/checkpoint-id.ts'
import { count, formatBytes } from '../core/format.ts'
import type { ProofState } from '../core/monitor-state.ts'
import type { SessionId } from '../core/session.ts'
import { loadCache, saveCache } from './cache-file.ts'
import { errorCode, failureOf } from './durable-file.ts'
import type { RestoreParts } from './restore-side.ts'
import type { StateHolder } from './state-holder.ts'
import { sweepTemporary } from './store-folder.ts'
import { nextToProve, type TestRestored, testRestore } from './test-restore.ts'

export interface ProofScheduleParts extends RestoreParts {
  readonly state: StateHolder
  readonly cacheFile: string
  /** For restored checkpoints; below the data folder and not in the store. */
  readonly folder: string
  /** Makes the order of sessions; default the same on every machine. */
  readonly seed?: string
}

export interface ProofSchedule {
  /** Shows what is known from earlier runs, and removes what a crash left. */
  begin(): void
  /** True while the session's newest checkpoint is known not to come back as it was saved. */
  isDoubtful(sessionId: SessionId): boolean
  /** One test restore if it is time. Returns the session if its newest checkpoint failed just now. */
  runIfDue(signal: AbortSignal): Promise<SessionId | null>
}

const dayMs = 86_400_000
const cacheSchema = z.looseObject({
  v: z.literal(1),
  /** Where the round is. */
  cursor: z.string(),
  /** Of the last attempt, done or not, epoch ms. */
  triedMs: z.number(),
  /** Test restores of the last day, oldest first. */
  times: z.array(z.number()),
  failures: z.array(z.object({ id: z.string(), message: z.string() })),
})
type ProofCache = z.infer<typeof cacheSchema>

const nothingYet: ProofCache = { v: 1, cursor: '', triedMs: 0, times: [], failures: [] }

export function createProofSchedule(parts: ProofScheduleParts): ProofSchedule {
  const { ports, store, state, cacheFile, folder, seed = 'session-monitor' } = parts
  let cache = nothingYet

  function begin(): void {
    cache = loadCache(ports, cacheFile, cacheSchema) ?? nothingYet
    show()
    try {
      sweepTemporary(ports, folder)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') ports.log('warn', failureOf(error, 'Removing earlier test restores').message)
    }
  }

  const isDoubtful = (sessionId: SessionId) => cache.failures.some(({ id }) => sessionOf(id) === sessionId)

  async function runIfDue(signal: AbortSignal): Promise<SessionId | null> {
    const perDay = state.get().settings.testRestoresPerDay
    const wanted = perDay === 0 || signal.aborted ? null : (failedBefore() ?? nextInRound(perDay))
    if (wanted === null) return null
    const { sessionId, cursor } = wanted
    const newest = store.newest(sessionId)
    const record = newest.ok ? newest.record : null
    const result = record && (await testRestore(parts, record, folder, signal))
    if (signal.aborted) return null
    const nowMs = ports.clock.nowMs()
    cache = { ...cache, cursor, triedMs: nowMs }
    if (record && result) note(checkpointId(sessionId, record.seq), result, nowMs)
    saveCache(ports, cacheFile, cache)
    show()
    return result?.kind === 'failed' ? sessionId : null
  }

  /** A session that failed and has another newest checkpoint now. */
  function failedBefore() {
    for (const { id } of cache.failures) {
      const sessionId = sessionOf(id)
      const newest = sessionId === null ? null : store.newest(sessionId)
      const seq = newest?.ok ? newest.record?.seq : undefined
      if (sessionId !== null && seq !== undefined && checkpointId(sessionId, seq) !== id) {
        return { sessionId, cursor: cache.cursor }
      }
    }
    return null
  }

  function nextInRound(perDay: number) {
    const sinceMs = Math.abs(ports.clock.nowMs() - cache.triedMs)
    const listed = sinceMs < dayMs / perDay ? null : store.sessions()
    return listed?.ok ? nextToProve(listed.sessions, cache.cursor, seed) : null
  }

  function note(id: string, result: TestRestored, nowMs: number): void {
    ports.log(result.kind === 'proven' ? 'info' : 'warn', `test restore of ${id}`, { ...result })
    if (result.kind === 'not-done') return
    const others = cache.failures.filter(failure => sessionOf(failure.id) !== sessionOf(id))
    const failures = result.kind === 'failed' ? [...others, { id, message: result.message }] : others
    const times = [...cache.times.filter(time => Math.abs(nowMs - time) < dayMs), nowMs]
    cache = { ...cache, times, failures }
    const message =
      result.kind === 'proven'
        ? `Test restore of ${id}: ${count(result.files, 'file')} and the transcript came back as they were saved (${formatBytes(result.bytes)} of files).`
        : `Test restore of ${id} failed: ${result.message}`
    state.tell({ level: result.kind === 'proven' ? 'info' : 'error', sessionId: sessionOf(id), message })
  }

  function show(): void {
    const atMs = cache.times.at(-1)
    const { failures, times } = cache
    const lastProof: ProofState | null = atMs === undefined ? null : { atMs, checked: times.length, failures }
    state.update({ lastProof })
    const [first] = failures
    if (first === undefined) state.clear('proof-failed')
    else {
      const more = failures.length > 1 ? ` (and ${count(failures.length - 1, 'other')})` : ''
      const message = `A test restore of ${first.id} failed${more}: ${first.message}. Older checkpoints still serve`
      state.raise({ id: 'proof-failed', level: 'error', message, remedy: proofRemedy })
    }
  }

  return { begin, isDoubtful, runIfDue }
}

const proofRemedy =
  'A complete checkpoint is made in its place while the session is there. Run `session-monitor verify --read-data`, and look after the disk.'

function sessionOf(id: string): SessionId | null {
  return parseCheckpointId(id)?.sessionId ?? null
}
