/**
 * The detector's memory between two runs: how far each transcript was read and what it said, as plain JSON.
 *
 *   <folder>/sessions.json       of every session what each list shows, and how far its files were read, see
 *                                `index-columns.ts`
 *   <folder>/folds-<nn>.json     the rest, in shards by session id, read only when someone asks for it
 *                                (of old sessions it was not kept, see `kept-session.ts`)
 *   <folder>/folders.json        names in the folders of sessions, see `folder-memory.ts`
 *
 * A cache: losing it costs a reading of all transcripts and nothing else.
 *
 * Invariants
 * 1. A file that is damaged, of another version, or not ours is as if it were not there.
 * 2. A session's fold is used only if it was saved with the same positions as its entry: the files are replaced one
 *    after the other, and by other processes too.
 * 3. A process that dies while it saves leaves every file old or new, never half.
 */
import path from 'node:path'
import type { SessionId } from '../core/session.ts'
import { briefFactsOf, foldText, saidGoodbye } from '../core/session-fold.ts'
import { failureOf, makeFolderDurably, readBounded, replaceFile } from './durable-file.ts'
import { type FolderMemory, foldersFrom, foldersText, type ListedFolder } from './folder-memory.ts'
import { columnsText, type IndexEntry, storedSessions } from './index-columns.ts'
import { type KeptSession, keepStored, type SessionDigest, type StoredSession } from './kept-session.ts'
import type { Ports } from './ports.ts'
import type { ReadState } from './stream-reader.ts'

/** To be raised whenever a fold, an entry or what the reader makes of a line changes. */
export const indexVersion = 4
const shardCount = 32
/** Larger files are not ours. Bytes. */
const sizeLimit = 1_073_741_824

export type IndexPorts = Pick<Ports, 'clock' | 'files' | 'processes' | 'log'>

export interface DetectorIndex {
  /** What the run before knew. */
  load(): Map<SessionId, KeptSession>
  loadFolders(): readonly ListedFolder[]
  /**
   * Writes what changed since. Calls `pause` between files.
   *
   * @returns false if it could not be written: then nothing is lost but time, and it was logged
   */
  save(kept: ReadonlyMap<SessionId, KeptSession>, pause: () => Promise<void>): Promise<boolean>
  /** The same for folders: all of them, if the version is another than the one that was written before. */
  saveFolders(folders: Pick<FolderMemory, 'remembered' | 'version'>): boolean
}

