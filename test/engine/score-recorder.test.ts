import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SessionView } from '../../shared/core/monitor-state.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { SessionEntry } from '../../shared/engine/overview.ts'
import { createScoreRecorder } from '../../shared/engine/score-recorder.ts'
import { idOf, noonMs } from '../support/core-values.ts'
import { sampleSession } from '../support/sample-state.ts'

const ended = { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null } as const

/** Only what a recorder looks at. */
function entryOf(n: number, change: Partial<SessionView> = {}): SessionEntry {
  const view = sampleSession({ sessionId: idOf(n), ...change })
  return { session: { facts: { sessionId: idOf(n) } }, view } as SessionEntry
}

describe('the score recorder', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'scores-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const open = () =>
    createScoreRecorder(
      nodePorts(() => {}),
      folder,
    )
  const times = (recorder: ReturnType<typeof open>, n: number) =>
    recorder.history(idOf(n)).samples.map(({ atMs }) => atMs)

  it('keeps samples over a restart, and goes on after them', () => {
    const first = open()
    first.record([entryOf(1, { contextTokens: 7 })], noonMs)
    first.save()
    const second = open()
    second.record([entryOf(1, { contextTokens: 8 })], noonMs + 1_000)
    second.save()
    expect(
      open()
        .history(idOf(1))
        .samples.map(({ atMs, contextTokens }) => [atMs, contextTokens]),
    ).toEqual([
      [noonMs, 7],
      [noonMs + 1_000, 8],
    ])
  })

  it('takes none of a session that is safe and ended, or not read yet', () => {
    const recorder = open()
    recorder.record(
      [
        entryOf(1, { live: ended, protection: 'protected' }),
        entryOf(2, { live: ended, protection: 'changed' }),
        entryOf(3, { partial: true }),
        entryOf(4, { protection: 'protected' }),
      ],
      noonMs,
    )
    recorder.save()
    expect([1, 2, 3, 4].map(n => times(recorder, n).length)).toEqual([0, 1, 0, 1])
    expect(readdirSync(folder).toSorted()).toEqual([`${idOf(2)}.json`, `${idOf(4)}.json`])
  })

  it.each(['', 'not JSON', '{"v": 1, "samples": [[1]]}', '{"v": 2, "samples": []}'])(
    'begins anew where the file holds %j',
    text => {
      writeFileSync(path.join(folder, `${idOf(1)}.json`), text)
      const recorder = open()
      expect(times(recorder, 1)).toEqual([])
      recorder.record([entryOf(1)], noonMs)
      recorder.save()
      expect(times(open(), 1)).toEqual([noonMs])
    },
  )

  it('keeps 2,000 sessions at most, the ones with the newest samples', () => {
    const before = open()
    before.record(
      Array.from({ length: 2_000 }, (_, n) => entryOf(n)),
      noonMs,
    )
    before.save()
    const after = open()
    after.record([entryOf(5_000), entryOf(5_001)], noonMs)
    after.save()
    expect([readdirSync(folder).length, times(after, 5_000), times(after, 5_001)]).toEqual([2_000, [noonMs], [noonMs]])
  })
})
