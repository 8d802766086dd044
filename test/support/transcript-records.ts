/**
 * The kinds of records in a transcript, one function each, in the shapes of the real tool's files
 * (`test/fixtures/claude-code`). The texts that the tool's vendor would write are filler here.
 */
import { type Effect, says } from './ground-truth.ts'
import {
  emit,
  emitChained,
  type JsonObject,
  stamp,
  type Thread,
  type TranscriptWriter,
  tick,
} from './transcript-writer.ts'

/** Sizes in tokens, as the API reports them with each reply. */
export interface Usage {
  readonly input: number
  readonly cacheCreation: number
  readonly cacheRead: number
  readonly output: number
}

export function usageRecord(usage: Usage, current: boolean, iterations: readonly JsonObject[] = []): JsonObject {
  const short = {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheCreation,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
  }
  const cache = { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: usage.cacheCreation }
  if (!current) return { ...short, cache_creation: cache, service_tier: 'standard' }
  return {
    ...short,
    output_tokens_details: { thinking_tokens: 0 },
    server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
    service_tier: 'standard',
    cache_creation: cache,
    inference_geo: '',
    iterations,
    speed: 'standard',
    fallback_credit: null,
  }
}

/** An attachment: context that the tool injects, a member of the chain. `minus` ms before now. */
export function writeAttachment(
  writer: TranscriptWriter,
  attachment: JsonObject,
  more: AttachmentOptions = {},
): string {
  const rendered = more.rendered === undefined ? {} : { rendered: [{ content: more.rendered }], renderedRole: 'system' }
  return emitChained(writer, more.thread ?? writer.main, {
    before: { attachment, type: 'attachment' },
    after: rendered,
    atMs: writer.nowMs - (more.minus ?? 0),
    effects: more.effects ?? [],
  })
}

export interface AttachmentOptions {
  readonly thread?: Thread
  readonly rendered?: string
  /** How many ms before now it is stamped. */
  readonly minus?: number
  readonly effects?: readonly Effect[]
}

export function writeSystem(
  writer: TranscriptWriter,
  subtype: string,
  fields: JsonObject,
  effects: readonly Effect[] = [],
): string {
  return emitChained(writer, writer.main, {
    before: { type: 'system', subtype, ...fields },
    after: { isMeta: false },
    atMs: writer.nowMs,
    effects,
  })
}

/** A `user` record that nobody typed: a command's echo, a caveat, a notification. */
export function writeUserText(
  writer: TranscriptWriter,
  content: unknown,
  fields: JsonObject = {},
  thread = writer.main,
): string {
  const promptId = writer.options.age === 'current' ? { promptId: writer.promptId } : {}
  return emitChained(writer, thread, {
    before: { ...promptId, type: 'user', message: { role: 'user', content } },
    after: fields,
    atMs: writer.nowMs,
  })
}

/** Records that carry neither uuid nor envelope, only the session id. */
export function writeBare(writer: TranscriptWriter, fields: JsonObject, effects: readonly Effect[] = []): void {
  emit(writer, { ...fields, sessionId: writer.sessionId }, effects)
}

export function writeQueueOperation(
  writer: TranscriptWriter,
  operation: string,
  content: string | null,
  more: JsonObject = {},
): void {
  const atMs = tick(writer, 1)
  emit(
    writer,
    {
      type: 'queue-operation',
      operation,
      timestamp: stamp(atMs),
      sessionId: writer.sessionId,
      ...(content === null ? {} : { content }),
      ...more,
    },
    [says.at(atMs)],
  )
}

export function writeCustomTitle(writer: TranscriptWriter, title: string): void {
  writer.customTitle = title
  writeBare(writer, { type: 'custom-title', customTitle: title }, [says.customTitle(title)])
  writeBare(writer, { type: 'agent-name', agentName: title })
}

export function writeAiTitle(writer: TranscriptWriter, title: string): void {
  writeBare(writer, { type: 'ai-title', aiTitle: title }, [says.aiTitle(title)])
}

/** The lines without a timestamp that end most files and come again after each turn. */
export function writeMetadata(writer: TranscriptWriter): void {
  if (writer.options.age === 'old') return
  if (writer.lastPrompt !== null) {
    const leafUuid = writer.main.tip ?? '00000000-0000-0000-0000-000000000000'
    writeBare(writer, { type: 'last-prompt', lastPrompt: writer.lastPrompt.slice(0, 200), leafUuid })
  }
  if (writer.options.age !== 'current') return
  if (writer.customTitle !== null) writeCustomTitle(writer, writer.customTitle)
  if (writer.options.entrypoint === 'cli') {
    writeBare(writer, { type: 'mode', mode: 'normal' })
    writeBare(writer, { type: 'permission-mode', permissionMode: 'acceptEdits' })
  }
  writeBare(writer, { type: 'atis-latch', atis: '' })
}

export function writeToolsUsed(writer: TranscriptWriter, names: readonly string[]): void {
  const fresh = names.filter(name => !writer.toolsUsed.includes(name))
  if (fresh.length === 0 || writer.options.age !== 'current') return
  writer.toolsUsed = [...writer.toolsUsed, ...fresh]
  writeBare(writer, { type: 'tools-used', tools: writer.toolsUsed })
}

