/**
 * What is kept of a session between two looks: how far its files were read, and what they said.
 *
 * The fold of a session that nothing happens to may lie elsewhere, as JSON text (in the index, or as a scan worker
 * handed it over), or nowhere but in the transcript itself, and is only looked for when someone asks for more than the
 * few facts that every list shows.
 *
 * Invariants
 * 1. Facts that were given do not change afterwards, whatever is read later.
 * 2. Lists whose fold was not kept are made anew from what was read before, to the same positions. If its files are
 *    other ones by now, or it was damaged, the session is as if it had never been read: whoever asks next reads it whole.
 *    So is one whose fold was not kept and that has grown: its old lines are read together with the new ones.
 */
import type { BriefFacts, DetectedSession, SessionFacts, SessionId } from '../core/session.ts'
import {
  briefFactsOf,
  dropStream,
  emptyFold,
  factsOf,
  foldText,
  parseFold,
  type SessionFold,
  saidGoodbye,
} from '../core/session-fold.ts'
import type { FoundSession, FoundStreams } from './session-files.ts'
import { isUpToDate, type ReadState, readAgain, readStream, type StreamReading } from './stream-reader.ts'

/** What a session's files said so far, and where the rest of it lies. */
export interface SessionDigest {
  readonly brief: BriefFacts
  readonly goodbye: boolean
  /** The fold as JSON; null if it was not kept, or is lost. */
  readonly foldText: () => string | null
}

/** Reads a session again that was read before. */
export interface Rereader {
  /** The fold as of the positions that were read to, made anew; null if the files are no longer what was read. */
  again(kept: KeptSession): SessionFold | null
  /** Reads the session whole, at once. */
  whole(kept: KeptSession): void
}

/** What an index holds of a session. It is made into objects only where someone asks for them. */
export interface StoredSession extends SessionDigest {
  readonly sessionId: SessionId
  /** See {@link isCurrent}. */
  isCurrent(found: FoundStreams): boolean
  /** How far a file was read, to its last line end; null if it was not. */
  endByte(stream: string): number | null
  reads(): Map<string, ReadState>
}

/** Made for every session that there is: a class, so that all have one shape and few parts. */
export class KeptSession {
  readonly sessionId: SessionId
  /** Of the last reading. */
  problems: readonly string[] = nothing
  /** True while the index does not know what is kept here. */
  isUnsaved: boolean
  /** Of a session that was read, either of the two is there. */
  fold: SessionFold | null = null
  digest: SessionDigest | null
  /** Null when the fold has changed since. */
  facts: SessionFacts | null = null
  /** Its files, as they were found last; null if it has none. */
  found: FoundSession | null = null
  /** What was told of it, while its files have not changed since. */
  told: DetectedSession | null = null
  /** Null until it was found. */
  reread: Rereader | null = null
  #reads: Map<string, ReadState> | null = null
  /** Null once {@link reads} were made of it. */
  #stored: StoredSession | null

  constructor(sessionId: SessionId, stored: StoredSession | null) {
    this.sessionId = sessionId
    this.isUnsaved = stored === null
    this.digest = stored
    this.#stored = stored
  }

  /** A copy that does not go on. @param text Its fold, if that was kept. */
  asItIs(text: string | null): KeptSession {
    const copy = new KeptSession(this.sessionId, null)
    for (const [stream, read] of this.reads) copy.reads.set(stream, read)
    if (this.digest !== null) {
      const { brief, goodbye } = this.digest
      copy.digest = { brief, goodbye, foldText: () => text }
    }
    copy.found = this.found
    copy.reread = this.reread
    return copy
  }

  get isUnread(): boolean {
    return this.fold === null && this.digest === null
  }

  /** By stream name, for every file that has lines. */
  get reads(): Map<string, ReadState> {
    this.#reads ??= this.#stored?.reads() ?? new Map()
    this.#stored = null
    return this.#reads
  }

  /** True if nothing of these files is new, and none is gone. */
  isCurrent(found: FoundStreams): boolean {
    return this.#stored?.isCurrent(found) ?? areCurrent(found, this.reads)
  }

