/**
 * A checkpoint: one durable record of one session. Values, formats of ids, and what became of a request.
 *
 * The record is what lies on disk as `checkpoints/<session>/<seq>.json`; its shape is the store's
 * format, version 1. Unknown fields are kept and ignored; a higher `v` is listed, never touched.
 */
import { z } from 'zod'
import { type CheckpointId, checkpointId } from './checkpoint-id.ts'
import type { FactorName, SessionScore } from './scoring.ts'
import { longestStreamName, type SessionId, streamNamePattern } from './session.ts'

/** Why a checkpoint was asked for. */
export type CheckpointCause =
  | { readonly kind: 'due'; readonly factors: readonly FactorName[]; readonly total: number }
  | { readonly kind: 'manual' }
  | { readonly kind: 'urgent'; readonly event: UrgentEvent }
  /** Taken of the present state before a restore in place. */
  | { readonly kind: 'safety' }

export type UrgentEvent =
  | 'before-compaction'
  | 'session-ended'
  | 'process-died'
  | 'work-tree-shared'
  /** Its newest checkpoint did not come back in a test restore. */
  | 'checkpoint-damaged'

/** A promise to try. The queue keeps one per session. */
export interface CheckpointRequest {
  readonly sessionId: SessionId
  readonly cause: CheckpointCause
  readonly requestedMs: number
  /** Epoch ms of the last checkpoint, or null: oldest first, never first of all. */
  readonly lastCheckpointMs: number | null
  readonly score: SessionScore
}

export const failureCodes = [
  'disk-full',
  'permission',
  'io-error',
  'timed-out',
  'store-format',
  'verification',
  'transcript-missing',
  'lock-lost',
  'internal',
] as const
export type FailureCode = (typeof failureCodes)[number]

/** Why a request was given back untouched. */
export type PutOffReason = 'paused' | 'stopping' | 'queue-full'

/** What became of a request. `saved` means: durable, read back, hashes equal. */
export type CheckpointOutcome =
  | {
      readonly kind: 'saved'
      readonly sessionId: SessionId
      readonly seq: number
      readonly atMs: number
      /** Bytes that this checkpoint added to the store, its share of the pack included. */
      readonly addedBytes: number
      readonly tookMs: number
      /** What was left out or could not be saved, in words; empty when it is whole. */
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'unchanged'; readonly sessionId: SessionId; readonly sinceSeq: number | null }
  | { readonly kind: 'cooling-down'; readonly sessionId: SessionId; readonly untilMs: number }
  | { readonly kind: 'locked-elsewhere'; readonly sessionId: SessionId; readonly owner: string }
  /** Nothing was tried and nothing went wrong: the next look decides anew. */
  | { readonly kind: 'put-off'; readonly sessionId: SessionId; readonly why: PutOffReason }
  | {
      readonly kind: 'failed'
      readonly sessionId: SessionId
      readonly code: FailureCode
      /** What happened, in words. */
      readonly message: string
      /** What the user can do, in words. */
      readonly remedy: string
    }

const size = z.int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * Where a frame lies: [index into `packs`, offset, stored bytes, bytes after decompression].
 * In a manifest index 0 is the pack that holds the manifest and n is `packs[n - 1]`.
 */
export const framePlaceSchema = z.tuple([size, size, size, size])
export type FramePlace = z.infer<typeof framePlaceSchema>

export const streamNameSchema = z.string().max(longestStreamName).regex(streamNamePattern)

export const streamRecordSchema = z.looseObject({
  name: streamNameSchema,
  /** Where the file lay when it was read. */
  path: z.string(),
  /** Counts up when the stored prefix was no longer the file's prefix. From 1. */
  generation: z.int().positive(),
  bytes: size,
  /** Of all bytes of this generation. */
  sha256,
  segments: z.array(framePlaceSchema),
})
export type StreamRecord = z.infer<typeof streamRecordSchema>

export const treeRecordSchema = z.looseObject({
  root: z.string(),
  /** Of the manifest's bytes. */
  manifestSha256: sha256,
  place: framePlaceSchema,
  /** Equal fingerprints mean equal content: HEAD, and path, mode and hash of every recorded file. */
  fingerprint: sha256,
  /** Every pack that the manifest's frames lie in, the manifest's own first. Indexes are into the record's `packs`. */
  packs: z.array(size),
  files: size,
  bytes: size,
  /** Paths that were left out, for whatever reason. */
  skipped: size,
  head: z.string().nullable(),
  branch: z.string().nullable(),
  /** `clean`, or what is going on: merge, rebase, cherry-pick, revert, bisect, am. */
  state: z.string(),
  /** Whether commits that are on no remote are in the store too. */
  base: z.enum(['on-remote', 'pinned', 'not-pinned', 'no-commits', 'no-git']),
})
export type TreeRecord = z.infer<typeof treeRecordSchema>

export const checkpointRecordSchema = z.looseObject({
  v: z.literal(1),
  session: z.string(),
  seq: z.int().positive(),
  /** Epoch ms, by the wall clock. Order is by `seq`, never by this. */
  at: z.number(),
  title: z.string(),
  cwd: z.string().nullable(),
  model: z.string().nullable(),
  cause: z.looseObject({ kind: z.enum(['due', 'manual', 'urgent', 'safety']) }),
  /** The reason in a sentence. */
  why: z.string(),
  /** Score per factor and total at that moment. */
  scores: z.record(z.string(), z.number()),
  counts: z.looseObject({ messages: size, lines: size, compactions: size }),
  contextPercent: z.number().nullable(),
  lastActivity: z.number().nullable(),
  streams: z.array(streamRecordSchema),
  tree: treeRecordSchema.nullable(),
  /** Why there is no tree, or why it is not whole. */
  treeError: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  /** SHA-256 names of every pack this record needs. */
  packs: z.array(sha256),
  /** The resume brief, Markdown, at most 8,000 characters. */
  brief: z.string(),
  /** SHA-256 of the file's text before the line that holds this. Last. */
  sum: sha256,
})
export type CheckpointRecord = z.infer<typeof checkpointRecordSchema>

/** What the user interfaces need of a session's newest checkpoint. */
export interface CheckpointSummary {
  readonly id: CheckpointId
  readonly seq: number
  readonly atMs: number
  readonly why: string
  readonly causeKind: CheckpointRecord['cause']['kind']
  readonly messages: number
  readonly transcriptBytes: number
  readonly treeFiles: number
  readonly treeSkipped: number
  readonly treeError: string | null
  readonly fingerprint: string | null
}

export function summariseCheckpoint(record: CheckpointRecord): CheckpointSummary {
  return {
    id: checkpointId(record.session, record.seq),
    seq: record.seq,
    atMs: record.at,
    why: record.why,
    causeKind: record.cause.kind,
    messages: record.counts.messages,
    transcriptBytes: record.streams.reduce((sum, stream) => sum + stream.bytes, 0),
    treeFiles: record.tree?.files ?? 0,
    treeSkipped: record.tree?.skipped ?? 0,
    treeError: record.treeError?.message ?? null,
    fingerprint: record.tree?.fingerprint ?? null,
  }
}
