/**
 * Where the monitor's calls about what was saved are answered: looking at checkpoints, comparing them, giving them
 * back. The glue between the state of the running monitor and the parts that do the work; it holds no rule itself.
 */
import { type CheckpointRecord, parseCheckpointId } from '../core/checkpoint.ts'
import type { RestoreCalls } from '../core/restore-calls.ts'
import { describeCheckpoint } from './checkpoint-details.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

export interface RestoreDeskParts {
  readonly store: CheckpointStore
}

export function createRestoreDesk({ store }: RestoreDeskParts): RestoreCalls {
  /** @throws {Error} in words, unless there is such a checkpoint and it can be read */
  function recordOf(id: string): CheckpointRecord {
    const { sessionId, seq } = parseCheckpointId(id) ?? { sessionId: '', seq: 0 }
    const read = store.read(sessionId, seq)
    if (read.ok) return read.record
    throw new Error(read.problem.kind === 'missing' ? `There is no checkpoint ${id}.` : `${read.problem.message}.`)
  }

  return {
    showCheckpoint: async ({ checkpoint, ...page }) => describeCheckpoint(store, recordOf(checkpoint), page),
    planRestore: notYet,
    planEntries: notYet,
    applyRestore: notYet,
    resumeRestore: notYet,
    undoRestore: notYet,
    listRestores: notYet,
    diffCheckpoint: notYet,
    diffFile: notYet,
    listRescue: notYet,
    exportCheckpoint: notYet,
  }
}

function notYet(): Promise<never> {
  return Promise.reject(new Error('This version cannot do that yet. Use `session-monitor restore` in a terminal.'))
}
