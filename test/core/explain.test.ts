import { describe, expect, it } from 'vitest'
import type { CheckpointCause, CheckpointOutcome, UrgentEvent } from '../../shared/core/checkpoint.ts'
import type { HoldReason } from '../../shared/core/decision.ts'
import {
  explainCause,
  explainDecision,
  explainFactor,
  explainHold,
  explainOutcome,
  explainTotal,
} from '../../shared/core/explain.ts'
import { type FactorName, scoreSession } from '../../shared/core/scoring.ts'
import { defaultPolicy, hourMs, idOf, minuteMs, noonMs, scoreOf } from '../support/core-values.ts'

const sessionId = idOf(1)
const fresh = scoreSession(
  { hoursSinceCheckpoint: null, messages: 3, filesChanged: 18, contextPercent: 10, idleMinutes: 0 },
  defaultPolicy,
)
const quiet = scoreOf({ time: 0.5, activity: 0.2, context: 0.4 })
const empty = scoreSession(
  { hoursSinceCheckpoint: null, messages: 0, filesChanged: 0, contextPercent: 0, idleMinutes: 0 },
  defaultPolicy,
)

describe('explainDecision', () => {
  it('says why a checkpoint is due, the strongest reason as decided', () => {
    const cause: CheckpointCause = { kind: 'due', factors: ['time', 'activity'], total: fresh.total }
    expect(explainDecision({ action: 'checkpoint', cause }, fresh, noonMs)).toBe(
      'Due: never checkpointed; 18 files changed (limit 15).',
    )
  })

  it('says why it is held', () => {
    const reason: HoldReason = { kind: 'below-threshold', dueAtMs: noonMs + 40 * minuteMs }
    expect(explainDecision({ action: 'hold', reason }, quiet, noonMs)).toBe(
      'Held: below every limit, total 0.43 of 1; due by time or idle in 40 min.',
    )
  })
})

describe('explainCause', () => {
  it.each<[CheckpointCause, string]>([
    [{ kind: 'manual' }, 'asked for by hand'],
    [{ kind: 'safety' }, 'safety checkpoint before a restore'],
  ])('says %o as "%s"', (cause, text) => {
    expect(explainCause(cause, quiet)).toBe(text)
  })

  it.each<[UrgentEvent, string]>([
    ['before-compaction', 'the context is about to be compacted'],
    ['session-ended', 'the session has ended'],
    ['process-died', 'the process of the session died'],
    ['work-tree-shared', 'another session works on the same files'],
    ['checkpoint-damaged', 'its newest checkpoint is damaged'],
  ])('says the urgent event %s as "%s"', (event, text) => {
    expect(explainCause({ kind: 'urgent', event }, quiet)).toBe(text)
  })

  it('names a single factor as it names several', () => {
    expect(explainCause({ kind: 'due', factors: ['activity'], total: fresh.total }, fresh)).toBe(
      '18 files changed (limit 15)',
    )
  })

  it('shows the arithmetic when only the total asked for it', () => {
    const score = scoreOf({ time: 0.9, activity: 0.9, context: 0.9, idle: 0.9 })
    expect(explainCause({ kind: 'due', factors: [], total: score.total }, score)).toBe(
      'weighted total 1.26 reached 1 (time 0.9 × 0.3 + files changed 0.9 × 0.4 + context 0.9 × 0.5 + idle 0.9 × 0.2 = 1.26)',
    )
  })
})

describe('explainFactor', () => {
  it.each<[FactorName, number | null, number, string]>([
    ['time', null, 2, 'never checkpointed'],
    ['time', 2.5, 2, '2 h 30 min since the last checkpoint (limit 2 h)'],
    ['activity', 1, 15, '1 file changed (limit 15)'],
    ['activity', 1_200, 15, '1,200 files changed (limit 15)'],
    ['context', 82, 75, 'context 82 % full (limit 75 %)'],
    ['idle', 45, 30, 'idle for 45 min (limit 30 min)'],
  ])('says %s at %j of %d as "%s"', (name, value, threshold, text) => {
    expect(explainFactor(name, { value, threshold, score: 1, weight: 0, weighted: 0 })).toBe(text)
  })
})

describe('explainTotal', () => {
  it('names every factor, those at 0 too', () => {
    expect(explainTotal(quiet)).toBe(
      'time 0.5 × 0.3 + files changed 0.2 × 0.4 + context 0.4 × 0.5 + idle 0 × 0.2 = 0.43',
    )
  })
})

