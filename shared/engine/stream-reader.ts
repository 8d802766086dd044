/**
 * Brings a session's fold up to date with one of its files: reads only what it grew by, unless the file is no longer
 * the one that was read.
 *
 * What was read is recognised by the file's identity, its size, and a mark of the first and the last bytes read,
 * so that a file rewritten in place is noticed too (an editor or a restore may keep the inode).
 */
import type { SessionFold } from '../core/session-fold.ts'
import { dropStream, streamOf } from '../core/session-fold.ts'
import { markOfBytes } from '../core/text-mark.ts'
import { errorCode, readFully } from './durable-file.ts'
import { endLength } from './end-bytes.ts'
import type { FilePeek, FileSystem, OpenFile } from './ports.ts'
import { type ScanPosition, startOfFile, type TranscriptScanner } from './transcript-scanner.ts'

/** How far a file was read, and what it was then. Plain JSON. */
export interface ReadState {
  readonly position: ScanPosition
  /** Device and inode, as far as a number holds them. */
  readonly dev: number
  readonly ino: number
  readonly size: number
  /** Of that size; -1 where it was not read to its end. */
  readonly mtimeMs: number
  /** Of the first and last bytes up to `position.endByte`. */
  readonly guard: string
}

export interface StreamRead {
  /** Null if the file could not be read at all. */
  readonly state: ReadState | null
  /** In words; null when all is well. */
  readonly problem: string | null
}

export interface StreamReading {
  readonly files: FileSystem
  readonly scanner: TranscriptScanner
  readonly fold: SessionFold
  readonly stream: string
  readonly path: string
}

/** Two ways of asking for a file's time may differ by less: no clock of a file system is as fine. */
const sameTimeMs = 0.002

export function isSameTime(aMs: number, bMs: number): boolean {
  return Math.abs(aMs - bMs) < sameTimeMs
}

/** True if a file that was read before cannot have anything new. */
export function isUpToDate(state: ReadState | undefined, stat: FilePeek): boolean {
  return (
    state !== undefined &&
    state.size === stat.size &&
    isSameTime(state.mtimeMs, stat.mtimeMs) &&
    isSameIdentity(state, stat)
  )
}

/**
 * Reads on, and changes `reading.fold`. Yields after each chunk the bytes that it read; what it returns at the end
 * counts. A file that is gone or cannot be read is a problem, and what was read of it before stays.
 */
export function* readStream(reading: StreamReading, before: ReadState | undefined): Generator<number, StreamRead> {
  let file: OpenFile
  try {
    file = reading.files.open(reading.path, 'read')
  } catch (error) {
    return { state: before ?? null, problem: problemOf(reading.path, error) }
  }
  try {
    return yield* readOpenFile(reading, file, before)
  } finally {
    file.close()
  }
}

function* readOpenFile(
  { scanner, fold, stream, path }: StreamReading,
  file: OpenFile,
  before: ReadState | undefined,
): Generator<number, StreamRead> {
  let position = startOfFile
  let identity: Identity = { dev: 0, ino: 0 }
  try {
    const stat = file.peek()
    identity = stat
    if (before !== undefined && isContinuation(file, stat, before)) position = resumeAt(before.position, stat.size)
    else dropStream(fold, stream)
    for (const next of scanner.fold(file, position, stat.size, streamOf(fold, stream))) {
      yield next.scannedTo - position.scannedTo
      position = next
    }
    const seen = scanner.ends(position.endByte)
    const guard = seen === null ? guardOf(file, position.endByte) : guardFrom(seen)
    const { dev, ino, size, mtimeMs } = stat
    return { state: { position, dev, ino, size, mtimeMs, guard }, problem: null }
  } catch (error) {
    return { state: brokenOff(file, position, identity), problem: problemOf(path, error) }
  }
}

/**
 * Folds once more, at once, what was read before and no more. Changes `reading.fold`.
 *
 * @returns false if the file is another by now, or cannot be read
 */
export function readAgain({ files, scanner, fold, stream, path }: StreamReading, before: ReadState): boolean {
  const { endByte } = before.position
  try {
    const file = files.open(path, 'read')
    try {
      if (!isContinuation(file, file.peek(), before)) return false
      const part = streamOf(fold, stream)
      let reached = 0
      for (const next of scanner.fold(file, startOfFile, endByte, part)) reached = next.endByte
      return reached === endByte
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
    return false
  }
}

function isContinuation(file: OpenFile, stat: FilePeek, before: ReadState): boolean {
  const { endByte } = before.position
  return isSameIdentity(before, stat) && stat.size >= endByte && guardOf(file, endByte) === before.guard
}

/** Claude Code may take back a torn last line. */
function resumeAt(position: ScanPosition, size: number): ScanPosition {
  return size >= position.scannedTo ? position : { endByte: position.endByte, scannedTo: position.endByte }
}

/** What was read until reading failed; never taken for all that there is. */
function brokenOff(file: OpenFile, position: ScanPosition, identity: Identity): ReadState | null {
  try {
    const { dev, ino } = identity
    return { position, dev, ino, size: position.scannedTo, mtimeMs: -1, guard: guardOf(file, position.endByte) }
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

type Identity = Pick<ReadState, 'dev' | 'ino'>

function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.ino === b.ino && a.dev === b.dev
}

function guardOf(file: OpenFile, endByte: number): string {
  const length = Math.min(endLength, endByte)
  const both = Buffer.alloc(2 * length)
  readFully(file, both.subarray(0, length), 0)
  readFully(file, both.subarray(length), endByte - length)
  return guardFrom(both)
}

function guardFrom(ends: Buffer): string {
  return ends.length === 0 ? '' : markOfBytes(ends).toString(36)
}

/** @throws {unknown} the error itself if it did not come from a disk. */
function problemOf(path: string, error: unknown): string {
  const code = errorCode(error)
  if (code === null) throw error
  return code === 'ENOENT' ? `${path} vanished while it was read` : `${path} cannot be read: ${code}`
}
