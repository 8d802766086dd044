/**
 * What many lines say, in numbers, so that the host need not look at each of them. A line is *silent*, and only
 * counted; or it leaves notes; or it is *odd*: then it ends the batch, and the host makes an event of it, as it can of
 * any line. Whatever is not plain is odd: it costs time, and nothing else.
 *
 * A note is {@link noteInts} integers: epoch ms as a double (NaN without a timestamp), its kind, its flags, the line's
 * end, and from {@link fieldsAt} on the start and end of values in the buffer, in turn:
 *
 *   origin    folder, branch, version, entrypoint, where they are others than before
 *   prompt    words
 *   reply     message id, model, model asked for, text; then the tokens of its context and the number of its calls
 *   command   command
 *   edit      call id, path
 *   result    call id
 *
 * A start is -1 where there is no value, and {@link same} where it is the one of the reply noted before. Every value
 * is a string, from quote to quote, that JSON can decode, longer than none and no longer than a name can be.
 */
import { backslash, isSame, isSound, openObject, quote, zero } from './bytes'
import { blockInts, blocksAt, buffer, classes, messageAt, nameNumber, places, state, tailAt, tailKindAt, timeAt } from './tables'

/** The values of a record, then those of a block, in the order of the host's grammar. */
export enum Place {
  type,
  timestamp,
  cwd,
  branch,
  version,
  entrypoint,
  sessionId,
  sidechain,
  forkedFrom,
  apiError,
  requestedModel,
  subtype,
  meta,
  summary,
  toolResult,
  sourceTool,
  originKind,
  attachmentType,
  words,
  messageId,
  model,
  inputTokens,
  createdTokens,
  readTokens,
  created1h,
  created5m,
  blockType,
  callId,
  tool,
  text,
  resultOf,
  content,
  isError,
  filePath,
  notebookPath,
  command,
}

/** What a name is where it stands as a value. */
export enum Meaning {
  none,
  user,
  assistant,
  attachment,
  wholeRecord,
  wholeAttachment,
  boundary,
  human,
  text,
  call,
  result,
  wholeTool,
  commandTool,
  fileTool,
  notebookTool,
}