describe('explainHold', () => {
  it.each<[HoldReason, string]>([
    [{ kind: 'excluded' }, 'this project is excluded in the settings'],
    [{ kind: 'paused', untilMs: null }, 'paused until resumed'],
    [{ kind: 'paused', untilMs: noonMs + 2 * hourMs }, 'paused for another 2 h'],
    [{ kind: 'reading' }, 'its transcript is still being read'],
    [{ kind: 'unchanged' }, 'nothing changed since the last checkpoint'],
    [{ kind: 'cooling-down', untilMs: noonMs + 12 * minuteMs }, 'cooling down for another 12 min'],
    [{ kind: 'below-threshold', dueAtMs: null }, 'below every limit, total 0.43 of 1'],
    [
      { kind: 'below-threshold', dueAtMs: noonMs + 5_000 },
      'below every limit, total 0.43 of 1; due by time or idle in 5 s',
    ],
    [
      { kind: 'below-threshold', dueAtMs: noonMs - minuteMs },
      'below every limit, total 0.43 of 1; due by time or idle now',
    ],
    [
      { kind: 'backing-off', untilMs: noonMs + 4 * minuteMs, failures: 3, cause: 'The disk is full.' },
      'failed 3 times in a row (The disk is full); tried again in 4 min',
    ],
    [
      { kind: 'backing-off', untilMs: noonMs + minuteMs, failures: 1, cause: 'the disk answers EIO' },
      'failed once (the disk answers EIO); tried again in 1 min',
    ],
  ])('says %o as "%s"', (reason, text) => {
    expect(explainHold(reason, quiet, noonMs)).toBe(text)
  })

  it('says of a session that was never checkpointed that there is nothing yet', () => {
    expect(explainHold({ kind: 'unchanged' }, empty, noonMs)).toBe('nothing to save yet')
  })

  it('does not round a total below 1 up to it', () => {
    const almost = { ...quiet, total: 0.998 }
    expect(explainHold({ kind: 'below-threshold', dueAtMs: null }, almost, noonMs)).toBe(
      'below every limit, total 0.99 of 1',
    )
  })
})

describe('explainOutcome', () => {
  const saved = { kind: 'saved', sessionId, seq: 4, atMs: noonMs, addedBytes: 4_200, tookMs: 12.4 } as const
  const failed = { kind: 'failed', sessionId, code: 'disk-full' } as const

  it.each<[string, CheckpointOutcome, string]>([
    ['saved', { ...saved, warnings: [] }, 'Saved as number 4, 4.2 kB added in 12 ms.'],
    [
      'saved with what was left out',
      { ...saved, warnings: ['2 files too large', 'base not pinned'] },
      'Saved as number 4, 4.2 kB added in 12 ms; 2 files too large; base not pinned.',
    ],
    ['nothing yet', { kind: 'unchanged', sessionId, sinceSeq: null }, 'Nothing to save yet.'],
    [
      'nothing new',
      { kind: 'unchanged', sessionId, sinceSeq: 3 },
      'Nothing changed since checkpoint 3: it still holds everything.',
    ],
    [
      'cooling down',
      { kind: 'cooling-down', sessionId, untilMs: noonMs + 30 * minuteMs },
      'Another checkpointer was just here; cooling down, next in 30 min.',
    ],
    [
      'a cooldown that is over while it is said',
      { kind: 'cooling-down', sessionId, untilMs: noonMs },
      'Another checkpointer was just here; cooling down, next now.',
    ],
    [
      'locked elsewhere',
      { kind: 'locked-elsewhere', sessionId, owner: 'process 4711 on anvil' },
      'Not done: process 4711 on anvil is checkpointing. It is tried again at the next check.',
    ],
    [
      'put off by a pause',
      { kind: 'put-off', sessionId, why: 'paused' },
      'Not done: the monitor was paused before its turn came; it is looked at again when that is over.',
    ],
    [
      'put off by a stop',
      { kind: 'put-off', sessionId, why: 'stopping' },
      'Not done: the monitor was stopped; it is looked at again when it runs.',
    ],
    [
      'put off by a full queue',
      { kind: 'put-off', sessionId, why: 'queue-full' },
      'Not done: too many sessions waited already; it is looked at again at the next check.',
    ],
    [
      'a failure whose words end as words do',
      { ...failed, message: 'the disk is full', remedy: 'Free some space' },
      'Failed: the disk is full. Free some space.',
    ],
    [
      'a failure whose words are sentences already',
      { ...failed, message: 'The disk is full.', remedy: 'Free some space!' },
      'Failed: The disk is full. Free some space!',
    ],
    ['a failure without a remedy', { ...failed, message: 'the disk is full', remedy: '' }, 'Failed: the disk is full.'],
  ])('says %s', (_title, outcome, text) => {
    expect(explainOutcome(outcome, noonMs)).toBe(text)
  })
})
