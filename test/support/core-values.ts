/**
 * Plain values of the core for tests: whole, valid and dull, each changed where a test cares. No clock, no disk.
 */
import type { CheckpointRecord, CheckpointRequest, StreamRecord } from '../../shared/core/checkpoint.ts'
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { factorNames, type PerFactor, type ScoringPolicy, type SessionScore } from '../../shared/core/scoring.ts'
import type {
  ChangedFile,
  DetectedSession,
  LiveState,
  LiveStatus,
  SessionCounts,
  SessionFacts,
  TranscriptStream,
} from '../../shared/core/session.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import type { TreeFile, TreeManifest } from '../../shared/core/work-tree.ts'

/** The instant at which these values are true, epoch ms. */
export const noonMs = Date.UTC(2026, 10, 23, 12)
export const minuteMs = 60_000
export const hourMs = 3_600_000

/** The defaults of DESIGN "Score and decision", written out: a changed default must fail a test. */
export const defaultPolicy: ScoringPolicy = {
  thresholds: { time: 2, activity: 15, context: 75, idle: 30 },
  weights: { time: 0.3, activity: 0.4, context: 0.5, idle: 0.2 },
}

/** A session id that ends in `n`; ids sort as their numbers do. */
export function idOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
}

/** 64 hex digits that differ by `n`. */
export function hashOf(n: number): string {
  return n.toString(16).padStart(64, '0')
}

/** A score with these ratios under the default weights; the values are what the ratios mean. */
export function scoreOf(ratios: Partial<PerFactor> = {}, policy: ScoringPolicy = defaultPolicy): SessionScore {
  const factor = (name: keyof PerFactor) => {
    const [threshold, weight, score] = [policy.thresholds[name], policy.weights[name], ratios[name] ?? 0]
    return { value: score * threshold, threshold, score, weight, weighted: score * weight }
  }
  const factors = {
    time: factor('time'),
    activity: factor('activity'),
    context: factor('context'),
    idle: factor('idle'),
  }
  return { factors, total: factorNames.reduce((sum, name) => sum + factors[name].weighted, 0) }
}

/** A due request of session `n`. */
export function requestOf(n: number, changes: Partial<CheckpointRequest> = {}): CheckpointRequest {
  return {
    sessionId: idOf(n),
    cause: { kind: 'due', factors: ['time'], total: 0.3 },
    requestedMs: noonMs,
    lastCheckpointMs: noonMs - 2 * hourMs,
    score: scoreOf({ time: 1 }),
    ...changes,
  }
}

export function countsOf(changes: Partial<SessionCounts> = {}): SessionCounts {
  const none = { messages: 0, prompts: 0, replies: 0, toolCalls: 0 }
  return { ...none, compactions: 0, lines: 0, damagedLines: 0, overlongLines: 0, ...changes }
}

export function liveOf(status: LiveStatus): LiveState {
  return { status, waitingFor: null, pid: null, sinceMs: null, note: null }
}

export function changedFileOf(path: string, endByte: number, stream = 'main'): ChangedFile {
  return { path, atMs: noonMs, stream, endByte, changes: 1 }
}

export function factsOf(changes: Partial<SessionFacts> = {}): SessionFacts {
  return {
    sessionId: idOf(1),
    title: 'Mend the parser',
    titleSource: 'ai',
    model: 'claude-opus-4-5',
    branch: 'main',
    firstCwd: '/home/ann/shop',
    cwd: '/home/ann/shop',
    version: '2.1.0',
    entrypoint: 'cli',
    counts: countsOf({ messages: 10, prompts: 4, replies: 6, lines: 40 }),
    firstActivityMs: noonMs - 5 * hourMs,
    lastActivityMs: noonMs - 10 * minuteMs,
    filesChanged: [],
    context: { tokens: 50_000, windowTokens: 200_000, percent: 25 },
    compaction: { atTokens: 167_000, leftTokens: 117_000, leftPercent: 70, turnsLeft: null },
    lastPrompts: [],
    lastCommands: [],
    lastReply: null,
    todos: [],
    forkedFrom: null,
    ...changes,
    changedFiles: changes.filesChanged?.length ?? 0,
  }
}

/** A stream whose file ends with a whole line. */
export function streamOf(name: string, completeBytes: number): TranscriptStream {
  const path = `/home/ann/.claude/projects/-home-ann-shop/${name}`
  return { name, path, completeBytes, sizeBytes: completeBytes, modifiedMs: noonMs - 10 * minuteMs }
}

export interface SessionChanges {
  readonly facts?: Partial<SessionFacts>
  readonly streams?: readonly TranscriptStream[]
  readonly status?: LiveStatus
}

