/**
 * Finds lines in a buffer and makes events of them: fast where the buffer is the one that it lends, carefully in any
 * other. The events are the same.
 */
import type { TranscriptEvent } from '../core/transcript.ts'
import { createLineWalk, type LineWalk } from './line-walk.ts'
import { createRecordReader } from './record-reader.ts'

export interface LineReader {
  /**
   * Lends the buffer that lines are found in from now on; what was lent before is no longer looked at. Of small ones
   * there is only one: it begins with the bytes that the last one began with.
   */
  buffer(bytes: number): Buffer
  /**
   * @param bytes The first bytes of the buffer.
   * @param from First byte of a line.
   * @param searched From `from` to here there is no line end.
   * @returns the position of its line end, or -1
   */
  find(bytes: Buffer, from: number, searched: number): number
  /** The event of the line that was found last. @param end Its line end. */
  read(bytes: Buffer, from: number, end: number): TranscriptEvent
}

const lineEnd = 0x0a

/** @param walk Null to read carefully only. */
export function createLineReader(walk: LineWalk | null = createLineWalk()): LineReader {
  const careful = createRecordReader()
  const fast = walk === null ? careful : createRecordReader(walk)
  /** Null while the buffer that is lent is not its own. */
  let active: LineWalk | null = null

  return {
    buffer: bytes => {
      active = walk !== null && bytes <= walk.buffer.length ? walk : null
      return active === null ? Buffer.allocUnsafeSlow(bytes) : active.buffer.subarray(0, bytes)
    },
    find: (bytes, from, searched) =>
      active === null ? bytes.indexOf(lineEnd, searched) : active.find(from, bytes.length),
    read: (bytes, from, end) =>
      active === null ? careful.read(bytes, from, end, true) : fast.read(bytes, from, end, false),
  }
}
