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
const lineFeed: u8 = 0x0a
export const zero: u8 = 0x30
const nine: u8 = 0x39

/** Sixteen times a byte each: loaded where they are needed, because the engine would build a constant anew at each use. */
const quotes: usize = memory.data(16, 16)
const backslashes: usize = memory.data(16, 16)
const lineFeeds: usize = memory.data(16, 16)
const opens: usize = memory.data(16, 16)
const closes: usize = memory.data(16, 16)
const lowerCase: usize = memory.data(16, 16)

/** The line end that was found last, and whether the line has a NUL byte. */
export let stop: usize = 0
export let hasNul: bool = false

/** To be called once. */
export function startBytes(): void {
  v128.store(quotes, i8x16.splat(quote))
  v128.store(backslashes, i8x16.splat(backslash))
  v128.store(lineFeeds, i8x16.splat(lineFeed))
  v128.store(opens, i8x16.splat(openObject))
  v128.store(closes, i8x16.splat(closeObject))
  v128.store(lowerCase, i8x16.splat(0x20))
}

/** Finds the end of the line that begins at `from`: {@link stop} and {@link hasNul}. 0 if there is none before `limit`. */
export function findStop(from: usize, limit: usize): usize {
  stop = lineEnd(from, limit)
  return stop
}

/** 0 if there is none. */
function lineEnd(from: usize, limit: usize): usize {
  hasNul = false
  // So that every search ends: what is found here is found behind the last line.
  store<u8>(limit, lineFeed)
  store<u8>(limit + 1, quote)
  const lineFeedBytes = v128.load(lineFeeds)
  let p = from - 64
  while (true) {
    p += 64
    const a = v128.andnot(v128.load(p), lineFeedBytes)
    const b = v128.andnot(v128.load(p + 16), lineFeedBytes)
    const c = v128.andnot(v128.load(p + 32), lineFeedBytes)
    const d = v128.andnot(v128.load(p + 48), lineFeedBytes)
    const least = i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, d))
    if (!v128.any_true(i8x16.eq(least, i8x16.splat(0)))) continue
    let mask = zeros(a) | (zeros(b) << 16) | (zeros(c) << 32) | (zeros(d) << 48)
    do {
      const at = p + <usize>ctz(mask)
      if (load<u8>(at) === lineFeed) return at < limit ? at : 0
      hasNul = hasNul || load<u8>(at) === 0
      mask &= mask - 1
    } while (mask !== 0)
  }
}

/** One bit for each byte that is 0: line feeds, and a few that are not in JSON. */
@inline
function zeros(bytes: v128): u64 {
  return <u64>i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0)))
}

@inline
export function isSame(a: usize, b: usize): bool {
  return i8x16.all_true(i8x16.eq(v128.load(a), v128.load(b)))
}

/** The position of a key's closing quote; 0 if there is none, or an escape on the way. */
@inline
export function keyEnd(at: usize): usize {
  let mask = 0
  let p = at - 16
  do {
    p += 16
    const bytes = v128.load(p)
    mask = i8x16.bitmask(v128.or(i8x16.eq(bytes, v128.load(quotes)), i8x16.eq(bytes, v128.load(backslashes))))
  } while (mask === 0)
  p += ctz(mask)
  return load<u8>(p) === quote && p < stop ? p : 0
}

/** @returns the position after the value, or 0 */
@inline
export function skipValue(at: usize): usize {
  const first = load<u8>(at)
  if (first !== quote) return skipOther(at, first)
  const end = stringEnd(at + 1)
  return end === 0 ? 0 : end + 1
}

function skipOther(at: usize, first: u8): usize {
  return first === openObject || first === openList ? skipNested(at) : skipWord(at, first)
}

