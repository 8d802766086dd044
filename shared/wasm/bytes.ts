/**
 * Bytes in memory, sixteen at a time, and what is in a line that no JSON has. Addresses are of bytes. What lies behind a
 * line's end is loaded but decides nothing.
 */

export const quote: u8 = 0x22
export const backslash: u8 = 0x5c
export const comma: u8 = 0x2c
export const colon: u8 = 0x3a
export const openObject: u8 = 0x7b
export const closeObject: u8 = 0x7d
export const openList: u8 = 0x5b
export const closeList: u8 = 0x5d
export const lineFeed: u8 = 0x0a
export const zero: u8 = 0x30
export const nine: u8 = 0x39

/** Sixteen times a byte each: loaded where they are needed, because the engine would build a constant anew at each use. */
export const quotes: usize = memory.data(16, 16)
export const backslashes: usize = memory.data(16, 16)
const lineFeeds: usize = memory.data(16, 16)
export const opens: usize = memory.data(16, 16)
export const closes: usize = memory.data(16, 16)
export const lowerCase: usize = memory.data(16, 16)
export const lastControls: usize = memory.data(16, 16)

/** What the walk came across in a line that no JSON has: a NUL byte, or the line's end in a string or a nested value. */
export let isDamaged: bool = false

/** To be called before each line. */
export function beginDamage(): void {
  isDamaged = false
}

/** To be called once. */
export function startBytes(): void {
  v128.store(quotes, i8x16.splat(quote))
  v128.store(backslashes, i8x16.splat(backslash))
  v128.store(lineFeeds, i8x16.splat(lineFeed))
  v128.store(opens, i8x16.splat(openObject))
  v128.store(closes, i8x16.splat(closeObject))
  v128.store(lowerCase, i8x16.splat(0x20))
  v128.store(lastControls, i8x16.splat(0x1f))
}

/** To be called before lines are walked, so that every search ends: what is found from here on is behind the last line. */
export function setLimit(limit: usize): void {
  store<u8>(limit, lineFeed)
  store<u8>(limit + 1, quote)
}

/** The end of the line that `from` is in; the limit if there is none before it. */
export function lineEnd(from: usize): usize {
  const lineFeedBytes = v128.load(lineFeeds)
  let p = from - 64
  while (true) {
    p += 64
    const a = i8x16.eq(v128.load(p), lineFeedBytes)
    const b = i8x16.eq(v128.load(p + 16), lineFeedBytes)
    const c = i8x16.eq(v128.load(p + 32), lineFeedBytes)
    const d = i8x16.eq(v128.load(p + 48), lineFeedBytes)
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return p + <usize>ctz(bitsOf(a, b, c, d))
  }
}

/** One bit for each byte. */
@inline
export function bitsOf(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u64>i8x16.bitmask(a) | (<u64>i8x16.bitmask(b) << 16)
  return low | (<u64>i8x16.bitmask(c) << 32) | (<u64>i8x16.bitmask(d) << 48)
}

/** Compares 64 bytes. */
@inline
export function isSameBlock(a: usize, b: usize): bool {
  const first = v128.or(v128.xor(v128.load(a), v128.load(b)), v128.xor(v128.load(a, 16), v128.load(b, 16)))
  const last = v128.or(v128.xor(v128.load(a, 32), v128.load(b, 32)), v128.xor(v128.load(a, 48), v128.load(b, 48)))
  return !v128.any_true(v128.or(first, last))
}

/** Compares sixteen bytes. */
@inline
export function isSame(a: usize, b: usize): bool {
  return !v128.any_true(v128.xor(v128.load(a), v128.load(b)))
}

/** Quotes, backslashes and control characters. */
@inline
export function special(bytes: v128): v128 {
  const ends = v128.or(i8x16.eq(bytes, v128.load(quotes)), i8x16.eq(bytes, v128.load(backslashes)))
  return v128.or(ends, isControl(bytes))
}

@inline
export function isControl(bytes: v128): v128 {
  return i8x16.eq(i8x16.min_u(bytes, v128.load(lastControls)), bytes)
}

/** @param control A control character. */
@inline
export function isLineEnd(control: u8): bool {
  isDamaged = isDamaged || control === 0 || control === lineFeed
  return control === lineFeed
}

export function hasLineEnd(from: usize, to: usize): bool {
  for (let at = from; at < to; at++) if (isLineEnd(load<u8>(at))) return true
  return false
}
