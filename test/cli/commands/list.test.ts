import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { listJson, renderList } from '../../../cli/commands/list.ts'
import { anyScript } from '../../../cli/print-table.ts'
import type { MonitorState } from '../../../shared/core/monitor-state.ts'
import { dueSession, sampleNowMs, sampleSession, sampleState } from '../../support/sample-state.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const lastCheckpoint = {
  id: '11111111-0000-4000-8000-000000000002/3',
  seq: 3,
  atMs: sampleNowMs - 8_100_000,
  why: 'asked for by hand',
  causeKind: 'manual',
  messages: 12,
  transcriptBytes: 1,
  treeFiles: 1,
  treeSkipped: 0,
  treeError: null,
  fingerprint: null,
} as const
const state = sampleState({
  sessions: [
    dueSession({ contextPercent: 81, unsaved: { messages: 12, transcriptBytes: 9, files: 4 } }),
    sampleSession({ sessionId: '11111111-0000-4000-8000-000000000002', title: '', branch: null, lastCheckpoint }),
  ],
})
const seenOf = (of: MonitorState, workTreesAtMs: number | null = null) => ({ state: of, workTreesAtMs, running: null })
const at = (columns: number | null, of: MonitorState = state, why = false) =>
  renderList(seenOf(of), createFakeTerminal({ columns, env: { NO_COLOR: '1' } }).terminal, anyScript, why)

describe('renderList', () => {
  it('shows everything of a session where there is room, and the reason at the end', () => {
    expect(at(null)).toEqual([
      'PROTECTION  SESSION           PROJECT  BRANCH  LIVE  SCORE   CTX  UNSAVED               SAVED           ID        WHY',
      `at risk     Add a login page  shop     main    idle   0.32  81 %  12 messages, 4 files  never           00000000  Due: never checkpointed.`,
      'protected   Untitled session  shop             idle   0.32  20 %  none                  2 h 15 min ago  11111111  Held: nothing changed since the last checkpoint.',
      '',
      '2 sessions: 1 at risk, 1 protected',
    ])
  })

  it('keeps what matters most at 80 columns', () => {
    expect(at(80)[0]).toBe('PROTECTION  SESSION           SCORE   CTX  UNSAVED     SAVED    ID')
    expect(at(80)[1]).toBe('at risk     Add a login page   0.32  81 %  12 msg 4 f  never    00000000')
  })

  it.each([60, 80, 100, 120, 140, 200])('stays within %i columns whatever the titles', columns => {
    const sessions = [sampleSession({ title: '界'.repeat(300), branch: 'b'.repeat(300) })]
    const lines = at(columns, sampleState({ sessions }))
    expect(Math.max(...lines.map(line => stringWidth(line)))).toBeLessThanOrEqual(columns)
  })

  it('puts the reason, the scores and what went wrong below each session when asked', () => {
    const [session] = state.sessions
    const lines = at(
      100,
      sampleState({ sessions: [{ ...dueSession(), ...session, problems: ['2 lines are damaged'] }] }),
      true,
    )
    expect(lines.slice(2, 5)).toEqual([
      '    Due: never checkpointed.',
      '    time 0.25 × 0.3 + files changed 0.2 × 0.4 + context 0.27 × 0.5 + idle 0.13 × 0.2 = 0.32',
      '    2 lines are damaged',
    ])
  })

  it('says where it looked when there is none', () => {
    expect(at(80, sampleState())).toEqual(['No sessions yet.', '  looked in /home/dev/.claude'])
  })

  it('says how old what it knows of work trees is, once that is worth saying', () => {
    const last = (ageMs: number) => {
      const { terminal } = createFakeTerminal({ columns: 80 })
      return renderList(seenOf(state, sampleNowMs - ageMs), terminal, anyScript, false).at(-1)
    }
    expect(last(40_000)).toBe('Work trees as of 40 s ago.')
    expect(last(4_000)).toBe('2 sessions: 1 at risk, 1 protected')
  })

  it('colours on a terminal only', () => {
    const painted = renderList(seenOf(state), createFakeTerminal({ columns: 80 }).terminal, anyScript, false).join('')
    expect(painted).toContain('\u001b[33mat risk')
    expect(renderList(seenOf(state), createFakeTerminal().terminal, anyScript, true).join('')).not.toContain('\u001b')
  })
})

describe('listJson', () => {
  it('hands on the views of the contract', () => {
    expect(listJson(seenOf(state, sampleNowMs - 9_000))).toEqual({
      v: 1,
      atMs: sampleNowMs,
      workTreesAtMs: sampleNowMs - 9_000,
      sessions: state.sessions,
      notices: [],
      settingsProblems: [],
    })
  })
})
