import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SessionView } from '../../shared/core/monitor-state.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { SessionEntry } from '../../shared/engine/overview.ts'
import { createScoreRecorder, mostSessions } from '../../shared/engine/score-recorder.ts'
import { idOf } from '../support/core-values.ts'
import { sampleNowMs, sampleSession } from '../support/sample-state.ts'

const ended = { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null } as const

/** Only what a recorder looks at. */
function entryOf(n: number, change: Partial<SessionView> = {}): SessionEntry {
  const view = sampleSession({ sessionId: idOf(n), ...change })
  return { session: { facts: { sessionId: idOf(n) } }, view } as SessionEntry
}

describe('the score recorder', () => {
  let folder: string
  let nowMs: number
  beforeEach(() => {
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'scores-')), 'history')
    nowMs = sampleNowMs
  })
  afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }))
  const open = () => {
    const ports = nodePorts(() => {})
    const clock = { ...ports.clock, nowMs: () => nowMs, monotonicMs: () => nowMs }
    return createScoreRecorder({ ...ports, clock }, folder)
  }
  const times = (recorder: ReturnType<typeof open>, n: number) =>
    recorder.history(idOf(n)).samples.map(({ atMs }) => atMs)

  it('keeps samples over a restart, and goes on after them', () => {
    const first = open()
    first.record([entryOf(1, { contextTokens: 7 })])
    first.save(true)
    nowMs += 1_000
    const second = open()
    second.record([entryOf(1, { contextTokens: 8 })])
    second.save(true)
    const { samples } = open().history(idOf(1))
    expect(samples.map(({ atMs, contextTokens }) => [atMs, contextTokens])).toEqual([
      [sampleNowMs, 7],
      [sampleNowMs + 1_000, 8],
    ])
  })

  it('takes samples of sessions at work only: live ones, and ended ones of the last day with something to lose', () => {
    const old = { lastActivityMs: sampleNowMs - 86_400_000 }
    const recorder = open()
    recorder.record([
      entryOf(1, { live: ended, protection: 'protected' }),
      entryOf(2, { live: ended, protection: 'at-risk' }),
      entryOf(3, { live: ended, protection: 'at-risk', ...old }),
      entryOf(4, { partial: true }),
      entryOf(5, { protection: 'protected', ...old }),
    ])
    expect([1, 2, 3, 4, 5].map(n => times(recorder, n).length)).toEqual([0, 1, 0, 0, 1])
  })

  it('writes at most every ten minutes, and few files however many sessions there are', () => {
    const recorder = open()
    recorder.record(Array.from({ length: 300 }, (_, n) => entryOf(n)))
    recorder.save()
    expect(() => readdirSync(folder)).toThrow('ENOENT')
    nowMs += 600_000
    recorder.save()
    expect(readdirSync(folder).length).toBeLessThanOrEqual(16)
    expect(times(open(), 299)).toEqual([sampleNowMs])
  })

  it.each(['', 'not JSON', '{"v": 1, "sessions": [[1]]}', '{"v": 2, "sessions": {}}'])(
    'begins anew where the file holds %j',
    text => {
      mkdirSync(folder)
      writeFileSync(path.join(folder, `${idOf(1)[0]}.json`), text)
      const recorder = open()
      expect(times(recorder, 1)).toEqual([])
      recorder.record([entryOf(1)])
      recorder.save(true)
      expect(times(open(), 1)).toEqual([sampleNowMs])
    },
  )

  it('keeps the sessions with the newest samples, and no more than it says', () => {
    const recorder = open()
    recorder.record(Array.from({ length: mostSessions }, (_, n) => entryOf(n)))
    nowMs += 1_000
    recorder.record([entryOf(5_000), entryOf(5_001)])
    recorder.save(true)
    const again = open()
    expect([0, 1, 2, 5_000, 5_001].map(n => times(again, n).length)).toEqual([0, 0, 1, 1, 1])
  })
})
