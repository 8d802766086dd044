/**
 * Folds the events of one stream of a transcript, that is of one file. `session-fold.ts` puts the streams of a
 * session together and states the invariants that hold here too.
 */
import { oneLine } from './json-value.ts'
import type { HumanPrompt, SessionId, TodoItem } from './session.ts'
import { markOf } from './text-mark.ts'
import { type ToolCall, type ToolResult, textLimits, todoLimit } from './tool-call.ts'
import type { Envelope, Reply, TranscriptEvent } from './transcript.ts'

/** What one file says. Only the main file's thread counts for what a conversation is asked about. */
export interface StreamFold {
  lines: number
  damagedLines: number
  overlongLines: number
  toolCalls: number
  firstMs: number | null
  lastMs: number | null
  /** By path. */
  readonly files: Map<string, FileMark>
  /** Calls without a result yet whose success would change a fact, oldest first. */
  readonly pending: PendingCall[]
  /** Only the main file has one. */
  readonly thread: ThreadFold | null
}

export interface FileMark {
  atMs: number
  endByte: number
  changes: number
}

/** The call's id is kept as a mark. */
export type PendingCall = Marked<Exclude<ToolCall, { readonly kind: 'command' | 'other' }>>
type Marked<Call> = Call extends { readonly id: string } ? Omit<Call, 'id'> & { readonly mark: number } : never

/** The conversation between human and model, without what sub-agents did for it. */
export interface ThreadFold {
  firstCwd: string | null
  cwd: string | null
  branch: string | null
  version: string | null
  entrypoint: string | null
  forkedFrom: SessionId | null
  customTitle: string | null
  aiTitle: string | null
  firstPrompt: string | null
  prompts: number
  replies: number
  compactions: number
  /** Marks of the last distinct message ids, oldest first: the lines of one reply lie near each other. */
  readonly replyMarks: number[]
  model: string | null
  requestedModel: string | null
  contextTokens: number | null
  /** Largest context seen with `model`. */
  largestTokens: number
  /** Contexts with which the last turns since a compaction began, oldest first. */
  readonly turnStarts: number[]
  readonly lastPrompts: HumanPrompt[]
  readonly lastCommands: string[]
  lastReply: string | null
  readonly todos: { readonly id: string | null; text: string; status: TodoItem['status'] }[]
  /** True while the last word is the goodbye of a process that held the session. */
  closed: boolean
}

/** Entries that are kept of each list. */
export const foldLimits = { files: 20_000, pending: 200, replies: 64, prompts: 5, commands: 10, turns: 5 } as const

/** @param isMain True for the session's own file, which holds its thread. */
export function emptyStream(isMain: boolean): StreamFold {
  return {
    lines: 0,
    damagedLines: 0,
    overlongLines: 0,
    toolCalls: 0,
    firstMs: null,
    lastMs: null,
    files: new Map(),
    pending: [],
    thread: isMain ? emptyThread() : null,
  }
}

export function emptyThread(): ThreadFold {
  return {
    firstCwd: null,
    cwd: null,
    branch: null,
    version: null,
    entrypoint: null,
    forkedFrom: null,
    customTitle: null,
    aiTitle: null,
    firstPrompt: null,
    prompts: 0,
    replies: 0,
    compactions: 0,
    replyMarks: [],
    model: null,
    requestedModel: null,
    contextTokens: null,
    largestTokens: 0,
    turnStarts: [],
    lastPrompts: [],
    lastCommands: [],
    lastReply: null,
    todos: [],
    closed: false,
  }
}

/** Folds one line in. Changes `part`. @param endByte The byte after the line's end. */
export function applyToStream(part: StreamFold, event: TranscriptEvent, endByte: number): void {
  part.lines += 1
  if (event.kind === 'damaged') part.damagedLines += 1
  else if (event.kind === 'overlong') part.overlongLines += 1
  else applyRecord(part, event, endByte)
}

type RecordEvent = Exclude<TranscriptEvent, { readonly kind: 'damaged' | 'overlong' }>

function applyRecord(part: StreamFold, event: RecordEvent, endByte: number): void {
  const { atMs, sidechain } = event.envelope
  applyTime(part, atMs)
  // A sub-agent has calls, files and times, but no say in what the conversation is about.
  const thread = sidechain ? null : part.thread
  if (event.kind === 'reply') applyCalls(part, thread, event.reply.calls)
  if (event.kind === 'results') {
    for (const result of event.results) {
      const mark = markOf(result.callId)
      applyResult(part, thread, { ...result, mark }, atMs ?? part.lastMs ?? 0, endByte)
    }
  }
  if (thread === null) return
  applyOrigin(thread, event.envelope)
  thread.forkedFrom = event.envelope.forkedFrom ?? thread.forkedFrom
  applyToThread(thread, event)
}

export function applyTime(part: StreamFold, atMs: number | null): void {
  if (atMs === null) return
  if (part.firstMs === null || atMs < part.firstMs) part.firstMs = atMs
  if (part.lastMs === null || atMs > part.lastMs) part.lastMs = atMs
}

/** Where a line was written, and by what. Null where it does not tell. */
export type Origin = Pick<Envelope, 'cwd' | 'branch' | 'version' | 'entrypoint'>

