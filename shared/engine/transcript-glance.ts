/**
 * A first look at transcripts that nobody has read yet: from the beginning and the end of a file, what it is about
 * and how it stands. Good enough to show, not to decide by: counts, changed files and sub-agents are left out.
 */
import path from 'node:path'
import { parseSessionId, type SessionFacts, type SessionId } from '../core/session.ts'
import { applyEvent, emptyFold, factsOf } from '../core/session-fold.ts'
import type { TranscriptEvent } from '../core/transcript.ts'
import { errorCode, readFully } from './durable-file.ts'
import type { FilePeek, FileSystem, OpenFile } from './ports.ts'
import { createRecordReader, type RecordReader } from './record-reader.ts'

export interface Glimpsed {
  readonly sessionId: SessionId
  readonly root: string
  readonly path: string
  readonly stat: FilePeek
}

/** The sessions' own files, most recently written first. What cannot be read is left to the whole look. */
export function glimpseFiles(files: FileSystem, roots: readonly string[]): readonly Glimpsed[] {
  const found = new Map<SessionId, Glimpsed>()
  for (const root of roots) {
    const projects = path.join(root, 'projects')
    for (const folder of namesIn(files, projects)) {
      for (const name of namesIn(files, path.join(projects, folder))) {
        const sessionId = name.endsWith('.jsonl') ? parseSessionId(name.slice(0, -'.jsonl'.length)) : null
        if (sessionId === null) continue
        const file = glimpse(files, sessionId, root, `${projects}${path.sep}${folder}${path.sep}${name}`)
        if (file !== null && isBetter(file, found.get(sessionId))) found.set(sessionId, file)
      }
    }
  }
  return [...found.values()].sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs)
}

function namesIn(files: FileSystem, folder: string): readonly string[] {
  try {
    return files.list(folder)
  } catch (error) {
    if (errorCode(error) === null) throw error
    return []
  }
}

function glimpse(files: FileSystem, sessionId: SessionId, root: string, at: string): Glimpsed | null {
  try {
    const stat = files.peek(at)
    return stat.kind === 'file' ? { sessionId, root, path: at, stat } : null
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

function isBetter(file: Glimpsed, other: Glimpsed | undefined): boolean {
  return other === undefined || file.stat.size > other.stat.size
}

/** Facts of one file by its head and tail; those of an empty one if it cannot be read. */
export type ReadGlance = (file: Glimpsed) => SessionFacts

/** Bytes that are read of each end; more where what is looked for lies behind one of the tool's own large records. */
const steps = [32_768, 262_144, 1_048_576] as const

export function createGlance(files: FileSystem): ReadGlance {
  const reader = createRecordReader()
  return ({ sessionId, path: at, stat }) => {
    const fold = emptyFold(sessionId)
    for (const event of endsOf(files, reader, at, stat.size)) applyEvent(fold, event, { stream: 'main', endByte: 0 })
    const facts = factsOf(fold)
    return facts.lastActivityMs === null ? { ...facts, lastActivityMs: stat.mtimeMs } : facts
  }
}

function endsOf(files: FileSystem, reader: RecordReader, at: string, size: number): readonly TranscriptEvent[] {
  try {
    const file = files.open(at, 'read')
    try {
      const head = headOf(file, reader, size)
      return [...head.events, ...tailOf(file, reader, head.end, size)]
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
    return []
  }
}

interface Part {
  readonly events: readonly TranscriptEvent[]
  /** The byte after the last line. */
  readonly end: number
}

function headOf(file: OpenFile, reader: RecordReader, size: number): Part {
  let part: Part = { events: [], end: 0 }
  for (const step of steps) {
    part = linesIn(file, reader, 0, Math.min(step, size))
    if (step >= size || part.events.some(event => event.kind === 'prompt')) break
  }
  return part
}

/** The lines from `from` to the end of the file, or as many of the last ones as it takes. */
function tailOf(file: OpenFile, reader: RecordReader, from: number, size: number): readonly TranscriptEvent[] {
  let events: readonly TranscriptEvent[] = []
  for (const step of steps) {
    const start = size - step
    if (start <= from) return linesIn(file, reader, from, size).events
    events = linesIn(file, reader, start, size).events.slice(1)
    if (events.some(isReply)) break
  }
  return events
}

function isReply(event: TranscriptEvent): boolean {
  return event.kind === 'reply' && event.reply.contextTokens !== null && !event.envelope.sidechain
}

function linesIn(file: OpenFile, reader: RecordReader, from: number, to: number): Part {
  const buffer = Buffer.allocUnsafe(to - from)
  const bytes = buffer.subarray(0, readFully(file, buffer, from))
  const events: TranscriptEvent[] = []
  let at = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, at)) {
    events.push(reader.read(bytes, at, end, true))
    at = end + 1
  }
  return { events, end: from + at }
}