/** The last line of a process that ended well. */
export function writeCostState(writer: TranscriptWriter): void {
  if (writer.options.age !== 'current') return
  const { replies, toolCalls } = writer.truth
  emit(writer, {
    type: 'cost-state',
    sessionId: writer.sessionId,
    totalCostUSD: replies / 100,
    totalAPIDuration: 48 * replies,
    totalAPIDurationWithoutRetries: 46 * replies,
    totalToolDuration: 12 * toolCalls,
    totalLinesAdded: 0,
    totalLinesRemoved: 0,
    totalDuration: writer.nowMs - writer.options.startMs,
    startTime: writer.options.startMs,
    modelUsage: {
      [writer.model.id]: {
        inputTokens: 4 * replies,
        outputTokens: 90 * replies,
        cacheReadInputTokens: 1,
        cacheCreationInputTokens: 2,
        costUSD: replies / 100,
      },
    },
    hasUnknownModelCost: false,
  })
}

/** What the tool stores of its own prompts: most bytes of a small session. Stamped with the present time, never later. */
export function writeHeavyRecords(writer: TranscriptWriter, bytes: number): void {
  if (writer.options.age === 'old') return
  const text = (share: number) => writer.filler.code(Math.floor(bytes * share))
  writeAttachment(
    writer,
    { type: 'skill_listing', content: text(0.05), skillCount: 13, isInitial: true, names: ['dataviz'] },
    { rendered: text(0.05) },
  )
  writeAttachment(writer, {
    type: 'prompt_snapshot',
    systemPrompt: [text(0.1), text(0.05)],
    tools: [{ name: 'Bash', description: text(0.2), schema: { type: 'object', description: text(0.05) } }],
    reminderFold: false,
    contextRendering: 'announced',
  })
  if (writer.options.age !== 'current') return
  const shapeHash = writer.random.hex(64)
  const shape = {
    system: [{ type: 'text', text: text(0.1) }],
    tools: [{ name: 'Read', description: text(0.3), input_schema: {} }],
  }
  emit(writer, {
    type: 'api-request-shape',
    sessionId: writer.sessionId,
    shapeHash,
    timestamp: stamp(writer.nowMs),
    version: writer.version,
    shape,
  })
  const message = { role: 'user', content: [{ type: 'text', text: text(0.1) }] }
  emit(writer, { type: 'api-request-blob', sessionId: writer.sessionId, hash: writer.random.hex(64), message })
}

/** Written before each request to the API, with the stamp of what caused it. */
export function writeApiRequest(writer: TranscriptWriter): void {
  if (writer.options.age !== 'current') return
  emit(writer, {
    type: 'api-request',
    sessionId: writer.sessionId,
    id: writer.random.uuid(),
    timestamp: stamp(writer.nowMs),
    version: writer.version,
    querySource: writer.options.entrypoint === 'cli' ? 'repl_main_thread' : 'sdk',
    shapeHash: writer.random.hex(64),
    params: {
      model: writer.model.id,
      max_tokens: 128_000,
      thinking: { type: 'adaptive' },
      output_config: { effort: 'medium' },
    },
    keep: writer.truth.replies,
    tail: [writer.random.hex(64), writer.random.hex(64)],
    requestDigest: writer.random.hex(64),
  })
}

/** The light attachments at the beginning of a session. */
export function writeSessionStart(writer: TranscriptWriter): void {
  if (writer.options.age === 'old') return
  const { filler, cwd, model } = writer
  const marketingName = model.id.replace('claude-', '')
  writeAttachment(
    writer,
    {
      type: 'environment',
      snapshot: { workingDirectory: cwd, isGitRepo: writer.branch !== null, platform: 'linux', shell: 'bash' },
    },
    { rendered: filler.prose(300) },
  )
  writeAttachment(
    writer,
    {
      type: 'model',
      identity: { modelId: model.requested, marketingName, knowledgeCutoff: 'June 2026' },
      text: filler.prose(120),
    },
    { rendered: filler.prose(160) },
  )
  writeAttachment(
    writer,
    { type: 'deferred_tools_delta', addedNames: ['CronCreate'], addedLines: ['CronCreate'], removedNames: [] },
    { rendered: filler.prose(200) },
  )
  writeAttachment(
    writer,
    { type: 'instructions', files: [{ path: `${cwd}/CLAUDE.md`, type: 'Project', content: filler.prose(60) }] },
    { rendered: filler.prose(200) },
  )
  writeAttachment(writer, { type: 'date', date: stamp(writer.nowMs).slice(0, 10) })
}

/** Output of a SessionStart hook; stamped before everything else in the file. */
export function writeHookOutput(writer: TranscriptWriter, minus: number): void {
  if (writer.options.age !== 'current') return
  const content = writer.filler.prose(80)
  writeAttachment(
    writer,
    {
      type: 'hook_success',
      hookName: 'SessionStart:startup',
      hookEvent: 'SessionStart',
      content,
      stdout: `${content}\n`,
      stderr: '',
      exitCode: 0,
      command: 'node hook.mjs',
      durationMs: 90,
    },
    { minus },
  )
}

export function writeFileHistorySnapshot(writer: TranscriptWriter, messageId: string): void {
  if (writer.options.entrypoint !== 'cli' || writer.options.age === 'old') return
  emit(writer, {
    type: 'file-history-snapshot',
    messageId,
    snapshot: { messageId, trackedFileBackups: {}, timestamp: stamp(writer.nowMs + 84) },
    isSnapshotUpdate: false,
  })
}
