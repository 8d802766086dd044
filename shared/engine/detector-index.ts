/**
 * The detector's memory between two runs: how far each transcript was read and what it said, as plain JSON.
 *
 *   <folder>/sessions.json       of every session what each list shows, and how far its files were read
 *   <folder>/folds-<nn>.json     the rest, in shards by session id, read only when someone asks for it
 *
 * A cache: losing it costs a reading of all transcripts and nothing else.
 *
 * Invariants
 * 1. A file that is damaged, of another version, or not ours is as if it were not there.
 * 2. A session's fold is used only if it was saved with the same positions as its entry: the files are replaced one
 *    after the other, and by other processes too.
 * 3. A process that dies while it saves leaves every file old or new, never half.
 */
import { hash } from 'node:crypto'
import path from 'node:path'
import { parseSessionId, type SessionId } from '../core/session.ts'
import { factsOf, saidGoodbye } from '../core/session-fold.ts'
import { failureOf, makeFolderDurably, readBounded, replaceFile } from './durable-file.ts'
import { type BriefFacts, type KeptSession, keepDigest, type SessionDigest } from './kept-session.ts'
import type { Ports } from './ports.ts'
import type { ReadState } from './stream-reader.ts'

/** To be raised whenever a fold, an entry or what the reader makes of a line changes. */
export const indexVersion = 1
const shardCount = 32
/** Larger files are not ours. Bytes. */
const sizeLimit = 1_073_741_824

export type IndexPorts = Pick<Ports, 'clock' | 'files' | 'processes' | 'log'>

export interface DetectorIndex {
  /** What the run before knew. */
  load(): Map<SessionId, KeptSession>
  /**
   * Writes what changed since. Calls `pause` between files.
   *
   * @returns false if it could not be written: then nothing is lost but time, and it was logged
   */
  save(kept: ReadonlyMap<SessionId, KeptSession>, pause: () => Promise<void>): Promise<boolean>
}

