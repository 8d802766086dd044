/**
 * Turns encoded records into files, several at once: each is written, fsynced, linked to its number and read back by
 * itself, but what has to be synced is handed out together, because a disk syncs ten files in little more time than
 * one. The invariants are those of `checkpoint-store.ts`, and none is weaker for it: no record is linked before it is
 * durable, and none is `committed` before its name is.
 */
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import {
  closeQuietly,
  errorCode,
  type Failure,
  failureOf,
  linkOrCreate,
  makeFolderDurably,
  removeQuietly,
  temporaryPath,
  writeUnsynced,
} from './durable-file.ts'
import { packPath } from './pack-reader.ts'
import type { FileSystem, OpenFile, Ports } from './ports.ts'
import { recordFileName } from './record-file.ts'
import { readRecord, sessionFolder } from './record-folder.ts'
import { keepAsWitness, takenSeqs } from './record-witness.ts'
import type { StorePaths } from './store-folder.ts'
import type { SyncSteps } from './sync-steps.ts'

/** What became of one draft. */
export type Commit =
  | {
      readonly kind: 'committed'
      readonly sessionId: SessionId
      /** As read back. */
      readonly record: CheckpointRecord
      readonly recordBytes: number
    }
  /** Somebody else has made a checkpoint since the decision. Nothing was written. */
  | { readonly kind: 'taken'; readonly sessionId: SessionId; readonly seq: number }
  /** Packs that it carried over were swept meanwhile. Nothing is left; make it again without carrying over. */
  | { readonly kind: 'packs-gone'; readonly sessionId: SessionId; readonly packs: readonly string[] }
  | ({ readonly kind: 'failed'; readonly sessionId: SessionId } & Failure)

export interface NewRecord {
  readonly sessionId: SessionId
  readonly seq: number
  readonly bytes: Buffer
  readonly packs: readonly string[]
}

/** Records whose files are open at the same time, at most. */
const together = 64

/** One record on its way; `ended` once it is decided. */
interface Draft {
  readonly record: NewRecord
  readonly folder: string
  /** Its final name. */
  readonly at: string
  readonly temporary: string
  ended: Commit | null
}

/** Gives back one result per record, in order. */
export function* commitRecords(
  ports: Ports,
  paths: StorePaths,
  records: readonly NewRecord[],
  held: () => boolean,
): SyncSteps<readonly Commit[]> {
  const results: Commit[] = []
  for (let from = 0; from < records.length; from += together) {
    results.push(...(yield* commitSome(ports, paths, records.slice(from, from + together), held)))
  }
  return results
}

function* commitSome(
  ports: Ports,
  paths: StorePaths,
  records: readonly NewRecord[],
  held: () => boolean,
): SyncSteps<readonly Commit[]> {
  const { files } = ports
  const drafts = records.map((record): Draft => {
    const folder = sessionFolder(paths, record.sessionId)
    const at = path.join(folder, recordFileName(record.seq))
    return { record, folder, at, temporary: temporaryPath(ports, paths.temporary), ended: null }
  })
  each(drafts, draft => lookBefore(files, paths, draft, held))
  yield* writeAll(files, drafts)
  each(drafts, draft => giveNumber(files, draft, held))
  yield* syncNames(files, drafts)
  each(drafts, draft => lookAfter(files, paths, draft))
  for (const draft of drafts) removeQuietly(files, draft.temporary)
  return drafts.map(({ ended, record }) => ended ?? lockLost(record.sessionId))
}

/** Runs a step on every draft that is not decided yet; what the disk says against it decides that one. */
function each(drafts: readonly Draft[], step: (draft: Draft) => Commit | null): void {
  for (const draft of drafts) {
    if (draft.ended === null) attempt(draft, () => step(draft))
  }
}

function attempt(draft: Draft, step: () => Commit | null): void {
  try {
    draft.ended = step()
  } catch (error) {
    draft.ended = failedWith(draft, error)
  }
}

