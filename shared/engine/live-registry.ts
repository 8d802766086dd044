/**
 * Which sessions are held open by a process, by Claude Code's own registry `<root>/sessions/<pid>.json`.
 *
 * The registry is no heartbeat: a file changes only with the state, and a killed process leaves one that still says
 * `busy`. So an entry counts while its pid is alive with the same start time in the same pid domain, and never ages.
 * Reads only; a file that cannot be read or does not parse says nothing about any session, and that is said.
 */
import path from 'node:path'
import { countOf, type JsonObject, nameOf, objectOf } from '../core/json-value.ts'
import { type LiveState, type LiveStatus, parseSessionId, type SessionId } from '../core/session.ts'
import { errorCode } from './durable-file.ts'
import { readSmallText } from './git-repository.ts'
import type { FileSystem, Processes } from './ports.ts'

export interface RegistryEntry {
  readonly pid: number
  readonly sessionId: SessionId
  /** The process's start time in the system's words. */
  readonly start: string
  readonly pidDomain: string | null
  /** As Claude Code wrote it; null in versions that did not yet. */
  readonly status: string | null
  readonly waitingFor: string | null
  /** When the status last changed, epoch ms. */
  readonly sinceMs: number | null
  readonly updatedMs: number
}

export interface LiveRegistry {
  readonly entries: ReadonlyMap<SessionId, readonly RegistryEntry[]>
  /** By root: whether there is a `sessions` folder, and whether all of its entries could be read. */
  readonly folders: ReadonlyMap<string, 'complete' | 'partial' | 'absent'>
  /** In words, for files and folders that could not be read. */
  readonly notices: readonly string[]
}

/** What the transcript tells that the answer depends on. */
export interface EndedClues {
  readonly sessionId: SessionId
  /** The root that the transcript lies in. */
  readonly root: string
  /** Claude Code's version in the transcript's last record. */
  readonly version: string | null
  /** The transcript's last word is a goodbye. */
  readonly saidGoodbye: boolean
}

export function readLiveRegistry(files: FileSystem, roots: readonly string[]): LiveRegistry {
  const entries = new Map<SessionId, RegistryEntry[]>()
  const folders = new Map<string, 'complete' | 'partial' | 'absent'>()
  const notices: string[] = []
  for (const root of roots) {
    const folder = path.join(root, 'sessions')
    const names = registryNames(files, folder)
    if (typeof names === 'string') {
      folders.set(root, names === 'ENOENT' ? 'absent' : 'partial')
      if (names !== 'ENOENT') notices.push(`The list of live sessions in ${folder} cannot be read: ${names}`)
      continue
    }
    folders.set(root, 'complete')
    for (const name of names) {
      const entry = readEntry(files, path.join(folder, name))
      if (entry === 'nothing') continue
      if (entry === 'unreadable') {
        folders.set(root, 'partial')
        notices.push(`${path.join(folder, name)} cannot be read, so one session's live state is not known`)
      } else {
        entries.set(entry.sessionId, [...(entries.get(entry.sessionId) ?? []), entry])
      }
    }
  }
  return { entries, folders, notices }
}

/** Entries by the sessions that their processes hold. */
export type HeldIds = (registry: LiveRegistry, hasFile: (sessionId: SessionId) => boolean) => LiveRegistry

/**
 * While a process leaves one session for another (`/clear`, `/resume`, quitting and resuming), its entry may carry an
 * id that never gets a file. Until it has one, the process still holds the session that it held before.
 */
export function rememberHeldIds(): HeldIds {
  let before = new Map<string, SessionId>()
  return (registry, hasFile) => {
    const held = new Map<string, SessionId>()
    const entries = new Map<SessionId, RegistryEntry[]>()
    for (const entry of [...registry.entries.values()].flat()) {
      const process = `${entry.pidDomain} ${entry.pid} ${entry.start}`
      const sessionId = hasFile(entry.sessionId) ? entry.sessionId : (before.get(process) ?? entry.sessionId)
      if (hasFile(sessionId)) held.set(process, sessionId)
      entries.set(sessionId, [...(entries.get(sessionId) ?? []), { ...entry, sessionId }])
    }
    before = held
    return { ...registry, entries }
  }
}

/** Names of entries, or the error's code. Names like `pid-123.json` are of an older tool and mean nothing now. */
function registryNames(files: FileSystem, folder: string): readonly string[] | string {
  try {
    return files.list(folder).filter(name => /^\d+\.json$/.test(name))
  } catch (error) {
    const code = errorCode(error)
    if (code === null) throw error
    return code === 'ENOTDIR' ? 'ENOENT' : code
  }
}

function readEntry(files: FileSystem, file: string): RegistryEntry | 'nothing' | 'unreadable' {
  // Rewritten in place: a file caught half-written is whole at the second look.
  const record = recordIn(readSmallText(files, file)) ?? recordIn(readSmallText(files, file))
  if (record !== null) return parseEntry(record) ?? 'nothing'
  try {
    files.lstat(file)
    return 'unreadable'
  } catch (error) {
    if (errorCode(error) === null) throw error
    return 'nothing'
  }
}

function recordIn(text: string | null): JsonObject | null {
  try {
    return objectOf(JSON.parse(text ?? ''))
  } catch {
    return null
  }
}

