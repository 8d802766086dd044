/**
 * Finds the lines of a transcript, and in each the few values that an event needs: what `record-skim.ts` does, sixteen
 * bytes at a time. AssemblyScript, compiled to WebAssembly by `build/line-walk.ts`; `shared/engine/line-walk.ts` is the
 * only one that speaks to it, fills its tables and reads its answers.
 *
 * The walk is the same table-driven one, over the same grammar: every string is followed to its closing quote and every
 * bracket is counted, nothing is jumped over but an end that was walked in another line. Addresses are of bytes in
 * memory, 0 where a function gives up. A line may be followed by anything: the byte at its end is looked at, and what
 * lies behind it is loaded but decides nothing.
 */

/** Start and end of each value, counted from the first byte of `buffer`; -1 where it is not there. */
export const places: usize = memory.data(1024, 16)
/** What is known of the line that was found last, see {@link timeAt} and those after it. */
export const state: usize = memory.data(32, 16)
/** Of the keys, by number, filled by the host: names, 32 bytes each, and their lengths. */
export const names: usize = memory.data(2048, 16)
export const lengths: usize = memory.data(64, 16)
/** By an object's number, {@link maxKeys} bytes each, filled by the host: what to do with each key. */
export const actions: usize = memory.data(1024, 16)
export const bufferBytes: u32 = 1048576
const room: usize = memory.data(64 + 1048576 + 256, 64)
/** Before it and behind it lie bytes that may be loaded. */
export const buffer: usize = room + 64

/** What the host's tables must agree on: it compares these before it relies on them. */
export const maxKeys: u32 = 64
export const recordInts: u32 = 52
export const blockInts: u32 = 20
export const maxBlocks: u32 = 8
export const timestampPlace: u32 = 2
export const wordsPlace: u32 = 36
export const passAction: u32 = 100
export const contentAction: u32 = 102
export const iterationsAction: u32 = 103
export const tailAction: u32 = 105
export const walkInto: u32 = 200
export const recordNumber: u32 = 0
export const messageNumber: u32 = 3
export const blockNumber: u32 = 6

/** Offsets in `state` of what is known of the line that was found last: Epoch ms of its timestamp as a double, NaN where it is not spelled as usual; then integers. */
const timeAt: u32 = 0
const wholeAt: u32 = 8
const blocksAt: u32 = 12
const messageAt: u32 = 16
const tailKindAt: u32 = 20
const tailAt: u32 = 24

const quote: u8 = 0x22
const backslash: u8 = 0x5c
const comma: u8 = 0x2c
const colon: u8 = 0x3a
const openObject: u8 = 0x7b
const closeObject: u8 = 0x7d
const openList: u8 = 0x5b
const closeList: u8 = 0x5d
const lineFeed: u8 = 0x0a
const zero: u8 = 0x30
const nine: u8 = 0x39

/** Sixteen times a byte each: loaded where they are needed, because the engine would build a constant anew at each use. */
const quotes: usize = memory.data(16, 16)
const backslashes: usize = memory.data(16, 16)
const lineFeeds: usize = memory.data(16, 16)
const opens: usize = memory.data(16, 16)
const closes: usize = memory.data(16, 16)
const lowerCase: usize = memory.data(16, 16)

/** The number of the key with a hash, {@link noKey} for none; and by a key's number its first eight bytes. */
const slots: usize = memory.data(1024, 16)
const firsts: usize = memory.data(512, 16)
/** By a number of bytes up to 15: the bits of so many bytes of eight. */
const masks: usize = memory.data(128, 16)
const noKey: u8 = 63
let multiplier: u64 = 0x9e3779b97f4a7c15

const tail: usize = memory.data(1040, 16)
const longestTail: u32 = 1024
const distances: usize = memory.data(256, 16)
let tailLength: usize = 0
let tailKinds: i32 = 0
/** The comma before the member that begins the end to keep, if nothing after it was walked into. */
let tailFrom: usize = 0

/** The line end that was found last, and whether the line has a NUL byte. */
let stop: usize = 0
let hasNul: bool = false

