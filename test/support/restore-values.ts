/** Small whole values of the contract about what was saved, for tests of wires and pages. */

import { summariseCheckpoint } from '../../shared/core/checkpoint.ts'
import type { CheckpointDetails } from '../../shared/core/checkpoint-details.ts'
import type { CheckpointDiffed, FileDiffed } from '../../shared/core/checkpoint-diff.ts'
import type { RescueList } from '../../shared/core/rescue.ts'
import type {
  RestoreDone,
  RestoreEntry,
  RestoreJournalInfo,
  RestorePlan,
  RestoreRequest,
} from '../../shared/core/restore.ts'
import type { RestoreCalls } from '../../shared/core/restore-calls.ts'
import { idOf, noonMs, recordOf } from './core-values.ts'

const checkpoint = `${idOf(1)}/3`

export const restoreRequest: RestoreRequest = {
  checkpoint,
  selection: { what: 'whole' },
  target: { kind: 'in-place' },
  rules: { conflicts: 'keep', deleted: 'restore' },
}

export const restoreEntries: readonly RestoreEntry[] = [
  {
    path: 'src/a.ts',
    action: 'conflict',
    kind: 'file',
    willWrite: false,
    bytes: 120,
    currentBytes: 140,
    note: null,
  },
  { path: 'notes.md', action: 'create', kind: 'file', willWrite: true, bytes: 60, currentBytes: null, note: null },
]

export const restorePlan: RestorePlan = {
  planId: 'ab'.repeat(32),
  request: restoreRequest,
  plannedAtMs: noonMs,
  takenAtMs: noonMs - 3_600_000,
  root: '/home/dev/work',
  counts: { conflict: 1, overwrite: 0, create: 1, blocked: 0, leave: 0, same: 0 },
  writes: { files: 1, bytes: 60 },
  keeps: { files: 0, bytes: 0 },
  entries: { offset: 0, total: 2, items: restoreEntries },
  leftOut: [{ path: 'huge.bin', reason: 'too large: 3 GB' }],
  leftOutMore: 0,
  transcript: {
    action: 'fork',
    sessionId: idOf(9),
    file: `/home/dev/.claude/projects/-home-dev-work/${idOf(9)}.jsonl`,
    why: 'The conversation went on since.',
    writes: { files: 2, bytes: 4_096 },
    left: [],
    next: { command: `cd /home/dev/work && claude --resume ${idOf(9)}`, words: 'goes on with the conversation' },
  },
  atWork: [{ sessionId: idOf(1), title: 'Mend the parser', status: 'busy' }],
  warnings: [],
}

export const restoreDone: RestoreDone = {
  ok: true,
  kind: 'complete',
  restoreId: '0123456789abcdef',
  safety: `${idOf(1)}/4`,
  folder: '/home/dev/work',
  written: { files: 1, bytes: 60 },
  kept: 1,
  failures: [],
  failuresMore: 0,
  transcript: restorePlan.transcript,
  next: [{ command: 'session-monitor undo 0123456789abcdef', words: 'puts everything back as it was' }],
}

export const restoreJournal: RestoreJournalInfo = {
  restoreId: '0123456789abcdef',
  startedAtMs: noonMs,
  kind: 'restore',
  checkpoint,
  title: 'Mend the parser',
  root: '/home/dev/work',
  state: 'complete',
  written: { files: 1, bytes: 60 },
  keptBytes: 0,
  safety: `${idOf(1)}/4`,
  canResume: false,
  canUndo: true,
  keptUntilMs: noonMs + 30 * 86_400_000,
}

const before = { kind: 'file', bytes: 120, mode: 0o644, sha256: 'c'.repeat(64) } as const
const after = { ...before, bytes: 140, sha256: 'd'.repeat(64) }

