/** A `MonitorState` and its rows for tests of what shows them: plausible values, any of them replaceable. */
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { scoreSession } from '../../shared/core/scoring.ts'
import { defaultSettings, policyFor } from '../../shared/core/settings.ts'

export const sampleNowMs = Date.UTC(2026, 0, 15, 12)

const signals = { hoursSinceCheckpoint: 0.5, messages: 12, filesChanged: 3, contextPercent: 20, idleMinutes: 4 }

export function sampleSession(change: Partial<SessionView> = {}): SessionView {
  return {
    sessionId: '00000000-0000-4000-8000-000000000001',
    title: 'Add a login page',
    project: { root: '/home/dev/shop', name: 'shop', kind: 'git' },
    cwd: '/home/dev/shop',
    branch: 'main',
    model: 'claude-opus-4-5',
    version: '2.1.0',
    live: { status: 'idle', waitingFor: null, pid: 4711, sinceMs: sampleNowMs - 240_000, note: null },
    counts: {
      messages: 12,
      prompts: 4,
      replies: 8,
      toolCalls: 20,
      compactions: 0,
      lines: 90,
      damagedLines: 0,
      overlongLines: 0,
    },
    contextTokens: 40_000,
    contextWindowTokens: 200_000,
    contextPercent: 20,
    compaction: { atTokens: 167_000, leftTokens: 127_000, leftPercent: 76, turnsLeft: 12 },
    filesChanged: 3,
    firstActivityMs: sampleNowMs - 7_200_000,
    lastActivityMs: sampleNowMs - 240_000,
    transcriptBytes: 120_000,
    protection: 'protected',
    score: scoreSession(signals, policyFor(defaultSettings, null).policy),
    decision: { action: 'hold', reason: { kind: 'unchanged' } },
    why: 'Held: nothing changed since the last checkpoint.',
    unsaved: { messages: 0, transcriptBytes: 0, files: 0 },
    lastCheckpoint: null,
    lastOutcome: null,
    problems: [],
    ...change,
  }
}

/** A session that the policy wants to checkpoint. */
export function dueSession(change: Partial<SessionView> = {}): SessionView {
  return sampleSession({
    protection: 'at-risk',
    decision: { action: 'checkpoint', cause: { kind: 'due', factors: ['time'], total: 1.2 } },
    why: 'Due: never checkpointed.',
    ...change,
  })
}

export function sampleState(change: Partial<MonitorState> = {}): MonitorState {
  return {
    engine: 'engine-1',
    revision: 1,
    atMs: sampleNowMs,
    phase: 'idle',
    progress: null,
    paused: null,
    sessions: [],
    lastCycle: null,
    nextCycleAtMs: sampleNowMs + 300_000,
    storeFolder: '/home/dev/.local/share/active-session-monitor/store',
    storeUse: null,
    lastProof: null,
    roots: ['/home/dev/.claude'],
    activity: [],
    notices: [],
    settings: defaultSettings,
    settingsProblems: [],
    ...change,
  }
}
