/** The end of the rotating log, and what is added to it. Reads only, and never more than it gives. */
import path from 'node:path'
import { errorCode, readFully } from './durable-file.ts'
import { logFileName } from './log-file.ts'
import type { FileSystem } from './ports.ts'

/** Read from the end in pieces of this size. Bytes. */
const pieceBytes = 65_536

/** The last lines of the log, oldest first, the older files included. None where there is no log. */
export function lastLogLines(files: FileSystem, folder: string, count: number): readonly string[] {
  let lines: string[] = []
  for (let n = 0; lines.length < count; n++) {
    const found = lastLinesOf(files, logPath(folder, n), count - lines.length)
    if (found === null) return lines
    lines = [...found, ...lines]
  }
  return lines
}

function logPath(folder: string, n: number): string {
  return path.join(folder, n === 0 ? logFileName : `${logFileName}.${n}`)
}

/** Null where there is no such file. */
function lastLinesOf(files: FileSystem, at: string, count: number): readonly string[] | null {
  try {
    const file = files.open(at, 'read')
    try {
      let text = Buffer.alloc(0)
      for (let from = file.stat().size; from > 0 && newlines(text) <= count; ) {
        const size = Math.min(pieceBytes, from)
        from -= size
        const piece = Buffer.alloc(size)
        text = Buffer.concat([piece.subarray(0, readFully(file, piece, from)), text])
      }
      return text.toString('utf8').split('\n').slice(0, -1).slice(-count)
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

function newlines(bytes: Buffer): number {
  let count = 0
  for (const byte of bytes) if (byte === 0x0a) count++
  return count
}

/** What is added to the log from now on, whole lines only, also across its rotation. */
export interface LogFollower {
  /** The lines since the last call. */
  next(): readonly string[]
}

/** Lines that are there already are left out. */
export function followLog(files: FileSystem, folder: string): LogFollower {
  const at = logPath(folder, 0)
  let seen = statOf(files, at)
  let position = seen?.size ?? 0
  let begun = Buffer.alloc(0)
  const readOn = (file: string): string[] => {
    const added = readFrom(files, file, position)
    position += added.length
    const text = Buffer.concat([begun, added])
    const end = text.lastIndexOf(0x0a) + 1
    begun = text.subarray(end)
    return text.toString('utf8', 0, end).split('\n').slice(0, -1)
  }
  return {
    next() {
      const now = statOf(files, at)
      const isSame = now !== null && seen !== null && now.ino === seen.ino && now.size >= position
      const lines = seen !== null && !isSame ? restOfOlder(files, folder, seen.ino, readOn) : []
      if (!isSame) {
        position = 0
        begun = Buffer.alloc(0)
      }
      seen = now
      return now === null ? lines : [...lines, ...readOn(at)]
    },
  }
}

/** What was written to the file before it became an older one. */
function restOfOlder(
  files: FileSystem,
  folder: string,
  ino: bigint,
  readOn: (file: string) => string[],
): readonly string[] {
  const older = logPath(folder, 1)
  return statOf(files, older)?.ino === ino ? readOn(older) : []
}

function statOf(files: FileSystem, at: string) {
  try {
    return files.lstat(at)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

function readFrom(files: FileSystem, at: string, position: number): Buffer {
  const file = files.open(at, 'read')
  try {
    const bytes = Buffer.alloc(Math.max(0, file.stat().size - position))
    return bytes.subarray(0, readFully(file, bytes, position))
  } finally {
    file.close()
  }
}
