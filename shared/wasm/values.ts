/** JSON's values in memory, passed over. Addresses are of bytes, 0 where a function gives up. */
import { backslashes, bitsOf, closes, hasLineEnd, isControl, lowerCase, nine, openList, openObject, opens, quote, quotes, zero } from './bytes'
import { farEnd, stringEnd } from './strings'

/** By a byte: 1 for digits, sign, point and exponent. */
const numberBytes: usize = memory.data(256, 16)
/** `-.+eE`. */
const otherNumberBytes: usize = memory.data<u8>([0x2d, 0x2e, 0x2b, 0x65, 0x45])

/** To be called once. */
export function startValues(): void {
  for (let digit: u32 = zero; digit <= nine; digit++) store<u8>(numberBytes + digit, 1)
  for (let i: u32 = 0; i < 5; i++) store<u8>(numberBytes + load<u8>(otherNumberBytes + i), 1)
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

/** A list or an object with all that is in it, 64 bytes at a time; long strings are passed over more quickly. */
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
    let quoted = matches(a, b, c, d, quoteBytes)
    const slashed = backslashesIn(a, b, c, d)
    if (slashed !== 0) quoted &= ~afterOdd(slashed)
    const inStrings = fill(quoted)
    // One bit makes square brackets curly.
    const lowA = v128.or(a, lowerBits)
    const lowB = v128.or(b, lowerBits)
    const lowC = v128.or(c, lowerBits)
    const lowD = v128.or(d, lowerBits)
    const open = ~inStrings & matches(lowA, lowB, lowC, lowD, openBytes)
    const close = ~inStrings & matches(lowA, lowB, lowC, lowD, closeBytes)
    const closed = <i32>popcnt(close)
    const end: usize = closed < depth ? 0 : outermostEnd(p, open, close, depth)
    depth += <i32>popcnt(open) - closed
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

/** The position after the bracket that closes the outermost one; 0 if that is not among these. @param depth Brackets that are open before `p`. */
@inline
function outermostEnd(p: usize, open: u64, close: u64, depth: i32): usize {
  let left = depth
  for (let mask = open | close; mask !== 0; mask &= mask - 1) {
    if ((open & mask & (0 - mask)) !== 0) left++
    else if (--left === 0) return p + <usize>ctz(mask) + 1
  }
  return 0
}

/** One bit for each byte that is the wanted one. */
@inline
function matches(a: v128, b: v128, c: v128, d: v128, wanted: v128): u64 {
  return bitsOf(i8x16.eq(a, wanted), i8x16.eq(b, wanted), i8x16.eq(c, wanted), i8x16.eq(d, wanted))
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

/** `true`, `false`, `null` or what is made of the letters of a number. */
function skipWord(at: usize, first: u8): usize {
  if (first === 0x74) return load<u32>(at) === 0x65757274 ? at + 4 : 0
  if (first === 0x66) return load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0
  if (first === 0x6e) return load<u32>(at) === 0x6c6c756e ? at + 4 : 0
  let i = at
  while (load<u8>(numberBytes + load<u8>(i)) !== 0) i++
  return i > at ? i : 0
}