  /** How far a file was read, to its last line end. */
  endByte(stream: string): number {
    return this.#stored?.endByte(stream) ?? this.#reads?.get(stream)?.position.endByte ?? 0
  }
}

const nothing: readonly string[] = []

/** Of a session that nobody has read yet. */
export function keepNothing(sessionId: SessionId): KeptSession {
  return new KeptSession(sessionId, null)
}

export function keepStored(stored: StoredSession): KeptSession {
  return new KeptSession(stored.sessionId, stored)
}

/** What someone else read of a session that nobody had read. */
export function keepDigest(kept: KeptSession, reads: ReadonlyMap<string, ReadState>, digest: SessionDigest): void {
  for (const [stream, state] of reads) kept.reads.set(stream, state)
  kept.digest = digest
  noteChange(kept)
}

/**
 * Puts the fold away: as text, which takes a fraction of its room, or with nothing kept but what every list shows.
 *
 * @param keepsText For a session that may soon go on, or would take long to be read again.
 */
export function condense(kept: KeptSession, keepsText: boolean): void {
  if (kept.fold === null) return
  const { brief, goodbye, text } = digestOf(kept.fold, keepsText)
  kept.digest = { brief, goodbye, foldText: () => text }
  kept.fold = null
  kept.facts = null
}

/** @returns what every list shows, and the whole as JSON if that is wanted */
export function digestOf(
  fold: SessionFold,
  keepsText: boolean,
): Omit<SessionDigest, 'foldText'> & { readonly text: string | null } {
  const text = keepsText ? foldText(fold) : null
  return { brief: briefFactsOf(fold), goodbye: saidGoodbye(fold), text }
}

/** The facts as they are now. */
export function keptFacts(kept: KeptSession): SessionFacts {
  kept.facts ??= kept.fold === null ? factsOfDigest(kept) : factsOf(kept.fold)
  return kept.facts
}

export function keptGoodbye(kept: KeptSession): boolean {
  return kept.fold === null ? (kept.digest?.goodbye ?? false) : saidGoodbye(kept.fold)
}

/** The fold, to read or to go on with: an empty one, and nothing read, if it was not kept. */
export function foldOf(kept: KeptSession): SessionFold {
  if (kept.fold !== null) return kept.fold
  const text = kept.digest?.foldText() ?? null
  if (kept.facts instanceof DigestFacts) kept.facts.partFrom(kept, text)
  const known = revived(text, kept.sessionId)
  if (known === null) kept.reads.clear()
  kept.fold = known ?? emptyFold(kept.sessionId)
  kept.digest = null
  return kept.fold
}

function revived(text: string | null, sessionId: SessionId): SessionFold | null {
  if (text === null) return null
  try {
    const fold = parseFold(text)
    return fold.sessionId === sessionId ? fold : null
  } catch {
    return null
  }
}

function factsOfDigest(kept: KeptSession): SessionFacts {
  return new DigestFacts(kept.digest?.brief ?? factsOf(emptyFold(kept.sessionId)), kept)
}

type FactLists = Omit<SessionFacts, keyof BriefFacts>

/**
 * Facts whose lists are made when one of them is first asked for, and the rest where it lies. A class with accessors,
 * because there are ten thousand of them; so what is spread of it lacks all but the id.
 */
class DigestFacts implements SessionFacts {
  readonly sessionId: SessionId
  readonly #brief: BriefFacts
  #kept: KeptSession
  #lists: FactLists | null = null

  constructor(brief: BriefFacts, kept: KeptSession) {
    this.sessionId = brief.sessionId
    this.#brief = brief
    this.#kept = kept
  }

