/**
 * One record of a Claude Code transcript → what it says about its session.
 *
 * Pure, and never throws: a record that is no object is `damaged`, one that says nothing of interest is `ignored`,
 * and a type that a later version invents is ignored too. The vendor calls the format internal, so every field is
 * taken as absent until it proves to be there. Texts are cut here, so that an event is small however long its line.
 */
import { clip, countOf, type JsonObject, listOf, nameOf, objectOf, oneLine, textOf } from './json-value.ts'
import { parseSessionId, type SessionId } from './session.ts'
import { callOf, resultOf, type ToolCall, type ToolResult, textLimits } from './tool-call.ts'

/** What any record may tell beside its own content. Null where it does not. */
export interface Envelope {
  /** Epoch ms. Seconds may lie between this and the arrival of the line on disk. */
  readonly atMs: number | null
  readonly cwd: string | null
  readonly branch: string | null
  readonly version: string | null
  readonly entrypoint: string | null
  /** In a sub-agent's file: the parent's. */
  readonly sessionId: SessionId | null
  readonly forkedFrom: SessionId | null
  /** True for the work of a sub-agent, wherever it is written. */
  readonly sidechain: boolean
}

/** One line of an API reply; a reply of several content blocks is several lines with one `messageId`. */
export interface Reply {
  readonly messageId: string | null
  readonly model: string | null
  /** As asked for: the only place where the suffix `[1m]` shows. */
  readonly requestedModel: string | null
  /** Size of the context that this reply was made from, in tokens; null if the line does not say. */
  readonly contextTokens: number | null
  readonly text: string | null
  readonly calls: readonly ToolCall[]
}

export type TranscriptEvent =
  | { readonly kind: 'prompt'; readonly envelope: Envelope; readonly text: string }
  | { readonly kind: 'results'; readonly envelope: Envelope; readonly results: readonly ToolResult[] }
  | { readonly kind: 'reply'; readonly envelope: Envelope; readonly reply: Reply }
  | { readonly kind: 'compaction'; readonly envelope: Envelope; readonly postTokens: number | null }
  | { readonly kind: 'title'; readonly envelope: Envelope; readonly source: 'custom' | 'ai'; readonly text: string }
  /** The model that the next reply will come from. */
  | { readonly kind: 'model'; readonly envelope: Envelope; readonly requestedModel: string }
  /** A process that held the session said goodbye. */
  | { readonly kind: 'closed'; readonly envelope: Envelope }
  | { readonly kind: 'ignored'; readonly envelope: Envelope }
  /** A line that is no JSON object. */
  | { readonly kind: 'damaged' }
  /** A line over the length limit. */
  | { readonly kind: 'overlong' }

/** @param value What `JSON.parse` made of a line. */
export function parseRecord(value: unknown): TranscriptEvent {
  const record = objectOf(value)
  if (record === null) return { kind: 'damaged' }
  const envelope = envelopeOf(record)
  switch (record['type']) {
    case 'user':
      return userEvent(record, envelope)
    case 'assistant':
      return assistantEvent(record, envelope)
    case 'attachment':
      return attachmentEvent(record, envelope)
    case 'system':
      return systemEvent(record, envelope)
    case 'custom-title':
      return titleEvent('custom', record['customTitle'], envelope)
    case 'ai-title':
      return titleEvent('ai', record['aiTitle'], envelope)
    case 'cost-state':
      return { kind: 'closed', envelope }
    default:
      return { kind: 'ignored', envelope }
  }
}

/** A message that Claude Code itself put in the model's place, such as an API error. */
export function isSynthetic(model: string | null): boolean {
  return model?.startsWith('<') ?? false
}

function envelopeOf(record: JsonObject): Envelope {
  return {
    atMs: typeof record['timestamp'] === 'string' ? timeOf(record['timestamp']) : null,
    cwd: nameOf(record['cwd']),
    branch: nameOf(record['gitBranch']),
    version: nameOf(record['version']),
    entrypoint: nameOf(record['entrypoint']),
    sessionId: parseSessionId(record['sessionId']),
    forkedFrom: forkOf(record['forkedFrom']),
    sidechain: record['isSidechain'] === true,
  }
}

/** Epoch ms of a timestamp, or null if it is none. */
export function timeOf(timestamp: string): number | null {
  const atMs = Date.parse(timestamp)
  return Number.isNaN(atMs) ? null : atMs
}

/** The session named by a `forkedFrom`. */
function forkOf(value: unknown): SessionId | null {
  return parseSessionId(objectOf(value)?.['sessionId'])
}