/**
 * To be called once, when names, lengths and actions stand.
 *
 * @param keyCount Less than {@link noKey}.
 * @returns false if the keys cannot be told apart by their hash
 */
export function start(keyCount: u32): bool {
  v128.store(quotes, i8x16.splat(quote))
  v128.store(backslashes, i8x16.splat(backslash))
  v128.store(lineFeeds, i8x16.splat(lineFeed))
  v128.store(opens, i8x16.splat(openObject))
  v128.store(closes, i8x16.splat(closeObject))
  v128.store(lowerCase, i8x16.splat(0x20))
  for (let i: u32 = 0; i < 16; i++) store<u64>(masks + 8 * i, i < 8 ? ((<u64>1) << (8 * i)) - 1 : u64.MAX_VALUE)
  for (let tries = 0; tries < 10000; tries++) {
    if (fillSlots(keyCount)) return true
    multiplier += 0x9e3779b97f4a7c16
  }
  return false
}

/** False if two keys have the same hash. */
function fillSlots(keyCount: u32): bool {
  memory.fill(slots, noKey, 1024)
  for (let number: u32 = 0; number < keyCount; number++) {
    const length = <u32>load<u8>(lengths + number)
    const first = firstBytes(names + 32 * number, length)
    const slot = slots + hashOf(first, names + 32 * number, length)
    if (load<u8>(slot) !== noKey) return false
    store<u8>(slot, <u8>number)
    store<u64>(firsts + 8 * number, first)
  }
  return true
}

/**
 * Finds the line that begins at `from`, and walks it.
 *
 * @param filled Bytes of the buffer that are filled.
 * @returns the position of its line end, or -1
 */
export function find(from: u32, filled: u32): i32 {
  stop = lineEnd(buffer + from, buffer + filled)
  if (stop === 0) return -1
  const isWhole = !hasNul && walkLine(buffer + from)
  store<i32>(state + wholeAt, i32(isWhole))
  if (isWhole) store<f64>(state + timeAt, timeMs())
  return <i32>(stop - buffer)
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

function walkLine(from: usize): bool {
  clear(places, 4 * recordInts)
  store<i64>(state + blocksAt, 0)
  tailFrom = 0
  const end = tailLength > 0 && from + tailLength < stop && isTail(stop - tailLength) ? stop - tailLength : 0
  setTail(end, end === 0 ? 0 : tailKinds)
  if (load<u8>(from) !== openObject || walk(recordNumber, from, 0) !== stop) return false
  if (tailFrom !== 0) keepTail(tailFrom)
  return true
}

/** Sets places to -1. @param bytes Rounded up to a multiple of 16. */
@inline
function clear(at: usize, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i += 16) v128.store(at + i, i8x16.splat(-1))
}

@inline
function setTail(at: usize, kind: i32): void {
  store<i32>(state + tailKindAt, kind)
  store<i32>(state + tailAt, at === 0 ? -1 : <i32>(at - buffer))
}

function isTail(at: usize): bool {
  for (let i = tailLength; i >= 16; ) {
    i -= 16
    if (!isSame(at + i, tail + i)) return false
  }
  // Kept ends are longer than sixteen bytes.
  return isSame(at, tail)
}

@inline
function isSame(a: usize, b: usize): bool {
  return i8x16.all_true(i8x16.eq(v128.load(a), v128.load(b)))
}

function keepTail(from: usize): void {
  const length = stop - from
  if (length > longestTail || length < 16) return
  memory.copy(tail, from, length)
  tailLength = length
  tailKinds++
  setTail(from, tailKinds)
  const at = <i32>(from - buffer)
  for (let i: u32 = 0; i < 4 * recordInts; i += 8) {
    const value = load<i32>(places + i)
    store<i32>(distances + i, value > at ? value - at : -1)
    store<i32>(distances + i + 4, load<i32>(places + i + 4) - at)
  }
}

function restoreTail(from: usize): void {
  const at = <i32>(from - buffer)
  for (let i: u32 = 0; i < 4 * recordInts; i += 8) {
    const distance = load<i32>(distances + i)
    if (distance === -1) continue
    store<i32>(places + i, at + distance)
    store<i32>(places + i + 4, at + load<i32>(distances + i + 4))
  }
}

