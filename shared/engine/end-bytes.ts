/**
 * The first and the last bytes of the lines that were read of a file: by them it is known again. They are gathered while
 * the lines are read, because asking for them afterwards takes longer than reading a short file.
 */

/** Of each end. Enough for a record's own id and time to be among them. */
export const endLength = 512

export interface EndBytes {
  /** To be called before the lines of another file, or of another part of it. */
  begin(): void
  /** The file's bytes from `base` on are lines to their end: the first `length` of `bytes`. */
  see(bytes: Buffer, base: number, length: number): void
  /**
   * The first and the last bytes of the file up to `endByte`, {@link endLength} each, or as many as there are. Good
   * until the next call of any function here.
   *
   * @returns null if they are not among what was seen
   */
  of(endByte: number): Buffer | null
}

export function createEndBytes(): EndBytes {
  const head = Buffer.alloc(endLength)
  const tail = Buffer.alloc(endLength)
  const both = Buffer.alloc(2 * endLength)
  let headLength = 0
  let tailLength = 0
  let seenTo = 0
  return { begin, see, of }

  function begin(): void {
    headLength = 0
    tailLength = 0
    seenTo = 0
  }

  function see(bytes: Buffer, base: number, length: number): void {
    if (base !== seenTo) tailLength = 0
    if (base === headLength) headLength += bytes.copy(head, headLength, 0, length)
    const kept = Math.min(tailLength, Math.max(0, endLength - length))
    if (kept > 0) tail.copyWithin(0, tailLength - kept, tailLength)
    tailLength = kept + bytes.copy(tail, kept, Math.max(0, length - endLength), length)
    seenTo = base + length
  }

  function of(endByte: number): Buffer | null {
    const length = Math.min(endLength, endByte)
    if (seenTo !== endByte || headLength < length || tailLength < length) return null
    head.copy(both, 0, 0, length)
    tail.copy(both, length, tailLength - length, tailLength)
    return both.subarray(0, 2 * length)
  }
}
