/**
 * The detector's index as JSON: a few long lists of numbers instead of ten thousand entries, because a list of numbers
 * is parsed in a third of the time and makes no objects. A session's place is the same in all lists of sessions.
 *
 * It holds of every session what each list shows, and how far its files were read. ASCII, so that one character in a
 * title that is not does not double the size of all others in memory.
 */
import type { BriefFacts, CompactionOutlook, ContextFill, SessionCounts, SessionId } from '../core/session.ts'
import { hasLines, type StoredSession } from './kept-session.ts'
import type { FilePeek } from './ports.ts'
import type { FoundStreams } from './session-files.ts'
import { isSameTime, type ReadState } from './stream-reader.ts'

/** What is written of a session. */
export interface IndexEntry {
  readonly brief: BriefFacts
  readonly goodbye: boolean
  readonly reads: ReadonlyMap<string, ReadState>
}

/** Texts that many sessions share: their numbers are places in the list of texts. */
const sharedTexts = [
  'titleSource',
  'model',
  'branch',
  'firstCwd',
  'cwd',
  'version',
  'entrypoint',
  'forkedFrom',
] as const satisfies readonly (keyof BriefFacts)[]
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
const otherNumbers = [
  'goodbye',
  'firstActivityMs',
  'lastActivityMs',
  'changedFiles',
  'contextTokens',
  'windowTokens',
  'contextPercent',
  'atTokens',
  'leftTokens',
  'leftPercent',
  'turnsLeft',
  /** How many of the reads are this session's. */
  'files',
] as const
const readNumbers = ['stream', 'endByte', 'scannedTo', 'dev', 'ino', 'size', 'mtimeMs'] as const

type SessionColumn = (typeof sharedTexts)[number] | (typeof countNames)[number] | (typeof otherNumbers)[number]
type ReadColumn = (typeof readNumbers)[number]
type Columns<Name extends string> = Readonly<Record<Name, readonly number[]>>

interface IndexColumns {
  /** Each once. */
  readonly texts: readonly string[]
  readonly ids: readonly SessionId[]
  readonly titles: readonly string[]
  readonly sessions: Columns<SessionColumn>
  /** Of all sessions' files, one session's after the other. */
  readonly reads: Columns<ReadColumn>
  /** {@link guardLength} characters for each read; blanks for a file of which no line was read. */
  readonly guards: string
}

/** Stand for null in a list of numbers, where it would make an object of each: no place or count, and no time. */
const none = -1
const noTime = 9e15
const guardLength = 16

/** Entries that are looked at before others get their turn. */
const entriesAtOnce = 500

/**
 * Yields whenever others may have their turn: of thousands of sessions it takes longer than they should wait. What they
 * change meanwhile is not in it.
 */
export function* columnsText(entries: readonly IndexEntry[]): Generator<undefined, string> {
  const texts = new Map<string, number>()
  const placeOf = (text: string | null) => {
    if (text === null) return none
    const place = texts.get(text) ?? texts.size
    texts.set(text, place)
    return place
  }
  const sessions: (readonly number[])[] = []
  const reads: (readonly number[])[] = []
  const guards: string[] = []
  const moment = entries.map(entry => ({ entry, files: [...entry.reads] }))
  for (const [place, { entry, files }] of moment.entries()) {
    if (place % entriesAtOnce === 0) yield
    sessions.push(numbersOf(entry, files.length, placeOf))
    for (const [stream, { position, dev, ino, size, mtimeMs, guard }] of files) {
      reads.push([placeOf(stream), position.endByte, position.scannedTo, dev, ino, size, mtimeMs])
      guards.push(guard.padEnd(guardLength))
    }
  }
  const members = [
    // Only here is anything that may not be ASCII.
    `"titles":${ascii(JSON.stringify(entries.map(({ brief }) => brief.title)))}`,
    `"texts":${ascii(JSON.stringify([...texts.keys()]))}`,
    `"ids":${JSON.stringify(entries.map(({ brief }) => brief.sessionId))}`,
    `"guards":${JSON.stringify(guards.join(''))}`,
    `"sessions":${yield* columnTexts([...sharedTexts, ...countNames, ...otherNumbers], sessions)}`,
    `"reads":${yield* columnTexts(readNumbers, reads)}`,
  ]
  return `{${members.join()}}\n`
}

export function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** @param rows Each in the order of the names. */
function* columnTexts(names: readonly string[], rows: readonly (readonly number[])[]): Generator<undefined, string> {
  const members: string[] = []
  for (const [at, name] of names.entries()) {
    yield
    members.push(`"${name}":${JSON.stringify(rows.map(row => row[at]))}`)
  }
  return `{${members.join()}}`
}

