/**
 * The end that the lines of a transcript share: user type, entrypoint, folder, session, version and branch are the same
 * bytes for hundreds of lines. A line that ends like the one that was kept need not be walked to its end.
 */
import { isSame, isSameBlock, lineFeed } from './bytes'
import { buffer, places, recordInts, state, tailAt, tailKindAt } from './tables'

/** The end that was kept, and of each value in it: its place, and the distances of its start and its end. */
const tail: usize = memory.data(1040, 16)
const longestTail: u32 = 1024
const distances: usize = memory.data(384, 16)
let keptPlaces: usize = 0
let tailLength: usize = 0
/** How many different ends were kept. */
let tailKinds: i32 = 0
/** Where the end to keep begins in the line that is walked, if nothing after it was walked into; otherwise 0. */
let tailFrom: usize = 0
/** An end begins with a member's comma, quote, name, quote and colon. */
const tailLead: usize = 12

/** To be called before each line. */
export function beginTail(): void {
  tailFrom = 0
  setTail(0, 0)
}

@inline
function setTail(at: usize, kind: i32): void {
  store<i32>(state + tailKindAt, kind)
  store<i32>(state + tailAt, at === 0 ? -1 : <i32>(at - buffer))
}

/** @param value Of the member that a kept end may begin with. */
@inline
export function mayBeTail(value: usize): void {
  tailFrom = value - tailLead
}

@inline
export function mayNotBeTail(): void {
  tailFrom = 0
}

/** Whether the line ends from the member with this value on as the kept end does. */
export function isTail(value: usize): bool {
  const at = value - tailLead
  if (tailLength === 0 || load<u8>(at + tailLength) !== lineFeed) return false
  // From the end: there a line of another kind differs.
  let i = tailLength
  for (; i >= 64; i -= 64) if (!isSameBlock(at + i - 64, tail + i - 64)) return false
  for (; i >= 16; i -= 16) if (!isSame(at + i - 16, tail + i - 16)) return false
  // Kept ends are longer than sixteen bytes.
  return isSame(at, tail)
}

/** @returns the line's end, as if the rest of it had been walked */
export function jumpTail(value: usize): usize {
  const at = value - tailLead
  tailFrom = 0
  setTail(at, tailKinds)
  restorePlaces(at)
  return at + tailLength
}

/** Keeps the end of a line that was walked to its end. */
export function keepTail(end: usize): void {
  const from = tailFrom
  if (from === 0) return
  const length = end - from
  if (length > longestTail || length < 16) return
  memory.copy(tail, from, length)
  tailLength = length
  tailKinds++
  setTail(from, tailKinds)
  keptPlaces = 0
  const at = <i32>(from - buffer)
  for (let i: u32 = 0; i < 4 * recordInts; i += 8) {
    if (load<i32>(places + i) <= at) continue
    const kept = distances + 12 * keptPlaces
    store<i32>(kept, i)
    store<i32>(kept + 4, load<i32>(places + i) - at)
    store<i32>(kept + 8, load<i32>(places + i + 4) - at)
    keptPlaces++
  }
}

function restorePlaces(from: usize): void {
  const at = <i32>(from - buffer)
  for (let kept = distances; kept < distances + 12 * keptPlaces; kept += 12) {
    const i = <usize>load<i32>(kept)
    store<i32>(places + i, at + load<i32>(kept + 4))
    store<i32>(places + i + 4, at + load<i32>(kept + 8))
  }
}
