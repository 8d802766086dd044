import { describe, expect, it } from 'vitest'
import { summariseCheckpoint } from '../../shared/core/checkpoint.ts'
import { summariseRescue } from '../../shared/core/rescue-summary.ts'
import { hourMs, idOf, liveOf, noonMs, recordOf, treeRecordOf, viewOf } from '../support/core-values.ts'

const ago = (hours: number) => noonMs - hours * hourMs
const project = (root: string) => ({ root, kind: 'git' as const })
const place = viewOf(1).project
const at = (n: number, status: Parameters<typeof liveOf>[0], hours: number, more = {}) =>
  viewOf(n, { title: `Session ${n}`, live: liveOf(status), lastActivityMs: ago(hours), ...more })

describe('summariseRescue', () => {
  it('counts who died, stalled and was forgotten, and names the newest five', () => {
    const views = [
      at(1, 'ended-abruptly', 1),
      at(2, 'busy', 3),
      at(3, 'idle', 30),
      at(4, 'busy', 0.1),
      ...[5, 6, 7].map(n => at(n, 'ended-abruptly', n)),
    ]
    expect(summariseRescue(views, noonMs, undefined)).toEqual({
      counts: { died: 4, stalled: 1, forgotten: 1 },
      newest: [
        { sessionId: idOf(1), kind: 'died', title: 'Session 1', lastActivityMs: ago(1) },
        { sessionId: idOf(2), kind: 'stalled', title: 'Session 2', lastActivityMs: ago(3) },
        ...[5, 6, 7].map(n => ({
          sessionId: idOf(n),
          kind: 'died',
          title: `Session ${n}`,
          lastActivityMs: ago(n),
        })),
      ],
    })
  })

  it('takes an ended session for forgotten only where nobody came after it', () => {
    const lastCheckpoint = summariseCheckpoint(recordOf({ tree: treeRecordOf(3) }))
    const [one, other] = ['/home/dev/one', '/home/dev/other'].map(root => ({ ...place, ...project(root) }))
    const views = [
      at(1, 'ended', 20, { project: one, lastCheckpoint }),
      at(2, 'ended', 30, { project: one, lastCheckpoint }),
      at(3, 'ended', 20, { project: other, lastCheckpoint }),
      at(4, 'idle', 1, { project: other }),
    ]
    expect(summariseRescue(views, noonMs, undefined).newest.map(({ sessionId }) => sessionId)).toEqual([idOf(1)])
  })

  it('is the very same value while nothing else is to be told', () => {
    const views = [at(1, 'ended-abruptly', 1)]
    const first = summariseRescue(views, noonMs, undefined)
    expect(summariseRescue(views, noonMs + hourMs, first)).toBe(first)
    expect(summariseRescue([], noonMs, first)).toEqual({ counts: { died: 0, stalled: 0, forgotten: 0 }, newest: [] })
  })
})
