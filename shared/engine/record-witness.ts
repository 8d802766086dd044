/**
 * The second name of a record, `witness/<session>/<seq>.json`, by which its deletion is noticed.
 *
 * It is the temporary name under which the record was written, kept instead of removed, so it costs neither a byte nor
 * a sync of its own. Invariant 7 of `checkpoint-store.ts`:
 * - A record gets it only once it is durable and read back, so a crash never leaves it without its record.
 * - `store-gc.ts` takes it away, durably, before the record, so neither does a removal that is killed.
 * So a second name without its record is a record that is gone and that nobody here removed. Its number is taken, what
 * it says can be read, and tidying puts it back.
 *
 * What cannot be noticed: a record deleted together with its second name; and one deleted before it had one, which is
 * what a power cut leaves of the last seconds, an older version of this program of all its records, and a crash of the
 * record at hand, until the next tidying gives them theirs.
 */
import path from 'node:path'
import type { SessionId } from '../core/session.ts'
import { errorCode, linkOrCreate, makeFolderDurably, removeQuietly } from './durable-file.ts'
import type { FileSystem } from './ports.ts'
import { type RecordRead, recordFileName } from './record-file.ts'
import { numbersIn, readRecordAt, readRecordBytes, sessionFolder } from './record-folder.ts'
import type { StorePaths } from './store-folder.ts'

/** @throws {RangeError} unless `sessionId` is one (invariant 6). */
export function witnessFolder(paths: StorePaths, sessionId: SessionId): string {
  return sessionFolder({ checkpoints: paths.witnesses }, sessionId)
}

function witnessPath(paths: StorePaths, sessionId: SessionId, seq: number): string {
  return path.join(witnessFolder(paths, sessionId), recordFileName(seq))
}

/** Numbers that have a second name, lowest first. @throws {FileSystemError} if they cannot be listed */
export function witnessedSeqs(files: FileSystem, paths: StorePaths, sessionId: SessionId): readonly number[] {
  return numbersIn(files, witnessFolder(paths, sessionId))
}

/**
 * Numbers that are taken, lowest first: of records that are there, and of those that are gone but were not removed.
 *
 * @throws {FileSystemError} if they cannot be listed
 */
export function takenSeqs(files: FileSystem, paths: StorePaths, sessionId: SessionId): readonly number[] {
  // Second names first: who has one here has its record too, unless that is gone.
  const witnessed = witnessedSeqs(files, paths, sessionId)
  const there = numbersIn(files, sessionFolder(paths, sessionId))
  const gone = witnessed.filter(seq => !there.includes(seq))
  return gone.length === 0 ? there : [...there, ...gone].sort((a, b) => a - b)
}

/** What the second name holds. */
export function readWitness(files: FileSystem, paths: StorePaths, sessionId: SessionId, seq: number): RecordRead {
  return readRecordAt(files, witnessFolder(paths, sessionId), sessionId, seq)
}

/**
 * Turns the temporary name of a record that is durable into its second one. The record is as good without, so a disk
 * that refuses is no failure. The temporary name is gone afterwards in any case.
 */
export function keepAsWitness(
  files: FileSystem,
  paths: StorePaths,
  temporary: string,
  record: { readonly sessionId: SessionId; readonly seq: number },
): void {
  try {
    files.makeFolder(witnessFolder(paths, record.sessionId))
    files.rename(temporary, witnessPath(paths, record.sessionId, record.seq))
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
  // Two names of one file are left as they are by a rename: then somebody else has given it this one already.
  removeQuietly(files, temporary)
}

/** Gives a record that has none its second name. Fine if it has just gone. @throws {FileSystemError} */
export function addWitness(files: FileSystem, paths: StorePaths, sessionId: SessionId, seq: number): void {
  files.makeFolder(witnessFolder(paths, sessionId))
  copyName(files, sessionFolder(paths, sessionId), witnessFolder(paths, sessionId), seq)
}

/** Gives a record that is gone its first name again, durably. False if what the second one holds is not it. */
export function putBackRecord(files: FileSystem, paths: StorePaths, sessionId: SessionId, seq: number): boolean {
  if (!readWitness(files, paths, sessionId, seq).ok) return false
  const folder = sessionFolder(paths, sessionId)
  makeFolderDurably(files, folder)
  copyName(files, witnessFolder(paths, sessionId), folder, seq)
  files.syncFolder(folder)
  return true
}

function copyName(files: FileSystem, from: string, to: string, seq: number): void {
  const read = readRecordBytes(files, from, seq)
  const name = recordFileName(seq)
  if (read.ok) linkOrCreate(files, path.join(from, name), path.join(to, name), read.bytes)
}

/** Takes second names away for good. Fine if they are not there. @throws {FileSystemError} */
export function dropWitnesses(
  files: FileSystem,
  paths: StorePaths,
  sessionId: SessionId,
  seqs: readonly number[],
): void {
  const there = new Set(witnessedSeqs(files, paths, sessionId))
  const drop = seqs.filter(seq => there.has(seq))
  for (const seq of drop) files.unlink(witnessPath(paths, sessionId, seq))
  if (drop.length > 0) files.syncFolder(witnessFolder(paths, sessionId))
}
