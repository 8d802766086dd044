/**
 * Where a saved transcript goes so that `claude --resume <id>` opens it, and under which id. Reads only.
 *
 * 1. A file that is longer than what was saved, or differs from it, is never written over, nor is one whose session
 *    is open: then the saved conversation becomes a session of its own, a fork beside it.
 * 2. The same checkpoint becomes the same fork, as long as nobody has gone on with it.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { type CheckpointRecord, type StreamRecord, streamNameSchema } from '../core/checkpoint.ts'
import { projectFolderName } from '../core/claude-folder.ts'
import { formatBytes } from '../core/format.ts'
import type { RestoreLeftOut, TranscriptPlan } from '../core/restore.ts'
import { isLive, type LiveState, parseSessionId, type SessionId } from '../core/session.ts'
import { shellWord } from '../core/shell-word.ts'
import { errorCode, readFully } from './durable-file.ts'
import { forkIdOf } from './fork-copy.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { createPresentReader, type FileState, type Present } from './present-files.ts'
import { readStream } from './record-check.ts'
import { findSessionFiles } from './session-files.ts'
import { copyStream, type NewContent } from './staged-changes.ts'
import type { TimeSlice } from './time-slice.ts'

export interface TranscriptSource {
  readonly files: FileSystem
  readonly reader: PackReader
  readonly record: CheckpointRecord
  /** Claude Code's config folders, the one to write to where there is a choice first. */
  readonly roots: readonly string[]
  /** Of the session now; null if nobody knows of it. */
  readonly live: LiveState | null
  readonly slice: TimeSlice
}

export interface TranscriptChange {
  /** Below `TranscriptWork.base`. */
  readonly name: string
  readonly before: FileState | null
  readonly after: FileState
  readonly content: NewContent
}

export interface TranscriptWork {
  readonly plan: TranscriptPlan
  /** Folder of the project below `projects`. */
  readonly base: string
  readonly changes: readonly TranscriptChange[]
}

export type TranscriptPlanned =
  | { readonly ok: true; readonly work: TranscriptWork }
  | { readonly ok: false; readonly code: 'damaged' | 'nothing-saved' | 'unsafe-name'; readonly message: string }

export async function planTranscript(source: TranscriptSource): Promise<TranscriptPlanned> {
  const { record } = source
  const main = record.streams.find(({ name }) => name === 'main')
  if (!main) return { ok: false, code: 'nothing-saved', message: 'The checkpoint holds no transcript' }
  const unsafe = record.streams.find(({ name }) => !streamNameSchema.safeParse(name).success)
  if (unsafe || parseSessionId(record.session) !== record.session) {
    return { ok: false, code: 'unsafe-name', message: 'The record names a stream or a session that no file can have' }
  }
  const cwds = cwdsIn(source)
  if (cwds === null) return { ok: false, code: 'damaged', message: 'The saved transcript does not verify' }
  const base = await folderFor(source, main, cwds)
  const cwd = cwds.all.find(one => projectFolderName(one) === path.basename(base)) ?? record.cwd ?? cwds.first ?? '.'
  const compared = compare(source, base, record.session)
  const mainNow = compared.find(({ stream }) => stream === main)
  const openNow = source.live !== null && (isLive(source.live) || source.live.status === 'unknown')
  const isFree = mainNow?.kind === 'absent' || mainNow?.kind === 'prefix'
  const work =
    mainNow?.kind === 'same' || (isFree && !openNow)
      ? inItsPlace(compared, mainNow.kind)
      : forkOf(source, base, main, openNow ? 'open' : (mainNow?.kind ?? 'other'))
  const next = {
    command: `cd ${shellWord(cwd)} && claude --resume ${work.sessionId}`,
    words: 'goes on with the conversation',
  }
  const writes = {
    files: work.changes.length,
    bytes: work.changes.reduce((sum, { after }) => sum + after.bytes, 0),
  }
  const { action, sessionId, why, left, changes } = work
  const file = path.join(base, `${sessionId}.jsonl`)
  return { ok: true, work: { base, changes, plan: { action, sessionId, file, why, writes, left, next } } }
}

