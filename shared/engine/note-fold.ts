/**
 * Folds the notes of lines into a stream's part, without making events of them: the same fold, for a tenth of the time.
 *
 * Invariants
 * 1. Notes and events in the order of their lines give the fold that the events of all lines give.
 * 2. Between two calls of `settle` nothing may be read from the part but by the same taker: the last reply's text waits
 *    in the buffer until then, because nearly every text that was said is followed by another.
 */
import { clip, nameOf, oneLine, textOf } from '../core/json-value.ts'
import { parseSessionId } from '../core/session.ts'
import {
  addPending,
  addReply,
  applyCommand,
  applyContext,
  applyModel,
  applyOrigin,
  applyPrompt,
  applyResult,
  applyTime,
  applyToStream,
  type StreamFold,
  type ThreadFold,
} from '../core/stream-fold.ts'
import { markFrom } from '../core/text-mark.ts'
import { textLimits } from '../core/tool-call.ts'
import { humanText, type TranscriptEvent } from '../core/transcript.ts'
import { decodeString } from './json-bytes.ts'
import { type LineNotes, noteAt, noteFlag, noteKinds, noteStride, sameAsBefore } from './line-walk.ts'
import { createTextMemory, type TextMemory } from './text-memory.ts'

/** Takes the lines of one stream in their order, as notes or as events. */
export interface FoldTaker {
  /** @param base Offset in the file of the first of `bytes`, in which the notes tell positions. */
  take(notes: LineNotes, bytes: Buffer, base: number): void
  /** @param endByte The byte after the line's end. */
  event(event: TranscriptEvent, endByte: number): void
  /** The bytes of all notes so far go: the last time to look at them. */
  settle(bytes: Buffer): void
}

const kind = Object.fromEntries(noteKinds.map((name, number) => [name, number])) as Readonly<
  Record<(typeof noteKinds)[number], number>
>
/** Of a reply's fields: the place of each value's start, and of two numbers. */
const replyAt = { messageId: 0, model: 2, requestedModel: 4, text: 6, tokens: 8, calls: 9 } as const

