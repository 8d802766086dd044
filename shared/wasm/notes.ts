/**
 * What many lines say, in numbers, so that the host need not look at each of them.
 *
 * A note is {@link noteInts} integers: epoch ms as a double (NaN without a timestamp), its kind, its flags, the line's
 * end, and from {@link fieldsAt} on the start and end of values in the buffer, in turn:
 *
 *   origin    folder, branch, version, entrypoint, where they are others than before
 *   prompt    words
 *   reply     message id as a mark, model, model asked for, text; then the tokens of its context and the number of its calls
 *   command   command
 *   edit      call id as a mark, path
 *   result    call id as a mark
 *   closed    nothing: a process that held the session said goodbye
 *   title     the title, custom or of the model's making
 *   model     the model that is asked for from now on
 *   fork      id of the session that this one was forked from
 *
 * A start is -1 where there is no value, and {@link same} where it is the one of the reply noted before. Every value
 * is a string, from quote to quote, that JSON can decode, longer than none and no longer than a name can be. A mark is a
 * number of 53 bits in the place of start and end, see `text-mark.ts`; its upper 21 bits come first.
 */
import { isSame } from './bytes'
import { endOf, isName, startOf } from './places'
import { isPlain } from './strings'
import { buffer, state, timeAt } from './tables'

/** What a note is of. */
export enum Note {
  origin,
  prompt,
  reply,
  command,
  edit,
  result,
  closed,
  customTitle,
  aiTitle,
  model,
  fork,
}

export const noteInts: u32 = 16
export const maxNotes: u32 = 256
export const notes: usize = memory.data(16384, 64)
export const sidechainFlag: i32 = 1
export const failedFlag: i32 = 2
export const same: i32 = -2
/** Offset of a note's fields, in integers. */
export const fieldsAt: u32 = 5

/** First and last time as doubles, infinite where no line has one; then the integers of the offsets below. */
export const batch: usize = memory.data(48, 16)
const firstAt: u32 = 0
const lastAt: u32 = 8
const linesAt: u32 = 16
const countAt: u32 = 20
/** The end of the odd line, or -1. */
const oddAt: u32 = 24
const fullAt: u32 = 28
/** How many of the lines are damaged. */
const damagedAt: u32 = 32

/** A line leaves no more notes than its origin, its fork, itself and one for each block. */
const mostOfLine: u32 = 11
/** Notes so far, and with those of the line that is looked at. */
let count: u32 = 0
let next: u32 = 0
let lineEnd: i32 = 0
let lineFlags: i32 = 0

/** What lines before said, {@link keptBytes} each: the last reply's message id, its model and the one asked for; then the origin and the fork. */
const kept: usize = memory.data(1152, 16)
const keptLengths: usize = memory.data(48, 16)
const keptBytes: i32 = 128
export const messageSlot: u32 = 0
export const requestedSlot: u32 = 2
export const originSlot: u32 = 3
export const forkSlot: u32 = 8

export function forgetKept(): void {
  memory.fill(keptLengths, 0, 48)
}

export function beginBatch(): void {
  count = 0
  store<f64>(batch + firstAt, Infinity)
  store<f64>(batch + lastAt, -Infinity)
  store<i64>(batch + linesAt, 0)
  store<i32>(batch + oddAt, -1)
  store<i32>(batch + fullAt, 0)
  store<i32>(batch + damagedAt, 0)
}

/** Whether there is room for what another line may leave. */
export function canNote(): bool {
  const fits = count + mostOfLine <= maxNotes
  if (!fits) store<i32>(batch + fullAt, 1)
  return fits
}

/** @param end Of a line that cannot be noted. */
export function noteOdd(end: i32): void {
  store<i32>(batch + oddAt, end)
}

/** The notes that follow are of the line that ends at `end`; they count once it is committed. */
export function beginLine(end: i32, flags: i32): void {
  next = count
  lineEnd = end
  lineFlags = flags
}

export function commitLine(): void {
  count = next
  store<i32>(batch + countAt, count)
  store<i32>(batch + linesAt, load<i32>(batch + linesAt) + 1)
  const atMs = load<f64>(state + timeAt)
  if (atMs < load<f64>(batch + firstAt)) store<f64>(batch + firstAt, atMs)
  if (atMs > load<f64>(batch + lastAt)) store<f64>(batch + lastAt, atMs)
}

/** Counts a line that says nothing. */
export function countDamaged(): void {
  store<i32>(batch + linesAt, load<i32>(batch + linesAt) + 1)
  store<i32>(batch + damagedAt, load<i32>(batch + damagedAt) + 1)
}

export function addNote(kind: i32): usize {
  const note = notes + 4 * noteInts * next
  next++
  store<f64>(note, load<f64>(state + timeAt))
  store<i32>(note + 8, kind)
  store<i32>(note + 12, lineFlags)
  store<i32>(note + 16, lineEnd)
  return note
}

/** Takes back the note that was added last. */
export function dropNote(): void {
  next--
}

@inline
export function setFlag(note: usize, flag: i32): void {
  store<i32>(note + 12, load<i32>(note + 12) | flag)
}

@inline
export function putField(note: usize, field: u32, from: i32, to: i32): void {
  store<i32>(note + 4 * (fieldsAt + 2 * field), from)
  store<i32>(note + 4 * (fieldsAt + 2 * field) + 4, to)
}

@inline
export function startOfField(note: usize, field: u32): i32 {
  return load<i32>(note + 4 * (fieldsAt + 2 * field))
}

@inline
export function putValue(note: usize, field: u32, place: u32): void {
  putField(note, field, startOf(place), endOf(place))
}

/** @returns false, and puts nothing, if the text could not be told from another by its bytes. */
export function putMark(note: usize, field: u32, place: u32): bool {
  const from = buffer + startOf(place) + 1
  const to = buffer + endOf(place) - 1
  if (!isPlain(from, to)) return false
  let low = <i32>(to - from) * <i32>0x9e3779b1
  let high = ~low
  for (let at = from; at < to; at += 4) {
    const more = to - at
    const word = load<i32>(at) & (more < 4 ? (1 << (8 * <i32>more)) - 1 : -1)
    low = (low ^ word) * <i32>0x85ebca6b
    low ^= <i32>(<u32>low >>> 15)
    high = (high ^ word) * <i32>0xc2b2ae35
    high ^= <i32>(<u32>high >>> 13)
  }
  putField(note, field, <i32>(<u32>high >>> 11), low)
  return true
}

/** A value that is no name counts as none. */
export function putName(note: usize, field: u32, place: u32): void {
  if (isName(place)) putValue(note, field, place)
  else putField(note, field, -1, -1)
}

export function forgetSlot(slot: u32): void {
  store<i32>(keptLengths + 4 * slot, 0)
}

/** Whether the value is the one that is kept, which it is from now on. */
export function isKept(slot: u32, from: i32, to: i32): bool {
  const length = to - from
  const mine = kept + keptBytes * slot
  const theirs = buffer + from
  if (load<i32>(keptLengths + 4 * slot) === length && isSameText(mine, theirs, length)) return true
  store<i32>(keptLengths + 4 * slot, length > keptBytes ? 0 : length)
  for (let i = 0; i < keptBytes && i < length; i += 16) v128.store(mine + i, v128.load(theirs + i))
  return false
}

function isSameText(a: usize, b: usize, length: i32): bool {
  let i = 0
  for (; i + 16 <= length; i += 16) if (!isSame(a + i, b + i)) return false
  const differing = ~i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)))
  return (differing & ((1 << (length - i)) - 1)) === 0
}
