/**
 * The folders of records: one per session, one file per checkpoint. Reads only; a folder that is a link is refused
 * (invariant 6 of `checkpoint-store.ts`), and what does not verify is passed over (5).
 */
import path from 'node:path'
import { parseSessionId, type SessionId } from '../core/session.ts'
import { errorCode, failureOf, readBounded } from './durable-file.ts'
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
export function sessionFolder(paths: StorePaths, sessionId: SessionId): string {
  if (!isSessionId(sessionId)) throw new RangeError(`not a session id: ${sessionId}`)
  return path.join(paths.checkpoints, sessionId)
}

/** Numbers that are taken, lowest first. @throws {FileSystemError} if they cannot be listed */
export function seqsOf(files: FileSystem, paths: StorePaths, sessionId: SessionId): readonly number[] {
  const folder = sessionFolder(paths, sessionId)
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

/** Reads one record and checks its sum; every failure is a problem. */
export function readRecord(files: FileSystem, paths: StorePaths, sessionId: SessionId, seq: number): RecordRead {
  const folder = sessionFolder(paths, sessionId)
  const bad = (kind: RecordProblem['kind'], message: string): RecordRead => ({
    ok: false,
    problem: { kind, sessionId, seq, message },
  })
  try {
    if (files.lstat(folder).kind !== 'folder') return bad('unreadable', linked(folder).message)
  } catch (error) {
    return bad(errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable', failureOf(error, 'Reading a record').message)
  }
  const file = readBounded(files, path.join(folder, recordFileName(seq)), maxRecordBytes)
  if (file.ok) return decodeRecord(file.bytes, sessionId, seq)
  return bad(file.reason === 'missing' ? 'missing' : 'unreadable', `Checkpoint ${sessionId}/${seq}: ${file.message}`)
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
