/**
 * JSON in memory, sixteen bytes at a time: ends of lines, strings and nested values. Addresses are of bytes, 0 where a
 * function gives up. What lies behind a line's end is loaded but decides nothing.
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
const nine: u8 = 0x39

/** Sixteen times a byte each: loaded where they are needed, because the engine would build a constant anew at each use. */
const quotes: usize = memory.data(16, 16)
const backslashes: usize = memory.data(16, 16)
const lineFeeds: usize = memory.data(16, 16)
const opens: usize = memory.data(16, 16)
const closes: usize = memory.data(16, 16)
const lowerCase: usize = memory.data(16, 16)
const lastControls: usize = memory.data(16, 16)
/** By a byte: 1 for digits, sign, point and exponent. */
const numberBytes: usize = memory.data(256, 16)

/** What the walk came across in a line that no JSON has: a NUL byte, or the line's end in a string or a nested value. */
export let isDamaged: bool = false

/** To be called before each line. */
export function beginDamage(): void {
  isDamaged = false
}

/** `-.+eE`. */
const otherNumberBytes: usize = memory.data<u8>([0x2d, 0x2e, 0x2b, 0x65, 0x45])

/** To be called once. */
export function startBytes(): void {
  v128.store(quotes, i8x16.splat(quote))
  v128.store(backslashes, i8x16.splat(backslash))
  v128.store(lineFeeds, i8x16.splat(lineFeed))
  v128.store(opens, i8x16.splat(openObject))
  v128.store(closes, i8x16.splat(closeObject))
  v128.store(lowerCase, i8x16.splat(0x20))
  v128.store(lastControls, i8x16.splat(0x1f))
  for (let digit: u32 = zero; digit <= nine; digit++) store<u8>(numberBytes + digit, 1)
  for (let i: u32 = 0; i < 5; i++) store<u8>(numberBytes + load<u8>(otherNumberBytes + i), 1)
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
function bitsOf(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u64>i8x16.bitmask(a) | (<u64>i8x16.bitmask(b) << 16)
  return low | (<u64>i8x16.bitmask(c) << 32) | (<u64>i8x16.bitmask(d) << 48)
}

@inline
export function isSame(a: usize, b: usize): bool {
  return i8x16.all_true(i8x16.eq(v128.load(a), v128.load(b)))
}

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

/** Quotes, backslashes and control characters. */
@inline
function special(bytes: v128): v128 {
  const ends = v128.or(i8x16.eq(bytes, v128.load(quotes)), i8x16.eq(bytes, v128.load(backslashes)))
  return v128.or(ends, isControl(bytes))
}

@inline
function isControl(bytes: v128): v128 {
  return i8x16.eq(i8x16.min_u(bytes, v128.load(lastControls)), bytes)
}

/** @returns the position after the value, or 0 */
@inline
export function skipValue(at: usize): usize {
  const first = load<u8>(at)
  if (first !== quote) return skipOther(at, first)
  const end = stringEnd(at + 1)
  return end === 0 ? 0 : end + 1
}

export function skipOther(at: usize, first: u8): usize {
  return first === openObject || first === openList ? skipNested(at) : skipWord(at, first)
}

function skipNested(at: usize): usize {
  const quoteBytes = v128.load(quotes)
  const openBytes = v128.load(opens)
  const closeBytes = v128.load(closes)
  const lowerBits = v128.load(lowerCase)
  let depth = 0
  let p = at
  // Each turn begins outside of strings.
  while (true) {
    const a = v128.load(p)
    const b = v128.load(p, 16)
    const c = v128.load(p, 32)
    const d = v128.load(p, 48)
    let quoted = bitsOf(i8x16.eq(a, quoteBytes), i8x16.eq(b, quoteBytes), i8x16.eq(c, quoteBytes), i8x16.eq(d, quoteBytes))
    const slashed = backslashesIn(a, b, c, d)
    if (slashed !== 0) quoted &= ~afterOdd(slashed)
    const inStrings = fill(quoted)
    // One bit makes square brackets curly.
    const lowA = v128.or(a, lowerBits)
    const lowB = v128.or(b, lowerBits)
    const lowC = v128.or(c, lowerBits)
    const lowD = v128.or(d, lowerBits)
    const open = ~inStrings & bitsOf(i8x16.eq(lowA, openBytes), i8x16.eq(lowB, openBytes), i8x16.eq(lowC, openBytes), i8x16.eq(lowD, openBytes))
    const close = ~inStrings & bitsOf(i8x16.eq(lowA, closeBytes), i8x16.eq(lowB, closeBytes), i8x16.eq(lowC, closeBytes), i8x16.eq(lowD, closeBytes))
    const change = <i32>popcnt(close)
    let end: usize = 0
    if (change < depth) depth += <i32>popcnt(open) - change
    else {
      for (let mask = open | close; mask !== 0; mask &= mask - 1) {
        if ((open & mask & (0 - mask)) !== 0) depth++
        else if (--depth === 0) {
          end = p + <usize>ctz(mask) + 1
          break
        }
      }
    }
    const low = i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, d))
    if (i8x16.bitmask(isControl(low)) !== 0 && hasLineEnd(p, end === 0 ? p + 64 : end)) return 0
    // Between strings there is nothing to escape.
    const stray = slashed & ~inStrings
    if (stray !== 0 && (end === 0 || p + <usize>ctz(stray) < end)) return 0
    if (end !== 0) return end
    p += 64
    if (<i64>inStrings >= 0) continue
    p = farEnd(p) + 1
    if (p === 1) return 0
  }
}

