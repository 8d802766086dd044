/**
 * Finds the files of all sessions below Claude Code's config folders. Looks at names, sizes and times; opens nothing.
 *
 *   <root>/projects/<folder>/<session id>.jsonl      the session's own file, stream `main`
 *   <root>/projects/<folder>/<session id>/**         its sub-agents, tool results and small files
 *   <root>/projects/<folder>/agent-*.jsonl           sub-agents of older versions; the file says whose
 *
 * The folder's name says nothing (it is a lossy code for a path, and a session moves between folders), so a session is
 * gathered from all folders by its id. Links are followed at a folder of `projects` only; what they show twice
 * counts once. A folder that cannot be read becomes a notice and hides nothing else.
 */
import path from 'node:path'
import { isStreamName, parseSessionId, type SessionId } from '../core/session.ts'
import { errorCode } from './durable-file.ts'
import type { FolderMemory } from './folder-memory.ts'
import type { FilePeek, FileSystem } from './ports.ts'
import type { TimeSlice } from './time-slice.ts'

export interface FoundFile {
  /** The stream's name, see `TranscriptStream`. */
  readonly stream: string
  readonly path: string
  readonly root: string
  readonly stat: FilePeek
}

/** Of one session, by stream name. */
export interface FoundStreams {
  readonly size: number
  get(stream: string): FoundFile | undefined
  has(stream: string): boolean
  values(): Iterable<FoundFile>
}

/** As a map, but small: thousands of sessions have one file only. */
export class SessionFiles implements FoundStreams {
  #main: FoundFile | undefined = undefined
  #others: Map<string, FoundFile> | null = null

