/**
 * Walks the lines of a transcript, and finds in each the few values that its facts need: what `record-skim.ts` does,
 * sixteen bytes at a time. AssemblyScript, compiled to WebAssembly by `build/line-walk.ts`;
 * `shared/engine/line-walk.ts` is the only one that speaks to it, fills its tables and reads its answers.
 *
 * The walk is the same table-driven one, over the same grammar: every string is followed to its closing quote and every
 * bracket is counted, nothing is jumped over but an end that was walked in another line.
 */
import {
  beginDamage,
  closeList,
  closeObject,
  colon,
  comma,
  isDamaged,
  lineEnd,
  lineFeed,
  openList,
  openObject,
  quote,
  setLimit,
  startBytes,
} from './bytes'
import { forgetLines, noteLine, oddLine } from './line-notes'
import { beginTail, isTail, jumpTail, keepTail, mayBeTail, mayNotBeTail } from './line-tail'
import { beginBatch, canNote, countDamaged } from './notes'
import { Place } from './places'
import { keyEnd, textEnd } from './strings'
import {
  actions,
  blockInts,
  blocksAt,
  buffer,
  firstName,
  followerOf,
  guessedEnd,
  maxBlocks,
  maxNames,
  messageAt,
  nameNumber,
  places,
  recordInts,
  startTables,
  state,
  timeAt,
  wholeAt,
} from './tables'
import { timeIn } from './time'
import { skipOther, skipValue, startValues } from './values'

export { batch, fieldsAt, Note, notes, noteInts, maxNotes, same } from './notes'
export { Meaning, Place } from './places'
export {
  actions,
  blockInts,
  buffer,
  bufferBytes,
  classes,
  lengths,
  maxBlocks,
  maxNames,
  names,
  places,
  recordInts,
  state,
} from './tables'

// What the host's grammar must agree on.
export const passAction: u32 = 100
export const contentAction: u32 = 102
export const iterationsAction: u32 = 103
export const tailAction: u32 = 105
export const walkInto: u32 = 200
export const recordNumber: u32 = 0
export const messageNumber: u32 = 3
export const blockNumber: u32 = 6
export const inputNumber: u32 = 7

/** To be called once, when names, lengths, classes and actions stand. @returns false if the names cannot be told apart */
export function start(count: u32): bool {
  startBytes()
  startValues()
  return startTables(count)
}

/** To be called before the lines of another file. */
export function begin(): void {
  forgetLines()
}

/**
 * Walks the line that begins at `from`.
 *
 * @param filled Bytes of the buffer that are filled.
 * @returns the position of its line end, or -1
 */
export function find(from: u32, filled: u32): i32 {
  setLimit(buffer + filled)
  return findNext(from, buffer + filled)
}

function findNext(from: u32, limit: usize): i32 {
  let end = walkLine(buffer + from)
  store<i32>(state + wholeAt, i32(end !== 0))
  if (end === 0) end = lineEnd(buffer + from)
  if (end === limit) return -1
  if (load<i32>(state + wholeAt) !== 0) store<f64>(state + timeAt, timeMs())
  return <i32>(end - buffer)
}

/**
 * Walks line after line and notes what each says, see `line-notes.ts`: to the last whole one, to one that must be read in
 * another way, or until there is no room for more notes. A line that is certainly no JSON is only counted.
 *
 * @returns the position after the last line that was noted
 */
export function run(from: u32, filled: u32): u32 {
  beginBatch()
  setLimit(buffer + filled)
  let at = from
  while (canNote()) {
    const end = findNext(at, buffer + filled)
    if (end === -1) break
    if (isDamaged) countDamaged()
    else if (load<i32>(state + wholeAt) === 0 || !noteLine(end)) {
      oddLine(end)
      break
    }
    at = end + 1
  }
  return at
}

function timeMs(): f64 {
  const from = load<i32>(places + 8 * Place.timestamp)
  return from === -1 ? f64.NaN : timeIn(buffer + from, load<i32>(places + 8 * Place.timestamp + 4) - from)
}

/** @returns the line's end; 0 if it is not one that can be walked */
function walkLine(from: usize): usize {
  clear(places, 4 * recordInts)
  store<i64>(state + blocksAt, 0)
  beginTail()
  beginDamage()
  if (load<u8>(from) !== openObject) return 0
  const end = walk(recordNumber, from, 0)
  if (end === 0 || isDamaged || load<u8>(end) !== lineFeed) return 0
  keepTail(end)
  return end
}

/** Sets places to -1. @param bytes Rounded up to a multiple of 16. */
@inline
function clear(at: usize, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i += 16) v128.store(at + i, i8x16.splat(-1))
}

/** @param shift Distance of a block's places from the first block's. @returns the position after the object, or 0. */
function walk(object: u32, at: usize, shift: u32): usize {
  let i = at + 1
  if (load<u8>(i) === closeObject) return i + 1
  const wanted = actions + maxNames * object
  let number = firstName
  while (true) {
    if (load<u8>(i) !== quote) return 0
    const key = i + 1
    const follower = followerOf(object, number)
    const guess = <u32>load<u16>(follower)
    number = guess & 0xff
    i = guessedEnd(number, key)
    if (i === 0) {
      i = keyEnd(key)
      if (i === 0 || load<u8>(i + 1) !== colon) return 0
      number = nameNumber(key, i)
      store<u8>(follower, <u8>number)
    }
    const action = <u32>load<u8>(wanted + number)
    const value = i + 2
    if (action <= passAction) {
      if (load<u8>(value) === quote) {
        i = textEnd(value + 1, guess >> 8)
        if (i === 0) return 0
        if (i !== value + 1 + (guess >> 8)) store<u8>(follower + 1, <u8>min(i - value - 1, 255))
        i++
      } else i = skipOther(value, load<u8>(value))
      if (action !== passAction) place(action + shift, value, i)
    } else {
      if (action === tailAction && isTail(value)) return jumpTail(value)
      i = follow(action, value, shift)
    }
    if (i === 0) return 0
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
  if (action === tailAction) mayBeTail(at)
  else mayNotBeTail()
  const first = load<u8>(at)
  if (action === contentAction) {
    if (first === openList) return walkContent(at)
    const end = skipValue(at)
    if (first === quote) place(2 * Place.words, at, end)
    return end
  }
  if (action === iterationsAction && first === openList && load<u8>(at + 1) !== closeList) return 0
  if (action < walkInto || first !== openObject) return skipValue(at)
  if (action === walkInto + messageNumber) store<i32>(state + messageAt, 1)
  const end = walk(action - walkInto, at, shift)
  if (action === walkInto + inputNumber) place(2 * Place.input + shift, at, end)
  return end
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
