/**
 * Finds lines in a buffer and makes events of them: fast where the buffer is the one that it lends, carefully in any
 * other. The events are the same.
 */
import type { TranscriptEvent } from '../core/transcript.ts'
import { createLineWalk, type LineNotes, type LineWalk } from './line-walk.ts'
import { createRecordReader } from './record-reader.ts'

export interface LineReader {
  /**
   * Lends the buffer that lines are found in from now on; what was lent before is no longer looked at. Of small ones
   * there is only one: it begins with the bytes that the last one began with.
   */
  buffer(bytes: number): Buffer
  /**
   * @param bytes The buffer, or its first bytes.
   * @param from First byte of a line.
   * @param searched From `from` to here there is no line end.
   * @param filled Bytes of the buffer that are filled; by default all of `bytes`.
   * @returns the position of its line end, or -1
   */
  find(bytes: Buffer, from: number, searched: number, filled?: number): number
  /**
   * Takes in many lines at once, see `LineWalk.run`; only of a buffer for which there are {@link notes}.
   *
   * @returns the position after the last line that was noted
   */
  run(from: number, filled: number): number
  /** Of the last `run`; null where lines cannot be noted in the buffer that is lent. */
  notes(): LineNotes | null
  /** To be called before the first `run` over lines of another file. */
  begin(): void
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
      walk?.begin()
      return active === null ? Buffer.allocUnsafeSlow(bytes) : active.buffer.subarray(0, bytes)
    },
    find: (bytes, from, searched, filled = bytes.length) => {
      if (active === null) return bytes.subarray(0, filled).indexOf(lineEnd, searched)
      // This line will not be noted, so that the next notes cannot build on those before.
      active.begin()
      return active.find(from, filled)
    },
    run: (from, filled) => active?.run(from, filled) ?? from,
    notes: () => active?.notes ?? null,
    begin: () => walk?.begin(),
    read: (bytes, from, end) =>
      active === null ? careful.read(bytes, from, end, true) : fast.read(bytes, from, end, false),
  }
}
