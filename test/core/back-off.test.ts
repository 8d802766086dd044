import { describe, expect, it } from 'vitest'
import { type BackOffs, backingOff, endWaiting, noteOutcome } from '../../shared/core/back-off.ts'
import type { CheckpointOutcome } from '../../shared/core/checkpoint.ts'
import { hourMs, idOf, minuteMs, noonMs } from '../support/core-values.ts'

const failed = (n = 1, message = 'the disk is full'): CheckpointOutcome => {
  return { kind: 'failed', sessionId: idOf(n), code: 'disk-full', message, remedy: '' }
}
const none: BackOffs = new Map()
const retryAfter = (outcomes: readonly CheckpointOutcome[]) =>
  outcomes.reduce((backOffs, outcome) => noteOutcome(backOffs, outcome, noonMs), none)
const of = (backOffs: BackOffs, n = 1) => backOffs.get(idOf(n)) ?? null

describe('backing off', () => {
  it('waits 1, 2, 4, 8 and 16 minutes after failures in a row, and 30 from then on', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 20].map(failures => {
      const waiting = backingOff(of(retryAfter(Array.from({ length: failures }, () => failed()))), noonMs)
      return [waiting?.failures, ((waiting?.untilMs ?? 0) - noonMs) / minuteMs]
    })
    expect(waits).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
      [4, 8],
      [5, 16],
      [6, 30],
      [7, 30],
      [20, 30],
    ])
  })

  it('names the reason of the last failure', () => {
    const backOffs = retryAfter([failed(1, 'the disk is full'), failed(1, 'the disk answers EIO')])
    expect(backingOff(of(backOffs), noonMs)?.cause).toBe('the disk answers EIO')
  })

  it.each<[string, CheckpointOutcome]>([
    ['saved', { kind: 'saved', sessionId: idOf(1), seq: 1, atMs: 0, addedBytes: 0, tookMs: 0, warnings: [] }],
    ['unchanged', { kind: 'unchanged', sessionId: idOf(1), sinceSeq: 1 }],
  ])('is over, and counts from one again, once it is %s', (_title, outcome) => {
    const backOffs = retryAfter([failed(), failed(), outcome])
    expect(of(backOffs)).toBeNull()
    expect(backingOff(of(noteOutcome(backOffs, failed(), noonMs)), noonMs)?.failures).toBe(1)
  })

  it.each<[string, CheckpointOutcome]>([
    ['cooling down', { kind: 'cooling-down', sessionId: idOf(1), untilMs: noonMs }],
    ['locked elsewhere', { kind: 'locked-elsewhere', sessionId: idOf(1), owner: 'the tray app' }],
    ['put off', { kind: 'put-off', sessionId: idOf(1), why: 'paused' }],
  ])('is neither begun nor ended by what was not tried: %s', (_title, outcome) => {
    expect(retryAfter([outcome])).toEqual(none)
    expect(retryAfter([failed(), outcome])).toEqual(retryAfter([failed()]))
  })

  it('is one session’s and not another’s', () => {
    const backOffs = retryAfter([failed(1), failed(2), failed(2)])
    expect([1, 2, 3].map(n => backingOff(of(backOffs, n), noonMs)?.failures)).toEqual([1, 2, undefined])
  })

  it.each([
    ['at its end', minuteMs, true],
    ['a millisecond before', minuteMs - 1, false],
    ['when the clock was set a day ahead', 24 * hourMs, true],
    ['when the clock was set a day back', -24 * hourMs, true],
  ])('is over %s: %i ms later it is %s', (_title, laterMs, isOver) => {
    expect(backingOff(of(retryAfter([failed()])), noonMs + laterMs) === null).toBe(isOver)
  })

  it('can be cut short without forgetting the failures', () => {
    const cut = endWaiting(retryAfter([failed(), failed()]), idOf(1))
    expect(backingOff(of(cut), noonMs)).toBeNull()
    expect(backingOff(of(noteOutcome(cut, failed(), noonMs)), noonMs)?.failures).toBe(3)
    expect(endWaiting(none, idOf(1))).toBe(none)
  })
})