/** In the order of the columns. */
function numbersOf(
  { brief, goodbye }: IndexEntry,
  files: number,
  placeOf: (text: string | null) => number,
): readonly number[] {
  const { counts, context, compaction } = brief
  return [
    ...sharedTexts.map(name => placeOf(brief[name])),
    ...countNames.map(name => counts[name]),
    goodbye ? 1 : 0,
    brief.firstActivityMs ?? noTime,
    brief.lastActivityMs ?? noTime,
    brief.changedFiles,
    context?.tokens ?? none,
    context?.windowTokens ?? none,
    context?.percent ?? none,
    compaction?.atTokens ?? none,
    compaction?.leftTokens ?? none,
    compaction?.leftPercent ?? none,
    compaction?.turnsLeft ?? none,
    files,
  ]
}

/** @throws {TypeError} unless all are lists, and this long */
export function mustAddUp(lists: readonly unknown[], length: number): void {
  const isRight = lists.every(list => Array.isArray(list) && list.length === length)
  if (!isRight) throw new TypeError('lists that belong together are not of one length')
}

/** @throws {TypeError} unless all are whole numbers, none below 0 */
export function sumOf(counts: readonly number[]): number {
  const isRight = counts.every(count => Number.isSafeInteger(count) && count >= 0)
  if (!isRight) throw new TypeError('a list of counts holds something else')
  return counts.reduce((sum, count) => sum + count, 0)
}

/** @throws {TypeError} unless every session and every read is in every list */
function mustBeWhole({ ids, titles, texts, sessions, reads, guards }: IndexColumns): void {
  const names = [...sharedTexts, ...countNames, ...otherNumbers]
  mustAddUp([ids, titles, ...names.map(name => sessions[name])], ids.length)
  const readCount = sumOf(sessions.files)
  const lists = readNumbers.map(name => reads[name])
  mustAddUp(lists, readCount)
  mustAddUp([texts], texts.length)
  if (guards.length !== guardLength * readCount) throw new TypeError('the marks of files are not one for each')
}

/**
 * @param text What {@link columnsText} gave.
 * @param foldTextOf The fold of a session that was read to these marks; see `detector-index.ts`.
 * @throws {SyntaxError | TypeError} for a text of another shape
 */
export function storedSessions(
  text: string,
  foldTextOf: (session: StoredSession) => string | null,
): readonly StoredSession[] {
  const columns = JSON.parse(text) as IndexColumns
  mustBeWhole(columns)
  const { files } = columns.sessions
  const sessions: StoredSession[] = []
  let readsAt = 0
  for (let place = 0; place < files.length; place++) {
    const readCount = files[place] ?? 0
    sessions.push(new ColumnSession({ columns, foldTextOf }, place, readsAt, readCount))
    readsAt += readCount
  }
  return sessions
}

interface Shelf {
  readonly columns: IndexColumns
  readonly foldTextOf: (session: StoredSession) => string | null
}

/** One session of the columns. Ten thousand are made at a start, so it holds nothing but its place. */
class ColumnSession implements StoredSession, BriefFacts {
  readonly sessionId: SessionId
  readonly #shelf: Shelf
  readonly #place: number
  readonly #readsAt: number
  readonly #readCount: number

  constructor(shelf: Shelf, place: number, readsAt: number, readCount: number) {
    this.sessionId = shelf.columns.ids[place] ?? ''
    this.#readCount = readCount
    this.#shelf = shelf
    this.#place = place
    this.#readsAt = readsAt
  }

  get goodbye(): boolean {
    return this.#shelf.columns.sessions.goodbye[this.#place] === 1
  }

  get brief(): BriefFacts {
    return this
  }