/** @param shift Distance of a block's places from the first block's. @returns the position after the object, or 0. */
function walk(object: u32, at: usize, shift: u32): usize {
  let i = at + 1
  if (load<u8>(i) === closeObject) return i + 1
  const wanted = actions + maxKeys * object
  const jumpAt: usize = object === recordNumber ? buffer + load<i32>(state + tailAt) : 0
  while (true) {
    if (load<u8>(i) !== quote) return 0
    const key = i + 1
    i = keyEnd(key)
    if (i === 0 || load<u8>(i + 1) !== colon) return 0
    const action = <u32>load<u8>(wanted + keyNumber(key, i))
    const value = i + 2
    if (action < passAction) {
      i = skipValue(value)
      place(action + shift, value, i)
    } else if (action === passAction) i = skipValue(value)
    else i = follow(action, value, shift)
    if (i === 0) return 0
    if (i === jumpAt) {
      restoreTail(i)
      return stop
    }
    const after = load<u8>(i)
    i++
    if (after !== comma) return after === closeObject ? i : 0
  }
}

@inline
function place(number: u32, from: usize, to: usize): void {
  store<i32>(places + 4 * number, <i32>(from - buffer))
  store<i32>(places + 4 * number + 4, <i32>(to - buffer))
}

function follow(action: u32, at: usize, shift: u32): usize {
  // The member's comma, quote, name, quote and colon.
  tailFrom = action === tailAction ? at - 12 : 0
  const first = load<u8>(at)
  if (action === contentAction) {
    if (first === openList) return walkContent(at)
    const end = skipValue(at)
    if (first === quote) place(wordsPlace, at, end)
    return end
  }
  if (action === iterationsAction && first === openList && load<u8>(at + 1) !== closeList) return 0
  if (action < walkInto || first !== openObject) return skipValue(at)
  if (action === walkInto + messageNumber) store<i32>(state + messageAt, 1)
  return walk(action - walkInto, at, shift)
}

function walkContent(at: usize): usize {
  let i = at + 1
  if (load<u8>(i) === closeList) return i + 1
  while (true) {
    if (load<u8>(i) === openObject) {
      const blocks = <u32>load<i32>(state + blocksAt)
      if (blocks === maxBlocks) return 0
      const shift = blocks * blockInts
      clear(places + 4 * (recordInts + shift), 4 * blockInts)
      store<i32>(state + blocksAt, blocks + 1)
      i = walk(blockNumber, i, shift)
    } else i = skipValue(i)
    if (i === 0) return 0
    const after = load<u8>(i)
    i++
    if (after !== comma) return after === closeList ? i : 0
  }
}

