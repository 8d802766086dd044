/** What differs between two checkpoints, or between a checkpoint and now. JSON values only. */
import type { CheckpointId } from './checkpoint-id.ts'
import type { Page } from './page.ts'
import type { HumanPrompt } from './session.ts'

/** `now`: the project folder and the transcript as they are. */
export type DiffSide = CheckpointId | 'now'

export const fileChanges = ['changed', 'added', 'gone', 'mode'] as const
/** `mode`: only the permissions differ. */
export type FileChange = (typeof fileChanges)[number]

export interface FileVersion {
  readonly kind: 'file' | 'link'
  /** Null where only git knows and was not asked. */
  readonly bytes: number | null
  /** Permission bits. */
  readonly mode: number
  /** Null where only git knows and was not asked. */
  readonly sha256: string | null
}

export interface FileDifference {
  /** Below the project's root, '/' between the parts. */
  readonly path: string
  readonly change: FileChange
  readonly before: FileVersion | null
  readonly after: FileVersion | null
}

/** What the conversation went on by. */
export interface TranscriptDifference {
  /** `grew`: what was saved first is the beginning of the other. `rewritten`: it is not. `gone`: there is none now. */
  readonly kind: 'same' | 'grew' | 'rewritten' | 'gone'
  readonly addedBytes: number
  /** Human prompts and replies since. */
  readonly prompts: number
  readonly replies: number
  readonly toolCalls: number
  /** The last ones, oldest first; at most 20, each at most 2,000 characters. */
  readonly lastPrompts: readonly HumanPrompt[]
}

export interface CheckpointDiff {
  readonly from: CheckpointId
  readonly to: DiffSide
  /** Epoch ms. */
  readonly fromAtMs: number
  readonly toAtMs: number
  /** Of the work tree; null if neither side has one. */
  readonly root: string | null
  readonly counts: Readonly<Record<FileChange, number>>
  /** By path. */
  readonly files: Page<FileDifference>
  /** Why files are not compared, or not all of them; empty when all were. */
  readonly notes: readonly string[]
  /** Null where one side has no transcript of this session. */
  readonly transcript: TranscriptDifference | null
}

export interface DiffHunk {
  /** Line numbers from 1, and how many lines of each side. */
  readonly beforeStart: number
  readonly beforeLines: number
  readonly afterStart: number
  readonly afterLines: number
  /** Each begins with ' ', '-' or '+'; '\' for the remark that a last line has no line end. */
  readonly lines: readonly string[]
}

/** Content of one file on both sides. */
export type FileDiff =
  | {
      readonly kind: 'text'
      readonly path: string
      readonly before: FileVersion | null
      readonly after: FileVersion | null
      readonly hunks: readonly DiffHunk[]
      /** True when there is more than fits. */
      readonly cut: boolean
    }
  /** Not text, too large, or only permissions: sizes and hashes say it. */
  | {
      readonly kind: 'opaque'
      readonly path: string
      readonly before: FileVersion | null
      readonly after: FileVersion | null
      /** In words. */
      readonly why: string
    }

/** What a diff could not be made for, in words. */
export interface DiffRefusal {
  readonly ok: false
  readonly code: 'unknown' | 'damaged' | 'permission' | 'io-error'
  readonly message: string
  readonly remedy: string
}

export type CheckpointDiffed = { readonly ok: true; readonly diff: CheckpointDiff } | DiffRefusal
export type FileDiffed = { readonly ok: true; readonly diff: FileDiff } | DiffRefusal
