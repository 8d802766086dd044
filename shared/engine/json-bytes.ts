/**
 * Walks compact JSON in a buffer without turning it into values: what a reader does not want costs it one look per
 * byte at most, and long strings cost it one native search.
 *
 * It checks that strings end, that brackets balance in number, and that words and numbers are made of the right
 * letters; not escapes, commas in skipped values or control characters. Every function takes the position of a
 * value's first byte and returns the position after its last, or -1 when it cannot tell, and looks at nothing beyond
 * `end` but the byte there. White space between tokens counts as "cannot tell": Claude Code writes none.
 */

export const quote = 0x22
export const backslash = 0x5c
export const comma = 0x2c
export const colon = 0x3a
export const openObject = 0x7b
export const closeObject = 0x7d
export const openList = 0x5b
export const closeList = 0x5d
const letterU = 0x75
const digitOne = 0x31

/** Bytes of a string that are looked at one by one before a native search for the next quote is worth its call. */
const nearBytes = 32

/** @param at Just after the opening quote. @returns the position of the closing quote. */
export function stringEnd(bytes: Buffer, at: number, end: number): number {
  let i = at
  for (;;) {
    const near = i + nearBytes < end ? i + nearBytes : end
    while (i < near) {
      const byte = bytes[i]
      if (byte === quote) return i
      i += byte === backslash ? 2 : 1
    }
    // From quote to quote, as long as they lie far apart.
    let gap = nearBytes
    while (gap >= nearBytes) {
      if (i >= end) return -1
      const found = bytes.indexOf(quote, i)
      if (found === -1 || found >= end) return -1
      if (!isEscaped(bytes, found, i)) return found
      gap = found - i
      i = found + 1
    }
  }
}

/** @param from A position that no escape reaches across. */
function isEscaped(bytes: Buffer, at: number, from: number): boolean {
  let i = at - 1
  while (i >= from && bytes[i] === backslash) i--
  return (at - i) % 2 === 0
}

export function skipValue(bytes: Buffer, at: number, end: number): number {
  const byte = at < end ? bytes[at] : -1
  if (byte === quote) {
    const close = stringEnd(bytes, at + 1, end)
    return close === -1 ? -1 : close + 1
  }
  if (byte === openObject || byte === openList) return skipNested(bytes, at, end)
  return skipWord(bytes, at, end)
}

function skipNested(bytes: Buffer, at: number, end: number): number {
  let depth = 0
  let i = at
  while (i < end) {
    const byte = bytes[i]
    if (byte === quote) {
      i = stringEnd(bytes, i + 1, end)
      if (i === -1) return -1
    } else if (byte === openObject || byte === openList) {
      depth++
    } else if (byte === closeObject || byte === closeList) {
      depth--
      if (depth === 0) return i + 1
    } else if (byte === backslash) {
      // Outside of strings there is nothing to escape.
      return -1
    }
    i++
  }
  return -1
}

const trueWord = Buffer.from('true')
const falseWord = Buffer.from('false')
const nullWord = Buffer.from('null')

/** `true`, `false`, `null` or a number. */
function skipWord(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]
  if (first === trueWord[0]) return startsWith(bytes, at, end, trueWord) ? at + 4 : -1
  if (first === falseWord[0]) return startsWith(bytes, at, end, falseWord) ? at + 5 : -1
  if (first === nullWord[0]) return startsWith(bytes, at, end, nullWord) ? at + 4 : -1
  let i = at
  while (i < end && isNumberByte(bytes[i] ?? 0)) i++
  return i > at ? i : -1
}

/** Digits, sign, point and exponent. */
function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x65 || byte === 0x45
  )
}

export function isTrue(bytes: Buffer, at: number, end: number): boolean {
  return startsWith(bytes, at, end, trueWord)
}

export function startsWith(bytes: Buffer, at: number, end: number, prefix: Uint8Array): boolean {
  if (at < 0 || at + prefix.length > end) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false
  return true
}

/**
 * Whether a string begins with `prefix`, its opening quote included.
 *
 * @param prefix Without control characters.
 * @returns null when an escaped character stands where the two differ: then only decoding tells.
 */
export function stringStartsWith(bytes: Buffer, at: number, end: number, prefix: Uint8Array): boolean | null {
  for (let i = 0; i < prefix.length; i++) {
    if (at + i >= end) return false
    if (bytes[at + i] !== prefix[i]) return isEscapedLetter(bytes, at + i) ? null : false
  }
  return true
}

/** `\u` and a number that is not, by its third digit, a control character's. */
function isEscapedLetter(bytes: Buffer, at: number): boolean {
  return bytes[at] === backslash && bytes[at + 1] === letterU && (bytes[at + 4] ?? 0) > digitOne
}

export function hasBackslash(bytes: Buffer, at: number, after: number): boolean {
  for (let i = at; i < after; i++) if (bytes[i] === backslash) return true
  return false
}

/** The text of the string from quote to quote. @throws {SyntaxError} for an escape or control character that JSON forbids. */
export function decodeString(bytes: Buffer, at: number, after: number): string {
  for (let i = at + 1; i < after - 1; i++) {
    const byte = bytes[i] ?? 0
    if (byte < 0x20 || byte > 0x7e || byte === backslash) return JSON.parse(bytes.toString('utf8', at, after)) as string
  }
  return bytes.toString('latin1', at + 1, after - 1)
}

/** The number, or NaN for anything else but a string. */
export function decodeNumber(bytes: Buffer, at: number, after: number): number {
  let value = 0
  for (let i = at; i < after; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9 || i - at > 14) return Number(bytes.toString('latin1', at, after))
    value = value * 10 + digit
  }
  return value
}

/** Epoch ms of a timestamp as Claude Code writes it, `"2026-11-23T02:03:49.813Z"`; NaN for any other, right or wrong. */
export function decodeTime(bytes: Buffer, at: number, after: number): number {
  if (after - at !== timeForm.length) return Number.NaN
  for (let i = 0; i < timeForm.length; i++) {
    const byte = bytes[at + i] ?? 0
    if (timeForm[i] === zero ? byte < zero || byte > nine : byte !== timeForm[i]) return Number.NaN
  }
  const month = number2(bytes, at + 6)
  const day = number2(bytes, at + 9)
  const hour = number2(bytes, at + 12)
  const minute = number2(bytes, at + 15)
  const second = number2(bytes, at + 18)
  // A day that its month does not have is one of the next month, as `Date.parse` takes it.
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return Number.NaN
  const days = daysBefore(100 * number2(bytes, at + 1) + number2(bytes, at + 3), month) + day - 1
  const ms = 10 * number2(bytes, at + 21) + (bytes[at + 23] ?? 0) - zero
  return 1_000 * (60 * (60 * (24 * days + hour) + minute) + second) + ms
}

const timeForm = Buffer.from('"0000-00-00T00:00:00.000Z"')
const zero = 0x30
const nine = 0x39

function number2(bytes: Buffer, at: number): number {
  return 10 * ((bytes[at] ?? 0) - zero) + (bytes[at + 1] ?? 0) - zero
}

/** Days from 1970 to the first of a month of the Gregorian calendar. The year is counted from March, so that a leap day ends it. */
function daysBefore(year: number, month: number): number {
  const y = month > 2 ? year : year - 1
  const fromMarch = (month + 9) % 12
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return 365 * y + leaps + Math.floor((153 * fromMarch + 2) / 5) - 719_468
}
