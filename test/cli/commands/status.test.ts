import { describe, expect, it } from 'vitest'
import { renderStatus, statusJson } from '../../../cli/commands/status.ts'
import { anyScript } from '../../../cli/print-table.ts'
import type { MonitorState } from '../../../shared/core/monitor-state.ts'
import type { MonitorIdentity } from '../../../shared/engine/local-handshake.ts'
import { dueSession, sampleNowMs, sampleSession, sampleState } from '../../support/sample-state.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const saved = (n: number, atMs: number) =>
  sampleSession({
    sessionId: `${n}1111111-0000-4000-8000-000000000000`,
    title: `Session ${n}`,
    live: { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null },
    lastCheckpoint: {
      id: `${n}1111111-0000-4000-8000-000000000000/4`,
      seq: 4,
      atMs,
      why: 'asked for by hand',
      causeKind: 'manual',
      messages: 1,
      transcriptBytes: 1,
      treeFiles: 0,
      treeSkipped: 0,
      treeError: null,
      fingerprint: null,
    },
  })
const state = sampleState({
  sessions: [
    dueSession({ unsaved: { messages: 12, transcriptBytes: 9, files: 4 } }),
    saved(1, sampleNowMs - 7_200_000),
    saved(2, sampleNowMs - 180_000),
  ],
})
const { terminal } = createFakeTerminal()
const seenOf = (of: MonitorState, running: MonitorIdentity | null = null) => ({
  state: of,
  workTreesAtMs: null,
  running,
})
const rendered = (of: MonitorState) => renderStatus(seenOf(of), terminal, anyScript)
const nobody = 'none runs: "session-monitor run" starts one'

describe('renderStatus', () => {
  it('says how many there are of each kind, when the last checkpoint was, and who is at risk', () => {
    expect(rendered(state)).toEqual([
      'sessions         3, 1 live: 1 at risk, 2 protected',
      'last checkpoint  3 min ago, Session 2 (21111111-0000-4000-8000-000000000000/4)',
      `monitor          ${nobody}`,
      'store            /home/dev/.local/share/active-session-monitor/store',
      'watching         /home/dev/.claude',
      '',
      '  at risk  00000000  Add a login page  12 messages, 4 files unsaved',
      '',
      '"session-monitor check" saves what is due.',
    ])
  })

  it('names five at risk and counts the rest', () => {
    const many = Array.from({ length: 8 }, (_, n) =>
      dueSession({ sessionId: `${n}0000000-0000-4000-8000-000000000000` }),
    )
    const lines = rendered(sampleState({ sessions: many }))
    expect(lines.filter(line => line.startsWith('  at risk'))).toHaveLength(5)
    expect(lines).toContain('  … and 3 more: session-monitor list')
  })

  it('says that it is paused, and until when', () => {
    const until = (untilMs: number | null) => rendered(sampleState({ paused: { untilMs } })).at(-1)
    expect(until(null)).toBe('paused           until resumed')
    expect(until(sampleNowMs + 1_800_000)).toBe('paused           for another 30 min')
  })

  it('says what the store takes, by project, and how the test restores went', () => {
    const project = (name: string | null, bytes: number) => ({
      root: name && `/home/dev/${name}`,
      bytes,
      sessions: 1,
      checkpoints: 2,
    })
    const projects = [
      project('shop', 20e6),
      project('blog', 9e6),
      project(null, 1e6),
      project('a', 6e5),
      project('b', 4e5),
    ]
    const storeUse = { bytes: 31e6, budgetBytes: 10e9, projects }
    const proof = (failures: { id: string; message: string }[]) => ({
      atMs: sampleNowMs - 7_200_000,
      checked: 3,
      failures,
    })
    const lines = (change: Parameters<typeof sampleState>[0]) => rendered(sampleState(change))
    expect(lines({ storeUse, lastProof: proof([]) }).slice(4, 6)).toEqual([
      'store size       31 MB of at most 10 GB: shop 20 MB, blog 9.0 MB, no project 1.0 MB, 2 others 1.0 MB',
      'test restores    3 in a day, the last 2 h ago: all came back whole',
    ])
    expect(lines({ lastProof: proof([{ id: 'x/1', message: 'damaged' }]) }).at(-2)).toContain(
      'the last 2 h ago: 1 failed',
    )
  })

  it('names the monitor that runs', () => {
    const running = { pid: 4711, name: 'the desktop app', version: '1.2.3', startedMs: sampleNowMs - 10_800_000 }
    expect(renderStatus(seenOf(sampleState(), running), terminal, anyScript)[2]).toBe(
      'monitor          the desktop app (process 4711), version 1.2.3, started 3 h ago',
    )
  })

  it('has something to say before the first session', () => {
    expect(rendered(sampleState({ roots: [] }))).toEqual([
      'sessions         0, 0 live',
      'last checkpoint  never',
      `monitor          ${nobody}`,
      'store            /home/dev/.local/share/active-session-monitor/store',
      'watching         no Claude Code folder yet',
    ])
  })
})

describe('statusJson', () => {
  it('has the same facts as values', () => {
    expect(statusJson(seenOf(state))).toMatchObject({
      v: 1,
      running: null,
      sessions: 3,
      live: 1,
      byProtection: { failing: 0, 'at-risk': 1, changed: 0, protected: 2, excluded: 0 },
      lastCheckpoint: { id: '21111111-0000-4000-8000-000000000000/4' },
      summary: '3 sessions: 1 at risk, 2 protected',
    })
  })
})