@inline
function backslashesIn(a: v128, b: v128, c: v128, d: v128): u64 {
  const backslashBytes = v128.load(backslashes)
  const inA = i8x16.eq(a, backslashBytes)
  const inB = i8x16.eq(b, backslashBytes)
  const inC = i8x16.eq(c, backslashBytes)
  const inD = i8x16.eq(d, backslashBytes)
  if (i8x16.bitmask(v128.or(v128.or(inA, inB), v128.or(inC, inD))) === 0) return 0
  return bitsOf(inA, inB, inC, inD)
}

const oddBits: u64 = 0xaaaaaaaaaaaaaaaa

/** The bits after every other one of each run, as simdjson finds them: a borrow runs through a run, and ends in another place where it began at an odd one. */
@inline
function afterOdd(runs: u64): u64 {
  const maybe = runs << 1
  const series = ((maybe | oddBits) - runs) ^ oddBits
  return series ^ runs
}

/** The bits from each one on to the next. */
@inline
function fill(bits: u64): u64 {
  let filled = bits ^ (bits << 1)
  filled ^= filled << 2
  filled ^= filled << 4
  filled ^= filled << 8
  filled ^= filled << 16
  return filled ^ (filled << 32)
}

/** @param control A control character. */
@inline
function isLineEnd(control: u8): bool {
  isDamaged = isDamaged || control === 0 || control === lineFeed
  return control === lineFeed
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
function stringEnd(at: usize): usize {
  return textEnd(at, 0)
}

/** @param from In a string, and not between a backslash and what it escapes. */
function farEnd(from: usize): usize {
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

function hasLineEnd(from: usize, to: usize): bool {
  for (let at = from; at < to; at++) if (isLineEnd(load<u8>(at))) return true
  return false
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

/** `true`, `false`, `null` or what is made of the letters of a number. */
function skipWord(at: usize, first: u8): usize {
  if (first === 0x74) return load<u32>(at) === 0x65757274 ? at + 4 : 0
  if (first === 0x66) return load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0
  if (first === 0x6e) return load<u32>(at) === 0x6c6c756e ? at + 4 : 0
  let i = at
  while (load<u8>(numberBytes + load<u8>(i)) !== 0) i++
  return i > at ? i : 0
}

/** Whether JSON can decode the string between two quotes: no control character, and no escape but its own. */
export function isSound(from: usize, to: usize): bool {
  const backslashBytes = v128.load(backslashes)
  for (let p = from; p < to; p += 16) {
    const bytes = v128.load(p)
    const odd = v128.or(i8x16.eq(bytes, backslashBytes), i8x16.lt_u(bytes, v128.load(lowerCase)))
    for (let mask = i8x16.bitmask(odd); mask !== 0; mask &= mask - 1) {
      const q = p + ctz(mask)
      if (q >= to) return true
      if (load<u8>(q) !== backslash || !isEscape(q)) return false
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

/** @param at A backslash. True if it begins an escape that is one, or is escaped itself. */
function isEscape(at: usize): bool {
  if (isEscaped(at)) return true
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