export function createDetectorIndex(ports: IndexPorts, folder: string): DetectorIndex {
  const { files, log } = ports
  const entriesFile = path.join(folder, 'sessions.json')
  const shardFile = (shard: number) => path.join(folder, `folds-${shard.toString(16).padStart(2, '0')}.json`)
  /** Of shards that were looked into: session id → line. */
  const shards = new Map<number, Map<SessionId, string>>()
  let saved: ReadonlySet<SessionId> = new Set()

  return { load, save }

  function load(): Map<SessionId, KeptSession> {
    const kept = new Map<SessionId, KeptSession>()
    const body = bodyOf(entriesFile)
    for (const entry of body === null ? [] : (JSON.parse(body) as readonly Entry[])) {
      const session = keptFrom(entry)
      if (session !== null) kept.set(session.sessionId, session)
    }
    saved = new Set(kept.keys())
    return kept
  }

  function keptFrom(entry: Entry): KeptSession | null {
    const sessionId = parseSessionId(entry[0])
    if (sessionId === null) return null
    const reads = new Map<string, ReadState>()
    for (const read of entry[2]) reads.set(read[0], readFrom(read))
    const digest = { brief: briefFrom(sessionId, entry), goodbye: entry[1], foldText: textInShard(sessionId, reads) }
    return keepDigest(sessionId, reads, digest, false)
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
    const lines = bodyOf(shardFile(shard))?.split('\n') ?? []
    const byId = new Map(lines.flatMap(line => (line === '' ? [] : [[line.slice(2, idLength - 1), line] as const])))
    shards.set(shard, byId)
    return byId
  }

  /** What follows the head of one of our files; null if it is not whole. */
  function bodyOf(at: string): string | null {
    const read = readBounded(files, at, sizeLimit)
    if (!read.ok) {
      if (read.reason !== 'missing') log('warn', 'an index file is not used', { message: read.message })
      return null
    }
    const end = read.bytes.indexOf(0x0a)
    const body = read.bytes.subarray(end + 1)
    if (end !== -1 && read.bytes.toString('latin1', 0, end) === headOf(body)) return body.toString('utf8')
    log('info', 'an index file is damaged or of another version, and is made anew', { file: at })
    return null
  }

  async function save(kept: ReadonlyMap<SessionId, KeptSession>, pause: () => Promise<void>): Promise<boolean> {
    const changed = [...kept.values()].filter(session => session.isUnsaved)
    const isGone = [...saved].some(id => !kept.has(id))
    if (changed.length === 0 && !isGone) return true
    try {
      makeFolderDurably(files, folder)
      for (const [shard, sessions] of Map.groupBy(changed, session => shardNumber(session.sessionId))) {
        saveShard(shard, sessions, kept)
        await pause()
      }
      replace(entriesFile, `[\n${[...kept.values()].map(entryText).join(',\n')}\n]\n`)
    } catch (error) {
      log('warn', failureOf(error, `Writing the index in ${folder}`).message)
      return false
    } finally {
      shards.clear()
    }
    for (const session of changed) {
      session.isUnsaved = false
      const { sessionId, digest, reads } = session
      // From now on the text need not be held in memory.
      if (digest !== null) session.digest = { ...digest, foldText: textInShard(sessionId, reads) }
    }
    saved = new Set(kept.keys())
    return true
  }

  function saveShard(shard: number, changed: readonly KeptSession[], kept: ReadonlyMap<SessionId, KeptSession>): void {
    const lines = shardOf(shard)
    for (const sessionId of lines.keys()) if (!kept.has(sessionId)) lines.delete(sessionId)
    for (const session of changed) {
      const text = foldText(session)
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

function headOf(body: Buffer): string {
  return JSON.stringify({ format: 'asm-detector-index', version: indexVersion, sum: hash('sha256', body, 'hex') })
}

function shardNumber(sessionId: SessionId): number {
  return Number.parseInt(sessionId.slice(0, 2), 16) % shardCount
}

function foldText({ fold, digest }: KeptSession): string | null {
  return fold === null ? (digest?.foldText() ?? null) : JSON.stringify(fold)
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

// An entry as an array, because its keys would be most of its bytes.

type EntryRead = readonly [
  stream: string,
  endByte: number,
  scannedTo: number,
  identity: string,
  size: number,
  mtimeNs: string,
  guard: string,
]
type Entry = readonly [id: unknown, goodbye: boolean, reads: readonly EntryRead[], ...brief: unknown[]]

/** All of {@link BriefFacts} but the session's id. */
const briefKeys = [
  'title',
  'titleSource',
  'model',
  'branch',
  'firstCwd',
  'cwd',
  'version',
  'entrypoint',
  'counts',
  'firstActivityMs',
  'lastActivityMs',
  'context',
  'compaction',
  'forkedFrom',
] as const satisfies readonly (keyof BriefFacts)[]

function entryText(session: KeptSession): string {
  const { brief, goodbye } = digestOf(session)
  const reads = [...session.reads].map(([stream, { position, identity, size, mtimeNs, guard }]): EntryRead => {
    return [stream, position.endByte, position.scannedTo, identity, size, mtimeNs, guard]
  })
  const entry: Entry = [session.sessionId, goodbye, reads, ...briefKeys.map(key => brief[key])]
  return JSON.stringify(entry)
}

function digestOf({ fold, digest, facts }: KeptSession): Pick<SessionDigest, 'brief' | 'goodbye'> {
  if (fold !== null) return { brief: facts ?? factsOf(fold), goodbye: saidGoodbye(fold) }
  if (digest === null) throw new Error('a kept session has neither fold nor digest')
  return digest
}

function readFrom(read: EntryRead): ReadState {
  const position = { endByte: read[1], scannedTo: read[2] }
  return { position, identity: read[3], size: read[4], mtimeNs: read[5], guard: read[6] }
}

/** By index: unpacking ten thousand arrays would cost more than reading them. */
function briefFrom(sessionId: SessionId, entry: Entry): BriefFacts {
  return {
    sessionId,
    title: entry[3],
    titleSource: entry[4],
    model: entry[5],
    branch: entry[6],
    firstCwd: entry[7],
    cwd: entry[8],
    version: entry[9],
    entrypoint: entry[10],
    counts: entry[11],
    firstActivityMs: entry[12],
    lastActivityMs: entry[13],
    context: entry[14],
    compaction: entry[15],
    forkedFrom: entry[16],
  } as BriefFacts
}
