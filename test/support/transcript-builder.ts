/**
 * Turns of a made-up session: prompts, replies of several blocks, tool calls and their results, sub-agents.
 *
 * The odd cases are built of these in `transcript-cases.ts`.
 */
import { type Effect, says } from './ground-truth.ts'
import type { ToolCall } from './tool-calls.ts'
import {
  usageRecord,
  writeApiRequest,
  writeFileHistorySnapshot,
  writeMetadata,
  writeQueueOperation,
  writeSystem,
  writeToolsUsed,
} from './transcript-records.ts'
import { emitChained, type JsonObject, type Thread, type TranscriptWriter, tick } from './transcript-writer.ts'

export interface PromptOptions {
  /** Default: the text as a string. */
  readonly content?: unknown
  readonly thread?: Thread
  /** Default: the tip. A cancelled prompt's successor hangs on the same parent. */
  readonly parent?: string | null
}

/** A prompt that a human typed; returns its uuid. */
export function writePrompt(writer: TranscriptWriter, text: string, options: PromptOptions = {}): string {
  const current = writer.options.age === 'current'
  const typed = writer.options.entrypoint === 'cli'
  if (current && !typed) {
    writeQueueOperation(writer, 'enqueue', text)
    writeQueueOperation(writer, 'dequeue', null)
  }
  writer.promptId = writer.random.uuid()
  writer.promptIndex += 1
  writer.lastPrompt = text
  const origin = typed
    ? { origin: { kind: 'human' }, promptSource: 'typed', turnOrigin: 'human' }
    : { promptSource: 'sdk', turnOrigin: 'sdk' }
  const turnPosition = { promptIndex: writer.promptIndex, turnIndex: writer.promptIndex }
  const atMs = tick(writer, 20)
  const uuid = emitChained(writer, options.thread ?? writer.main, {
    before: {
      ...(current ? { promptId: writer.promptId } : {}),
      type: 'user',
      message: { role: 'user', content: options.content ?? text },
    },
    after: current ? { permissionMode: 'acceptEdits', ...origin, turnPosition } : {},
    atMs,
    ...(options.parent === undefined ? {} : { parent: options.parent }),
    effects: [says.prompt(text, atMs)],
  })
  writeFileHistorySnapshot(writer, uuid)
  return uuid
}

export type Block =
  | { readonly kind: 'thinking'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly call: ToolCall }

export interface ReplyOptions {
  readonly thread?: Thread
  /** Cut off by the user: no stop reason, output of one token. */
  readonly aborted?: boolean
  /** A gateway that sends no request id. */
  readonly noRequestId?: boolean
  /** Tools ran at the API's end: the reply's usage is the sum of two rounds, and only the last round is the context. */
  readonly serverLoop?: boolean
  /** Tokens in the context; default: what the writer has reached. */
  readonly contextTokens?: number
}

/** One message of the API, a line per block. Returns the uuid of each line. */
export function writeReply(
  writer: TranscriptWriter,
  blocks: readonly Block[],
  options: ReplyOptions = {},
): readonly string[] {
  const thread = options.thread ?? writer.main
  const messageId = `msg_01${writer.random.hex(22)}`
  const requestId = `req_${writer.random.hex(24)}`
  const tokens = options.contextTokens ?? growContext(writer)
  if (!thread.sidechain) writeApiRequest(writer)
  if (!thread.sidechain)
    writeToolsUsed(
      writer,
      blocks.flatMap(block => (block.kind === 'call' ? [block.call.name] : [])),
    )
  const stop = options.aborted === true ? null : blocks.some(block => block.kind === 'call') ? 'tool_use' : 'end_turn'
  return blocks.map((block, index) => {
    const last = index === blocks.length - 1
    const message = {
      id: messageId,
      type: 'message',
      role: 'assistant',
      model: writer.model.id,
      content: [contentOf(writer, block)],
      stop_reason: stop,
      stop_sequence: null,
      usage: usageOf(writer, tokens, last, options),
    }
    const request = options.noRequestId === true ? {} : { requestId }
    return emitChained(writer, thread, {
      ...replyFrame(writer, message, index, request, options),
      atMs: tick(writer, writer.random.int(20, 2500)),
      effects: replyEffects(writer, thread, block, index, tokens),
    })
  })
}

function replyFrame(
  writer: TranscriptWriter,
  message: JsonObject,
  index: number,
  request: JsonObject,
  options: ReplyOptions,
) {
  if (writer.options.age !== 'current') return { before: { type: 'assistant', message, ...request } }
  const requestedModel = writer.model.requested
  const aborted = options.aborted === true ? { isAbortedMidStream: true } : {}
  return {
    before: {
      message,
      apiBlockIndex: index,
      ...request,
      requestedModel,
      promptCacheRequested: '5m',
      type: 'assistant',
    },
    after: { ...aborted, effort: 'medium', perTurnEffort: 'medium', madeBy: 'model' },
  }
}

function replyEffects(
  writer: TranscriptWriter,
  thread: Thread,
  block: Block,
  index: number,
  tokens: number,
): readonly Effect[] {
  const ofCall = block.kind === 'call' ? block.call.onCall : []
  if (thread.sidechain) return ofCall
  const ofFirst = index === 0 ? [says.reply()] : []
  const ofText = block.kind === 'text' ? [says.replyText(block.text)] : []
  const ofAll = [says.model(writer.model.id), says.context(tokens, writer.model.windowTokens)]
  return [...ofFirst, ...ofAll, ...ofText, ...ofCall]
}

