/**
 * Folds the events of a session's transcript into its facts.
 *
 * The value can be kept between runs, as text; it is changed in place, because a cold scan folds millions of events.
 * Nothing here reads a clock or a disk.
 *
 * Invariants
 * 1. A fold depends, per stream, on that stream's lines in order, and not on how the streams were interleaved or
 *    where reading was interrupted: feeding a transcript in pieces gives the same facts as feeding it whole.
 * 2. Each stream has a part of its own; `dropStream` and reading that stream again is the same as a new fold.
 * 3. Its size is bounded, however long the transcript: every list and text is cut, calls that get no answer are
 *    forgotten, oldest first.
 * 4. What a tool was asked to do counts only when its result says that it was done.
 */
import { compactionOutlook, contextFill, windowTokensOf } from './context-window.ts'
import type { BriefFacts, ChangedFile, ContextFill, SessionFacts, SessionId } from './session.ts'
import {
  applyToStream,
  emptyStream,
  emptyThread,
  type FileMark,
  type StreamFold,
  type ThreadFold,
} from './stream-fold.ts'
import type { TranscriptEvent } from './transcript.ts'

export interface SessionFold {
  readonly sessionId: SessionId
  /** By stream name. Has no prototype: names come from disk. */
  readonly streams: { [stream: string]: StreamFold }
}

/** Where an event's record lies: its stream, and the byte after its line end. */
export interface RecordPlace {
  readonly stream: string
  readonly endByte: number
}

export function emptyFold(sessionId: SessionId): SessionFold {
  return { sessionId, streams: Object.create(null) as SessionFold['streams'] }
}

/** The fold as JSON, for {@link parseFold}. */
export function foldText({ sessionId, streams }: SessionFold): string {
  const parts = Object.entries(streams).map(([stream, part]) => [stream, { ...part, files: [...part.files] }])
  return JSON.stringify({ sessionId, streams: parts })
}

/** @param text What {@link foldText} gave. @throws {SyntaxError | TypeError} for some of what it never gives. */
export function parseFold(text: string): SessionFold {
  const { sessionId, streams } = JSON.parse(text) as {
    readonly sessionId: SessionId
    readonly streams: readonly [string, Omit<StreamFold, 'files'> & { readonly files: readonly [string, FileMark][] }][]
  }
  const fold = emptyFold(sessionId)
  for (const [stream, part] of streams) fold.streams[stream] = { ...part, files: new Map(part.files) }
  return fold
}

/** Forgets all that one stream said, before it is read again. */
export function dropStream(fold: SessionFold, stream: string): void {
  delete fold.streams[stream]
}

/** Folds one line in. Changes `fold`. */
export function applyEvent(fold: SessionFold, event: TranscriptEvent, place: RecordPlace): void {
  applyToStream(streamOf(fold, place.stream), event, place.endByte)
}

/** The part of a fold that one stream's lines go into, by `applyToStream`; a new one if it has none yet. */
export function streamOf(fold: SessionFold, stream: string): StreamFold {
  const part = fold.streams[stream] ?? emptyStream(stream === 'main')
  fold.streams[stream] = part
  return part
}

/** The last word of the main stream is a goodbye: some process ended cleanly, though another may hold the session. */
export function saidGoodbye(fold: SessionFold): boolean {
  return fold.streams['main']?.thread?.closed ?? false
}

/** The facts so far. Later events do not change what was returned. */
export function factsOf(fold: SessionFold): SessionFacts {
  const thread = fold.streams['main']?.thread ?? emptyThread()
  const filesChanged = changedFiles(fold)
  return {
    ...briefOf(fold, filesChanged.length),
    filesChanged,
    lastPrompts: [...thread.lastPrompts],
    lastCommands: [...thread.lastCommands],
    lastReply: thread.lastReply,
    todos: thread.todos.map(({ text, status }) => ({ text, status })),
  }
}

/** The facts that every list shows, for a fraction of the work. */
export function briefFactsOf(fold: SessionFold): BriefFacts {
  return briefOf(fold, countFiles(Object.values(fold.streams)))
}

