/**
 * The folders of records: one per session, one file per checkpoint. Reads only; a folder that is a link is refused
 * (invariant 6 of `checkpoint-store.ts`), and what does not verify is passed over (5).
 */
import path from 'node:path'
import { parseSessionId, type SessionId } from '../core/session.ts'
import { errorCode, type FileRead, failureOf, readBounded } from './durable-file.ts'
import type { FileSystem } from './ports.ts'
import { decodeRecord, type RecordProblem, type RecordRead, recordFileName, seqOfFileName } from './record-file.ts'
import type { StorePaths } from './store-folder.ts'

/** Above this a file is no record: room for thousands of streams of many segments each. Bytes. */
const maxRecordBytes = 67_108_864

/** True for a lower-case session id: the only names that folders of records have. */
export function isSessionId(name: string): boolean {
  return parseSessionId(name) === name
}

/** @throws {RangeError} unless `sessionId` is one: it becomes part of a path (invariant 6). */
export function sessionFolder(paths: Pick<StorePaths, 'checkpoints'>, sessionId: SessionId): string {
  if (!isSessionId(sessionId)) throw new RangeError(`not a session id: ${sessionId}`)
  return path.join(paths.checkpoints, sessionId)
}

/** Numbers of the records in a folder, lowest first; none if it is not there. @throws {FileSystemError} */
export function numbersIn(files: FileSystem, folder: string): readonly number[] {
  try {
    if (files.lstat(folder).kind !== 'folder') throw linked(folder)
    const seqs = files.list(folder).map(seqOfFileName)
    return seqs.filter(seq => seq !== null).sort((a, b) => a - b)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

function linked(folder: string): Error {
  return Object.assign(new Error(`${folder} is not a folder of its own`), { code: 'ENOTDIR' })
}

/** Sessions that have a folder below `folder`. @throws {FileSystemError} if it is there and cannot be listed */
export function sessionsIn(files: FileSystem, folder: string): readonly SessionId[] {
  try {
    return files.list(folder).filter(isSessionId)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Reads one record and checks its sum; every failure is a problem. */
export function readRecord(files: FileSystem, paths: StorePaths, sessionId: SessionId, seq: number): RecordRead {
  return readRecordAt(files, sessionFolder(paths, sessionId), sessionId, seq)
}

/** The same from a folder where records of this session lie. */
export function readRecordAt(files: FileSystem, folder: string, sessionId: SessionId, seq: number): RecordRead {
  const bad = (kind: RecordProblem['kind'], message: string): RecordRead => ({
    ok: false,
    problem: { kind, sessionId, seq, message },
  })
  try {
    if (files.lstat(folder).kind !== 'folder') return bad('unreadable', linked(folder).message)
  } catch (error) {
    return bad(errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable', failureOf(error, 'Reading a record').message)
  }
  const file = readRecordBytes(files, folder, seq)
  if (file.ok) return decodeRecord(file.bytes, sessionId, seq)
  return bad(file.reason === 'missing' ? 'missing' : 'unreadable', `Checkpoint ${sessionId}/${seq}: ${file.message}`)
}

/** As they lie there, unchecked. */
export function readRecordBytes(files: FileSystem, folder: string, seq: number): FileRead {
  return readBounded(files, path.join(folder, recordFileName(seq)), maxRecordBytes)
}

/** @param seqs lowest first. @param read is called from the highest down, until one is good */
export function newestOf(seqs: readonly number[], read: (seq: number) => RecordRead) {
  const problems: RecordProblem[] = []
  const highestSeq = seqs.at(-1) ?? 0
  for (const seq of seqs.toReversed()) {
    const found = read(seq)
    if (found.ok) return { record: found.record, highestSeq, problems }
    problems.push(found.problem)
  }
  return { record: null, highestSeq, problems }
}
