/** Sessions that may need help after a crash, a weekend or a clean-up: which, why, and the way back. JSON values only. */
import type { CheckpointId } from './checkpoint-id.ts'
import type { NextStep, RestoreAmount } from './restore.ts'
import type { SessionId, TodoItem } from './session.ts'

/**
 * `died`: its process ended without a word. `lost`: it was saved, and its transcript is gone. `stalled`: open, and
 * for long nothing came. `forgotten`: ended or left open with work that is neither saved nor committed.
 */
export const rescueKinds = ['died', 'lost', 'stalled', 'forgotten'] as const
export type RescueKind = (typeof rescueKinds)[number]

export interface RescueCase {
  readonly sessionId: SessionId
  readonly kind: RescueKind
  readonly title: string
  /** Project folder; null if it was in none. */
  readonly root: string | null
  readonly branch: string | null
  /** When something last happened, epoch ms; null if nobody knows. Newest first in the list. */
  readonly lastActivityMs: number | null
  /** Why it is in the list, in a sentence. */
  readonly why: string
  /** Its newest checkpoint; null if it has none. */
  readonly checkpoint: CheckpointId | null
  readonly checkpointAtMs: number | null
  /** What was asked last; at most 500 characters. */
  readonly lastPrompt: string | null
  /** Not done when it stopped; at most 20. */
  readonly openTodos: readonly TodoItem[]
  /** Uncommitted in the newest checkpoint. */
  readonly uncommitted: RestoreAmount
  /** Changed since the newest checkpoint, so in none. */
  readonly unsaved: { readonly messages: number; readonly files: number }
  /** Resume brief of the newest checkpoint; at most 8,000 characters. */
  readonly brief: string | null
  /** One command each: look, restore, go on. */
  readonly next: readonly NextStep[]
}

export interface RescueList {
  readonly atMs: number
  /** Newest first; at most 200. */
  readonly cases: readonly RescueCase[]
  readonly more: number
}

/** One of those that a {@link RescueSummary} names. */
export interface RescueHint {
  readonly sessionId: SessionId
  readonly kind: RescueCase['kind']
  readonly title: string
  readonly lastActivityMs: number | null
}

/** For a mark beside the list: `listRescue` tells the rest, and those that are `lost`. */
export interface RescueSummary {
  readonly counts: Readonly<Record<Exclude<RescueKind, 'lost'>, number>>
  /** Newest first; at most 5. */
  readonly newest: readonly RescueHint[]
}
