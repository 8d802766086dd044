/**
 * What the builder of test transcripts meant each line to say, folded into the facts that the product must find.
 *
 * The builder hands over, with every line it writes, the effects it intends. Nothing here reads a transcript, and
 * nothing here is shared with the product's reader but the types: the two must agree because both are right.
 *
 * Where the format leaves room, this is how it is read:
 * 1. First and last activity are the smallest and largest record timestamp, not those of the first and last line.
 * 2. Model, version, entrypoint, branch, cwds, title, replies, prompts, commands, last reply and todos come from the
 *    main thread; tool calls, file changes, lines and activity from all streams, side chains in the main file included.
 * 3. A command counts when it is called, a file change when its result says so without error.
 * 4. `<synthetic>` and API-error lines are no replies; a reply aborted in mid stream is one.
 */
import type { ChangedFile, HumanPrompt, SessionFacts, SessionId, TodoItem } from '../../shared/core/session.ts'

/** Where a line lies: its stream, and the byte after it. */
export interface LinePlace {
  readonly stream: string
  readonly endByte: number
}

/** What one line is meant to say. Must not keep anything but values, so that a fork can say it again. */
export type Effect = (truth: TruthDraft, place: LinePlace) => void

export interface TruthDraft {
  readonly sessionId: SessionId
  customTitle: string | null
  aiTitle: string | null
  firstPrompt: string | null
  model: string | null
  branch: string | null
  firstCwd: string | null
  cwd: string | null
  version: string | null
  entrypoint: string | null
  prompts: number
  replies: number
  toolCalls: number
  compactions: number
  lines: number
  damagedLines: number
  firstActivityMs: number | null
  lastActivityMs: number | null
  context: { readonly tokens: number; readonly windowTokens: number } | null
  lastPrompts: HumanPrompt[]
  lastCommands: string[]
  lastReply: string | null
  todos: readonly TodoItem[]
  forkedFrom: SessionId | null
  readonly changes: Map<string, ChangedFile>
  /** Complete bytes per stream. */
  readonly bytes: Map<string, number>
}

export function createTruth(sessionId: SessionId): TruthDraft {
  return {
    sessionId,
    customTitle: null,
    aiTitle: null,
    firstPrompt: null,
    model: null,
    branch: null,
    firstCwd: null,
    cwd: null,
    version: null,
    entrypoint: null,
    prompts: 0,
    replies: 0,
    toolCalls: 0,
    compactions: 0,
    lines: 0,
    damagedLines: 0,
    firstActivityMs: null,
    lastActivityMs: null,
    context: null,
    lastPrompts: [],
    lastCommands: [],
    lastReply: null,
    todos: [],
    forkedFrom: null,
    changes: new Map(),
    bytes: new Map(),
  }
}

/** Counts a complete line of `bytes` bytes, line end included, and applies what it says. */
export function addLine(truth: TruthDraft, stream: string, bytes: number, effects: readonly Effect[]): void {
  const endByte = addBytes(truth, stream, bytes)
  if (stream.endsWith('.jsonl') || stream === 'main') truth.lines += 1
  for (const effect of effects) effect(truth, { stream, endByte })
}

/** Counts bytes of a file that has no lines; returns its size. */
export function addBytes(truth: TruthDraft, stream: string, bytes: number): number {
  const endByte = (truth.bytes.get(stream) ?? 0) + bytes
  truth.bytes.set(stream, endByte)
  return endByte
}

/** The vocabulary of lines. */
export const says = {
  at:
    (ms: number): Effect =>
    truth => {
      truth.firstActivityMs = Math.min(truth.firstActivityMs ?? ms, ms)
      truth.lastActivityMs = Math.max(truth.lastActivityMs ?? ms, ms)
    },
  envelope:
    (cwd: string, branch: string | null, version: string, entrypoint: string | null): Effect =>
    truth => {
      truth.firstCwd ??= cwd
      truth.cwd = cwd
      truth.branch = branch ?? truth.branch
      truth.version = version
      truth.entrypoint = entrypoint ?? truth.entrypoint
    },
  damaged: (): Effect => truth => {
    truth.damagedLines += 1
  },
  customTitle:
    (title: string): Effect =>
    truth => {
      truth.customTitle = title
    },
  aiTitle:
    (title: string): Effect =>
    truth => {
      truth.aiTitle = title
    },
  prompt:
    (text: string, atMs: number): Effect =>
    truth => {
      truth.prompts += 1
      truth.firstPrompt ??= text
      truth.lastPrompts = [...truth.lastPrompts, { text: text.slice(0, 2000), atMs }].slice(-5)
    },
  /** The first line of an API message. */
  reply: (): Effect => truth => {
    truth.replies += 1
  },
  model:
    (model: string): Effect =>
    truth => {
      truth.model = model
    },
  replyText:
    (text: string): Effect =>
    truth => {
      truth.lastReply = text.slice(0, 2000)
    },
  context:
    (tokens: number, windowTokens: number): Effect =>
    truth => {
      truth.context = { tokens, windowTokens }
    },
  compaction: (): Effect => truth => {
    truth.compactions += 1
  },
  toolCall: (): Effect => truth => {
    truth.toolCalls += 1
  },
  command:
    (command: string): Effect =>
    truth => {
      truth.lastCommands = [...truth.lastCommands, command.slice(0, 300)].slice(-10)
    },
  fileChanged:
    (path: string, atMs: number): Effect =>
    (truth, place) => {
      const changes = (truth.changes.get(path)?.changes ?? 0) + 1
      truth.changes.set(path, { path, atMs, ...place, changes })
    },
  todos:
    (todos: readonly TodoItem[]): Effect =>
    truth => {
      truth.todos = todos
    },
  forkedFrom:
    (sessionId: SessionId): Effect =>
    truth => {
      truth.forkedFrom = sessionId
    },
} as const

/** The facts that a transcript states; the outlook on compaction only follows from them. */
export type TrueFacts = Omit<SessionFacts, 'compaction' | 'changedFiles'>

/** The facts so far. A later line does not change what was returned. */
export function truthOf(draft: TruthDraft): TrueFacts {
  const { customTitle, aiTitle, firstPrompt, context } = draft
  const title = customTitle ?? aiTitle ?? firstPrompt
  const titleSource = customTitle !== null ? 'custom' : aiTitle !== null ? 'ai' : title !== null ? 'prompt' : 'none'
  return {
    sessionId: draft.sessionId,
    title: (title ?? '').slice(0, 200),
    titleSource,
    model: draft.model,
    branch: draft.branch,
    firstCwd: draft.firstCwd,
    cwd: draft.cwd,
    version: draft.version,
    entrypoint: draft.entrypoint,
    counts: {
      messages: draft.prompts + draft.replies,
      prompts: draft.prompts,
      replies: draft.replies,
      toolCalls: draft.toolCalls,
      compactions: draft.compactions,
      lines: draft.lines,
      damagedLines: draft.damagedLines,
      overlongLines: 0,
    },
    firstActivityMs: draft.firstActivityMs,
    lastActivityMs: draft.lastActivityMs,
    filesChanged: [...draft.changes.values()].sort((a, b) => a.atMs - b.atMs),
    context: context && { ...context, percent: Math.round((100 * context.tokens) / context.windowTokens) },
    lastPrompts: draft.lastPrompts,
    lastCommands: draft.lastCommands,
    lastReply: draft.lastReply,
    todos: draft.todos,
    forkedFrom: draft.forkedFrom,
  }
}
