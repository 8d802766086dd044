/**
 * A number that stands for a text where only equality is asked for: ids of messages and of calls, which a transcript
 * names again within a few lines. Two texts share one with a chance of 1 in 2^53, and what is counted is then off by one.
 */

/** Of UTF-16 units, four at a time. @returns a whole number from 0 to 2^53 − 1 */
export function markOf(text: string): number {
  let low = Math.imul(text.length, 0x9e3779b1)
  let high = ~low
  for (let at = 0; at < text.length; at += 4) {
    const word = unit(text, at) ^ (unit(text, at + 1) << 8) ^ (unit(text, at + 2) << 16) ^ (unit(text, at + 3) << 24)
    low = Math.imul(low ^ word, 0x85ebca6b)
    low ^= low >>> 15
    high = Math.imul(high ^ word, 0xc2b2ae35)
    high ^= high >>> 13
  }
  return markFrom(high >>> 11, low)
}

/**
 * The mark of ASCII text, given as bytes; of other bytes it is as good. Written out again, because a function that is
 * called for each unit makes it three times as slow, and every file that is read has one.
 */
export function markOfBytes(bytes: Uint8Array): number {
  let low = Math.imul(bytes.length, 0x9e3779b1)
  let high = ~low
  for (let at = 0; at < bytes.length; at += 4) {
    const word =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    low = Math.imul(low ^ word, 0x85ebca6b)
    low ^= low >>> 15
    high = Math.imul(high ^ word, 0xc2b2ae35)
    high ^= high >>> 13
  }
  return markFrom(high >>> 11, low)
}

function byteAt(bytes: Uint8Array, at: number): number {
  return at < bytes.length ? (bytes[at] ?? 0) : 0
}

/** 0 behind the end. */
function unit(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0
}

/** @param high 21 bits. @param low 32 bits, with any sign. */
export function markFrom(high: number, low: number): number {
  return high * 0x1_0000_0000 + (low >>> 0)
}