  get size(): number {
    return (this.#main === undefined ? 0 : 1) + (this.#others?.size ?? 0)
  }

  get(stream: string): FoundFile | undefined {
    return stream === 'main' ? this.#main : this.#others?.get(stream)
  }

  has(stream: string): boolean {
    return this.get(stream) !== undefined
  }

  set(file: FoundFile): void {
    if (file.stream === 'main') this.#main = file
    else this.#others = (this.#others ?? new Map()).set(file.stream, file)
  }

  values(): readonly FoundFile[] {
    if (this.#others === null) return this.#main === undefined ? [] : [this.#main]
    return this.#main === undefined ? [...this.#others.values()] : [this.#main, ...this.#others.values()]
  }
}

export interface FoundSession {
  readonly sessionId: SessionId
  /** Where a stream was found more than once: the largest, then the newest. */
  readonly files: SessionFiles
  /** In words. */
  readonly problems: string[]
}

export interface FoundFiles {
  readonly sessions: Map<SessionId, FoundSession>
  /** Files of sub-agents that lie beside the sessions' own. */
  readonly legacy: readonly FoundFile[]
  /** In words. */
  readonly notices: readonly string[]
}

/** Below a session's folder, and of what is said about one session. Deeper or more is left out, and that is said. */
const limits = { depth: 8, files: 20_000, problems: 50 } as const

/** Whether others are due is asked once in so many files: a look at one takes less than the question. */
const askEvery = 16

/** Tells the session of a transcript's name; null if it is of none. */
export type ReadName = (name: string) => SessionId | null

/** Names that are remembered at most. A name takes about 150 bytes. */
const namesAtMost = 100_000

/**
 * Remembers names from one look to the next: reading ten thousand takes longer than finding them again, and whoever
 * is given the very same id each time compares it in no time.
 *
 * @param known Sessions that are likely to be found.
 */
export function rememberNames(known: Iterable<SessionId>): ReadName {
  const ids = new Map<string, SessionId>()
  for (const sessionId of known) ids.set(`${sessionId}${ending}`, sessionId)
  return name => {
    const before = ids.get(name)
    if (before !== undefined) return before
    const sessionId = readName(name)
    if (ids.size >= namesAtMost) ids.clear()
    if (sessionId !== null) ids.set(name, sessionId)
    return sessionId
  }
}

const ending = '.jsonl'

function readName(name: string): SessionId | null {
  return parseSessionId(name.slice(0, -ending.length))
}

export interface FindOptions {
  /** Of this session alone, without sub-agents that lie beside the sessions' own files. */
  readonly only?: SessionId
  /** Default: each name is read anew. */
  readonly readName?: ReadName
  /** Of the folders of sessions. Default: each is listed. */
  readonly folders?: Pick<FolderMemory, 'list'>
}

export async function findSessionFiles(
  files: FileSystem,
  roots: readonly string[],
  slice: TimeSlice,
  options: FindOptions = {},
): Promise<FoundFiles> {
  const found = { sessions: new Map<SessionId, FoundSession>(), legacy: [] as FoundFile[], notices: [] as string[] }
  for (const root of roots) {
    const projects = path.join(root, 'projects')
    for (const name of namesIn(files, projects, found.notices)) {
      await findInFolder(files, root, path.join(projects, name), found, slice, options)
    }
  }
  return { ...found, legacy: dropTwins(found.legacy) }
}

type Finding = { sessions: Map<SessionId, FoundSession>; legacy: FoundFile[]; notices: string[] }

async function findInFolder(
  files: FileSystem,
  root: string,
  folder: string,
  found: Finding,
  slice: TimeSlice,
  { only, readName: idOf = readName, folders = files }: FindOptions,
): Promise<void> {
  let looked = 0
  // In one piece: each part more is work for every name.
  const within = folder + path.sep
  for (const name of namesIn(files, folder, found.notices)) {
    if (++looked % askEvery === 0 && slice.isOver()) await slice.next()
    const at = within + name
    const isLines = name.endsWith(ending)
    const sessionId = isLines ? idOf(name) : parseSessionId(name)
    if (only !== undefined && sessionId !== only) continue
    if (sessionId === null) {
      if (isLines && name.startsWith('agent-')) addLegacy(files, root, at, found)
    } else if (isLines) {
      const session = sessionOf(found, sessionId)
      addFile(session, 'main', root, at, statOf(files, at, session.problems))
    } else {
      await addSessionFolder({ files, folders, root, top: at, slice }, sessionOf(found, sessionId))
    }
  }
}

/** Entries of a folder; none, with a notice unless it is simply not there, if it cannot be listed. */
function namesIn(
  folders: Pick<FolderMemory, 'list'>,
  folder: string,
  notices: string[],
  seen?: FilePeek,
): readonly string[] {
  try {
    return folders.list(folder, seen)
  } catch (error) {
    const code = errorCode(error)
    if (code === null) throw error
    if (code !== 'ENOENT' && code !== 'ENOTDIR') note(notices, `The folder ${folder} cannot be read: ${code}`)
    return []
  }
}

function sessionOf(found: Finding, sessionId: SessionId): FoundSession {
  const known = found.sessions.get(sessionId)
  if (known !== undefined) return known
  const session: FoundSession = { sessionId, files: new SessionFiles(), problems: [] }
  found.sessions.set(sessionId, session)
  return session
}

function addLegacy(files: FileSystem, root: string, at: string, found: Finding): void {
  const stat = statOf(files, at, found.notices)
  const stream = `legacy/${path.basename(at)}`
  if (stat?.kind === 'file' && isStreamName(stream)) {
    found.legacy.push({ stream, path: at, root, stat })
  }
}

/** Of a file that two linked folders show, one is kept. */
function dropTwins(found: readonly FoundFile[]): readonly FoundFile[] {
  const byIdentity = new Map(found.map(file => [`${file.stat.dev}:${file.stat.ino}`, file]))
  return [...byIdentity.values()]
}

interface SessionFolder {
  readonly files: FileSystem
  readonly folders: Pick<FolderMemory, 'list'>
  readonly root: string
  readonly top: string
  readonly slice: TimeSlice
}

/** Everything below `<session id>/`, breadth first. */
async function addSessionFolder(
  { files, folders, root, top, slice }: SessionFolder,
  session: FoundSession,
): Promise<void> {
  const waiting: { readonly at: string; readonly name: string; readonly depth: number; readonly stat?: FilePeek }[] = [
    { at: top, name: '', depth: 0 },
  ]
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    const within = folder.at + path.sep
    for (const entry of namesIn(folders, folder.at, session.problems, folder.stat)) {
      if (slice.isOver()) await slice.next()
      const at = within + entry
      const name = folder.name === '' ? entry : `${folder.name}/${entry}`
      const stat = statOf(files, at, session.problems)
      if (stat?.kind !== 'folder') addFile(session, name, root, at, stat)
      else if (folder.depth < limits.depth) waiting.push({ at, name, depth: folder.depth + 1, stat })
      else note(session.problems, `${at} lies too deep and is left out`)
    }
  }
}

function addFile(session: FoundSession, stream: string, root: string, at: string, stat: FilePeek | null): void {
  if (stat === null) return
  const problem = whyNot(session, stream, at, stat)
  if (problem !== null) {
    note(session.problems, problem)
    return
  }
  const other = session.files.get(stream)
  const file: FoundFile = { stream, path: at, root, stat }
  if (other === undefined) session.files.set(file)
  else if (!isSameFile(stat, other.stat)) settle(session, file, other)
}

function whyNot(session: FoundSession, stream: string, at: string, stat: FilePeek): string | null {
  if (stat.kind === 'link') return `${at} is a link and is left alone`
  if (stat.kind !== 'file') return `${at} is no file and is left alone`
  // Without its own file there is no session, however many others it has.
  if (stream === 'main') return null
  if (!isStreamName(stream)) return `${at} has a name that cannot be kept and is left out`
  return session.files.size < limits.files ? null : `Only ${limits.files} files are kept; the others are left out`
}

/** Each once, and a bounded number: a folder may hold anything. */
function note(problems: string[], problem: string): void {
  if (problems.length < limits.problems && !problems.includes(problem)) problems.push(problem)
}

/** The same stream in two folders or roots: a copy, or a move that was cut short. */
function settle(session: FoundSession, file: FoundFile, other: FoundFile): void {
  const [kept, left] = isBetter(file.stat, other.stat) ? [file, other] : [other, file]
  session.files.set(kept)
  note(session.problems, `Found twice: ${kept.path} is read, ${left.path} is smaller or older and is left alone`)
}

function isBetter(a: FilePeek, b: FilePeek): boolean {
  return a.size === b.size ? a.mtimeMs > b.mtimeMs : a.size > b.size
}

export function isSameFile(a: FilePeek, b: FilePeek): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

/** Null, with a notice unless it is simply gone, if it cannot be looked at. */
function statOf(files: FileSystem, at: string, notices: string[]): FilePeek | null {
  try {
    return files.peek(at)
  } catch (error) {
    const code = errorCode(error)
    if (code === null) throw error
    if (code !== 'ENOENT' && code !== 'ENOTDIR') note(notices, `${at} cannot be read: ${code}`)
    return null
  }
}