function failedWith({ record }: Draft, error: unknown): Commit {
  return { kind: 'failed', sessionId: record.sessionId, ...failureOf(error, 'Saving a record') }
}

function lookBefore(files: FileSystem, paths: StorePaths, { record, folder }: Draft, held: () => boolean) {
  const { sessionId, seq } = record
  const gone = missingPacks(files, paths, record.packs)
  if (gone.length > 0) return { kind: 'packs-gone', sessionId, packs: gone } as const
  if (takenSeqs(files, paths, sessionId).some(taken => taken >= seq)) return { kind: 'taken', sessionId, seq } as const
  if (!held()) return lockLost(sessionId)
  makeFolderDurably(files, folder)
  return null
}

/** Every record under its temporary name, durably. */
function* writeAll(files: FileSystem, drafts: readonly Draft[]): SyncSteps<void> {
  const open: { readonly draft: Draft; readonly file: OpenFile }[] = []
  each(drafts, draft => {
    open.push({ draft, file: writeUnsynced(files, draft.temporary, draft.record.bytes) })
    return null
  })
  const errors = yield open.map(({ file }) => ({ file }))
  for (const [at, { draft, file }] of open.entries()) {
    const error = errors[at]
    if (error != null) draft.ended = failedWith(draft, error)
    closeQuietly(file)
  }
}

/** The record has its number from here on; what stops before it is durable takes the name back. */
function giveNumber(files: FileSystem, { record, at, temporary }: Draft, held: () => boolean): Commit | null {
  const { sessionId, seq } = record
  if (!held()) return lockLost(sessionId)
  return linkOrCreate(files, temporary, at, record.bytes) ? null : { kind: 'taken', sessionId, seq }
}

function* syncNames(files: FileSystem, drafts: readonly Draft[]): SyncSteps<void> {
  const linked = drafts.filter(({ ended }) => ended === null)
  const errors = yield linked.map(({ folder }) => ({ folder }))
  for (const [at, draft] of linked.entries()) {
    const error = errors[at]
    if (error == null) continue
    draft.ended = failedWith(draft, error)
    // Not durable, so it is reported as failed: then it must not be found either.
    removeQuietly(files, draft.at)
  }
}

function lookAfter(files: FileSystem, paths: StorePaths, { record, at, temporary }: Draft): Commit {
  const { sessionId } = record
  // Between the first look and the link a sweep that could not know of this record may have taken a pack.
  const swept = missingPacks(files, paths, record.packs)
  if (swept.length > 0) {
    removeQuietly(files, at)
    return { kind: 'packs-gone', sessionId, packs: swept }
  }
  const commit = readBack(files, paths, record)
  if (commit.kind === 'committed') keepAsWitness(files, paths, temporary, record)
  return commit
}

function missingPacks(files: FileSystem, paths: StorePaths, packs: readonly string[]): readonly string[] {
  return packs.filter(pack => {
    try {
      return files.lstat(packPath(paths.packs, pack)).kind !== 'file'
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return true
      throw error
    }
  })
}

function readBack(files: FileSystem, paths: StorePaths, { sessionId, seq, bytes }: NewRecord): Commit {
  const read = readRecord(files, paths, sessionId, seq)
  if (read.ok && bytes.includes(read.record.sum)) {
    return { kind: 'committed', sessionId, record: read.record, recordBytes: bytes.byteLength }
  }
  const message = read.ok ? `Checkpoint ${sessionId}/${seq} reads back as another record` : read.problem.message
  const remedy = 'Check the disk; the checkpoint is made again at the next cycle.'
  return { kind: 'failed', sessionId, code: 'verification', message, remedy }
}

function lockLost(sessionId: SessionId): Commit {
  return {
    kind: 'failed',
    sessionId,
    code: 'lock-lost',
    message: 'The lock passed to somebody else while this checkpoint was being made',
    remedy: 'Nothing needs to be done; it is tried again at the next cycle.',
  }
}
