/**
 * What a line says. A line is *silent*, and only counted; or it leaves notes; or it is *odd*: then it ends the batch,
 * and the host makes an event of it, as it can of any line. Whatever is not plain is odd: it costs time, and nothing
 * else. What is noted here must be what `record-reader.ts` and the fold make of the same line.
 */
import { backslash, isSame, openObject, quote, zero } from './bytes'
import {
  addNote,
  beginLine,
  commitLine,
  dropNote,
  failedFlag,
  forgetKept,
  forgetSlot,
  forkSlot,
  isKept,
  messageSlot,
  Note,
  noteOdd,
  originSlot,
  putField,
  putMark,
  putName,
  putValue,
  requestedSlot,
  same,
  setFlag,
  startOfField,
  sidechainFlag,
} from './notes'
import { blockPlaces, endOf, has, isDisguised, isFit, isName, isSoundAt, isText, isTrue, Meaning, meaningOf, Place, startOf } from './places'
import { blocksAt, buffer, messageAt, state, tailAt, tailKindAt, timeAt } from './tables'

let isSide: bool = false
/** The kinds of ends whose values are known to be sound, and whose values were noted. */
let soundTail: i32 = 0
let notedTail: i32 = 0

/** The next lines are of another file, or what was said between was not noted. */
export function forgetLines(): void {
  soundTail = 0
  notedTail = 0
  forgetKept()
}

/** @param end Of the line that cannot be noted. */
export function oddLine(end: i32): void {
  noteOdd(end)
  forgetLines()
}

/** Notes the line that was walked last. @param end Its line end. @returns false if it is odd */
export function noteLine(end: i32): bool {
  if (has(Place.timestamp) && isNaN(load<f64>(state + timeAt))) return false
  isSide = isTrue(Place.sidechain)
  beginLine(end, isSide ? sidechainFlag : 0)
  if (!noteRecord() || !noteOrigin() || !noteFork()) return false
  commitLine()
  return true
}

function noteRecord(): bool {
  const type = meaningOf(Place.type)
  if (type === Meaning.user) return has(Place.words) ? noteTyped(Place.words) : noteResults()
  if (type === Meaning.assistant) return noteReply()
  if (type === Meaning.none && isDisguised(Place.type)) return false
  if (has(Place.subtype) && (meaningOf(Place.subtype) === Meaning.boundary || isDisguised(Place.subtype))) return false
  if (type === Meaning.attachment) return noteAttachment()
  if (type === Meaning.customTitle) return noteTitle(Note.customTitle, Place.customTitle)
  if (type === Meaning.aiTitle) return noteTitle(Note.aiTitle, Place.aiTitle)
  if (type === Meaning.goodbye && !isSide) addNote(Note.closed)
  return true
}

function noteTitle(kind: i32, place: u32): bool {
  if (!isName(place)) return true
  if (!isSoundAt(place)) return false
  if (!isSide) putValue(addNote(kind), 0, place)
  return true
}

function noteAttachment(): bool {
  const kind = meaningOf(Place.attachmentType)
  if (kind === Meaning.queuedCommand || (kind === Meaning.none && isDisguised(Place.attachmentType))) return false
  if (kind !== Meaning.modelChange || !isText(Place.modelId)) return true
  if (!isFit(Place.modelId)) return false
  if (isSide || !isName(Place.modelId)) return true
  putValue(addNote(Note.model), 0, Place.modelId)
  // The next reply may have been asked of the one before again.
  forgetSlot(requestedSlot)
  return true
}

/** Where the line comes from mostly stands in its end, and is looked at once for all lines that end alike. */
function noteOrigin(): bool {
  const kind = load<i32>(state + tailKindAt)
  const from = load<i32>(state + tailAt)
  let isInTail = kind !== 0
  for (let place: u32 = Place.cwd; place <= <u32>Place.sessionId; place++) {
    const at = startOf(place)
    if (at !== -1 && at < from) isInTail = false
  }
  if (isInTail && kind === soundTail && (isSide || kind === notedTail)) return true
  if (!(isSide ? isSoundOrigin() : noteNewOrigin())) return false
  if (!isInTail) return true
  soundTail = kind
  if (!isSide) notedTail = kind
  return true
}

/** The work of a sub-agent says nothing of the conversation's place. */
function isSoundOrigin(): bool {
  for (let place: u32 = Place.cwd; place <= <u32>Place.sessionId; place++) if (!isFit(place)) return false
  return true
}