/** Before 2.1.97 all lines of a message but the last held a placeholder of the output. */
function usageOf(writer: TranscriptWriter, tokens: number, last: boolean, options: ReplyOptions): JsonObject {
  const cacheCreation = Math.min(350, tokens)
  const input = Math.min(4, tokens - cacheCreation)
  const current = writer.options.age === 'current'
  const output = options.aborted === true || (!current && !last) ? 1 : 90
  const whole = { input, cacheCreation, cacheRead: tokens - cacheCreation - input, output }
  if (options.serverLoop !== true) return usageRecord(whole, current)
  const first = { ...whole, cacheRead: Math.floor(whole.cacheRead / 2) }
  const rounds = [first, whole].map(round => ({ type: 'message', ...usageRecord(round, false) }))
  return usageRecord({ ...whole, cacheRead: whole.cacheRead + first.cacheRead }, current, rounds)
}

function contentOf(writer: TranscriptWriter, block: Block): JsonObject {
  if (block.kind === 'text') return { type: 'text', text: block.text }
  if (block.kind === 'thinking') return { type: 'thinking', thinking: block.text, signature: writer.filler.base64(64) }
  return { type: 'tool_use', id: block.call.id, name: block.call.name, input: block.call.input }
}

/** Never above 96 % of the window: what goes on from there is a compaction, which a case decides on. */
function growContext(writer: TranscriptWriter): number {
  const grown = writer.contextTokens + Math.floor(writer.contextStep * (0.4 + 1.2 * writer.random.next()))
  writer.contextTokens = Math.min(grown, Math.floor(writer.model.windowTokens * 0.96))
  return writer.contextTokens
}

/** The result of a call; `source` is the uuid of the line that called. */
export function writeResult(writer: TranscriptWriter, call: ToolCall, source: string, thread = writer.main): string {
  const current = writer.options.age === 'current'
  const atMs = tick(writer, writer.random.int(5, 1500))
  const error = call.isError ? { is_error: true } : {}
  const block = { tool_use_id: call.id, type: 'tool_result', content: call.content, ...error }
  const twin = call.result === undefined || (thread.stream !== 'main' && current) ? {} : { toolUseResult: call.result }
  const decision = { permissionDecision: { decision: 'accept', source: 'config', reasonType: 'mode' } }
  return emitChained(writer, thread, {
    before: {
      ...(current ? { promptId: writer.promptId } : {}),
      type: 'user',
      message: { role: 'user', content: [block] },
    },
    after: { ...twin, ...call.resultFields, ...(current ? { sourceToolAssistantUUID: source, ...decision } : {}) },
    atMs,
    parent: source,
    effects: call.onResult(atMs),
  })
}

/** One reply that makes all these calls, and their results in any order. */
export function writeCalls(
  writer: TranscriptWriter,
  calls: readonly ToolCall[],
  before: readonly Block[] = [],
  options: ReplyOptions = {},
): void {
  const blocks = [...before, ...calls.map(call => ({ kind: 'call', call }) as const)]
  const sources = writeReply(writer, blocks, options).slice(before.length)
  const pairs = calls.map((call, i) => ({ call, source: sources[i] ?? '' }))
  for (const { call, source } of writer.random.shuffle(pairs)) writeResult(writer, call, source, options.thread)
}

export function writeText(writer: TranscriptWriter, text: string, options: ReplyOptions = {}): void {
  writeReply(writer, [{ kind: 'text', text }], options)
}

/** What follows the last reply of a turn. */
export function writeTurnEnd(writer: TranscriptWriter): void {
  if (writer.options.entrypoint === 'cli' && writer.options.age === 'current') {
    tick(writer, 60)
    if (writer.random.chance(0.3)) {
      writeSystem(writer, 'stop_hook_summary', {
        hookCount: 1,
        hookInfos: [{ command: 'node hook.mjs Stop', durationMs: 29 }],
        hookErrors: [],
        preventedContinuation: false,
        stopReason: '',
        hasOutput: false,
        level: 'suggestion',
      })
    }
    writeSystem(writer, 'turn_duration', { durationMs: 1930, messageCount: writer.truth.lines })
  }
  if (writer.random.chance(0.5)) writeMetadata(writer)
}

/** A whole turn: a prompt, rounds of calls, a last text. */
export function writeTurn(
  writer: TranscriptWriter,
  prompt: string,
  rounds: readonly (readonly ToolCall[])[],
  reply: string,
): void {
  writePrompt(writer, prompt)
  for (const calls of rounds) {
    const opening: Block[] = []
    if (writer.random.chance(0.3)) opening.push({ kind: 'thinking', text: '' })
    if (writer.random.chance(0.4)) opening.push({ kind: 'text', text: writer.filler.prose(writer.random.int(20, 160)) })
    writeCalls(writer, calls, opening)
  }
  writeText(writer, reply)
  writeTurnEnd(writer)
}

/** What a sub-agent did, in a stream of its own or as a side chain in the main file. */
export function writeSubAgentWork(
  writer: TranscriptWriter,
  thread: Thread,
  prompt: string,
  rounds: readonly (readonly ToolCall[])[],
): void {
  emitChained(writer, thread, {
    before: { type: 'user', message: { role: 'user', content: prompt } },
    atMs: tick(writer, 15),
    parent: null,
  })
  for (const calls of rounds) writeCalls(writer, calls, [], { thread, contextTokens: 9000 })
  writeText(writer, writer.filler.prose(80), { thread, contextTokens: 9100 })
}