export function sessionOf({ facts, streams, status = 'idle' }: SessionChanges = {}): DetectedSession {
  return {
    facts: factsOf(facts),
    streams: streams ?? [streamOf('main', 1_000)],
    live: liveOf(status),
    project: { root: '/home/ann/shop', name: 'shop', kind: 'git' },
    problems: [],
  }
}

export function streamRecordOf(name: string, bytes: number): StreamRecord {
  return {
    name,
    path: streamOf(name, bytes).path,
    generation: 1,
    bytes,
    sha256: hashOf(7),
    segments: [[0, 0, 90, bytes]],
  }
}

export function recordOf(changes: Partial<CheckpointRecord> = {}): CheckpointRecord {
  return {
    v: 1,
    session: idOf(1),
    seq: 3,
    at: noonMs - hourMs,
    title: 'Mend the parser',
    cwd: '/home/ann/shop',
    model: 'claude-opus-4-5',
    cause: { kind: 'due' },
    why: '2 h since the last checkpoint (limit 2 h)',
    scores: { time: 1, total: 0.3 },
    counts: { messages: 10, lines: 40, compactions: 0 },
    contextPercent: 25,
    lastActivity: noonMs - hourMs,
    streams: [streamRecordOf('main', 1_000)],
    tree: treeRecordOf(1),
    treeError: null,
    packs: [hashOf(5)],
    brief: '# Mend the parser\n',
    sum: hashOf(9),
    ...changes,
  }
}

/** The record of a tree whose fingerprint is `hashOf(n)`. */
export function treeRecordOf(n: number): NonNullable<CheckpointRecord['tree']> {
  return {
    root: '/home/ann/shop',
    manifestSha256: hashOf(6),
    place: [0, 90, 80, 400],
    fingerprint: hashOf(n),
    packs: [0],
    files: 2,
    bytes: 600,
    skipped: 0,
    head: '0123456789abcdef0123456789abcdef01234567',
    branch: 'main',
    state: 'clean',
    base: 'on-remote',
  }
}

export function treeFileOf(path: TreeFile['path'], changes: Partial<TreeFile> = {}): TreeFile {
  return {
    path,
    kind: 'file',
    mode: 0o644,
    bytes: 12,
    sha256: hashOf(1),
    place: [0, 0, 10, 12],
    statKey: '1:1:1:12',
    status: ' M',
    ...changes,
  }
}

export function manifestOf(changes: Partial<TreeManifest> = {}): TreeManifest {
  return {
    v: 1,
    root: '/home/ann/shop',
    head: '0123456789abcdef0123456789abcdef01234567',
    branch: 'main',
    state: 'clean',
    base: 'on-remote',
    basePin: null,
    files: [],
    staged: [],
    gone: [],
    skipped: [],
    fingerprint: hashOf(1),
    degraded: null,
    packs: [],
    nested: [],
    ...changes,
  }
}

export function viewOf(n: number, changes: Partial<SessionView> = {}): SessionView {
  const facts = factsOf()
  return {
    sessionId: idOf(n),
    title: facts.title,
    project: { root: '/home/ann/shop', name: 'shop', kind: 'git' },
    cwd: facts.cwd,
    branch: facts.branch,
    model: facts.model,
    version: facts.version,
    live: liveOf('idle'),
    counts: facts.counts,
    contextTokens: 50_000,
    contextWindowTokens: 200_000,
    contextPercent: 25,
    compaction: facts.compaction,
    filesChanged: 0,
    firstActivityMs: facts.firstActivityMs,
    lastActivityMs: facts.lastActivityMs,
    transcriptBytes: 1_000,
    protection: 'changed',
    score: scoreOf({ time: 0.5 }),
    decision: { action: 'hold', reason: { kind: 'below-threshold', dueAtMs: null } },
    why: 'Held.',
    unsaved: { messages: 1, transcriptBytes: 100, files: 0 },
    lastCheckpoint: null,
    lastOutcome: null,
    problems: [],
    ...changes,
  }
}

export function stateOf(revision: number, changes: Partial<MonitorState> = {}): MonitorState {
  return {
    engine: 'engine-1',
    revision,
    atMs: noonMs,
    phase: 'idle',
    progress: null,
    paused: null,
    sessions: [],
    lastCycle: null,
    nextCycleAtMs: null,
    storeFolder: '/home/ann/.local/share/active-session-monitor/store',
    storeUse: null,
    lastProof: null,
    roots: ['/home/ann/.claude'],
    activity: [],
    notices: [],
    settings: defaultSettings,
    settingsProblems: [],
    ...changes,
  }
}
