/**
 * Reads one file of a transcript, from where it was left, in chunks, and hands over whole lines as events.
 *
 * One buffer serves all files, one after the other; it grows to the longest line and shrinks again. A file is never
 * held in one string or one buffer.
 *
 * Invariants
 * 1. Every position that a scan gives is one to go on from: reading in any number of parts gives the same events as
 *    reading at once.
 * 2. A line counts when its line end is there. What lies beyond the last line end is left for later.
 * 3. A line longer than the limit is skipped unread and gives one `overlong` event, however often it is interrupted.
 */
import type { StreamFold } from '../core/stream-fold.ts'
import type { TranscriptEvent } from '../core/transcript.ts'
import { createEndBytes } from './end-bytes.ts'
import { createLineReader } from './line-reader.ts'
import { createNoteFold, type FoldTaker } from './note-fold.ts'
import type { OpenFile } from './ports.ts'

/** Where reading goes on. Plain JSON. */
export interface ScanPosition {
  /** The byte after the last line that was read. */
  readonly endByte: number
  /** From `endByte` to here there is no line end. */
  readonly scannedTo: number
}

export const startOfFile: ScanPosition = { endByte: 0, scannedTo: 0 }

export interface ScannerOptions {
  /** Bytes read at once. Default 256 KiB. */
  readonly chunkBytes?: number
  /** A line with more bytes than this, its line end not counted, is skipped. Default 64 MiB. */
  readonly longestLine?: number
}

/** @param endByte The byte after the line's end. */
export type OnEvent = (event: TranscriptEvent, endByte: number) => void

export interface TranscriptScanner {
  /**
   * Reads up to `sizeBytes`, one chunk per step. Only one scan of a scanner may be under way at a time; it may be
   * given up after any step.
   *
   * @throws {FileSystemError} what reading throws. The last position stays good.
   */
  scan(file: OpenFile, from: ScanPosition, sizeBytes: number, onEvent: OnEvent): Iterable<ScanPosition>
  /** The same, and folds what it reads into `part`: most lines without an event. */
  fold(file: OpenFile, from: ScanPosition, sizeBytes: number, part: StreamFold): Iterable<ScanPosition>
  /** Of the file that was read last, see {@link EndBytes}. */
  ends(endByte: number): Buffer | null
}

export function createScanner(options: ScannerOptions = {}): TranscriptScanner {
  const { chunkBytes = 262_144, longestLine = 67_108_864 } = options
  const lines = createLineReader()
  let buffer = lines.buffer(chunkBytes)

  const takerFor = createNoteFold()
  const ends = createEndBytes()

  return {
    ends: ends.of,
    scan: (file, from, sizeBytes, onEvent) => scan(file, from, sizeBytes, onEvent, null),
    fold: (file, from, sizeBytes, part) => {
      const taker = takerFor(part)
      return scan(file, from, sizeBytes, taker.event, taker)
    },
  }

  /** @param taker Null where every line is to become an event. */
  function* scan(
    file: OpenFile,
    from: ScanPosition,
    sizeBytes: number,
    onEvent: OnEvent,
    taker: FoldTaker | null,
  ): Generator<ScanPosition> {
    let skipping = from.scannedTo - from.endByte > longestLine
    let endByte = from.endByte
    /** Offset in the file of the buffer's first byte, and how many bytes of it are filled: no line end among them. */
    let base = skipping ? from.scannedTo : endByte
    let filled = 0
    resize(chunkBytes)
    lines.begin()
    ends.begin()

    while (base + filled < sizeBytes) {
      if (filled === buffer.length) resize(2 * filled)
      const room = Math.min(buffer.length - filled, chunkBytes, sizeBytes - base - filled)
      // What is read beyond the size is not looked at: it may belong to a line that is being written.
      const into = filled === 0 && buffer.length === chunkBytes ? buffer : buffer.subarray(filled, filled + room)
      const count = Math.min(file.read(into, base + filled), room)
      if (count === 0) break
      let lineAt = 0
      let searched = filled
      filled += count
      for (;;) {
        let at = -1
        // Where a line may be too long, each is looked at by itself.
        const notes = taker && !skipping && filled <= longestLine ? lines.notes() : null
        if (taker && notes) {
          lineAt = lines.run(lineAt, filled)
          taker.take(notes, buffer, base)
          if (notes.isFull()) continue
          at = notes.oddEnd()
        } else {
          at = lines.find(buffer, lineAt, searched, filled)
        }
        if (at === -1) break
        const overlong = skipping || at - lineAt > longestLine
        const event: TranscriptEvent = overlong ? { kind: 'overlong' } : lines.read(buffer, lineAt, at)
        skipping = false
        lineAt = at + 1
        searched = lineAt
        onEvent(event, base + lineAt)
      }
      taker?.settle(buffer)

      if (lineAt > 0) {
        endByte = base + lineAt
        ends.see(buffer, base, lineAt)
      }
      if (lineAt > 0 && lineAt < filled) buffer.copyWithin(0, lineAt, filled)
      filled -= lineAt
      base += lineAt
      if (skipping || filled > longestLine) {
        skipping = true
        base += filled
        filled = 0
        resize(chunkBytes)
      }
      yield { endByte, scannedTo: base + filled }
    }
  }

  /** Gives the buffer room for `bytes`, its content kept; a much larger one is given back. */
  function resize(bytes: number): void {
    if (buffer.length === bytes) return
    const fresh = lines.buffer(bytes)
    // What is lent by the walk is always the same memory.
    if (fresh.buffer !== buffer.buffer || fresh.byteOffset !== buffer.byteOffset) buffer.copy(fresh)
    buffer = fresh
  }
}
