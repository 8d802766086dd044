/**
 * JSON's strings in memory: where they end, and whether they are sound. Addresses are of bytes, 0 where a function gives up.
 */
import { backslash, backslashes, bitsOf, hasLineEnd, isControl, lastControls, lowerCase, nine, quote, quotes, special, zero } from './bytes'

/** The position of a key's closing quote; 0 if there is none, or an escape or a control character on the way. */
@inline
export function keyEnd(at: usize): usize {
  let mask = 0
  let p = at - 16
  do {
    p += 16
    mask = i8x16.bitmask(special(v128.load(p)))
  } while (mask === 0)
  p += ctz(mask)
  return load<u8>(p) === quote ? p : 0
}

/**
 * @param at Just after the opening quote.
 * @param guess Of the string's length. If it is right, the walk goes on from there without waiting for what was loaded.
 * @returns the position of the closing quote; 0 if the line has none
 */
@inline
export function textEnd(at: usize, guess: usize): usize {
  let mask = <u64>i8x16.bitmask(special(v128.load(at)))
  if (mask === 0) {
    const a = special(v128.load(at, 16))
    const b = special(v128.load(at, 32))
    const c = special(v128.load(at, 48))
    mask = (<u64>i8x16.bitmask(a) << 16) | (<u64>i8x16.bitmask(b) << 32) | (<u64>i8x16.bitmask(c) << 48)
    if (mask === 0) return farEnd(at + 64)
  }
  if (<usize>ctz(mask) === guess && load<u8>(at + guess) === quote) return at + guess
  return otherEnd(at, mask)
}

function otherEnd(at: usize, mask: u64): usize {
  const end = at + <usize>ctz(mask)
  return load<u8>(end) === quote ? end : farEnd(at)
}

/** @param at Just after the opening quote. @returns the position of the closing quote; 0 if the line has none. */
export function stringEnd(at: usize): usize {
  return textEnd(at, 0)
}

/** @param from In a string, and not between a backslash and what it escapes. */
export function farEnd(from: usize): usize {
  const quoteBytes = v128.load(quotes)
  const backslashBytes = v128.load(backslashes)
  const controlBytes = v128.load(lastControls)
  // Counted from two bytes before, so that every place is told by a constant.
  let p = from - 64 - 2
  while (true) {
    p += 64
    const b0 = v128.load(p, 2)
    const b1 = v128.load(p, 18)
    const b2 = v128.load(p, 34)
    const b3 = v128.load(p, 50)
    const a = closing(b0, v128.load(p, 1), v128.load(p), quoteBytes, backslashBytes)
    const b = closing(b1, v128.load(p, 17), v128.load(p, 16), quoteBytes, backslashBytes)
    const c = closing(b2, v128.load(p, 33), v128.load(p, 32), quoteBytes, backslashBytes)
    const d = closing(b3, v128.load(p, 49), v128.load(p, 48), quoteBytes, backslashBytes)
    const low = i8x16.min_u(i8x16.min_u(b0, b1), i8x16.min_u(b2, b3))
    const controls = i8x16.eq(i8x16.min_u(low, controlBytes), low)
    if (i8x16.bitmask(v128.or(v128.or(v128.or(a, b), v128.or(c, d)), controls)) === 0) continue
    const end = firstClosing(p + 2, bitsOf(a, b, c, d))
    if (i8x16.bitmask(controls) !== 0 && hasLineEnd(p + 2, end === 0 ? p + 66 : end)) return 0
    if (end !== 0) return end
  }
}

/** Quotes but those after exactly one backslash, which are escaped. @param one The bytes before each, and before these. */
@inline
function closing(bytes: v128, one: v128, two: v128, quoteBytes: v128, backslashBytes: v128): v128 {
  const escaped = v128.andnot(i8x16.eq(one, backslashBytes), i8x16.eq(two, backslashBytes))
  return v128.andnot(i8x16.eq(bytes, quoteBytes), escaped)
}

/** The first of the quotes that is not escaped; 0 for none. @param quotesAt One bit for each from `p` on. */
@inline
function firstClosing(p: usize, quotesAt: u64): usize {
  for (let mask = quotesAt; mask !== 0; mask &= mask - 1) {
    const q = p + <usize>ctz(mask)
    if (!isEscaped(q)) return q
  }
  return 0
}

/** A string begins with a quote, so that no search for backslashes goes beyond it. */
@inline
function isEscaped(at: usize): bool {
  let i = at
  while (load<u8>(i - 1) === backslash) i--
  return ((at - i) & 1) === 1
}

/** Whether JSON can decode the string between two quotes: no control character, and no escape but its own. */
export function isSound(from: usize, to: usize): bool {
  const backslashBytes = v128.load(backslashes)
  /** Up to here a backslash belongs to an escape that was looked at. */
  let next = from
  for (let p = from; p < to; p += 16) {
    const bytes = v128.load(p)
    const odd = v128.or(i8x16.eq(bytes, backslashBytes), i8x16.lt_u(bytes, v128.load(lowerCase)))
    for (let mask = i8x16.bitmask(odd); mask !== 0; mask &= mask - 1) {
      const q = p + ctz(mask)
      if (q >= to) return true
      if (q < next) continue
      if (load<u8>(q) !== backslash || !isEscape(q)) return false
      next = q + 2
    }
  }
  return true
}

/** Whether the bytes of a string stand for themselves: ASCII without escapes or control characters. */
export function isPlain(from: usize, to: usize): bool {
  for (let p = from; p < to; p += 16) {
    const bytes = v128.load(p)
    // A byte's upper bit tells of other characters.
    const odd = v128.or(v128.or(i8x16.eq(bytes, v128.load(backslashes)), isControl(bytes)), bytes)
    const mask = i8x16.bitmask(odd)
    if (mask !== 0 && p + <usize>ctz(mask) < to) return false
  }
  return true
}

/** @param at A backslash that is not escaped itself. */
function isEscape(at: usize): bool {
  const letter = load<u8>(at + 1)
  if (letter === 0x75) return isHex(at + 2) && isHex(at + 3) && isHex(at + 4) && isHex(at + 5)
  // b, f, n, r and t.
  if (letter === 0x62 || letter === 0x66 || letter === 0x6e || letter === 0x72 || letter === 0x74) return true
  return letter === quote || letter === backslash || letter === 0x2f
}

@inline
function isHex(at: usize): bool {
  const byte = load<u8>(at)
  return (byte >= zero && byte <= nine) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}