  get title() {
    return this.#brief.title
  }
  get titleSource() {
    return this.#brief.titleSource
  }
  get model() {
    return this.#brief.model
  }
  get branch() {
    return this.#brief.branch
  }
  get firstCwd() {
    return this.#brief.firstCwd
  }
  get cwd() {
    return this.#brief.cwd
  }
  get version() {
    return this.#brief.version
  }
  get entrypoint() {
    return this.#brief.entrypoint
  }
  get counts() {
    return this.#brief.counts
  }
  get firstActivityMs() {
    return this.#brief.firstActivityMs
  }
  get lastActivityMs() {
    return this.#brief.lastActivityMs
  }
  get changedFiles() {
    return this.#brief.changedFiles
  }
  get context() {
    return this.#brief.context
  }
  get compaction() {
    return this.#brief.compaction
  }
  get forkedFrom() {
    return this.#brief.forkedFrom
  }

  /** What they are made from goes on without them (invariant 1). @param text Its fold, if that was kept. */
  partFrom(kept: KeptSession, text: string | null): void {
    this.#kept = kept.asItIs(text)
  }

  get filesChanged() {
    return this.#all().filesChanged
  }
  get lastPrompts() {
    return this.#all().lastPrompts
  }
  get lastCommands() {
    return this.#all().lastCommands
  }
  get lastReply() {
    return this.#all().lastReply
  }
  get todos() {
    return this.#all().todos
  }

  #all(): FactLists {
    this.#lists ??= listsOf(this.#kept)
    return this.#lists
  }
}

/** The fold that they are read from is not kept: few sessions are asked for them. */
function listsOf(kept: KeptSession): FactLists {
  const known = kept.fold ?? revived(kept.digest?.foldText() ?? null, kept.sessionId) ?? kept.reread?.again(kept)
  if (!known) {
    foldOf(kept)
    // What is told of it now may have to be told anew: it is as if it had never been read.
    kept.told = null
    kept.reread?.whole(kept)
  }
  const { filesChanged, lastPrompts, lastCommands, lastReply, todos } = factsOf(known ?? foldOf(kept))
  return { filesChanged, lastPrompts, lastCommands, lastReply, todos }
}

function areCurrent(found: FoundStreams, reads: ReadonlyMap<string, ReadState>): boolean {
  let known = 0
  for (const { stream, stat } of found.values()) {
    if (!hasLines(stream)) continue
    if (!isUpToDate(reads.get(stream), stat)) return false
    known += 1
  }
  return known === reads.size
}

/**
 * Brings what is kept of a session up to date with its files; yields the bytes read, chunk by chunk. A file that
 * cannot be read becomes a problem.
 */
export function* readKept(
  { files, scanner }: Pick<StreamReading, 'files' | 'scanner'>,
  kept: KeptSession,
  found: FoundStreams,
): Generator<number> {
  kept.problems = []
  if (kept.isCurrent(found)) return
  const fold = foldOf(kept)
  dropVanished(kept, fold, found)
  const problems: string[] = []
  for (const { stream, path, stat } of found.values()) {
    const before = kept.reads.get(stream)
    if (!hasLines(stream) || isUpToDate(before, stat)) continue
    const { state, problem } = yield* readStream({ files, scanner, fold, stream, path }, before)
    noteChange(kept)
    if (state !== null) kept.reads.set(stream, state)
    else kept.reads.delete(stream)
    if (problem !== null) problems.push(problem)
  }
  kept.problems = problems
}

function dropVanished(kept: KeptSession, fold: SessionFold, found: FoundStreams): void {
  for (const stream of kept.reads.keys()) {
    if (found.has(stream)) continue
    dropStream(fold, stream)
    kept.reads.delete(stream)
    noteChange(kept)
  }
}

function noteChange(kept: KeptSession): void {
  kept.facts = null
  kept.isUnsaved = true
}

/** The fold of what was read before, from its files as they were found last; null if one of them is another by now. */
export function foldAgain(
  parts: Pick<StreamReading, 'files' | 'scanner'>,
  { sessionId, reads, found }: KeptSession,
): SessionFold | null {
  const fold = emptyFold(sessionId)
  for (const [stream, before] of reads) {
    const path = found?.files.get(stream)?.path
    if (path === undefined || !readAgain({ ...parts, fold, stream, path }, before)) return null
  }
  return fold
}

export function hasLines(stream: string): boolean {
  return stream === 'main' || stream.endsWith('.jsonl')
}
