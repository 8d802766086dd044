/**
 * Writes lines of one made-up session, in the envelope that Claude Code used in the chosen age, and keeps the ground truth.
 *
 * This file knows threads, stamps, envelopes and bytes; what the lines are about is in `transcript-records.ts`
 * (one record at a time), `tool-calls.ts` and `transcript-builder.ts` (turns and the odd cases).
 *
 * Invariants
 * 1. Every line goes through {@link emit} or {@link emitDamaged}, with the effects it is meant to have.
 * 2. Stamps handed out by {@link tick} grow strictly, over all threads: two changes never share a time.
 * 3. Records that a reader may skip unread (`isSkippable`) never carry the first or last stamp of the session.
 */
import type { SessionId } from '../../shared/core/session.ts'
import type { Filler } from './filler.ts'
import { addBytes, addLine, createTruth, type Effect, says, type TruthDraft } from './ground-truth.ts'
import type { Random } from './random.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Appends to a stream of the session (see `TranscriptStream.name`); a string is written as UTF-8. */
export type StreamSink = (stream: string, data: string | Buffer) => void

/**
 * Which Claude Code wrote it. `current`: 2.1.330. `early-2.1`: `progress` records, placeholder usage, `summary` lines.
 * `old`: 1.x and 2.0, side chains in the main file or beside it, MultiEdit, TodoWrite, other key order.
 */
export type Age = 'current' | 'early-2.1' | 'old'

export interface ModelChoice {
  /** As in `message.model`. */
  readonly id: string
  /** As in `requestedModel`, where that age writes it. */
  readonly requested: string
  readonly windowTokens: number
}

/** A chain of records: the main one, or a sub-agent's. */
export interface Thread {
  readonly stream: string
  readonly agentId: string | null
  readonly sidechain: boolean
  tip: string | null
}

export interface WriterOptions {
  readonly sessionId: SessionId
  readonly random: Random
  readonly filler: Filler
  readonly sink: StreamSink
  readonly age: Age
  readonly version: string
  /** `cli`: a terminal. `sdk-cli`: `claude -p`. */
  readonly entrypoint: 'cli' | 'sdk-cli'
  readonly model: ModelChoice
  readonly cwd: string
  /** Null where that age recorded none. */
  readonly branch: string | null
  readonly startMs: number
  /** About how many bytes the CLI's own first records have together. */
  readonly heavyBytes: number
  /** Share of records whose keys come in another order. */
  readonly shuffledKeys: number
  /** Keep what was written, for a fork. Costs memory. */
  readonly keepLog: boolean
}

export interface LoggedLine {
  readonly record: JsonObject
  readonly effects: readonly Effect[]
}

export interface TranscriptWriter {
  readonly options: WriterOptions
  readonly sessionId: SessionId
  readonly random: Random
  readonly filler: Filler
  readonly main: Thread
  readonly truth: TruthDraft
  readonly log: LoggedLine[]
  sink: StreamSink
  nowMs: number
  cwd: string
  branch: string | null
  version: string
  model: ModelChoice
  /** Size of the context at the next reply. */
  contextTokens: number
  /** About how much each reply adds. */
  contextStep: number
  promptId: string
  promptIndex: number
  lastPrompt: string | null
  customTitle: string | null
  slug: string | null
  sourceFork: SessionId | null
  toolsUsed: readonly string[]
}

export function createWriter(options: WriterOptions): TranscriptWriter {
  return {
    options,
    sessionId: options.sessionId,
    random: options.random,
    filler: options.filler,
    main: { stream: 'main', agentId: null, sidechain: false, tip: null },
    truth: createTruth(options.sessionId),
    log: [],
    sink: options.sink,
    nowMs: options.startMs,
    cwd: options.cwd,
    branch: options.branch,
    version: options.version,
    model: options.model,
    contextTokens: 12_000 + options.random.int(0, 8000),
    contextStep: 1500,
    promptId: options.random.uuid(),
    promptIndex: 0,
    lastPrompt: null,
    customTitle: null,
    slug: null,
    sourceFork: null,
    toolsUsed: [],
  }
}

