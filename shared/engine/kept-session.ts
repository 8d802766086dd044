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
import type { BriefFacts, SessionFacts, SessionId } from '../core/session.ts'
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
import type { FoundFile } from './session-files.ts'
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

export interface KeptSession {
  readonly sessionId: SessionId
  /** By stream name, for every file that has lines. */
  readonly reads: Map<string, ReadState>
  /** Of the last reading. */
  problems: readonly string[]
  /** True while the index does not know what is kept here. */
  isUnsaved: boolean
  /** Either of the two is there. */
  fold: SessionFold | null
  digest: SessionDigest | null
  /** Null when the fold has changed since. */
  facts: SessionFacts | null
  /** Its files, as they were found last. */
  found: ReadonlyMap<string, FoundFile>
  /** Null until it was described. */
  reread: Rereader | null
}

export function keepNothing(sessionId: SessionId): KeptSession {
  const fold = emptyFold(sessionId)
  return { ...blank(sessionId), isUnsaved: true, fold }
}

export function keepDigest(
  sessionId: SessionId,
  reads: Map<string, ReadState>,
  digest: SessionDigest,
  isUnsaved: boolean,
): KeptSession {
  return { ...blank(sessionId), reads, isUnsaved, digest }
}

function blank(sessionId: SessionId): KeptSession {
  return {
    sessionId,
    reads: new Map(),
    problems: [],
    isUnsaved: false,
    fold: null,
    digest: null,
    facts: null,
    found: new Map(),
    reread: null,
  }
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
 * Facts whose lists are made when one of them is first asked for. A class, because ten thousand objects with accessors
 * of their own take half a second to make; so what is spread of it lacks the lists.
 */
class DigestFacts implements SessionFacts {
  readonly sessionId
  readonly title
  readonly titleSource
  readonly model
  readonly branch
  readonly firstCwd
  readonly cwd
  readonly version
  readonly entrypoint
  readonly counts
  readonly firstActivityMs
  readonly lastActivityMs
  readonly changedFiles
  readonly context
  readonly compaction
  readonly forkedFrom
  #kept: KeptSession
  #lists: FactLists | null = null

  constructor(brief: BriefFacts, kept: KeptSession) {
    this.#kept = kept
    this.sessionId = brief.sessionId
    this.title = brief.title
    this.titleSource = brief.titleSource
    this.model = brief.model
    this.branch = brief.branch
    this.firstCwd = brief.firstCwd
    this.cwd = brief.cwd
    this.version = brief.version
    this.entrypoint = brief.entrypoint
    this.counts = brief.counts
    this.firstActivityMs = brief.firstActivityMs
    this.lastActivityMs = brief.lastActivityMs
    this.changedFiles = brief.changedFiles
    this.context = brief.context
    this.compaction = brief.compaction
    this.forkedFrom = brief.forkedFrom
  }

  /** What they are made from goes on without them (invariant 1). @param text Its fold, if that was kept. */
  partFrom(kept: KeptSession, text: string | null): void {
    const digest = kept.digest && { ...kept.digest, foldText: () => text }
    this.#kept = { ...kept, reads: new Map(kept.reads), digest }
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
    kept.reread?.whole(kept)
  }
  const { filesChanged, lastPrompts, lastCommands, lastReply, todos } = factsOf(known ?? foldOf(kept))
  return { filesChanged, lastPrompts, lastCommands, lastReply, todos }
}

/** A new session's files are read, or some of them have something new. */
export function isCurrent(kept: KeptSession | undefined, found: ReadonlyMap<string, FoundFile>): boolean {
  if (kept === undefined) return false
  let known = 0
  for (const { stream, stat } of found.values()) {
    if (!hasLines(stream)) continue
    if (!isUpToDate(kept.reads.get(stream), stat)) return false
    known += 1
  }
  return known === kept.reads.size
}

/**
 * Brings what is kept of a session up to date with its files; yields the bytes read, chunk by chunk. A file that
 * cannot be read becomes a problem.
 */
export function* readKept(
  parts: Pick<StreamReading, 'files' | 'scanner'>,
  kept: KeptSession,
  found: ReadonlyMap<string, FoundFile>,
): Generator<number> {
  kept.problems = []
  if (isCurrent(kept, found)) return
  const fold = foldOf(kept)
  dropVanished(kept, fold, found)
  const problems: string[] = []
  for (const { stream, path, stat } of found.values()) {
    const before = kept.reads.get(stream)
    if (!hasLines(stream) || isUpToDate(before, stat)) continue
    const { state, problem } = yield* readStream({ ...parts, fold, stream, path }, before)
    noteChange(kept)
    if (state !== null) kept.reads.set(stream, state)
    else kept.reads.delete(stream)
    if (problem !== null) problems.push(problem)
  }
  kept.problems = problems
}

function dropVanished(kept: KeptSession, fold: SessionFold, found: ReadonlyMap<string, FoundFile>): void {
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
    const path = found.get(stream)?.path
    if (path === undefined || !readAgain({ ...parts, fold, stream, path }, before)) return null
  }
  return fold
}

export function hasLines(stream: string): boolean {
  return stream === 'main' || stream.endsWith('.jsonl')
}
