/**
 * One session of a corpus on disk: where its files lie, what is true of it, and how it grows.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { ProjectRef, SessionId, TranscriptStream } from '../../shared/core/session.ts'
import { addLine, says, type TrueFacts, truthOf } from './ground-truth.ts'
import type { Random } from './random.ts'
import type { LiveTruth } from './registry-files.ts'
import { type TornTail, writeOrdinaryTurn } from './session-plan.ts'
import { editCall } from './tool-calls.ts'
import { writeCalls, writePrompt, writeText, writeTurnEnd } from './transcript-builder.ts'
import type { StreamSink, TranscriptWriter } from './transcript-writer.ts'

export interface CorpusSession {
  readonly sessionId: SessionId
  readonly mainPath: string
  /** The folder below `projects` that holds it. */
  readonly projectFolder: string
  /** All files of the session, `main` first, others by name; `meta.json` and `tool-results` included. */
  readonly streams: readonly TranscriptStream[]
  readonly truth: TrueFacts
  /** Null when no record names a cwd. */
  readonly project: ProjectRef | null
  readonly live: LiveTruth
  /** Names of the odd cases in it. */
  readonly cases: readonly string[]
}

/** What only the generator needs, kept apart so that a session is plain JSON. */
export interface SessionState {
  readonly writer: TranscriptWriter
  readonly mainPath: string
  torn: { readonly kind: TornTail; readonly bytes: number } | null
}

/** Claude Code's name for the folder of `cwd`. Lossy on purpose: two folders may share one. */
export function encodeProjectFolder(cwd: string): string {
  const encoded = cwd.replace(/[^a-zA-Z0-9]/g, '-')
  if (encoded.length <= 200) return encoded
  let hash = 0
  for (let i = 0; i < cwd.length; i++) hash = ((hash << 5) - hash + cwd.charCodeAt(i)) | 0
  return `${encoded.slice(0, 200)}-${Math.abs(hash).toString(36)}`
}

export function streamPath(mainPath: string, stream: string): string {
  if (stream === 'main') return mainPath
  const folder = path.dirname(mainPath)
  if (stream.startsWith('legacy/')) return path.join(folder, stream.slice('legacy/'.length))
  return path.join(folder, path.basename(mainPath, '.jsonl'), stream)
}

/** Collects what is written and appends it in few large writes; `flush` when done. */
export function fileSink(mainPath: string): { readonly sink: StreamSink; readonly flush: () => void } {
  const waiting = new Map<string, (string | Buffer)[]>()
  let size = 0
  const flush = () => {
    for (const [stream, pieces] of waiting) append(streamPath(mainPath, stream), pieces)
    waiting.clear()
    size = 0
  }
  const sink: StreamSink = (stream, data) => {
    const pieces = waiting.get(stream)
    if (pieces === undefined) waiting.set(stream, [data])
    else pieces.push(data)
    size += data.length
    if (size > 2 << 20) flush()
  }
  return { sink, flush }
}

function append(file: string, pieces: readonly (string | Buffer)[]): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const allText = pieces.every(piece => typeof piece === 'string')
  fs.appendFileSync(file, allText ? pieces.join('') : Buffer.concat(pieces.map(piece => Buffer.from(piece))), {
    mode: 0o600,
  })
}

/** The session's files as they lie on disk now; sizes that count come from what was written. */
export function streamsOf(state: SessionState): readonly TranscriptStream[] {
  const names = [...state.writer.truth.bytes.keys()].sort(
    (a, b) => Number(b === 'main') - Number(a === 'main') || (a < b ? -1 : 1),
  )
  return names.map(name => {
    const file = streamPath(state.mainPath, name)
    const { size, mtimeMs } = fs.statSync(file)
    return {
      name,
      path: file,
      completeBytes: state.writer.truth.bytes.get(name) ?? 0,
      sizeBytes: size,
      modifiedMs: mtimeMs,
    }
  })
}

export interface Growth {
  /** Ordinary turns to append. Default 1, or 0 when something else is asked for. */
  readonly turns?: number
  /** One prompt without an answer: a single line. */
  readonly prompt?: string
  /** Absolute paths, each edited once by a tool, in one turn. */
  readonly edits?: readonly string[]
  /** When it begins; never before the session's last line. Default: a second after it. */
  readonly atMs?: number
}

/**
 * Appends to the session's files, as Claude Code would, and returns the session as it then is.
 * A torn tail is ended first: as a damaged line when it was cut, as what it is when it was whole.
 */
export function growSession(session: CorpusSession, state: SessionState, growth: Growth = {}): CorpusSession {
  const { writer } = state
  const { sink, flush } = fileSink(state.mainPath)
  writer.sink = sink
  if (state.torn !== null) endTornTail(state)
  writer.nowMs = Math.max(writer.nowMs + 1000, growth.atMs ?? 0)
  const paths = Array.from({ length: 10 }, () => `${writer.cwd}/${writer.filler.path()}`)
  const turns = growth.turns ?? (growth.prompt === undefined && growth.edits === undefined ? 1 : 0)
  for (let i = 0; i < turns; i++) writeOrdinaryTurn(writer, { toolBytes: 300 }, paths)
  if (growth.edits !== undefined) writeEdits(writer, growth.edits)
  if (growth.prompt !== undefined) writePrompt(writer, growth.prompt)
  flush()
  return { ...session, truth: truthOf(writer.truth), streams: streamsOf(state) }
}

function endTornTail(state: SessionState): void {
  const { writer, torn } = state
  if (torn === null) return
  writer.sink('main', '\n')
  addLine(writer.truth, 'main', torn.bytes + 1, torn.kind === 'cut' ? [says.damaged()] : [])
  state.torn = null
}

function writeEdits(writer: TranscriptWriter, edits: readonly string[]): void {
  writePrompt(writer, writer.filler.prompt())
  for (const file of edits) writeCalls(writer, [editCall(writer, file, 100)])
  writeText(writer, writer.filler.prose(80))
  writeTurnEnd(writer)
}

/** Independent of the order in which sessions are made. */
export const sessionRandom = (random: Random, n: number): Random => random.branch(`session ${n}`)