export const checkpointDiff: CheckpointDiffed = {
  ok: true,
  diff: {
    from: checkpoint,
    to: 'now',
    fromAtMs: noonMs - 3_600_000,
    toAtMs: noonMs,
    root: '/home/dev/work',
    counts: { changed: 1, added: 0, gone: 0, mode: 0 },
    files: { offset: 0, total: 1, items: [{ path: 'src/a.ts', change: 'changed', before, after }] },
    notes: [],
    transcript: {
      kind: 'grew',
      addedBytes: 9_000,
      prompts: 1,
      replies: 3,
      toolCalls: 2,
      lastPrompts: [{ text: 'And the tests?', atMs: noonMs - 60_000 }],
    },
  },
}

export const fileDiff: FileDiffed = {
  ok: true,
  diff: {
    kind: 'text',
    path: 'src/a.ts',
    before,
    after,
    hunks: [{ beforeStart: 1, beforeLines: 1, afterStart: 1, afterLines: 2, lines: [' one', '+two'] }],
    cut: false,
  },
}

export const checkpointDetails: CheckpointDetails = {
  summary: summariseCheckpoint(recordOf()),
  sessionId: idOf(1),
  title: 'Mend the parser',
  cwd: '/home/dev/work',
  model: null,
  contextPercent: 12.5,
  scores: { total: 1.25 },
  root: '/home/dev/work',
  head: 'e'.repeat(40),
  branch: 'main',
  state: 'clean',
  base: 'on-remote',
  streams: [{ name: 'main', bytes: 9_000 }],
  files: {
    offset: 0,
    total: 1,
    items: [{ path: 'src/a.ts', kind: 'file', bytes: 120, mode: 0o644, status: ' M', torn: false }],
  },
  gone: [],
  goneMore: 0,
  leftOut: [],
  leftOutMore: 0,
  brief: '# Resume\n',
  problem: null,
}

export const rescueList: RescueList = {
  atMs: noonMs,
  cases: [
    {
      sessionId: idOf(1),
      kind: 'died',
      title: 'Mend the parser',
      root: '/home/dev/work',
      branch: 'main',
      lastActivityMs: noonMs - 7_200_000,
      why: 'Its process ended without a word 2 h ago.',
      checkpoint,
      checkpointAtMs: noonMs - 3_600_000,
      lastPrompt: 'Now the tests',
      openTodos: [{ text: 'write the tests', status: 'in_progress' }],
      uncommitted: { files: 3, bytes: 9_000 },
      unsaved: { messages: 0, files: 1 },
      brief: '# Resume\n',
      next: [{ command: `session-monitor restore ${checkpoint}`, words: 'gives its files and transcript back' }],
    },
  ],
  more: 0,
}

const page = { offset: 0, limit: 100 }

/** A request and its answer for each call. */
export const restoreExchanges: { readonly [K in keyof RestoreCalls]: readonly [request: object, answer: unknown] } = {
  planRestore: [restoreRequest, { ok: true, plan: restorePlan }],
  planEntries: [{ ...page, planId: restorePlan.planId, actions: ['conflict'] }, restorePlan.entries],
  applyRestore: [{ ...restoreRequest, planId: restorePlan.planId }, restoreDone],
  resumeRestore: [{ restoreId: restoreJournal.restoreId }, restoreDone],
  undoRestore: [{ restoreId: restoreJournal.restoreId, conflicts: 'keep' }, restoreDone],
  cancelRestore: [{}, { stopped: 1 }],
  listRestores: [{}, [restoreJournal]],
  diffCheckpoint: [{ ...page, from: checkpoint, to: 'now' }, checkpointDiff],
  diffFile: [{ from: checkpoint, to: `${idOf(1)}/4`, path: 'src/a.ts' }, fileDiff],
  showCheckpoint: [{ ...page, checkpoint }, checkpointDetails],
  listRescue: [{}, rescueList],
  exportCheckpoint: [
    { checkpoint, to: '/home/dev/kept.tar.zst' },
    { ok: true, file: '/home/dev/kept.tar.zst', bytes: 9_000, files: 12, notes: [] },
  ],
}