/** The position of a key's closing quote; 0 if there is none, or an escape on the way. */
@inline
function keyEnd(at: usize): usize {
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

@inline
function firstBytes(at: usize, length: u32): u64 {
  return load<u64>(at) & load<u64>(masks + 8 * min(length, 15))
}

@inline
function hashOf(first: u64, at: usize, length: u32): u32 {
  // The eleventh byte tells keys apart that are alike at both ends.
  const eleventh = length > 10 ? <u32>load<u8>(at + 10) << 8 : 0
  return <u32>(((first ^ (length + eleventh)) * multiplier) >>> 54)
}

/** {@link noKey} if it is not in the list. */
@inline
function keyNumber(at: usize, end: usize): u32 {
  const length = <u32>(end - at)
  const first = firstBytes(at, length)
  const number = <u32>load<u8>(slots + hashOf(first, at, length))
  if (load<u64>(firsts + 8 * number) !== first || load<u8>(lengths + number) !== length) return noKey
  return length <= 8 || isName(names + 32 * number, at, length) ? number : noKey
}

/** Compares the bytes after the first eight. */
function isName(name: usize, at: usize, length: u32): bool {
  for (let i: u32 = 8; i + 8 < length; i += 8) if (load<u64>(name + i) !== load<u64>(at + i)) return false
  return load<u64>(name + length - 8) === load<u64>(at + length - 8)
}

/** @returns the position after the value, or 0 */
@inline
function skipValue(at: usize): usize {
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
  const quoteBytes = v128.load(quotes)
  const backslashBytes = v128.load(backslashes)
  let end = firstClosing(at, closing(at, quoteBytes, backslashBytes), at)
  if (end === 0) end = firstClosing(at + 16, closing(at + 16, quoteBytes, backslashBytes), at)
  if (end === 0) end = farEnd(at + 32, at)
  return end < stop ? end : 0
}

function farEnd(from: usize, at: usize): usize {
  const quoteBytes = v128.load(quotes)
  const backslashBytes = v128.load(backslashes)
  let p = from - 64
  while (true) {
    p += 64
    const a = closing(p, quoteBytes, backslashBytes)
    const b = closing(p + 16, quoteBytes, backslashBytes)
    const c = closing(p + 32, quoteBytes, backslashBytes)
    const d = closing(p + 48, quoteBytes, backslashBytes)
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue
    let end = firstClosing(p, a, at)
    if (end === 0) end = firstClosing(p + 16, b, at)
    if (end === 0) end = firstClosing(p + 32, c, at)
    if (end === 0) end = firstClosing(p + 48, d, at)
    if (end !== 0) return end
  }
}

/** Quotes but those after exactly one backslash, which are escaped. */
@inline
function closing(p: usize, quoteBytes: v128, backslashBytes: v128): v128 {
  const one = i8x16.eq(v128.load(p - 1), backslashBytes)
  const two = i8x16.eq(v128.load(p - 2), backslashBytes)
  return v128.andnot(i8x16.eq(v128.load(p), quoteBytes), v128.andnot(one, two))
}

/** The first of the quotes that is not escaped; 0 for none. @param at Where the string begins. */
@inline
function firstClosing(p: usize, bytes: v128, at: usize): usize {
  for (let mask = i8x16.bitmask(bytes); mask !== 0; mask &= mask - 1) {
    const q = p + ctz(mask)
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

/** As `decodeTime` in `json-bytes.ts`. */
function timeMs(): f64 {
  const from = load<i32>(places + 4 * timestampPlace)
  const at = buffer + from
  if (from === -1 || load<i32>(places + 4 * timestampPlace + 4) - from !== 26 || !isTimeForm(at)) return f64.NaN
  const year = 100 * digits(at + 1) + digits(at + 3)
  const month = digits(at + 6)
  const day = digits(at + 9)
  const hour = digits(at + 12)
  const minute = digits(at + 15)
  const second = digits(at + 18)
  // The last days of a month, which not every month has, are left to others.
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59) return f64.NaN
  const days = daysBefore(year, month) + day - 1
  const ms = 10 * digits(at + 21) + <i32>(load<u8>(at + 23) - zero)
  return 1000 * (86400 * <f64>days + <f64>(60 * (60 * hour + minute) + second)) + <f64>ms
}

/** `"0000-00-00T00:00:00.000Z"` with any digits. */
function isTimeForm(at: usize): bool {
  const isDate = load<u8>(at) === quote && load<u8>(at + 5) === 0x2d && load<u8>(at + 8) === 0x2d
  const isTime = load<u8>(at + 11) === 0x54 && load<u8>(at + 14) === 0x3a && load<u8>(at + 17) === 0x3a
  const isEnd = load<u8>(at + 20) === 0x2e && load<u8>(at + 24) === 0x5a && load<u8>(at + 25) === quote
  if (!isDate || !isTime || !isEnd) return false
  let count = 0
  for (let i = 1; i < 24; i++) if (load<u8>(at + i) - zero <= 9) count++
  return count === 17
}

@inline
function digits(at: usize): i32 {
  return 10 * <i32>(load<u8>(at) - zero) + <i32>(load<u8>(at + 1) - zero)
}

/** Days from 1970 to the first of a month. The year is counted from March, so that a leap day ends it. */
function daysBefore(year: i32, month: i32): i32 {
  const y = month > 2 ? year : year - 1
  const fromMarch = (month + 9) % 12
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * fromMarch + 2) / 5 - 719468
}
