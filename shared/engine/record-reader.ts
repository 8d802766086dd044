/**
 * One line of a transcript, as bytes → the event that `parseRecord` would make of it.
 *
 * Most bytes of a transcript are tool output and Claude Code's own copies of its prompts, and `JSON.parse` of them
 * would cost several times what reading them from disk costs. So a line is *skimmed*: walked at byte level, with only
 * the few short values taken out that an event needs. Whatever the walk does not expect (a compaction, white space, an
 * escaped key) makes it give up, and the line is parsed whole.
 *
 * Invariants
 * 1. For a line that is JSON, the event is the one that `parseRecord(JSON.parse(line))` gives, whichever way it was
 *    read. (Exempt: an object that names a key twice, which no writer here does.)
 * 2. A line that is not a JSON object is `damaged`; inside values that no event needs, damage that leaves strings and
 *    brackets whole may go unseen. A line with a NUL byte is always parsed whole, and so is damaged.
 * 3. Never throws.
 */
import { clip, countOf, nameOf, objectOf, textOf } from '../core/json-value.ts'
import { parseSessionId } from '../core/session.ts'
import { editTools, type ToolCall, type ToolResult, taskIdOf, textLimits, toolCall } from '../core/tool-call.ts'
import {
  type Envelope,
  humanText,
  isSynthetic,
  parseRecord,
  type TranscriptEvent,
  timeOf,
  titleEvent,
} from '../core/transcript.ts'
import {
  decodeNumber,
  decodeString,
  hasBackslash,
  isTrue,
  openObject,
  quote,
  startsWith,
  stringStartsWith,
} from './json-bytes.ts'
import { type KeyTable, keyNumber, keyTable } from './key-table.ts'
import { blockStride, listTools, placeOf } from './record-grammar.ts'
import { createRecordSkim, type RecordSkim } from './record-skim.ts'
import type { TailKind } from './record-tail.ts'
import { createTextMemory, type TextMemory } from './text-memory.ts'

export interface RecordReader {
  /**
   * @param start First byte of the line.
   * @param end Its line end, which is no part of it.
   * @param mayHoldNul False if the caller knows that there is no NUL byte.
   */
  read(bytes: Buffer, start: number, end: number, mayHoldNul: boolean): TranscriptEvent
}

/** @param places What finds the values of a line. */
export function createRecordReader(places: RecordSkim = createRecordSkim()): RecordReader {
  const skim = createSkimmer(places)
  return {
    read: (bytes, start, end, mayHoldNul) => {
      const hasNul = mayHoldNul && bytes.subarray(start, end).includes(0)
      return (hasNul ? null : skimmed(bytes, start, end)) ?? parseLine(bytes, start, end)
    },
  }

  function skimmed(bytes: Buffer, start: number, end: number): TranscriptEvent | null {
    try {
      return skim(bytes, start, end)
    } catch (error) {
      if (error instanceof SyntaxError) return null
      throw error
    }
  }
}

function parseLine(bytes: Buffer, start: number, end: number): TranscriptEvent {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    return { kind: 'damaged' }
  }
  return parseRecord(value)
}

const stringOf = (name: string) => Buffer.from(`"${name}"`)
/** The types of records that say something of their own. */
const types = ['user', 'assistant', 'attachment', 'cost-state', 'custom-title', 'ai-title']
const typeKeys = keyTable(types)
const typeOf = { user: 0, assistant: 1, attachment: 2, goodbye: 3, customTitle: 4, aiTitle: 5 } as const
const names = {
  queuedCommand: stringOf('queued_command'),
  modelChange: stringOf('model'),
  boundary: stringOf('compact_boundary'),
  text: stringOf('text'),
  call: stringOf('tool_use'),
  result: stringOf('tool_result'),
  toolError: Buffer.from('"<tool_use_error>'),
  taskMade: Buffer.from('"Task #'),
  task: stringOf('task'),
  human: stringOf('human'),
}
/** The tools whose calls say something: those whose input says more than a path or a command, then the others. */
const tools = [...listTools, 'Bash', ...editTools.keys()]
const toolKeys = keyTable(tools)