  get title(): string {
    return this.#shelf.columns.titles[this.#place] ?? ''
  }
  get titleSource(): BriefFacts['titleSource'] {
    return this.#text(this.#shelf.columns.sessions.titleSource) as BriefFacts['titleSource']
  }
  get model(): string | null {
    return this.#text(this.#shelf.columns.sessions.model)
  }
  get branch(): string | null {
    return this.#text(this.#shelf.columns.sessions.branch)
  }
  get firstCwd(): string | null {
    return this.#text(this.#shelf.columns.sessions.firstCwd)
  }
  get cwd(): string | null {
    return this.#text(this.#shelf.columns.sessions.cwd)
  }
  get version(): string | null {
    return this.#text(this.#shelf.columns.sessions.version)
  }
  get entrypoint(): string | null {
    return this.#text(this.#shelf.columns.sessions.entrypoint)
  }
  get forkedFrom(): string | null {
    return this.#text(this.#shelf.columns.sessions.forkedFrom)
  }
  get counts(): SessionCounts {
    return countsAt(this.#shelf.columns.sessions, this.#place)
  }
  get firstActivityMs(): number | null {
    return timeAt(this.#shelf.columns.sessions.firstActivityMs, this.#place)
  }
  get lastActivityMs(): number | null {
    return timeAt(this.#shelf.columns.sessions.lastActivityMs, this.#place)
  }
  get changedFiles(): number {
    return this.#shelf.columns.sessions.changedFiles[this.#place] ?? 0
  }
  get context(): ContextFill | null {
    return contextAt(this.#shelf.columns.sessions, this.#place)
  }
  get compaction(): CompactionOutlook | null {
    return compactionAt(this.#shelf.columns.sessions, this.#place)
  }

  #text(places: readonly number[]): string | null {
    return this.#shelf.columns.texts[places[this.#place] ?? none] ?? null
  }

  foldText(): string | null {
    return this.#shelf.foldTextOf(this)
  }

  isCurrent(found: FoundStreams): boolean {
    const { reads } = this.#shelf.columns
    const main = found.get('main')
    // Of most sessions there is one file, and it was read first.
    if (found.size === 1 && this.#readCount === 1 && main !== undefined)
      return this.#find('main') === this.#readsAt && isUpToDateAt(reads, this.#readsAt, main.stat)
    let known = 0
    for (const { stream, stat } of found.values()) {
      if (!hasLines(stream)) continue
      const at = this.#find(stream)
      if (at === null || !isUpToDateAt(reads, at, stat)) return false
      known += 1
    }
    return known === this.#readCount
  }

  endByte(stream: string): number | null {
    const at = this.#find(stream)
    return at === null ? null : (this.#shelf.columns.reads.endByte[at] ?? null)
  }

  reads(): Map<string, ReadState> {
    const { columns } = this.#shelf
    const reads = new Map<string, ReadState>()
    for (let at = this.#readsAt; at < this.#readsAt + this.#readCount; at++) {
      reads.set(columns.texts[columns.reads.stream[at] ?? none] ?? '', readAt(columns, at))
    }
    return reads
  }

  /** Place of a stream's read; null if it was not read. */
  #find(stream: string): number | null {
    const { texts, reads } = this.#shelf.columns
    for (let at = this.#readsAt; at < this.#readsAt + this.#readCount; at++) {
      if (texts[reads.stream[at] ?? none] === stream) return at
    }
    return null
  }
}

/** See `isUpToDate`. */
function isUpToDateAt(reads: IndexColumns['reads'], at: number, stat: FilePeek): boolean {
  return (
    reads.size[at] === stat.size &&
    isSameTime(reads.mtimeMs[at] ?? noTime, stat.mtimeMs) &&
    reads.ino[at] === stat.ino &&
    reads.dev[at] === stat.dev
  )
}

function readAt({ reads, guards }: IndexColumns, at: number): ReadState {
  return {
    position: { endByte: reads.endByte[at], scannedTo: reads.scannedTo[at] },
    dev: reads.dev[at],
    ino: reads.ino[at],
    size: reads.size[at],
    mtimeMs: reads.mtimeMs[at],
    guard: guards.slice(at * guardLength, (at + 1) * guardLength).trimEnd(),
  } as ReadState
}

function countsAt(sessions: IndexColumns['sessions'], at: number): SessionCounts {
  return {
    messages: sessions.messages[at],
    prompts: sessions.prompts[at],
    replies: sessions.replies[at],
    toolCalls: sessions.toolCalls[at],
    compactions: sessions.compactions[at],
    lines: sessions.lines[at],
    damagedLines: sessions.damagedLines[at],
    overlongLines: sessions.overlongLines[at],
  } as SessionCounts
}

function contextAt(sessions: IndexColumns['sessions'], at: number): ContextFill | null {
  if (sessions.contextTokens[at] === none) return null
  return {
    tokens: sessions.contextTokens[at],
    windowTokens: sessions.windowTokens[at],
    percent: sessions.contextPercent[at],
  } as ContextFill
}

function compactionAt(sessions: IndexColumns['sessions'], at: number): CompactionOutlook | null {
  if (sessions.atTokens[at] === none) return null
  return {
    atTokens: sessions.atTokens[at],
    leftTokens: sessions.leftTokens[at],
    leftPercent: sessions.leftPercent[at],
    turnsLeft: sessions.turnsLeft[at] === none ? null : sessions.turnsLeft[at],
  } as CompactionOutlook
}

function timeAt(list: readonly number[], at: number): number | null {
  const timeMs = list[at] ?? noTime
  return timeMs === noTime ? null : timeMs
}