export function createDetectorIndex(ports: IndexPorts, folder: string): DetectorIndex {
  const { files, log } = ports
  const entriesFile = path.join(folder, 'sessions.json')
  const shardFile = (shard: number) => path.join(folder, `folds-${shard.toString(16).padStart(2, '0')}.json`)
  /** Of shards that were looked into: session id → line. */
  const shards = new Map<number, Map<SessionId, string>>()
  let saved: readonly SessionId[] = []

  const foldersFile = path.join(folder, 'folders.json')
  /** The version that the file tells; none before there is one. */
  let savedFolders = -1

  return { load, loadFolders, save, saveFolders }

  function loadFolders(): readonly ListedFolder[] {
    const listed = understood(foldersFile, foldersFrom)
    if (listed !== null) savedFolders = 0
    return listed ?? []
  }

  function saveFolders(folders: Pick<FolderMemory, 'remembered' | 'version'>): boolean {
    const version = folders.version()
    if (version === savedFolders) return true
    try {
      makeFolderDurably(files, folder)
      replace(foldersFile, foldersText(folders.remembered()))
      savedFolders = version
      return true
    } catch (error) {
      log('warn', failureOf(error, `Writing the index in ${folder}`).message)
      return false
    }
  }

  function load(): Map<SessionId, KeptSession> {
    const kept = new Map<SessionId, KeptSession>()
    const stored = understood(entriesFile, text => storedSessions(text, foldTextOf))
    for (const session of stored ?? []) kept.set(session.sessionId, keepStored(session))
    saved = [...kept.keys()]
    return kept
  }

  /** What one of our ASCII files says; null if it is not ours, whatever its sum. */
  function understood<T>(at: string, read: (text: string) => T): T | null {
    const text = bodyOf(at)?.toString('latin1')
    if (text === undefined) return null
    try {
      return read(text)
    } catch (error) {
      log('info', 'an index file holds something else, and is made anew', { file: at, error: String(error) })
      return null
    }
  }

  /** In its shard, as it was when the entries were read. */
  function foldTextOf(session: StoredSession): string | null {
    return foldOfLine(lineOf(session.sessionId), marksOf(session.reads()))
  }

  /** To be called before more is read. */
  function textInShard(sessionId: SessionId, reads: ReadonlyMap<string, ReadState>): () => string | null {
    return () => foldOfLine(lineOf(sessionId), marksOf(reads))
  }

  function lineOf(sessionId: SessionId): string | null {
    return shardOf(shardNumber(sessionId)).get(sessionId) ?? null
  }

  function shardOf(shard: number): Map<SessionId, string> {
    const known = shards.get(shard)
    if (known !== undefined) return known
    const lines = bodyOf(shardFile(shard))?.toString('utf8').split('\n') ?? []
    const byId = new Map(lines.flatMap(line => (line === '' ? [] : [[line.slice(2, idLength - 1), line] as const])))
    shards.set(shard, byId)
    return byId
  }

  /** What follows the head of one of our files; null if it is not whole. */
  function bodyOf(at: string): Buffer | null {
    const read = readBounded(files, at, sizeLimit)
    if (!read.ok) {
      if (read.reason !== 'missing') log('warn', 'an index file is not used', { message: read.message })
      return null
    }
    const end = read.bytes.indexOf(0x0a)
    const body = read.bytes.subarray(end + 1)
    if (end !== -1 && read.bytes.toString('latin1', 0, end) === headOf(body)) return body
    log('info', 'an index file is damaged or of another version, and is made anew', { file: at })
    return null
  }

  async function save(kept: ReadonlyMap<SessionId, KeptSession>, pause: () => Promise<void>): Promise<boolean> {
    const read = [...kept.values()].filter(session => !session.isUnread)
    const changed = read.filter(session => session.isUnsaved)
    const isGone = saved.some(id => !kept.has(id))
    if (changed.length === 0 && !isGone) return true
    // What changes while this is written is not saved.
    for (const session of changed) session.isUnsaved = false
    try {
      makeFolderDurably(files, folder)
      for (const [shard, sessions] of Map.groupBy(changed, session => shardNumber(session.sessionId))) {
        saveShard(shard, sessions, kept)
        await pause()
      }
      replace(entriesFile, await inTurns(columnsText(read.map(entryOf).sort(mostRecentFirst)), pause))
    } catch (error) {
      for (const session of changed) session.isUnsaved = true
      log('warn', failureOf(error, `Writing the index in ${folder}`).message)
      return false
    } finally {
      shards.clear()
    }
    for (const session of changed) {
      const { sessionId, digest, reads } = session
      // From now on the text, if there is one, need not be held in memory.
      if (session.isUnsaved || digest === null || digest.foldText() === null) continue
      const { brief, goodbye } = digest
      session.digest = { brief, goodbye, foldText: textInShard(sessionId, reads) }
    }
    saved = [...kept.keys()]
    return true
  }

  function saveShard(shard: number, changed: readonly KeptSession[], kept: ReadonlyMap<SessionId, KeptSession>): void {
    const lines = shardOf(shard)
    for (const sessionId of lines.keys()) if (!kept.has(sessionId)) lines.delete(sessionId)
    for (const session of changed) {
      const text = textOf(session)
      if (text === null) lines.delete(session.sessionId)
      else lines.set(session.sessionId, `["${session.sessionId}",${JSON.stringify(marksOf(session.reads))},${text}]`)
    }
    replace(shardFile(shard), [...lines.values()].map(line => `${line}\n`).join(''))
  }

  function replace(at: string, text: string): void {
    const body = Buffer.from(text)
    replaceFile(ports, at, Buffer.concat([Buffer.from(`${headOf(body)}\n`), body]))
  }
}

async function inTurns<T>(steps: Generator<undefined, T>, pause: () => Promise<void>): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value
    await pause()
  }
}

function headOf(body: Buffer): string {
  // Loaded where there is an index.
  const { crc32 } = process.getBuiltinModule('node:zlib')
  return JSON.stringify({ format: 'asm-detector-index', version: indexVersion, sum: crc32(body) })
}

function shardNumber(sessionId: SessionId): number {
  return Number.parseInt(sessionId.slice(0, 2), 16) % shardCount
}

function textOf({ fold, digest }: KeptSession): string | null {
  return fold === null ? (digest?.foldText() ?? null) : foldText(fold)
}

/** What a fold rests on: where its streams were read to, and what was there. */
function marksOf(reads: ReadonlyMap<string, ReadState>): string {
  const marks = [...reads].map(([stream, { position, guard }]) => `${stream}:${position.endByte}:${guard}`)
  return marks.sort().join('|')
}

/** The fold in a shard's line `["<id>","<marks>",<fold>]`; null if it rests on something else. */
function foldOfLine(line: string | null, marks: string): string | null {
  const head = `,${JSON.stringify(marks)},`
  return line?.startsWith(head, idLength) ? line.slice(idLength + head.length, -1) : null
}

/** Of `["<id>"`. */
const idLength = 39

function entryOf(session: KeptSession): IndexEntry {
  return { ...briefOf(session), reads: session.reads }
}

function briefOf({ fold, digest, facts }: KeptSession): Pick<SessionDigest, 'brief' | 'goodbye'> {
  if (fold !== null) return { brief: facts ?? briefFactsOf(fold), goodbye: saidGoodbye(fold) }
  if (digest === null) throw new Error('a session is to be saved that nobody has read')
  return { brief: digest.brief, goodbye: digest.goodbye }
}

/** The order in which they are told: what is in order already is sorted in no time. */
function mostRecentFirst({ brief: a }: IndexEntry, { brief: b }: IndexEntry): number {
  return (b.lastActivityMs ?? 0) - (a.lastActivityMs ?? 0)
}