function noteNewOrigin(): bool {
  const note = addNote(Note.origin)
  let isNew = false
  for (let i: u32 = 0; i < 5; i++) {
    const place: u32 = Place.cwd + i
    const isOld = !isText(place) || isKept(originSlot + i, startOf(place), endOf(place))
    if (!isOld && !isFit(place)) return false
    // The last one, the session's id, only has to be sound.
    if (i === 4) continue
    if (isOld) putField(note, i, -1, -1)
    else putName(note, i, place)
    isNew = isNew || !isOld
  }
  if (isNew) notedTail = 0
  else dropNote()
  return true
}

function noteFork(): bool {
  const place: u32 = Place.forkOf
  if (!isText(place)) return true
  if (!isSide && isKept(forkSlot, startOf(place), endOf(place))) return true
  if (!isFit(place)) return false
  if (!isSide && isName(place)) putValue(addNote(Note.fork), 0, place)
  return true
}

/** @param words What a human may have typed. */
function noteTyped(words: u32): bool {
  if (has(Place.originKind)) {
    if (isDisguised(Place.originKind)) return false
    if (meaningOf(Place.originKind) !== Meaning.human) return true
  }
  if (isTrue(Place.meta) || isTrue(Place.summary) || has(Place.toolResult) || has(Place.sourceTool)) return true
  if (!isSoundAt(words)) return false
  if (!isSide) putValue(addNote(Note.prompt), 0, words)
  return true
}

function noteResults(): bool {
  // A change to a file has the time of its line, or of another.
  if (!has(Place.timestamp) || mayTellTask()) return false
  let results = 0
  const blocks = <u32>load<i32>(state + blocksAt)
  for (let block: u32 = 0; block < blocks; block++) {
    const shift = block * blockPlaces
    const type = meaningOf(Place.blockType + shift)
    if (type === Meaning.none && isDisguised(Place.blockType + shift)) return false
    if (type !== Meaning.result) continue
    const begin = beginningOf(Place.content + shift)
    if (begin === beginsOddly || !isFit(Place.resultOf + shift)) return false
    if (!isName(Place.resultOf + shift)) continue
    const note = addNote(Note.result)
    if (!putMark(note, 0, Place.resultOf + shift)) return false
    if (begin === beginsWithError || isTrue(Place.isError + shift)) setFlag(note, failedFlag)
    results++
  }
  return results > 0 || (blocks === 1 && meaningOf(Place.blockType) === Meaning.text && isText(Place.text) && noteTyped(Place.text))
}

/** A tool's structured result that begins with a task tells the id of a new one. */
function mayTellTask(): bool {
  if (!has(Place.toolResult)) return false
  const at = buffer + startOf(Place.toolResult)
  if (load<u8>(at) !== openObject || load<u8>(at + 1) !== quote) return false
  // `task"` in five bytes, or an escape among them.
  const key = load<u64>(at + 2)
  if ((key & 0xffffffffff) === 0x226b736174) return true
  for (let i = 2; i < 7; i++) if (load<u8>(at + i) === backslash) return true
  return false
}

const beginsPlainly = 0
const beginsWithError = 1
const beginsOddly = 2
/** `<tool_use_error>`. */
const errorMark: usize = memory.data<u8>([
  0x3c, 0x74, 0x6f, 0x6f, 0x6c, 0x5f, 0x75, 0x73, 0x65, 0x5f, 0x65, 0x72, 0x72, 0x6f, 0x72, 0x3e,
])

/** What a tool gave back may begin with the mark of an error, or with words that only a whole parse understands. */
function beginningOf(place: u32): i32 {
  if (startOf(place) === -1 || load<u8>(buffer + startOf(place)) !== quote) return beginsPlainly
  const at = buffer + startOf(place) + 1
  if (isSame(at, errorMark)) return beginsWithError
  // `Task #` in six bytes.
  if ((load<u64>(at) & 0xffffffffffff) === 0x23206b736154) return beginsOddly
  for (let i = 0; i < 16; i++) {
    const byte = load<u8>(at + i)
    if (byte === quote) return beginsPlainly
    // An escaped letter that stands where a mark may have it.
    if (byte === backslash) return load<u8>(at + i + 1) === 0x75 && load<u8>(at + i + 4) >= 0x32 ? beginsOddly : beginsPlainly
  }
  return beginsPlainly
}

