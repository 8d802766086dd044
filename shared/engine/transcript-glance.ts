/**
 * A first look at transcripts that nobody has read yet: from the beginning and the end of a file, what it is about
 * and how it stands. Good enough to show, not to decide by: counts, changed files and sub-agents are left out.
 */
import path from 'node:path'
import { parseSessionId, type SessionFacts, type SessionId } from '../core/session.ts'
import { emptyFold, factsOf } from '../core/session-fold.ts'
import { emptyStream, type StreamFold } from '../core/stream-fold.ts'
import { errorCode, readFully } from './durable-file.ts'
import type { FilePeek, FileSystem, OpenFile } from './ports.ts'
import { startOfFile, type TranscriptScanner } from './transcript-scanner.ts'

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
      const project = path.join(projects, folder)
      // In one piece: each part more is work for every name.
      const within = project + path.sep
      for (const name of namesIn(files, project)) {
        const sessionId = name.endsWith('.jsonl') ? parseSessionId(name.slice(0, -'.jsonl'.length)) : null
        if (sessionId === null) continue
        const file = glimpse(files, sessionId, root, within + name)
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

/** @param scanner Not used by a reading that is under way. */
export function createGlance(files: FileSystem, scanner: TranscriptScanner): ReadGlance {
  return ({ sessionId, path: at, stat }) => {
    const fold = emptyFold(sessionId)
    fold.streams['main'] = endsOf({ files, scanner }, at, stat.size)
    const facts = factsOf(fold)
    return facts.lastActivityMs === null ? { ...facts, lastActivityMs: stat.mtimeMs } : facts
  }
}

interface Reading {
  readonly file: OpenFile
  readonly scanner: TranscriptScanner
  readonly size: number
}

function endsOf(
  { files, scanner }: { readonly files: FileSystem; readonly scanner: TranscriptScanner },
  at: string,
  size: number,
): StreamFold {
  let part = emptyStream(true)
  try {
    const file = files.open(at, 'read')
    try {
      for (const step of steps) {
        part = emptyStream(true)
        if (foldEnds({ file, scanner, size }, step, part)) break
      }
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
  return part
}

/** @returns whether the tail told how full the context is, or there is no more to read */
function foldEnds(reading: Reading, step: number, part: StreamFold): boolean {
  const { file, scanner, size } = reading
  const headEnd = foldHead(reading, part)
  const isWhole = size - step <= headEnd
  const from = isWhole ? headEnd : nextLine(file, size - step, size)
  // What the head says of the context is old.
  if (part.thread !== null && !isWhole) part.thread.contextTokens = null
  for (const _ of scanner.fold(file, { endByte: from, scannedTo: from }, size, part));
  return isWhole || part.thread?.contextTokens !== null
}

/** @returns the byte after the head's last line */
function foldHead({ file, scanner, size }: Reading, part: StreamFold): number {
  let position = startOfFile
  for (const step of steps) {
    for (const next of scanner.fold(file, position, Math.min(step, size), part)) position = next
    if (step >= size || part.thread?.firstPrompt !== null) break
  }
  return position.endByte
}

/** The byte after the first line end from `from` on. */
function nextLine(file: OpenFile, from: number, size: number): number {
  const bytes = Buffer.allocUnsafe(8_192)
  for (let at = from; at < size; ) {
    const count = readFully(file, bytes, at)
    const end = bytes.subarray(0, count).indexOf(0x0a)
    if (end !== -1) return at + end + 1
    if (count === 0) break
    at += count
  }
  return size
}
