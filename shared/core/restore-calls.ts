/** The part of the contract that is about what was saved: looking at it, comparing it, giving it back. */

import type { CheckpointDetails } from './checkpoint-details.ts'
import type { CheckpointDiffed, DiffSide, FileDiffed } from './checkpoint-diff.ts'
import type { CheckpointId } from './checkpoint-id.ts'
import type { Page, PageRequest } from './page.ts'
import type { RescueList } from './rescue.ts'
import type {
  RestoreAction,
  RestoreEntry,
  RestoreJournalInfo,
  RestoreOutcome,
  RestorePlanned,
  RestoreRefusal,
  RestoreRequest,
  RestoreRules,
} from './restore.ts'

export interface ApplyRequest extends RestoreRequest {
  /** Of the plan that was agreed to: refused with `changed-since-plan` if things are different by now. Null: whatever. */
  readonly planId: string | null
}

export type Exported =
  | {
      readonly ok: true
      readonly file: string
      readonly bytes: number
      readonly files: number
      readonly notes: readonly string[]
    }
  | RestoreRefusal

export interface RestoreCalls {
  /** What a restore would do. Writes nothing. Its first entries come with it. */
  planRestore(request: RestoreRequest): Promise<RestorePlanned>
  /** More entries of one of the last plans. Rejects when it is no longer kept: plan again. */
  planEntries(
    request: PageRequest & { readonly planId: string; readonly actions: readonly RestoreAction[] | null },
  ): Promise<Page<RestoreEntry>>
  /** Does it: a safety checkpoint first, then file by file. Progress is in the state. Resolves when it is over. */
  applyRestore(request: ApplyRequest): Promise<RestoreOutcome>
  /** Finishes one that was cut short. */
  resumeRestore(request: { readonly restoreId: string }): Promise<RestoreOutcome>
  /** Puts back what was there before, file by file; what was changed since then is a conflict. */
  undoRestore(request: {
    readonly restoreId: string
    readonly conflicts: RestoreRules['conflicts']
  }): Promise<RestoreOutcome>
  /**
   * Stops whatever runs of plans, restores, undos, comparisons and exports, and those that wait: each answers
   * `stopped`, with what is to be done next. Resolves at once.
   */
  cancelRestore(request: Record<string, never>): Promise<{ readonly stopped: number }>
  /** Restores in place that can be resumed or undone, newest first; at most 100. */
  listRestores(request: Record<string, never>): Promise<readonly RestoreJournalInfo[]>
  /** Which files differ, and what the conversation went on by. `to`: a checkpoint, or `now`. */
  diffCheckpoint(
    request: PageRequest & { readonly from: CheckpointId; readonly to: DiffSide },
  ): Promise<CheckpointDiffed>
  /** One file of such a diff, line by line. */
  diffFile(request: { readonly from: CheckpointId; readonly to: DiffSide; readonly path: string }): Promise<FileDiffed>
  /** A checkpoint's own facts, its brief, and a page of its files. Rejects if there is none that can be read. */
  showCheckpoint(request: PageRequest & { readonly checkpoint: CheckpointId }): Promise<CheckpointDetails>
  /** Sessions that died, stalled, were lost or forgotten. */
  listRescue(request: Record<string, never>): Promise<RescueList>
  /** Writes the checkpoint as one `.tar.zst` that needs nothing of ours to be read. `to`: absolute, must not exist. */
  exportCheckpoint(request: { readonly checkpoint: CheckpointId; readonly to: string }): Promise<Exported>
}

export const restoreCalls: Readonly<Record<keyof RestoreCalls, true>> = {
  planRestore: true,
  planEntries: true,
  applyRestore: true,
  resumeRestore: true,
  undoRestore: true,
  cancelRestore: true,
  listRestores: true,
  diffCheckpoint: true,
  diffFile: true,
  showCheckpoint: true,
  listRescue: true,
  exportCheckpoint: true,
}