function noteReply(): bool {
  if (load<i32>(state + messageAt) === 0 || isTrue(Place.apiError)) return false
  const reply = addNote(Note.reply)
  let said: i32 = -1
  let calls = 0
  const blocks = <u32>load<i32>(state + blocksAt)
  for (let block: u32 = 0; block < blocks; block++) {
    const shift = block * blockPlaces
    const type = meaningOf(Place.blockType + shift)
    if (type === Meaning.none && isDisguised(Place.blockType + shift)) return false
    if (type === Meaning.call) {
      if (!noteCall(shift)) return false
      calls++
    } else if (type === Meaning.text && isText(Place.text + shift)) {
      // Several texts in one line would have to be joined.
      if (said !== -1) return false
      said = Place.text + shift
    }
  }
  if (said !== -1 && !isSoundAt(said)) return false
  const tokens = contextTokens()
  if (tokens === -1 || !noteModel(reply)) return false
  putField(reply, 3, said === -1 ? -1 : startOf(said), said === -1 ? -1 : endOf(said))
  putField(reply, 4, tokens, calls)
  return true
}

function noteModel(reply: usize): bool {
  if (!noteMessageId(reply) || !noteRepeated(reply, 1, Place.model)) return false
  const model = startOf(Place.model)
  // What Claude Code says in the model's place is no reply. What is the same as before was looked at then.
  if (startOfField(reply, 1) !== same && model !== -1 && (load<u8>(buffer + model + 1) === 0x3c || isDisguised(Place.model))) return false
  return noteRepeated(reply, requestedSlot, Place.requestedModel)
}

/** The lines of one reply follow each other. */
function noteMessageId(reply: usize): bool {
  const place: u32 = Place.messageId
  if (!isName(place)) {
    putField(reply, 0, -1, -1)
    return isFit(place)
  }
  if (isSide || !isKept(messageSlot, startOf(place), endOf(place))) return isFit(place) && putMark(reply, 0, place)
  putField(reply, 0, same, same)
  return true
}

function noteRepeated(reply: usize, slot: u32, place: u32): bool {
  if (!isName(place)) {
    putField(reply, slot, -1, -1)
    return isFit(place)
  }
  if (!isSide && isKept(slot, startOf(place), endOf(place))) {
    putField(reply, slot, same, same)
    return true
  }
  putValue(reply, slot, place)
  return isFit(place)
}

/** False for a call that must be parsed to be understood. */
function noteCall(shift: u32): bool {
  const tool = meaningOf(Place.tool + shift)
  if (tool === Meaning.none) return !isDisguised(Place.tool + shift)
  if (tool === Meaning.wholeTool) return false
  if (tool === Meaning.commandTool) {
    if (!isName(Place.command + shift)) return true
    if (!isSoundAt(Place.command + shift)) return false
    putValue(addNote(Note.command), 0, Place.command + shift)
  } else if (tool === Meaning.fileTool || tool === Meaning.notebookTool) {
    const path = shift + (tool === Meaning.fileTool ? Place.filePath : Place.notebookPath)
    if (!isFit(Place.callId + shift) || !isFit(path)) return false
    if (!isName(Place.callId + shift) || !isName(path)) return true
    const note = addNote(Note.edit)
    if (!putMark(note, 0, Place.callId + shift)) return false
    putValue(note, 1, path)
  }
  return true
}

/** -1 if they are spelled in another way than with a few digits. */
function contextTokens(): i32 {
  const input = tokensAt(Place.inputTokens)
  const read = tokensAt(Place.readTokens)
  const created = tokensAt(Place.createdTokens)
  const hour = tokensAt(Place.created1h)
  const minutes = tokensAt(Place.created5m)
  if ((input | read | created | hour | minutes) < 0) return -1
  return input + read + (created > 0 ? created : hour + minutes)
}

function tokensAt(place: u32): i32 {
  const from = startOf(place)
  if (from === -1 || load<u8>(buffer + from) === quote) return 0
  const to = endOf(place)
  if (to - from > 8) return -1
  let value = 0
  for (let at = buffer + from; at < buffer + to; at++) {
    const digit = <i32>load<u8>(at) - zero
    if (digit < 0 || digit > 9) return -1
    value = 10 * value + digit
  }
  return value
}