/** What a note is of. */
export enum Note {
  origin,
  prompt,
  reply,
  command,
  edit,
  result,
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
export const batch: usize = memory.data(32, 16)
const firstAt: u32 = 0
const lastAt: u32 = 8
const linesAt: u32 = 16
const countAt: u32 = 20
/** The end of the odd line, or -1. */
const oddAt: u32 = 24
const fullAt: u32 = 28

/** A line leaves no more notes than its origin, itself and one for each block. */
const mostOfLine: u32 = 10
/** Of a name, in bytes with its quotes. Longer ones are measured by others. */
const longestName: i32 = 4098

/** Notes so far, and with those of the line that is looked at. */
let count: u32 = 0
let next: u32 = 0
let lineEnd: i32 = 0
let isSide: bool = false

/** The kinds of ends whose values are known to be sound, and whose values were noted. */
let soundTail: i32 = 0
let notedTail: i32 = 0

/** What lines before said, {@link keptBytes} each: the last reply's message id, its model and the one asked for; then the origin. */
const kept: usize = memory.data(1024, 16)
const keptLengths: usize = memory.data(32, 16)
const keptBytes: i32 = 128
const originSlot: u32 = 3

/** The next lines are of another file, or what was said between was not noted. */
export function forgetLines(): void {
  soundTail = 0
  notedTail = 0
  memory.fill(keptLengths, 0, 32)
}

export function beginBatch(): void {
  count = 0
  store<f64>(batch + firstAt, Infinity)
  store<f64>(batch + lastAt, -Infinity)
  store<i64>(batch + linesAt, 0)
  store<i32>(batch + oddAt, -1)
  store<i32>(batch + fullAt, 0)
}

/** Whether there is room for what another line may leave. */
export function canNote(): bool {
  const fits = count + mostOfLine <= maxNotes
  if (!fits) store<i32>(batch + fullAt, 1)
  return fits
}

/** @param end Of the line that cannot be noted. */
export function oddLine(end: i32): void {
  store<i32>(batch + oddAt, end)
  forgetLines()
}

/** Notes the line that was walked last. @param end Its line end. @returns false if it is odd */
export function noteLine(end: i32): bool {
  const atMs = load<f64>(state + timeAt)
  if (has(Place.timestamp) && isNaN(atMs)) return false
  if (has(Place.forkedFrom)) return false
  next = count
  lineEnd = end
  isSide = isTrue(Place.sidechain)
  if (!noteRecord() || !noteOrigin()) return false
  count = next
  store<i32>(batch + countAt, count)
  store<i32>(batch + linesAt, load<i32>(batch + linesAt) + 1)
  if (atMs < load<f64>(batch + firstAt)) store<f64>(batch + firstAt, atMs)
  if (atMs > load<f64>(batch + lastAt)) store<f64>(batch + lastAt, atMs)
  return true
}

function noteRecord(): bool {
  const type = meaningOf(Place.type)
  if (type === Meaning.user) return has(Place.words) ? noteWords() : noteResults()
  if (type === Meaning.assistant) return noteReply()
  if (type === Meaning.wholeRecord || (type === Meaning.none && isDisguised(Place.type))) return false
  if (type === Meaning.attachment) {
    const kind = meaningOf(Place.attachmentType)
    if (kind === Meaning.wholeAttachment || (kind === Meaning.none && isDisguised(Place.attachmentType))) return false
  }
  return !has(Place.subtype) || (meaningOf(Place.subtype) !== Meaning.boundary && !isDisguised(Place.subtype))
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
  else next--
  return true
}

function noteWords(): bool {
  if (has(Place.originKind)) {
    if (isDisguised(Place.originKind)) return false
    if (meaningOf(Place.originKind) !== Meaning.human) return true
  }
  if (isTrue(Place.meta) || isTrue(Place.summary) || has(Place.toolResult) || has(Place.sourceTool)) return true
  if (!isSoundAt(Place.words)) return false
  if (!isSide) putValue(addNote(Note.prompt), 0, Place.words)
  return true
}

function noteResults(): bool {
  // A change to a file has the time of its line, or of another.
  if (!has(Place.timestamp) || mayTellTask()) return false
  let results = 0
  const blocks = <u32>load<i32>(state + blocksAt)
  for (let block: u32 = 0; block < blocks; block++) {
    const shift = block * (blockInts >> 1)
    const type = meaningOf(Place.blockType + shift)
    if (type === Meaning.none && isDisguised(Place.blockType + shift)) return false
    if (type !== Meaning.result) continue
    const begin = beginningOf(Place.content + shift)
    if (begin === beginsOddly || !isFit(Place.resultOf + shift)) return false
    if (!isName(Place.resultOf + shift)) continue
    const note = addNote(Note.result)
    putValue(note, 0, Place.resultOf + shift)
    if (begin === beginsWithError || isTrue(Place.isError + shift)) setFlag(note, failedFlag)
    results++
  }
  return results > 0
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
    const shift = block * (blockInts >> 1)
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
  const model = startOf(Place.model)
  // What Claude Code says in the model's place is no reply.
  if (isText(Place.model) && (load<u8>(buffer + model + 1) === 0x3c || isDisguised(Place.model))) return false
  return (
    noteRepeated(reply, 0, Place.messageId) && noteRepeated(reply, 1, Place.model) && noteRepeated(reply, 2, Place.requestedModel)
  )
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
    putValue(note, 0, Place.callId + shift)
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

// A value's place is its number; the number of a block's value is {@link blockInts} / 2 larger with each block.

@inline
function startOf(place: u32): i32 {
  return load<i32>(places + 8 * place)
}

@inline
function endOf(place: u32): i32 {
  return load<i32>(places + 8 * place + 4)
}

@inline
function has(place: u32): bool {
  return startOf(place) !== -1
}

@inline
function isTrue(place: u32): bool {
  return has(place) && load<u32>(buffer + startOf(place)) === 0x65757274
}

@inline
function isText(place: u32): bool {
  return has(place) && load<u8>(buffer + startOf(place)) === quote
}

/** A text that is not empty. */
@inline
function isName(place: u32): bool {
  return isText(place) && endOf(place) - startOf(place) > 2
}

/** The meaning of the text at a place; {@link Meaning.none} for any other value. */
function meaningOf(place: u32): u32 {
  if (!isText(place)) return Meaning.none
  return load<u8>(classes + nameNumber(buffer + startOf(place) + 1, buffer + endOf(place) - 1))
}

/** A name spelled with an escape would not be recognised. */
function isDisguised(place: u32): bool {
  if (!has(place)) return false
  for (let at = buffer + startOf(place); at < buffer + endOf(place); at++) if (load<u8>(at) === backslash) return true
  return false
}

@inline
function isSoundAt(place: u32): bool {
  return isSound(buffer + startOf(place) + 1, buffer + endOf(place) - 1)
}

/** No text, or a sound one that is no longer than a name. */
function isFit(place: u32): bool {
  return !isText(place) || (endOf(place) - startOf(place) <= longestName && isSoundAt(place))
}

/** Whether the value is the one that is kept, which it is from now on. */
function isKept(slot: u32, from: i32, to: i32): bool {
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

function addNote(kind: i32): usize {
  const note = notes + 4 * noteInts * next
  next++
  store<f64>(note, load<f64>(state + timeAt))
  store<i32>(note + 8, kind)
  store<i32>(note + 12, isSide ? sidechainFlag : 0)
  store<i32>(note + 16, lineEnd)
  return note
}

@inline
function setFlag(note: usize, flag: i32): void {
  store<i32>(note + 12, load<i32>(note + 12) | flag)
}

@inline
function putField(note: usize, field: u32, from: i32, to: i32): void {
  store<i32>(note + 4 * (fieldsAt + 2 * field), from)
  store<i32>(note + 4 * (fieldsAt + 2 * field) + 4, to)
}

@inline
function putValue(note: usize, field: u32, place: u32): void {
  putField(note, field, startOf(place), endOf(place))
}

/** A value that is no name counts as none. */
function putName(note: usize, field: u32, place: u32): void {
  if (isName(place)) putValue(note, field, place)
  else putField(note, field, -1, -1)
}
