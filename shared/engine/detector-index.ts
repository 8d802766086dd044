/**
 * The detector's memory between two runs: how far each transcript was read and what it said, as plain JSON.
 *
 *   <folder>/sessions.json       of every session what each list shows, and how far its files were read; ASCII
 *   <folder>/folds-<nn>.json     the rest, in shards by session id, read only when someone asks for it
 *                                (of old sessions it was not kept, see `kept-session.ts`)
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
import { crc32 } from 'node:zlib'
import {
  type BriefFacts,
  type CompactionOutlook,
  type ContextFill,
  parseSessionId,
  type SessionCounts,
  type SessionId,
} from '../core/session.ts'
import { briefFactsOf, foldText, saidGoodbye } from '../core/session-fold.ts'
import { failureOf, makeFolderDurably, readBounded, replaceFile } from './durable-file.ts'
import { type KeptSession, keepDigest, type SessionDigest } from './kept-session.ts'
import type { Ports } from './ports.ts'
import type { ReadState } from './stream-reader.ts'

/** To be raised whenever a fold, an entry or what the reader makes of a line changes. */
export const indexVersion = 3
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
    const { texts, sessions } = parseEntries(body?.toString('latin1'))
    for (const entry of sessions) {
      const session = keptFrom(entry, texts)
      if (session !== null) kept.set(session.sessionId, session)
    }
    saved = new Set(kept.keys())
    return kept
  }

  function keptFrom(entry: Entry, texts: readonly string[]): KeptSession | null {
    const sessionId = parseSessionId(entry[0])
    if (sessionId === null) return null
    const reads = readsFrom(entry)
    const brief = briefFrom(sessionId, entry, texts)
    const digest = { brief, goodbye: entry[1] === 1, foldText: textInShard(sessionId, reads) }
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
    const changed = [...kept.values()].filter(session => session.isUnsaved)
    const isGone = [...saved].some(id => !kept.has(id))
    if (changed.length === 0 && !isGone) return true
    try {
      makeFolderDurably(files, folder)
      for (const [shard, sessions] of Map.groupBy(changed, session => shardNumber(session.sessionId))) {
        saveShard(shard, sessions, kept)
        await pause()
      }
      replace(entriesFile, entriesText([...kept.values()]))
    } catch (error) {
      log('warn', failureOf(error, `Writing the index in ${folder}`).message)
      return false
    } finally {
      shards.clear()
    }
    for (const session of changed) {
      session.isUnsaved = false
      const { sessionId, digest, reads } = session
      // From now on the text, if there is one, need not be held in memory.
      if (digest !== null && digest.foldText() !== null)
        session.digest = { ...digest, foldText: textInShard(sessionId, reads) }
    }
    saved = new Set(kept.keys())
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

function headOf(body: Buffer): string {
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

// An entry as a flat array, because its keys would be most of its bytes, and with numbers for the texts that many
// sessions share: what is small is parsed soon.

/** `[id, goodbye, title, ...7 texts, ...8 counts, ...4 numbers, context, compaction, fork, ...reads]`. */
type Entry = readonly unknown[]

interface Entries {
  /** What `sharedTexts` of an entry are places in; -1 for none. */
  readonly texts: readonly string[]
  readonly sessions: readonly Entry[]
}

const sharedTexts = ['titleSource', 'model', 'branch', 'firstCwd', 'cwd', 'version', 'entrypoint'] as const
const countNames = [
  'messages',
  'prompts',
  'replies',
  'toolCalls',
  'compactions',
  'lines',
  'damagedLines',
  'overlongLines',
] as const satisfies readonly (keyof SessionCounts)[]
/** Where an entry's reads begin, and how many values each takes. */
const [readsAt, readLength] = [24, 8] as const

function parseEntries(text: string | undefined): Entries {
  return text === undefined ? { texts: [], sessions: [] } : (JSON.parse(text) as Entries)
}

function entriesText(sessions: readonly KeptSession[]): string {
  const places = new Map<string, number>()
  const placeOf = (text: string | null) => {
    if (text === null) return -1
    const place = places.get(text) ?? places.size
    places.set(text, place)
    return place
  }
  const lines = sessions.map(session => ascii(JSON.stringify(entryOf(session, placeOf))))
  const texts = ascii(JSON.stringify([...places.keys()]))
  return `{"texts":${texts},"sessions":[\n${lines.join(',\n')}\n]}\n`
}

/** The same JSON in ASCII: one character in a title that is not would double the size of all others in memory. */
function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function entryOf(session: KeptSession, placeOf: (text: string | null) => number): Entry {
  const { brief, goodbye } = briefOf(session)
  const { counts, context, compaction } = brief
  return [
    session.sessionId,
    goodbye ? 1 : 0,
    brief.title,
    ...sharedTexts.map(name => placeOf(brief[name])),
    ...countNames.map(name => counts[name]),
    brief.firstActivityMs,
    brief.lastActivityMs,
    brief.changedFiles,
    context && [context.tokens, context.windowTokens, context.percent],
    compaction && [compaction.atTokens, compaction.leftTokens, compaction.leftPercent, compaction.turnsLeft],
    brief.forkedFrom,
    ...[...session.reads].flatMap(([stream, { position, dev, ino, size, mtimeMs, guard }]) => {
      return [stream, position.endByte, position.scannedTo, dev, ino, size, mtimeMs, guard]
    }),
  ]
}

function briefOf({ fold, digest, facts }: KeptSession): Pick<SessionDigest, 'brief' | 'goodbye'> {
  if (fold !== null) return { brief: facts ?? briefFactsOf(fold), goodbye: saidGoodbye(fold) }
  if (digest === null) throw new Error('a kept session has neither fold nor digest')
  return digest
}

function readsFrom(entry: Entry): Map<string, ReadState> {
  const reads = new Map<string, ReadState>()
  for (let at = readsAt; at < entry.length; at += readLength) {
    const position = { endByte: entry[at + 1], scannedTo: entry[at + 2] }
    const file = { dev: entry[at + 3], ino: entry[at + 4], size: entry[at + 5], mtimeMs: entry[at + 6] }
    const read = { position, ...file, guard: entry[at + 7] }
    reads.set(entry[at] as string, read as ReadState)
  }
  return reads
}

/** By index: unpacking ten thousand arrays would cost more than reading them. */
function briefFrom(sessionId: SessionId, entry: Entry, texts: readonly string[]): BriefFacts {
  const text = (at: number) => texts[entry[at] as number] ?? null
  return {
    sessionId,
    title: entry[2],
    titleSource: text(3),
    model: text(4),
    branch: text(5),
    firstCwd: text(6),
    cwd: text(7),
    version: text(8),
    entrypoint: text(9),
    counts: countsFrom(entry, 10),
    firstActivityMs: entry[18],
    lastActivityMs: entry[19],
    changedFiles: entry[20],
    context: contextFrom(entry[21] as readonly number[] | null),
    compaction: compactionFrom(entry[22] as readonly number[] | null),
    forkedFrom: entry[23],
  } as BriefFacts
}

function countsFrom(entry: Entry, at: number): SessionCounts {
  return {
    messages: entry[at],
    prompts: entry[at + 1],
    replies: entry[at + 2],
    toolCalls: entry[at + 3],
    compactions: entry[at + 4],
    lines: entry[at + 5],
    damagedLines: entry[at + 6],
    overlongLines: entry[at + 7],
  } as SessionCounts
}

function contextFrom(numbers: readonly number[] | null): ContextFill | null {
  return numbers && ({ tokens: numbers[0], windowTokens: numbers[1], percent: numbers[2] } as ContextFill)
}

function compactionFrom(numbers: readonly (number | null)[] | null): CompactionOutlook | null {
  if (numbers === null) return null
  const [atTokens, leftTokens, leftPercent, turnsLeft] = numbers
  return { atTokens, leftTokens, leftPercent, turnsLeft } as CompactionOutlook
}