/** Null without a start time: a bare pid may be anybody's by now. */
function parseEntry(record: JsonObject): RegistryEntry | null {
  const sessionId = parseSessionId(record['sessionId'])
  const pid = countOf(record['pid'])
  const start = startOf(record['procStart']) ?? startOf(record['procStartFt'])
  if (sessionId === null || !Number.isSafeInteger(pid) || pid === 0 || start === null) return null
  return {
    pid,
    sessionId,
    start,
    pidDomain: nameOf(record['pidDomain']),
    status: nameOf(record['status']),
    waitingFor: nameOf(record['waitingFor']),
    sinceMs: countOf(record['statusUpdatedAt']) || null,
    updatedMs: countOf(record['updatedAt']),
  }
}

function startOf(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : nameOf(value)
}

/** The session's live state. Of several entries a live one wins, then one that nobody here can judge. */
export function liveStateOf(registry: LiveRegistry, processes: Processes, clues: EndedClues): LiveState {
  const entries = registry.entries.get(clues.sessionId) ?? []
  if (entries.length === 0) return notRegistered(registry, clues)
  const judged = entries.map(entry => ({ entry, verdict: judge(entry, processes) }))
  const live = judged.filter(({ verdict }) => verdict === 'live' || verdict === 'likely')
  const newest = live.sort((a, b) => b.entry.updatedMs - a.entry.updatedMs)[0]
  if (newest !== undefined) return liveState(newest.entry, newest.verdict === 'likely', live.length)
  const foreign = judged.find(({ verdict }) => verdict === 'foreign')
  if (foreign !== undefined) return foreignState(foreign.entry)
  const note = clues.saidGoodbye ? 'A process died while it held this session; a later one ended cleanly.' : null
  return gone('ended-abruptly', note)
}

type Verdict = 'live' | 'likely' | 'dead' | 'foreign'

function judge(entry: RegistryEntry, processes: Processes): Verdict {
  if (isForeign(entry.pidDomain, processes.pidDomain)) return 'foreign'
  const found = processes.find(entry.pid)
  if (found === null) return 'dead'
  if (found.start === null) return 'likely'
  return isSameStart(found.start, entry.start) ? 'live' : 'dead'
}

/** A file time of Windows that went through JSON as a number has lost its last digits. */
function isSameStart(ours: string, theirs: string): boolean {
  if (ours === theirs) return true
  return /^\d{17,}$/.test(ours) && Number(ours) === Number(theirs)
}

/**
 * Only Linux's domains have a form that is known to us: two of them are compared, and Linux is told from the rest.
 * Elsewhere the pid and the process's start time have to be enough.
 */
function isForeign(theirs: string | null, ours: string): boolean {
  if (theirs === null || ours === '') return false
  const [theirLinux, ourLinux] = [theirs, ours].map(domain => domain.startsWith('linux:'))
  return theirLinux === ourLinux ? theirLinux === true && theirs !== ours : true
}

const knownStatuses: ReadonlySet<string | null> = new Set(['busy', 'waiting', 'idle', 'shell'])

function liveState(entry: RegistryEntry, likely: boolean, processes: number): LiveState {
  const known = knownStatuses.has(entry.status)
  const doubts = [
    known ? null : `its process lives, but its status ${JSON.stringify(entry.status)} is not known here`,
    likely ? 'the start time of its process cannot be checked' : null,
    processes > 1 ? `${processes} processes hold this session open at once` : null,
  ].filter(doubt => doubt !== null)
  return {
    // A process that holds the session is never taken for ended: without a word of its own it counts as idle.
    status: known ? (entry.status as LiveStatus) : 'idle',
    waitingFor: entry.status === 'waiting' ? entry.waitingFor : null,
    pid: entry.pid,
    sinceMs: entry.sinceMs,
    note: doubts.length > 0 ? sentence(doubts.join('; ')) : null,
  }
}

function foreignState(entry: RegistryEntry): LiveState {
  const status = entry.status === null ? 'no status' : entry.status
  return gone('unknown', `Its process belongs to another machine or container, which last said: ${status}.`)
}

/** The first version that reads the registry itself (`claude agents --json`), so that one surely writes it. */
const registrySince = [2, 1, 145] as const

function notRegistered(registry: LiveRegistry, clues: EndedClues): LiveState {
  const folder = registry.folders.get(clues.root) ?? 'absent'
  if (folder === 'absent') {
    return gone('unknown', 'Its Claude folder has no list of live sessions, so nobody can tell whether it still runs.')
  }
  // A file whose records name no version holds no conversation that could still go on.
  if (clues.version !== null && !isAtLeast(clues.version, registrySince)) {
    const note = `Claude Code ${clues.version} may keep no list of live sessions, so nobody can tell whether it still runs.`
    return gone('unknown', note)
  }
  return gone('ended', folder === 'partial' ? 'Part of the list of live sessions could not be read.' : null)
}

function gone(status: LiveStatus, note: string | null): LiveState {
  return { status, waitingFor: null, pid: null, sinceMs: null, note }
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? []
  for (const [i, wanted] of least.entries()) {
    const part = parts[i] ?? -1
    if (part !== wanted) return part > wanted
  }
  return true
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
