/**
 * The end that the lines of a transcript share: user type, entrypoint, folder, session, version and branch are the
 * same bytes for hundreds of lines. A line whose end was walked in another line need not be walked to its end again.
 */

/** Ends longer than this are not worth keeping. */
const longest = 1_024

/** Lines of one kind end in the same bytes. */
export type TailKind = number

export interface RecordTail {
  /** Compares the line with the end that was kept. */
  look(bytes: Buffer, start: number, end: number): void
  /** Where the end that was kept begins in the line that was looked at last; -1 if that line ends otherwise. */
  at(): number
  /** The kind of the line that was looked at last; 0 if its end is not the kept one. */
  kind(): TailKind
  /**
   * Keeps the end of a line that was walked to its end.
   *
   * @param from The comma before the first member that belongs to it.
   * @param places Of the line's values, start and end in turn, -1 where there is none.
   */
  keep(bytes: Buffer, from: number, end: number, places: Int32Array): void
  /** Sets the places of the values in the end of the line that was looked at last. */
  restore(places: Int32Array): void
}

/** @param size How many of `places` are of the record itself. */
export function createTail(size: number): RecordTail {
  const kept = Buffer.alloc(longest)
  const distances = new Int32Array(size)
  let length = 0
  let at = -1
  let kinds = 0
  return {
    at: () => at,
    kind: () => (at === -1 ? 0 : kinds),
    look: (bytes, start, end) => {
      at = length > 0 && end - start > length && endsWith(bytes, end, kept, length) ? end - length : -1
    },
    keep: (bytes, from, end, places) => {
      if (end - from > longest) return
      length = bytes.copy(kept, 0, from, end)
      at = from
      kinds += 1
      for (let i = 0; i < size; i += 2) {
        const start = places[i] ?? -1
        distances[i] = start > from ? start - from : -1
        distances[i + 1] = (places[i + 1] ?? 0) - from
      }
    },
    restore: places => {
      for (let i = 0; i < size; i += 2) {
        const distance = distances[i] ?? -1
        if (distance === -1) continue
        places[i] = at + distance
        places[i + 1] = at + (distances[i + 1] ?? 0)
      }
    },
  }
}

/** From the end: a line of another kind differs soon. */
function endsWith(bytes: Buffer, end: number, tail: Buffer, length: number): boolean {
  for (let i = 1; i <= length; i++) if (bytes[end - i] !== tail[length - i]) return false
  return true
}