function skipNested(at: usize): usize {
  const quoteBytes = v128.load(quotes)
  const openBytes = v128.load(opens)
  const closeBytes = v128.load(closes)
  const lowerBits = v128.load(lowerCase)
  let depth = 0
  let p = at
  while (true) {
    const bytes = v128.load(p)
    // One bit makes square brackets curly.
    const lower = v128.or(bytes, lowerBits)
    const brackets = v128.or(i8x16.eq(lower, openBytes), i8x16.eq(lower, closeBytes))
    let mask = i8x16.bitmask(v128.or(brackets, i8x16.eq(bytes, quoteBytes)))
    const base = p
    p += 16
    while (mask !== 0) {
      const q = base + ctz(mask)
      if (q >= stop) return 0
      const byte = load<u8>(q)
      if (byte === quote) {
        const end = stringEnd(q + 1)
        if (end === 0) return 0
        p = end + 1
        mask = 0
      } else {
        if ((byte | 0x20) === openObject) depth++
        else if (--depth === 0) return q + 1
        mask &= mask - 1
      }
    }
  }
}

/** @param at Just after the opening quote. @returns the position of the closing quote; 0 if the line has none. */
function stringEnd(at: usize): usize {
  let end = firstClosing(at, i8x16.bitmask(closing(at, v128.load(quotes), v128.load(backslashes))), at)
  if (end === 0) end = farEnd(at + 16, at)
  return end < stop ? end : 0
}

function farEnd(from: usize, at: usize): usize {
  const quoteBytes = v128.load(quotes)
  let p = from - 64
  while (true) {
    p += 64
    const a = i8x16.eq(v128.load(p), quoteBytes)
    const b = i8x16.eq(v128.load(p + 16), quoteBytes)
    const c = i8x16.eq(v128.load(p + 32), quoteBytes)
    const d = i8x16.eq(v128.load(p + 48), quoteBytes)
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue
    const end = closingIn(p, at)
    if (end !== 0) return end
  }
}

/** The closing quote in the 64 bytes from `p` on; 0 if there is none. */
function closingIn(p: usize, at: usize): usize {
  const quoteBytes = v128.load(quotes)
  const backslashBytes = v128.load(backslashes)
  const a = <u64>i8x16.bitmask(closing(p, quoteBytes, backslashBytes))
  const b = <u64>i8x16.bitmask(closing(p + 16, quoteBytes, backslashBytes))
  const c = <u64>i8x16.bitmask(closing(p + 32, quoteBytes, backslashBytes))
  const d = <u64>i8x16.bitmask(closing(p + 48, quoteBytes, backslashBytes))
  return firstClosing(p, a | (b << 16) | (c << 32) | (d << 48), at)
}

/** Quotes but those after exactly one backslash, which are escaped. */
@inline
function closing(p: usize, quoteBytes: v128, backslashBytes: v128): v128 {
  const one = i8x16.eq(v128.load(p - 1), backslashBytes)
  const two = i8x16.eq(v128.load(p - 2), backslashBytes)
  return v128.andnot(i8x16.eq(v128.load(p), quoteBytes), v128.andnot(one, two))
}

/** The first of the quotes that is not escaped; 0 for none. @param quotesAt One bit for each from `p` on. @param at Where the string begins. */
@inline
function firstClosing(p: usize, quotesAt: u64, at: usize): usize {
  for (let mask = quotesAt; mask !== 0; mask &= mask - 1) {
    const q = p + <usize>ctz(mask)
    if (load<u8>(q - 1) !== backslash || !isEscaped(q, at)) return q
  }
  return 0
}

function isEscaped(at: usize, from: usize): bool {
  let i = at
  while (i > from && load<u8>(i - 1) === backslash) i--
  return ((at - i) & 1) === 1
}

/** `true`, `false`, `null` or what is made of the letters of a number. */
function skipWord(at: usize, first: u8): usize {
  if (first === 0x74) return load<u32>(at) === 0x65757274 ? at + 4 : 0
  if (first === 0x66) return load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0
  if (first === 0x6e) return load<u32>(at) === 0x6c6c756e ? at + 4 : 0
  let i = at
  while (isNumberByte(load<u8>(i))) i++
  return i > at ? i : 0
}

/** Digits, sign, point and exponent. */
@inline
function isNumberByte(byte: u8): bool {
  return (byte >= zero && byte <= nine) || byte === 0x2d || byte === 0x2e || byte === 0x2b || (byte | 0x20) === 0x65
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
      if (load<u8>(q) !== backslash || !isEscape(q, from)) return false
    }
  }
  return true
}

/** @param at A backslash. True if it begins an escape that is one, or is escaped itself. */
function isEscape(at: usize, from: usize): bool {
  if (isEscaped(at, from)) return true
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