function briefOf(fold: SessionFold, filesChanged: number): BriefFacts {
  const parts = Object.values(fold.streams)
  const thread = fold.streams['main']?.thread ?? emptyThread()
  const context = contextOf(thread)
  const { title, titleSource } = titleOf(thread)
  const counts = countsOf(parts, thread)
  const [firstActivityMs, lastActivityMs] = activityOf(parts)
  return {
    sessionId: fold.sessionId,
    title,
    titleSource,
    model: thread.model,
    branch: thread.branch,
    firstCwd: thread.firstCwd,
    cwd: thread.cwd,
    version: thread.version,
    entrypoint: thread.entrypoint,
    counts,
    firstActivityMs,
    lastActivityMs,
    changedFiles: filesChanged,
    context,
    compaction: context && compactionOutlook(context, thread.turnStarts),
    forkedFrom: thread.forkedFrom,
  }
}

function countsOf(parts: readonly StreamFold[], { prompts, replies, compactions }: ThreadFold): BriefFacts['counts'] {
  let [toolCalls, lines, damagedLines, overlongLines] = [0, 0, 0, 0]
  for (const part of parts) {
    toolCalls += part.toolCalls
    lines += part.lines
    damagedLines += part.damagedLines
    overlongLines += part.overlongLines
  }
  return { messages: prompts + replies, prompts, replies, toolCalls, compactions, lines, damagedLines, overlongLines }
}

/** The first and the last time that any line tells. */
function activityOf(parts: readonly StreamFold[]): readonly [firstMs: number | null, lastMs: number | null] {
  let firstMs: number | null = null
  let lastMs: number | null = null
  for (const part of parts) {
    if (part.firstMs !== null && (firstMs === null || part.firstMs < firstMs)) firstMs = part.firstMs
    if (part.lastMs !== null && (lastMs === null || part.lastMs > lastMs)) lastMs = part.lastMs
  }
  return [firstMs, lastMs]
}

/** Different paths over all streams. */
function countFiles(parts: readonly StreamFold[]): number {
  const changing = parts.filter(part => part.files.size > 0)
  if (changing.length < 2) return changing[0]?.files.size ?? 0
  return new Set(changing.flatMap(part => [...part.files.keys()])).size
}

function titleOf(thread: ThreadFold): Pick<SessionFacts, 'title' | 'titleSource'> {
  if (thread.customTitle !== null) return { title: thread.customTitle, titleSource: 'custom' }
  if (thread.aiTitle !== null) return { title: thread.aiTitle, titleSource: 'ai' }
  return thread.firstPrompt === null
    ? { title: '', titleSource: 'none' }
    : { title: thread.firstPrompt, titleSource: 'prompt' }
}

function contextOf(thread: ThreadFold): ContextFill | null {
  const { contextTokens, model, requestedModel, largestTokens } = thread
  if (contextTokens === null) return null
  return contextFill(contextTokens, windowTokensOf(model, requestedModel, largestTokens))
}

/** One entry per path over all streams; the newest record speaks for it. */
function changedFiles(fold: SessionFold): ChangedFile[] {
  const byPath = new Map<string, ChangedFile>()
  for (const [stream, part] of Object.entries(fold.streams)) {
    for (const [path, mark] of part.files) {
      const file: ChangedFile = { path, stream, ...mark }
      const other = byPath.get(path)
      const newest = other === undefined || isNewer(file, other) ? file : other
      byPath.set(path, { ...newest, changes: mark.changes + (other?.changes ?? 0) })
    }
  }
  return [...byPath.values()].sort((a, b) => (isNewer(a, b) ? 1 : -1))
}

/** A strict order, so that the answer does not depend on which stream was read first. */
function isNewer(a: ChangedFile, b: ChangedFile): boolean {
  if (a.atMs !== b.atMs) return a.atMs > b.atMs
  if (a.stream !== b.stream) return a.stream > b.stream
  return a.endByte !== b.endByte ? a.endByte > b.endByte : a.path > b.path
}