function userEvent(record: JsonObject, envelope: Envelope): TranscriptEvent {
  const content = objectOf(record['message'])?.['content']
  const results = listOf(content).flatMap(block => resultOf(block, record['toolUseResult']))
  if (results.length > 0) return { kind: 'results', envelope, results }
  const madeByTool =
    record['isMeta'] === true ||
    record['isCompactSummary'] === true ||
    'toolUseResult' in record ||
    'sourceToolAssistantUUID' in record
  const text = madeByTool ? null : humanText(content, record['origin'])
  return text === null ? { kind: 'ignored', envelope } : { kind: 'prompt', envelope, text }
}

/** How texts begin that stand in a user record without a human having typed them. */
const toolTexts = [
  '<command-name>',
  '<local-command-',
  '<bash-input>',
  '<bash-stdout>',
  '<bash-stderr>',
  '<task-notification>',
  '<system-reminder>',
  '[Request interrupted by user',
]

/** What a human typed, or null if none did. A custom command is given as it was typed: `/name arguments`. */
export function humanText(content: unknown, origin: unknown): string | null {
  const originKind = objectOf(origin)?.['kind']
  if (originKind !== undefined && originKind !== 'human') return null
  const text = typeof content === 'string' ? content : textBlocks(content)
  if (text.trim() === '') return listOf(content).some(isImage) ? '[Image]' : null
  if (toolTexts.some(start => text.startsWith(start))) return null
  return clip(customCommand(text) ?? text, textLimits.prompt)
}

function textBlocks(content: unknown): string {
  const texts = listOf(content).flatMap(block => {
    const { type, text } = objectOf(block) ?? {}
    return type === 'text' && typeof text === 'string' ? [text] : []
  })
  return texts.join('\n')
}

function isImage(block: unknown): boolean {
  return objectOf(block)?.['type'] === 'image'
}

function customCommand(text: string): string | null {
  if (!text.startsWith('<command-message>')) return null
  const name = /<command-name>([^<]*)<\/command-name>/.exec(text)?.[1]
  const args = /<command-args>([\s\S]*?)<\/command-args>/.exec(text)?.[1] ?? ''
  return name === undefined ? null : `${name} ${args}`.trim()
}

function assistantEvent(record: JsonObject, envelope: Envelope): TranscriptEvent {
  const message = objectOf(record['message'])
  const model = nameOf(message?.['model'])
  if (message === null || isSynthetic(model) || record['isApiErrorMessage'] === true)
    return { kind: 'ignored', envelope }
  const reply: Reply = {
    messageId: nameOf(message['id']),
    model,
    requestedModel: nameOf(record['requestedModel']),
    contextTokens: contextTokensOf(objectOf(message['usage'])),
    text: textOf(clip(textBlocks(message['content']), textLimits.reply)),
    calls: listOf(message['content']).flatMap(callOf),
  }
  return { kind: 'reply', envelope, reply }
}

/** With server-side tool loops the usage is a sum over `iterations`, and only the last one is the context. */
function contextTokensOf(usage: JsonObject | null): number | null {
  const last = objectOf(listOf(usage?.['iterations']).at(-1)) ?? usage
  if (last === null) return null
  const tokens = countOf(last['input_tokens']) + cacheCreation(last) + countOf(last['cache_read_input_tokens'])
  // No request has an empty context: some gateways report zeros.
  return tokens > 0 ? tokens : null
}

function cacheCreation(usage: JsonObject): number {
  const nested = objectOf(usage['cache_creation'])
  return (
    countOf(usage['cache_creation_input_tokens']) ||
    countOf(nested?.['ephemeral_1h_input_tokens']) + countOf(nested?.['ephemeral_5m_input_tokens'])
  )
}

function attachmentEvent(record: JsonObject, envelope: Envelope): TranscriptEvent {
  const attachment = objectOf(record['attachment'])
  if (attachment?.['type'] === 'model') {
    const requestedModel = nameOf(objectOf(attachment['identity'])?.['modelId'])
    return requestedModel === null ? { kind: 'ignored', envelope } : { kind: 'model', envelope, requestedModel }
  }
  // A prompt typed while the model was busy has no user record of its own.
  const typed = attachment?.['type'] === 'queued_command' && attachment['humanTurn'] === true
  const text = typed ? humanText(attachment['prompt'], attachment['origin']) : null
  return text === null ? { kind: 'ignored', envelope } : { kind: 'prompt', envelope, text }
}

function systemEvent(record: JsonObject, envelope: Envelope): TranscriptEvent {
  if (record['subtype'] !== 'compact_boundary') return { kind: 'ignored', envelope }
  const postTokens = countOf(objectOf(record['compactMetadata'])?.['postTokens'])
  return { kind: 'compaction', envelope, postTokens: postTokens > 0 ? postTokens : null }
}

/** What a record says that names its session. @param value Of its title. */
export function titleEvent(source: 'custom' | 'ai', value: unknown, envelope: Envelope): TranscriptEvent {
  const text = typeof value === 'string' ? oneLine(value, textLimits.title) : ''
  return text === '' ? { kind: 'ignored', envelope } : { kind: 'title', envelope, source, text }
}