/** One serves one stream after the other. */
export function createNoteFold(): (part: StreamFold) => FoldTaker {
  const texts = {
    cwd: createTextMemory(nameOf),
    branch: createTextMemory(nameOf),
    version: createTextMemory(nameOf),
    entrypoint: createTextMemory(nameOf),
    model: createTextMemory(text => text),
    requestedModel: createTextMemory(text => text),
  }
  return takerFor

  function takerFor(part: StreamFold): FoldTaker {
    const { thread } = part
    /** Where the last text that was said lies; -1 when it is in the fold. */
    let saidFrom = -1
    let saidTo = -1
    return { event, take, settle }

    function event(event: TranscriptEvent, endByte: number): void {
      if (event.kind === 'reply' && event.reply.text !== null && !event.envelope.sidechain) saidFrom = -1
      applyToStream(part, event, endByte)
    }

    function settle(bytes: Buffer): void {
      if (thread === null || saidFrom === -1) return
      thread.lastReply = clip(decodeString(bytes, saidFrom, saidTo), textLimits.reply)
      saidFrom = -1
    }

    function take(notes: LineNotes, bytes: Buffer, base: number): void {
      part.lines += notes.lines()
      part.damagedLines += notes.damaged()
      if (notes.firstMs() <= notes.lastMs()) {
        applyTime(part, notes.firstMs())
        applyTime(part, notes.lastMs())
      }
      const { ints } = notes
      const count = notes.count()
      for (let note = 0, at = 0; note < count; note++, at += noteStride) {
        const isSide = ((ints[at + noteAt.flags] ?? 0) & noteFlag.sidechain) !== 0
        takeNote(notes, note, bytes, base, isSide ? null : thread)
      }
    }

    function takeNote(notes: LineNotes, note: number, bytes: Buffer, base: number, thread: ThreadFold | null): void {
      const { ints } = notes
      const at = note * noteStride
      const fields = at + noteAt.fields
      switch (ints[at + noteAt.kind]) {
        case kind.reply:
          part.toolCalls += ints[fields + replyAt.calls] ?? 0
          if (thread !== null) takeReply(thread, ints, fields, bytes)
          break
        case kind.result:
          if (thread !== null) thread.closed = false
          if (part.pending.length > 0) takeResult(notes, note, base, thread)
          break
        case kind.command:
          if (thread !== null) applyCommand(thread, clip(text(ints, fields, bytes), textLimits.command))
          break
        case kind.edit:
          addPending(part, { kind: 'edit', path: text(ints, fields + 2, bytes), mark: mark(ints, fields) })
          break
        case kind.prompt:
          if (thread !== null) takePrompt(thread, text(ints, fields, bytes), notes.timeMs(note))
          break
        case kind.closed:
          if (thread !== null) thread.closed = true
          break
        case kind.customTitle:
          if (thread !== null) thread.customTitle = title(ints, fields, bytes) ?? thread.customTitle
          break
        case kind.aiTitle:
          if (thread !== null) thread.aiTitle = title(ints, fields, bytes) ?? thread.aiTitle
          break
        case kind.model:
          if (thread !== null) thread.requestedModel = text(ints, fields, bytes)
          break
        case kind.fork:
          if (thread !== null) thread.forkedFrom = parseSessionId(text(ints, fields, bytes)) ?? thread.forkedFrom
          break
        case kind.origin:
          if (thread !== null) takeOrigin(thread, ints, fields, bytes)
          break
      }
    }

    function takeReply(thread: ThreadFold, ints: Int32Array, at: number, bytes: Buffer): void {
      thread.closed = false
      const high = ints[at + replyAt.messageId] ?? -1
      if (high !== sameAsBefore) addReply(thread, high === -1 ? null : mark(ints, at + replyAt.messageId))
      const model = ints[at + replyAt.model] ?? -1
      if (model >= 0) applyModel(thread, texts.model(bytes, model, ints[at + replyAt.model + 1] ?? model))
      const requested = ints[at + replyAt.requestedModel] ?? -1
      if (requested >= 0)
        thread.requestedModel = texts.requestedModel(
          bytes,
          requested,
          ints[at + replyAt.requestedModel + 1] ?? requested,
        )
      const tokens = ints[at + replyAt.tokens] ?? 0
      if (tokens > 0) applyContext(thread, tokens)
      const from = ints[at + replyAt.text] ?? -1
      const to = ints[at + replyAt.text + 1] ?? from
      if (to - from <= 2) return
      saidFrom = from
      saidTo = to
    }

    function takeResult(notes: LineNotes, note: number, base: number, thread: ThreadFold | null): void {
      const { ints } = notes
      const at = note * noteStride
      const failed = ((ints[at + noteAt.flags] ?? 0) & noteFlag.failed) !== 0
      const atMs = notes.timeMs(note)
      const endByte = base + (ints[at + noteAt.end] ?? 0) + 1
      const result = { mark: mark(ints, at + noteAt.fields), failed, taskId: null }
      applyResult(part, thread, result, Number.isNaN(atMs) ? 0 : atMs, endByte)
    }
  }

  function takePrompt(thread: ThreadFold, words: string, atMs: number): void {
    const text = humanText(words, undefined)
    if (text !== null) applyPrompt(thread, { text, atMs: Number.isNaN(atMs) ? null : atMs })
  }

  function takeOrigin(thread: ThreadFold, ints: Int32Array, at: number, bytes: Buffer): void {
    applyOrigin(thread, {
      cwd: name(texts.cwd, ints, at, bytes),
      branch: name(texts.branch, ints, at + 2, bytes),
      version: name(texts.version, ints, at + 4, bytes),
      entrypoint: name(texts.entrypoint, ints, at + 6, bytes),
    })
  }
}

function title(ints: Int32Array, at: number, bytes: Buffer): string | null {
  return textOf(oneLine(text(ints, at, bytes), textLimits.title))
}

function mark(ints: Int32Array, at: number): number {
  return markFrom(ints[at] ?? 0, ints[at + 1] ?? 0)
}

function text(ints: Int32Array, at: number, bytes: Buffer): string {
  return decodeString(bytes, ints[at] ?? 0, ints[at + 1] ?? 0)
}

function name(memory: TextMemory<string | null>, ints: Int32Array, at: number, bytes: Buffer): string | null {
  const from = ints[at] ?? -1
  return from < 0 ? null : memory(bytes, from, ints[at + 1] ?? from)
}