/** Lets `ms` pass, at least 1, and returns the new time. */
export function tick(writer: TranscriptWriter, ms: number): number {
  writer.nowMs += Math.max(1, Math.floor(ms))
  return writer.nowMs
}

export const stamp = (ms: number): string => new Date(ms).toISOString()

/** Writes `record` as a line of `stream`. */
export function emit(
  writer: TranscriptWriter,
  record: JsonObject,
  effects: readonly Effect[] = [],
  stream = 'main',
): void {
  const line = `${JSON.stringify(maybeShuffled(writer, record))}\n`
  writer.sink(stream, line)
  addLine(writer.truth, stream, Buffer.byteLength(line), effects)
  if (writer.options.keepLog && stream === 'main') writer.log.push({ record, effects })
}

/** Writes a complete line that is no JSON object. `text` has no line end. */
export function emitDamaged(writer: TranscriptWriter, text: string | Buffer): void {
  const line = Buffer.concat([Buffer.from(text), Buffer.from('\n')])
  if (line.indexOf(10) !== line.length - 1) throw new RangeError('a line has one line end')
  writer.sink('main', line)
  addLine(writer.truth, 'main', line.length, [says.damaged()])
}

/** Writes a file of the session that has no lines, or bytes after the last line end, which do not count. */
export function emitRaw(writer: TranscriptWriter, stream: string, data: string | Buffer, counts: boolean): void {
  writer.sink(stream, data)
  if (counts) addBytes(writer.truth, stream, Buffer.byteLength(data))
}

/** What a chained record has beyond its envelope. */
export interface Chained {
  /** Between `isSidechain` and `uuid` in the current age. */
  readonly before: JsonObject
  /** Between `timestamp` and the envelope. */
  readonly after?: JsonObject
  readonly atMs: number
  /** Default: the thread's tip. */
  readonly parent?: string | null
  /** False: the thread's tip stays where it is. */
  readonly moves?: boolean
  readonly effects?: readonly Effect[]
}

/** Writes a record with the common envelope as a member of `thread`; returns its uuid. */
export function emitChained(writer: TranscriptWriter, thread: Thread, chained: Chained): string {
  const uuid = writer.random.uuid()
  const parentUuid = chained.parent === undefined ? thread.tip : chained.parent
  const own = { uuid, timestamp: stamp(chained.atMs) }
  const head = { parentUuid, isSidechain: thread.sidechain }
  const agent = thread.agentId === null ? {} : { agentId: thread.agentId }
  const record =
    writer.options.age === 'current'
      ? { ...head, ...agent, ...chained.before, ...own, ...chained.after, ...envelope(writer) }
      : { ...head, ...envelope(writer), ...agent, ...chained.before, ...own, ...chained.after }
  const ofMain = thread.sidechain ? [] : [envelopeEffect(writer)]
  emit(writer, record, [says.at(chained.atMs), ...ofMain, ...(chained.effects ?? [])], thread.stream)
  if (chained.moves !== false) thread.tip = uuid
  return uuid
}

function envelope(writer: TranscriptWriter): JsonObject {
  const { cwd, branch, sessionId, version, slug, sourceFork } = writer
  const gitBranch = branch === null ? {} : { gitBranch: branch }
  if (writer.options.age !== 'current') return { userType: 'external', cwd, sessionId, version, ...gitBranch }
  return {
    ...(sourceFork === null ? {} : { session_id: sourceFork }),
    userType: 'external',
    entrypoint: writer.options.entrypoint,
    cwd,
    sessionId,
    version,
    ...gitBranch,
    ...(slug === null ? {} : { slug }),
  }
}

function envelopeEffect(writer: TranscriptWriter): Effect {
  const entrypoint = writer.options.age === 'current' ? writer.options.entrypoint : null
  return says.envelope(writer.cwd, writer.branch, writer.version, entrypoint)
}

function maybeShuffled(writer: TranscriptWriter, record: JsonObject): JsonObject {
  if (!writer.random.chance(writer.options.shuffledKeys)) return record
  return Object.fromEntries(writer.random.shuffle(Object.entries(record)))
}
