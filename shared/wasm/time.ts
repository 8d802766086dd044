/** Timestamps as Claude Code spells them. */
import { quote, zero } from './bytes'

/** Epoch ms of the time from quote to quote; NaN for one that is not spelled as usual. As `decodeTime` in `json-bytes.ts`. */
export function timeIn(at: usize, length: usize): f64 {
  if (length !== 26 || !isTimeForm(at)) return f64.NaN
  const year = 100 * digits(at + 1) + digits(at + 3)
  const month = digits(at + 6)
  const day = digits(at + 9)
  const hour = digits(at + 12)
  const minute = digits(at + 15)
  const second = digits(at + 18)
  // A day that its month does not have is one of the next month.
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return f64.NaN
  const days = daysBefore(year, month) + day - 1
  const ms = 10 * digits(at + 21) + <i32>(load<u8>(at + 23) - zero)
  return 1000 * (86400 * <f64>days + <f64>(60 * (60 * hour + minute) + second)) + <f64>ms
}

/** `0000-00-00T00:00` and `00T00:00:00.000Z`: the least that a byte may be, and how much more a digit. */
const leasts: usize = memory.data<u8>([
  0x30, 0x30, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x54, 0x30, 0x30, 0x3a, 0x30, 0x30,
  0x30, 0x30, 0x54, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x2e, 0x30, 0x30, 0x30, 0x5a,
])
const ranges: usize = memory.data<u8>([
  9, 9, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9,
  9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 9, 0,
])

/** `"0000-00-00T00:00:00.000Z"` with any digits. */
function isTimeForm(at: usize): bool {
  const isEnclosed = load<u8>(at) === quote && load<u8>(at + 25) === quote
  return isEnclosed && isHalf(at + 1, 0) && isHalf(at + 9, 16)
}

@inline
function isHalf(at: usize, half: usize): bool {
  const more = i8x16.sub(v128.load(at), v128.load(leasts + half))
  return i8x16.all_true(i8x16.le_u(more, v128.load(ranges + half)))
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
