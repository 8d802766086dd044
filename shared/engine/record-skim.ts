/**
 * Finds the few values of a transcript line that an event needs, as positions in the buffer; decodes nothing.
 *
 * One walk, driven by a table: which members of which object are wanted, and which are walked into. All others are
 * passed over. `record-reader.ts` makes the event of it and states what holds.
 */
import { bulkTypes, speakingAttachments } from '../core/transcript.ts'
import {
  backslash,
  closeList,
  closeObject,
  colon,
  comma,
  openList,
  openObject,
  quote,
  skipValue,
  startsWith,
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
const taskStart = Buffer.from('{"task":')
const attachmentStart = Buffer.from('{"type":')
const attachmentTail = Buffer.from(',"type":"attachment",')
/** Longer than what follows the content of an attachment record. */
const tailBytes = 1_024
const userType = Buffer.from('"user"')
/** Said by every record of a conversation, once. (`forkedFrom`, where there is one, comes last.) */
const envelope = (
  ['type', 'timestamp', 'cwd', 'branch', 'version', 'entrypoint', 'sessionId', 'sidechain'] as const
).map(name => placeOf[name])
const quoted = (names: Iterable<string>) => Array.from(names, name => Buffer.from(`"${name}"`))
const speaking = quoted(speakingAttachments)
const bulk = quoted(bulkTypes)

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
  let hasJumped = false
  /** False while lines do not say all that a jump must not hide. */
  let mayJump = true

  return {
    places,
    blocks: () => blocks,
    hasMessage: () => hasMessage,
    tail: () => tail.kind(),
    tailAt: () => tail.at(),
    skim: (bytes, start, end) => {
      if (bytes[start] !== openObject) return false
      tail.look(bytes, start, end)
      let isWhole = walkLine(bytes, start, end)
      if (hasJumped && !envelope.every(isPlaced)) {
        // Something may have been jumped over.
        mayJump = false
        isWhole = walkLine(bytes, start, end)
      }
      if (!isWhole) return false
      if (tailFrom !== -1) {
        tail.keep(bytes, tailFrom, end, places)
        mayJump = true
      }
      return true
    },
  }

  function walkLine(bytes: Buffer, start: number, end: number): boolean {
    places.fill(-1, 0, firstBlock)
    blocks = 0
    hasMessage = false
    hasJumped = false
    tailFrom = -1
    return walk(objectNumber.record, bytes, start, end, 0) === end
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
        i = context === objectNumber.record && isBulk(bytes, value, end) ? end - 1 : skipValue(bytes, value, end)
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
    if (what === special.attachment) return skipAttachment(bytes, at, end)
    if (what === special.content && bytes[at] === openList) return walkContent(bytes, at, end)
    if (what === special.iterations && bytes[at] === openList && bytes[at + 1] !== closeList) return -1
    if (what === special.result) return skipResult(bytes, at, end)
    if (what < walkInto || bytes[at] !== openObject) return skipValue(bytes, at, end)
    if (what === walkInto + objectNumber.message) {
      if (isBulk(bytes, at, end)) return end - 1
      hasMessage = true
    }
    return walk(what - walkInto, bytes, at, end, shift)
  }

  function walkContent(bytes: Buffer, at: number, end: number): number {
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

  /**
   * A tool's structured result, often the largest part of a line: passed over at one jump where the line's end is
   * known. A new task's id would be in there.
   */
  function skipResult(bytes: Buffer, at: number, end: number): number {
    if (startsWith(bytes, at, end, taskStart)) return -1
    if (!mayJump || !hasMessage || tail.at() <= at) return skipValue(bytes, at, end)
    hasJumped = startsWith(bytes, places[placeOf.type] ?? -1, end, userType)
    return hasJumped ? tail.at() : skipValue(bytes, at, end)
  }

  function isPlaced(place: number): boolean {
    return places[place] !== -1
  }

  /** All that a bulk record says of itself stands before its content: what is left is the bracket that ends the line. */
  function isBulk(bytes: Buffer, at: number, end: number): boolean {
    if (bytes[at] !== openObject && bytes[at] !== openList) return false
    const type = places[placeOf.type] ?? -1
    return type !== -1 && bulk.some(name => startsWith(bytes, type, end, name))
  }

  function skipAttachment(bytes: Buffer, at: number, end: number): number {
    if (!startsWith(bytes, at, end, attachmentStart)) return -1
    const type = at + attachmentStart.length
    const after = skipValue(bytes, type, end)
    for (let i = type; i < after; i++) if (bytes[i] === backslash) return -1
    if (speaking.some(name => startsWith(bytes, type, end, name))) return -1
    return jumpToTail(bytes, at, end) ?? skipValue(bytes, at, end)
  }

  /**
   * Where the record goes on after a long attachment. The mark is found outside of strings only, because a quote in
   * a string is escaped; and had it been found deeper inside, the walk from there would meet a bracket too many
   * and not end at the end of the line.
   */
  function jumpToTail(bytes: Buffer, at: number, end: number): number | null {
    if (!mayJump || end - at < 2 * tailBytes) return null
    const found = bytes.subarray(end - tailBytes, end).lastIndexOf(attachmentTail)
    if (found === -1) return null
    hasJumped = true
    return end - tailBytes + found
  }
}

/** @returns the position of the key's closing quote; `end` if there is none, or an escape on the way. */
function keyEnd(bytes: Buffer, at: number, end: number): number {
  let i = at
  while (i < end) {
    const byte = bytes[i]
    if (byte === quote) return i
    if (byte === backslash) return end
    i++
  }
  return end
}