/** What lines of one kind of end say of where they come from. */
interface Origin extends Pick<Draft, 'cwd' | 'branch' | 'version' | 'entrypoint' | 'sessionId'> {
  /** 0 if the values hold for one line only. */
  tail: TailKind
}
type Draft = { -readonly [K in keyof Envelope]: Envelope[K] }
const originPlaces = [placeOf.cwd, placeOf.branch, placeOf.version, placeOf.entrypoint, placeOf.sessionId]

/** @returns null to give up. @throws {SyntaxError} for a string that is not JSON. */
type ReadSkimmed = (bytes: Buffer, start: number, end: number) => TranscriptEvent | null

function createSkimmer(skim: RecordSkim): ReadSkimmed {
  const { places } = skim
  const texts = {
    cwd: createTextMemory(nameOf),
    branch: createTextMemory(nameOf),
    version: createTextMemory(nameOf),
    entrypoint: createTextMemory(nameOf),
    model: createTextMemory(nameOf),
    messageId: createTextMemory(nameOf),
    requestedModel: createTextMemory(nameOf),
    sessionId: createTextMemory(parseSessionId),
    forkOf: createTextMemory(parseSessionId),
  }

  const origin: Origin = { tail: 0, cwd: null, branch: null, version: null, entrypoint: null, sessionId: null }

  return (bytes, start, end) => {
    if (!skim.skim(bytes, start, end)) return null
    const type = nameAt(bytes, placeOf.type, typeKeys)
    if (type === typeOf.user) return readUser(bytes, end)
    if (type === typeOf.assistant) return readAssistant(bytes, end)
    if (isForWholeParse(bytes, type, end)) return null
    const envelope = readEnvelope(bytes, end)
    if (type === typeOf.goodbye) return { kind: 'closed', envelope }
    if (type === typeOf.customTitle) return titleEvent('custom', string(bytes, placeOf.customTitle), envelope)
    if (type === typeOf.aiTitle) return titleEvent('ai', string(bytes, placeOf.aiTitle), envelope)
    return type === typeOf.attachment ? readAttachment(bytes, end, envelope) : { kind: 'ignored', envelope }
  }

  /** The number in the table of the string at `place`; -1 for any other value. */
  function nameAt(bytes: Buffer, place: number, table: KeyTable): number {
    const at = places[place] ?? -1
    return at !== -1 && bytes[at] === quote ? keyNumber(table, bytes, at + 1, (places[place + 1] ?? at) - 1) : -1
  }

  /** Rare records, and whatever is spelled so that it might be one. */
  function isForWholeParse(bytes: Buffer, type: number, end: number): boolean {
    return (
      (type === typeOf.attachment && mayBeQueued(bytes, end)) ||
      (type === -1 && isDisguised(bytes, placeOf.type)) ||
      (places[placeOf.subtype] !== -1 && mayBeBoundary(bytes, end))
    )
  }

  function mayBeBoundary(bytes: Buffer, end: number): boolean {
    return startsWith(bytes, places[placeOf.subtype] ?? -1, end, names.boundary) || isDisguised(bytes, placeOf.subtype)
  }

  /** A prompt that was typed while the model was busy. */
  function mayBeQueued(bytes: Buffer, end: number): boolean {
    const type = places[placeOf.attachmentType] ?? -1
    return isDisguised(bytes, placeOf.attachmentType) || startsWith(bytes, type, end, names.queuedCommand)
  }

  function readAttachment(bytes: Buffer, end: number, envelope: Envelope): TranscriptEvent {
    const isModel = startsWith(bytes, places[placeOf.attachmentType] ?? -1, end, names.modelChange)
    const requestedModel = isModel ? nameOf(string(bytes, placeOf.modelId)) : null
    return requestedModel === null ? { kind: 'ignored', envelope } : { kind: 'model', envelope, requestedModel }
  }

  function readEnvelope(bytes: Buffer, end: number): Envelope {
    const tail = skim.tail()
    if (tail === 0 || tail !== origin.tail) readOrigin(bytes, tail)
    const { cwd, branch, version, entrypoint, sessionId } = origin
    const sidechain = isTrue(bytes, places[placeOf.sidechain] ?? -1, end)
    return {
      atMs: readTime(bytes),
      cwd,
      branch,
      version,
      entrypoint,
      sessionId,
      forkedFrom: text(bytes, placeOf.forkOf, texts.forkOf),
      sidechain,
    }
  }

  /** Where a line comes from stands in its end, and is read once for all lines that end alike. */
  function readOrigin(bytes: Buffer, tail: TailKind): void {
    // Should a value be no JSON, what was read until then holds for no line.
    origin.tail = 0
    origin.cwd = text(bytes, placeOf.cwd, texts.cwd)
    origin.branch = text(bytes, placeOf.branch, texts.branch)
    origin.version = text(bytes, placeOf.version, texts.version)
    origin.entrypoint = text(bytes, placeOf.entrypoint, texts.entrypoint)
    origin.sessionId = text(bytes, placeOf.sessionId, texts.sessionId)
    origin.tail = tail !== 0 && originPlaces.every(place => (places[place] ?? -1) > skim.tailAt()) ? tail : 0
  }

  /** What `memory` makes of the string at `place`; null if there is none, or another value. */
  function text<T>(bytes: Buffer, place: number, memory: TextMemory<T>): T | null {
    const at = places[place] ?? -1
    return at !== -1 && bytes[at] === quote ? memory(bytes, at, places[place + 1] ?? at) : null
  }

  function string(bytes: Buffer, place: number): string | null {
    const at = places[place] ?? -1
    return at !== -1 && bytes[at] === quote ? decodeString(bytes, at, places[place + 1] ?? at) : null
  }

  /** What JSON makes of the value at `place`; undefined if there is none. */
  function json(bytes: Buffer, place: number): unknown {
    const at = places[place] ?? -1
    return at === -1 ? undefined : JSON.parse(bytes.toString('utf8', at, places[place + 1] ?? at))
  }

  function readTime(bytes: Buffer): number | null {
    const at = places[placeOf.timestamp] ?? -1
    if (at === -1) return null
    const atMs = skim.timeMs(bytes)
    return Number.isNaN(atMs) ? timeOf(string(bytes, placeOf.timestamp) ?? '') : atMs
  }

  function readUser(bytes: Buffer, end: number): TranscriptEvent | null {
    if (places[placeOf.words] !== -1) return readWords(bytes, end, placeOf.words)
    const structured = mayTellTask(bytes, end) ? json(bytes, placeOf.toolResult) : undefined
    const results: ToolResult[] = []
    for (let shift = 0; shift < skim.blocks() * blockStride; shift += blockStride) {
      if (isDisguised(bytes, placeOf.blockType + shift)) return null
      if (!startsWith(bytes, places[placeOf.blockType + shift] ?? -1, end, names.result)) continue
      const failed = readFailure(bytes, shift, end)
      if (failed === null) return null
      const callId = nameOf(string(bytes, placeOf.resultOf + shift))
      const words = mayTellOfTask(bytes, shift, end) ? string(bytes, placeOf.content + shift) : null
      if (callId !== null) results.push({ callId, failed, taskId: taskIdOf(words, structured) })
    }
    if (results.length > 0) return { kind: 'results', envelope: readEnvelope(bytes, end), results }
    return isOneText(bytes, end) ? readWords(bytes, end, placeOf.text) : null
  }

  /** A single block of text is as good as a text. */
  function isOneText(bytes: Buffer, end: number): boolean {
    const isText = startsWith(bytes, places[placeOf.blockType] ?? -1, end, names.text)
    return isText && skim.blocks() === 1 && isString(bytes, placeOf.text)
  }

  /** A user record whose content is a text, which lies at `place`. */
  function readWords(bytes: Buffer, end: number, place: number): TranscriptEvent | null {
    if (isDisguised(bytes, placeOf.originKind)) return null
    const envelope = readEnvelope(bytes, end)
    const madeByTool =
      isTrue(bytes, places[placeOf.meta] ?? -1, end) ||
      isTrue(bytes, places[placeOf.summary] ?? -1, end) ||
      places[placeOf.toolResult] !== -1 ||
      places[placeOf.sourceTool] !== -1
    const origin = places[placeOf.originKind] ?? -1
    const byHuman = origin === -1 || startsWith(bytes, origin, end, names.human)
    const words = madeByTool || !byHuman ? null : humanText(string(bytes, place), undefined)
    return words === null ? { kind: 'ignored', envelope } : { kind: 'prompt', envelope, text: words }
  }

  /** A tool's structured result that begins with a task tells the id of a new one. */
  function mayTellTask(bytes: Buffer, end: number): boolean {
    const at = places[placeOf.toolResult] ?? -1
    return at !== -1 && bytes[at] === openObject && stringStartsWith(bytes, at + 1, end, names.task) !== false
  }

  /** Null where the content must be decoded to be understood. */
  function readFailure(bytes: Buffer, shift: number, end: number): boolean | null {
    const isError = stringStartsWith(bytes, places[placeOf.content + shift] ?? -1, end, names.toolError)
    return isError === null ? null : isError || isTrue(bytes, places[placeOf.isError + shift] ?? -1, end)
  }

  /** A new task's id is in the words of a tool's content. */
  function mayTellOfTask(bytes: Buffer, shift: number, end: number): boolean {
    return stringStartsWith(bytes, places[placeOf.content + shift] ?? -1, end, names.taskMade) !== false
  }

  function readAssistant(bytes: Buffer, end: number): TranscriptEvent | null {
    if (!skim.hasMessage()) return null
    const calls: ToolCall[] = []
    let said: number | null = null
    for (let shift = 0; shift < skim.blocks() * blockStride; shift += blockStride) {
      if (isDisguised(bytes, placeOf.blockType + shift)) return null
      const type = places[placeOf.blockType + shift] ?? -1
      if (startsWith(bytes, type, end, names.call)) {
        const call = readCall(bytes, shift)
        if (call === null) return null
        calls.push(call)
      } else if (startsWith(bytes, type, end, names.text) && isString(bytes, placeOf.text + shift)) {
        // Several texts in one line would have to be joined.
        if (said !== null) return null
        said = placeOf.text + shift
      }
    }
    const envelope = readEnvelope(bytes, end)
    const model = text(bytes, placeOf.model, texts.model)
    if (isSynthetic(model) || isTrue(bytes, places[placeOf.apiError] ?? -1, end)) return { kind: 'ignored', envelope }
    const reply = {
      messageId: text(bytes, placeOf.messageId, texts.messageId),
      model,
      requestedModel: text(bytes, placeOf.requestedModel, texts.requestedModel),
      contextTokens: readContextTokens(bytes),
      text: said === null ? null : textOf(clip(string(bytes, said) ?? '', textLimits.reply)),
      calls,
    }
    return { kind: 'reply', envelope, reply }
  }

  /** Null for a call that must be parsed to be understood. */
  function readCall(bytes: Buffer, shift: number): ToolCall | null {
    const place = placeOf.tool + shift
    if (isDisguised(bytes, place)) return null
    const number = nameAt(bytes, place, toolKeys)
    const tool = tools[number]
    if (tool === undefined) return toolCall(null, '', {})
    if (number < listTools.length)
      return toolCall(
        nameOf(string(bytes, placeOf.callId + shift)),
        tool,
        objectOf(json(bytes, placeOf.input + shift)) ?? {},
      )
    if (tool === 'Bash') return toolCall(null, tool, { command: string(bytes, placeOf.command + shift) })
    const key = editTools.get(tool) ?? 'file_path'
    const file = string(bytes, (key === 'file_path' ? placeOf.filePath : placeOf.notebookPath) + shift)
    return toolCall(nameOf(string(bytes, placeOf.callId + shift)), tool, { [key]: file })
  }

  function readContextTokens(bytes: Buffer): number | null {
    const created =
      number(bytes, placeOf.createdTokens) || number(bytes, placeOf.created1h) + number(bytes, placeOf.created5m)
    const tokens = number(bytes, placeOf.inputTokens) + created + number(bytes, placeOf.readTokens)
    return tokens > 0 ? tokens : null
  }

  function number(bytes: Buffer, place: number): number {
    const at = places[place] ?? -1
    return at === -1 || bytes[at] === quote ? 0 : countOf(decodeNumber(bytes, at, places[place + 1] ?? at))
  }

  function isString(bytes: Buffer, place: number): boolean {
    return bytes[places[place] ?? -1] === quote
  }

  /** A name spelled with an escape would not be recognised. */
  function isDisguised(bytes: Buffer, place: number): boolean {
    const at = places[place] ?? -1
    return at !== -1 && hasBackslash(bytes, at, places[place + 1] ?? at)
  }
}