export function applyOrigin(thread: ThreadFold, origin: Origin): void {
  thread.firstCwd ??= origin.cwd
  thread.cwd = origin.cwd ?? thread.cwd
  thread.branch = origin.branch ?? thread.branch
  thread.version = origin.version ?? thread.version
  thread.entrypoint = origin.entrypoint ?? thread.entrypoint
}

function applyToThread(thread: ThreadFold, event: RecordEvent): void {
  switch (event.kind) {
    case 'prompt':
      applyPrompt(thread, { text: event.text, atMs: event.envelope.atMs })
      break
    case 'reply':
      applyReply(thread, event.reply)
      break
    case 'results':
      thread.closed = false
      break
    case 'compaction':
      thread.compactions += 1
      thread.contextTokens = event.postTokens
      thread.turnStarts.length = 0
      break
    case 'title':
      if (event.source === 'custom') thread.customTitle = event.text
      else thread.aiTitle = event.text
      break
    case 'model':
      thread.requestedModel = event.requestedModel
      break
    case 'closed':
      thread.closed = true
      break
    case 'ignored':
      break
  }
}

export function applyPrompt(thread: ThreadFold, prompt: HumanPrompt): void {
  thread.closed = false
  thread.prompts += 1
  thread.firstPrompt ??= oneLine(prompt.text, textLimits.title)
  if (thread.contextTokens !== null) push(thread.turnStarts, thread.contextTokens, foldLimits.turns)
  push(thread.lastPrompts, prompt, foldLimits.prompts)
}

function applyReply(thread: ThreadFold, reply: Reply): void {
  const { messageId, model, contextTokens } = reply
  thread.closed = false
  addReply(thread, messageId === null ? null : markOf(messageId))
  if (model !== null) applyModel(thread, model)
  thread.requestedModel = reply.requestedModel ?? thread.requestedModel
  thread.lastReply = reply.text ?? thread.lastReply
  if (contextTokens !== null) applyContext(thread, contextTokens)
}

/** Counts a reply whose id is not among the last ones. @param mark Of its id; null if it has none. */
export function addReply(thread: ThreadFold, mark: number | null): void {
  if (mark !== null && thread.replyMarks.includes(mark)) return
  thread.replies += 1
  if (mark !== null) push(thread.replyMarks, mark, foldLimits.replies)
}

export function applyModel(thread: ThreadFold, model: string): void {
  if (model === thread.model) return
  thread.model = model
  thread.largestTokens = 0
}

export function applyContext(thread: ThreadFold, tokens: number): void {
  thread.contextTokens = tokens
  thread.largestTokens = Math.max(thread.largestTokens, tokens)
}

function applyCalls(part: StreamFold, thread: ThreadFold | null, calls: readonly ToolCall[]): void {
  part.toolCalls += calls.length
  for (const call of calls) {
    if (call.kind === 'command') {
      if (thread) applyCommand(thread, call.command)
    } else if (call.kind !== 'other') {
      const { id, ...asked } = call
      addPending(part, { ...asked, mark: markOf(id) } as PendingCall)
    }
  }
}

export function applyCommand(thread: ThreadFold, command: string): void {
  push(thread.lastCommands, command, foldLimits.commands)
}

export function addPending(part: StreamFold, call: PendingCall): void {
  push(part.pending, call, foldLimits.pending)
}

/** What became of a call, whose id is told by its mark. */
export type MarkedResult = Pick<ToolResult, 'failed' | 'taskId'> & { readonly mark: number }

export function applyResult(
  part: StreamFold,
  thread: ThreadFold | null,
  { mark, failed, taskId }: MarkedResult,
  atMs: number,
  endByte: number,
): void {
  const { pending } = part
  let index = 0
  while (index < pending.length && pending[index]?.mark !== mark) index++
  const call = pending[index]
  if (call === undefined) return
  if (index === 0) pending.shift()
  else pending.splice(index, 1)
  if (failed) return
  if (call.kind === 'edit') markFile(part, call.path, atMs, endByte)
  else if (thread) applyTodos(thread, call, taskId)
}

function markFile({ files }: StreamFold, path: string, atMs: number, endByte: number): void {
  const mark = files.get(path)
  if (mark !== undefined) {
    mark.atMs = atMs
    mark.endByte = endByte
    mark.changes += 1
  } else if (files.size < foldLimits.files) {
    files.set(path, { atMs, endByte, changes: 1 })
  }
}

function applyTodos(thread: ThreadFold, call: Exclude<PendingCall, { kind: 'edit' }>, taskId: string | null): void {
  const { todos } = thread
  if (call.kind === 'todos') {
    todos.splice(0, todos.length, ...call.items.map(item => ({ id: null, ...item })))
  } else if (call.kind === 'task-create') {
    if (todos.length < todoLimit) todos.push({ id: taskId, text: call.text, status: 'pending' })
  } else {
    updateTask(todos, call)
  }
}

function updateTask(todos: ThreadFold['todos'], call: Extract<PendingCall, { kind: 'task-update' }>): void {
  const index = todos.findIndex(todo => todo.id === call.taskId)
  const todo = todos[index]
  if (todo === undefined) return
  todo.text = call.text ?? todo.text
  if (call.status === 'deleted') todos.splice(index, 1)
  else todo.status = call.status ?? todo.status
}

function push<T>(list: T[], item: T, limit: number): void {
  list.push(item)
  if (list.length > limit) list.shift()
}
