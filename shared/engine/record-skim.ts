/**
 * Finds the few values of a transcript line that an event needs, as positions in the buffer; decodes nothing.
 *
 * One walk, driven by a table: which members of which object are wanted, and which are walked into. All others are
 * passed over. `record-reader.ts` makes the event of it and states what holds.
 */
import {
  backslash,
  closeList,
  closeObject,
  colon,
  comma,
  decodeTime,
  openList,
  openObject,
  quote,
  skipValue,
} from './json-bytes.ts'
import { keyNumber } from './key-table.ts'
import {
  actions,
  blockStride,
  firstBlock,
  keys,
  maxBlocks,
  objectNumber,
  placeOf,
  special,
  walkInto,
} from './record-grammar.ts'
import { createTail, type TailKind } from './record-tail.ts'

/** Where the end of a line begins that the lines of a session share. */
const tailStart = Buffer.from(',"userType":')

export interface RecordSkim {
  /** Start and end of each value, see {@link placeOf}; -1 and anything where it is not there. */
  readonly places: Int32Array
  /** Blocks that were found, each with its values {@link blockStride} after the one before. */
  blocks(): number
  /** True for a record with a `message` that is an object. */
  hasMessage(): boolean
  /** What lines with the same end have in common; 0 for a line that shares its end with none. */
  tail(): TailKind
  /** Where that end begins; -1 for a line that shares its end with none. */
  tailAt(): number
  /** Epoch ms of the record's timestamp; NaN if it has none, or one that is not spelled as usual. */
  timeMs(bytes: Buffer): number
  /** False to give up. Finds the values of the line from `start` to `end`. */
  skim(bytes: Buffer, start: number, end: number): boolean
}

export function createRecordSkim(): RecordSkim {
  const places = new Int32Array(firstBlock + maxBlocks * blockStride)
  const tail = createTail(firstBlock)
  let blocks = 0
  let hasMessage = false
  /** The comma before the member that begins the shared end, if nothing after it was walked into. */
  let tailFrom = -1

  return {
    places,
    blocks: () => blocks,
    hasMessage: () => hasMessage,
    tail: () => tail.kind(),
    tailAt: () => tail.at(),
    timeMs: bytes => decodeTime(bytes, places[placeOf.timestamp] ?? -1, places[placeOf.timestamp + 1] ?? -1),
    skim: (bytes, start, end) => {
      if (bytes[start] !== openObject) return false
      tail.look(bytes, start, end)
      places.fill(-1, 0, firstBlock)
      blocks = 0
      hasMessage = false
      tailFrom = -1
      if (walk(objectNumber.record, bytes, start, end, 0) !== end) return false
      if (tailFrom !== -1) tail.keep(bytes, tailFrom, end, places)
      return true
    },
  }

  /** @param shift Distance of a block's places from the first block's. @returns the position after the object, or -1. */
  function walk(context: number, bytes: Buffer, at: number, end: number, shift: number): number {
    const action = actions[context] as Uint8Array
    const tailAt = context === objectNumber.record ? tail.at() : -1
    let i = at + 1
    if (bytes[i] === closeObject) return i + 1
    for (;;) {
      if (bytes[i] !== quote) return -1
      const from = i + 1
      i = keyEnd(bytes, from, end)
      if (bytes[i + 1] !== colon) return -1
      const number = keyNumber(keys, bytes, from, i)
      const what = number === -1 ? special.pass : (action[number] ?? special.pass)
      const value = i + 2
      if (what < special.pass) {
        places[what + shift] = value
        i = skipValue(bytes, value, end)
        places[what + shift + 1] = i
      } else if (what === special.pass) {
        i = skipValue(bytes, value, end)
      } else {
        i = follow(what, bytes, value, end, shift)
      }
      if (i === -1) return -1
      if (i === tailAt) {
        // The rest has been walked before, in another line.
        tail.restore(places)
        return end
      }
      const after = bytes[i]
      i++
      if (after === closeObject) return i
      if (after !== comma) return -1
    }
  }

  function follow(what: number, bytes: Buffer, at: number, end: number, shift: number): number {
    tailFrom = what === special.tail ? at - tailStart.length : -1
    if (what === special.content) return walkContent(bytes, at, end)
    if (what === special.iterations && bytes[at] === openList && bytes[at + 1] !== closeList) return -1
    if (what < walkInto || bytes[at] !== openObject) return skipValue(bytes, at, end)
    if (what === walkInto + objectNumber.message) hasMessage = true
    const after = walk(what - walkInto, bytes, at, end, shift)
    if (what === walkInto + objectNumber.input) {
      places[placeOf.input + shift] = at
      places[placeOf.input + shift + 1] = after
    }
    return after
  }

  /** A list of blocks, or words. */
  function walkContent(bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== openList) {
      const after = skipValue(bytes, at, end)
      if (bytes[at] === quote) {
        places[placeOf.words] = at
        places[placeOf.words + 1] = after
      }
      return after
    }
    let i = at + 1
    if (bytes[i] === closeList) return i + 1
    for (;;) {
      if (bytes[i] === openObject) {
        if (blocks === maxBlocks) return -1
        const shift = blocks * blockStride
        places.fill(-1, firstBlock + shift, firstBlock + shift + blockStride)
        blocks += 1
        i = walk(objectNumber.block, bytes, i, end, shift)
      } else {
        i = skipValue(bytes, i, end)
      }
      if (i === -1) return -1
      const after = bytes[i]
      i++
      if (after === closeList) return i
      if (after !== comma) return -1
    }
  }
}

/** @returns the position of the key's closing quote; `end` if there is none, or an escape or a control character on the way. */
function keyEnd(bytes: Buffer, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === quote) return i
    if (byte === backslash || byte < space) break
  }
  return end
}

const space = 0x20
