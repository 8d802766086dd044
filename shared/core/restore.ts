/**
 * Giving back what a checkpoint holds: what is asked for, what would happen, and what became of it. JSON values only.
 *
 * Nothing is written before a plan was made, and what was written can be undone (`listRestores`, `undoRestore`).
 */
import type { CheckpointId } from './checkpoint-id.ts'
import type { Page } from './page.ts'
import type { LiveStatus, SessionId } from './session.ts'

/** What to take out of the checkpoint. `paths`: files or folders of the work tree, named as plans and diffs show them. */
export type RestoreSelection =
  | { readonly what: 'whole' | 'files' | 'transcript' }
  | { readonly what: 'paths'; readonly paths: readonly string[] }

export type RestoreTarget =
  /** The project folder and Claude Code's own place for the transcript. */
  | { readonly kind: 'in-place' }
  /** A folder that does not exist yet, or is empty. Absolute. */
  | { readonly kind: 'side'; readonly folder: string }

/** What is done in place where a choice is to be made. In a side folder nothing is in the way. */
export interface RestoreRules {
  /** A file whose present content is in no checkpoint: `keep` leaves it as it is, `replace` writes over it. */
  readonly conflicts: 'keep' | 'replace'
  /** A file that is not there any more: `restore` writes it, `keep` leaves it deleted. */
  readonly deleted: 'restore' | 'keep'
}

export interface RestoreRequest {
  readonly checkpoint: CheckpointId
  readonly selection: RestoreSelection
  readonly target: RestoreTarget
  readonly rules: RestoreRules
}

/**
 * `create`: not there now. `overwrite`: what is there now is in some checkpoint, or in git. `conflict`: what is there
 * now is in neither. `same`: nothing to do. `leave`: there now, not in the checkpoint; never touched. `blocked`:
 * cannot be written, the note says why.
 */
export const restoreActions = ['conflict', 'overwrite', 'create', 'blocked', 'leave', 'same'] as const
export type RestoreAction = (typeof restoreActions)[number]

/** One file or link of the work tree. */
export interface RestoreEntry {
  /** Below `root`, '/' between the parts. */
  readonly path: string
  readonly action: RestoreAction
  readonly kind: 'file' | 'link'
  /** Whether it would be written under the rules of the plan. */
  readonly willWrite: boolean
  /** In the checkpoint; null for `leave`, and where only git knows. */
  readonly bytes: number | null
  /** Of what is there now; null where nothing is. */
  readonly currentBytes: number | null
  /** In words: why it is blocked, what makes it special. */
  readonly note: string | null
}

export interface RestoreAmount {
  readonly files: number
  readonly bytes: number
}

/** Something that is not restored, and why. */
export interface RestoreLeftOut {
  readonly path: string
  /** In words. */
  readonly reason: string
}

/**
 * `create`: nothing is there. `extend`: what is there is the beginning of what was saved. `same`: it is all there.
 * `fork`: the conversation went on, differs or is open, so what was saved becomes a session of its own beside it.
 */
export interface TranscriptPlan {
  readonly action: 'create' | 'extend' | 'same' | 'fork'
  /** The session to resume afterwards: another one than the checkpoint's for a `fork`. */
  readonly sessionId: SessionId
  /** Where its main file will lie. Absolute. */
  readonly file: string
  /** In a sentence. */
  readonly why: string
  /** To be written, sub-agents and tool results included. */
  readonly writes: RestoreAmount
  /** Files that are longer or other by now, and stay as they are. */
  readonly left: readonly RestoreLeftOut[]
  /** Opens the conversation. */
  readonly next: NextStep
}

/** A command to copy, and what it does in words. */
export interface NextStep {
  readonly command: string
  readonly words: string
}

/** A session that is open in the project now. */
export interface SessionAtWork {
  readonly sessionId: SessionId
  readonly title: string
  readonly status: LiveStatus
}

export interface RestorePlan {
  /** To ask for more entries, and to apply exactly this. Equal for equal plans. */
  readonly planId: string
  readonly request: RestoreRequest
  readonly plannedAtMs: number
  /** When the checkpoint was taken, epoch ms. */
  readonly takenAtMs: number
  /** Where the work tree's files go; null if none are asked for or none were saved. Absolute. */
  readonly root: string | null
  readonly counts: Readonly<Record<RestoreAction, number>>
  /** What would be written of the work tree, and how much of it is present content that is kept for an undo. */
  readonly writes: RestoreAmount
  readonly keeps: RestoreAmount
  /** In the order of {@link restoreActions}, then by path. */
  readonly entries: Page<RestoreEntry>
  /** Not restored: not saved, or not to be had any more. At most 100. */
  readonly leftOut: readonly RestoreLeftOut[]
  readonly leftOutMore: number
  /** Null if it is not asked for, or in a side folder. */
  readonly transcript: TranscriptPlan | null
  /** Open in the project now: they may write while files change under them. */
  readonly atWork: readonly SessionAtWork[]
  /** What else should be known before, in sentences. */
  readonly warnings: readonly string[]
}

export interface RestoreRefusal {
  readonly ok: false
  readonly code: RestoreRefusalCode
  /** What stands in the way, in words. */
  readonly message: string
  /** What the user can do, in words. */
  readonly remedy: string
}

export const restoreRefusalCodes = [
  /** There is no such checkpoint, restore or plan (any more). */
  'unknown',
  'damaged',
  'unsafe-name',
  'target-taken',
  'nothing-saved',
  /** Things are no longer as the plan had them: plan again. */
  'changed-since-plan',
  'safety-checkpoint-failed',
  'locked-elsewhere',
  /** An earlier restore of the same project was cut short: resume or undo it first. */
  'unfinished-restore',
  'stopped',
  'disk-full',
  'permission',
  'io-error',
] as const
export type RestoreRefusalCode = (typeof restoreRefusalCodes)[number]

export type RestorePlanned = { readonly ok: true; readonly plan: RestorePlan } | RestoreRefusal

export interface RestoreDone {
  readonly ok: true
  /** `incomplete`: some paths could not be written; `failures` says why, and it can be resumed or undone. */
  readonly kind: 'complete' | 'incomplete'
  /** To undo or resume it; null for a side folder, which is simply deleted. */
  readonly restoreId: string | null
  /** Taken of the state before; null where there was nothing that a checkpoint could be taken of. */
  readonly safety: CheckpointId | null
  /** Project, or the side folder. */
  readonly folder: string | null
  readonly written: RestoreAmount
  /** Conflicts that were left as they are, and deleted files that stayed so. */
  readonly kept: number
  /** At most 100. */
  readonly failures: readonly RestoreLeftOut[]
  readonly failuresMore: number
  readonly transcript: TranscriptPlan | null
  readonly next: readonly NextStep[]
}

export type RestoreOutcome = RestoreDone | RestoreRefusal

/** A restore in place that is remembered, an undo included: an undo is a restore of what was there before. */
export interface RestoreJournalInfo {
  readonly restoreId: string
  readonly startedAtMs: number
  readonly kind: 'restore' | 'undo'
  readonly checkpoint: CheckpointId
  readonly title: string
  readonly root: string | null
  /** `unfinished`: it was cut short or some paths failed. `undone`: an undo of it is complete. */
  readonly state: 'unfinished' | 'complete' | 'undone'
  readonly written: RestoreAmount
  /** Kept to undo it. */
  readonly keptBytes: number
  readonly safety: CheckpointId | null
  readonly canResume: boolean
  readonly canUndo: boolean
  /** When it will be forgotten, epoch ms; null while it is unfinished. */
  readonly keptUntilMs: number | null
}