/** Absolute, one per distinct text, at most a hundred. Null if the transcript does not read back. */
function cwdsIn({ reader, record }: TranscriptSource) {
  const all = new Set<string>()
  let tail = ''
  const read = readStream(reader, record, 'main', chunk => {
    const text = tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8')
    for (const [, quoted] of text.matchAll(/"cwd":("(?:[^"\\\n]|\\.){1,4096}")/g)) {
      if (all.size < 100 && quoted !== undefined) addJson(all, quoted)
    }
    tail = text.slice(-8_192)
  })
  if (!read.ok) return null
  return { first: [...all][0] ?? null, all: [...all] }
}

function addJson(into: Set<string>, quoted: string): void {
  try {
    const text: unknown = JSON.parse(quoted)
    if (typeof text === 'string' && path.isAbsolute(text)) into.add(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
}

/** Where the session lies now; else where it lay, if that is still one of Claude Code's; else by its first folder. */
async function folderFor(
  source: TranscriptSource,
  main: StreamRecord,
  { first, all }: NonNullable<ReturnType<typeof cwdsIn>>,
): Promise<string> {
  const { files, roots, record, slice } = source
  const found = await findSessionFiles(files, roots, slice, { only: record.session })
  const now = found.sessions.get(record.session)?.files.get('main')
  if (now) return path.dirname(now.path)
  const before = path.dirname(main.path)
  if (roots.some(root => path.dirname(before) === path.join(root, 'projects'))) return before
  // A folder that no record names is where the project is on this machine, by an import.
  const cwd = record.cwd !== null && !all.includes(record.cwd) ? record.cwd : (first ?? record.cwd)
  return path.join(roots[0] ?? '.', 'projects', projectFolderName(cwd ?? '/'))
}

/** How a stream's file stands to what was saved of it. */
interface Compared {
  readonly stream: StreamRecord
  readonly name: string
  readonly kind: 'absent' | 'same' | 'prefix' | 'longer' | 'other'
  readonly present: Present
}

function compare(source: TranscriptSource, base: string, sessionId: SessionId): readonly Compared[] {
  const reader = createPresentReader(source.files, base)
  return source.record.streams.map(stream => {
    const name = nameOf(stream.name, sessionId)
    const present = reader.read(Buffer.from(name))
    return { stream, name, present, kind: standing(source, base, stream, name, present) }
  })
}

/** Sub-agents of older versions lie beside the sessions; of a fork they go where newer versions look for them. */
function nameOf(stream: string, sessionId: SessionId, isFork = false): string {
  if (stream === 'main') return `${sessionId}.jsonl`
  if (!stream.startsWith('legacy/')) return `${sessionId}/${stream}`
  const file = stream.slice('legacy/'.length)
  return isFork ? `${sessionId}/subagents/${file}` : file
}

function standing(
  source: TranscriptSource,
  base: string,
  stream: StreamRecord,
  name: string,
  present: Present,
): Compared['kind'] {
  if (present.present === 'absent') return 'absent'
  if (present.present !== 'file' || present.kind !== 'file') return 'other'
  if (present.bytes === stream.bytes) return present.sha256 === stream.sha256 ? 'same' : 'other'
  if (present.bytes > stream.bytes) {
    const begins = hashOfBeginning(source.files, path.join(base, name), stream.bytes) === stream.sha256
    return begins ? 'longer' : 'other'
  }
  return hashOfSaved(source, stream.name, present.bytes) === present.sha256 ? 'prefix' : 'other'
}

/** Null if it cannot be read. */
function hashOfBeginning(files: FileSystem, at: string, bytes: number): string | null {
  try {
    const file = files.open(at, 'read')
    try {
      const hash = createHash('sha256')
      const chunk = Buffer.allocUnsafe(1_048_576)
      for (let done = 0; done < bytes; ) {
        const read = readFully(file, chunk.subarray(0, Math.min(chunk.length, bytes - done)), done)
        if (read === 0) return null
        hash.update(chunk.subarray(0, read))
        done += read
      }
      return hash.digest('hex')
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

function hashOfSaved({ reader, record }: TranscriptSource, name: string, bytes: number): string {
  const hash = createHash('sha256')
  let done = 0
  readStream(reader, record, name, chunk => {
    const part = chunk.subarray(0, Math.max(0, bytes - done))
    hash.update(part)
    done += part.byteLength
  })
  return hash.digest('hex')
}

type Work = Pick<TranscriptPlan, 'action' | 'sessionId' | 'why' | 'left'> & Pick<TranscriptWork, 'changes'>

const fileMode = 0o600

/** Under its own id: what is missing or shorter is written, the rest left as it is. */
function inItsPlace(compared: readonly Compared[], mainKind: 'absent' | 'prefix' | 'same'): Work {
  const changes = compared.flatMap(({ stream, name, kind, present }): TranscriptChange[] => {
    if (kind !== 'absent' && kind !== 'prefix') return []
    const before = present.present === 'file' ? stateOf(present) : null
    const after = { kind: 'file', mode: fileMode, bytes: stream.bytes, sha256: stream.sha256 } as const
    return [{ name, before, after, content: { from: 'stream', name: stream.name, forkTo: null } }]
  })
  const left = compared.flatMap(({ name, kind }): RestoreLeftOut[] => {
    if (kind === 'longer') return [{ path: name, reason: 'it has gone on since' }]
    return kind === 'other' ? [{ path: name, reason: 'something else lies there' }] : []
  })
  const sessionId = compared.find(({ stream }) => stream.name === 'main')?.name.slice(0, -'.jsonl'.length) ?? ''
  const why = {
    absent: 'The transcript is not there any more; it is put back where Claude Code looks for it.',
    prefix: 'What is there is the beginning of what was saved; it gets the rest.',
    same: changes.length === 0 ? 'It is there, byte for byte.' : 'It is there; files that belong to it are missing.',
  }[mainKind]
  const action = mainKind === 'prefix' ? 'extend' : mainKind === 'absent' || changes.length > 0 ? 'create' : 'same'
  return { action, sessionId, why, left, changes }
}

function stateOf({ kind, mode, bytes, sha256 }: FileState): FileState {
  return { kind, mode, bytes, sha256 }
}

const reasons: Readonly<Record<'open' | Compared['kind'], string>> = {
  open: 'The session is open, and nothing is written under its hands',
  longer: 'The conversation has gone on since',
  other: 'Another conversation lies there under this id',
  absent: 'Nothing is there',
  prefix: 'Less is there',
  same: 'It is there',
}

const mostForks = 100

function forkOf(source: TranscriptSource, base: string, main: StreamRecord, why: 'open' | Compared['kind']): Work {
  for (let count = 0; ; count++) {
    const sessionId = forkIdOf(source.record.session, main.sha256, count)
    const changes = forkChanges(source, base, sessionId)
    const taken = changes === null && count < mostForks
    if (taken) continue
    const copy = `what was saved (${formatBytes(main.bytes)}) becomes a session of its own`
    const isThere = changes?.length === 0
    const sentence = isThere ? `${reasons[why]}; its copy is there already.` : `${reasons[why]}; ${copy}.`
    return { action: isThere ? 'same' : 'fork', sessionId, why: sentence, left: [], changes: changes ?? [] }
  }
}

/** What is missing of the copy; null if something else lies under that id, such as a copy that somebody went on with. */
function forkChanges(source: TranscriptSource, base: string, sessionId: SessionId): readonly TranscriptChange[] | null {
  const reader = createPresentReader(source.files, base)
  const changes: TranscriptChange[] = []
  for (const stream of source.record.streams) {
    const name = nameOf(stream.name, sessionId, true)
    const content = { from: 'stream', name: stream.name, forkTo: sessionId } as const
    const hash = createHash('sha256')
    copyStream(content, source, chunk => hash.update(chunk))
    const sha256 = hash.digest('hex')
    const present = reader.read(Buffer.from(name))
    if (present.present === 'file' && present.sha256 === sha256) continue
    if (present.present !== 'absent') return null
    const after = { kind: 'file', mode: fileMode, bytes: stream.bytes, sha256 } as const
    changes.push({ name, before: null, after, content })
  }
  return changes
}
