/**
 * Files of Claude Code's registry of running sessions, `<config>/sessions/<pid>.json`, good and odd ones.
 *
 * What a reader must make of each is stated as {@link LiveTruth}: where the format leaves room, several answers are right.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { LiveState, LiveStatus, SessionId } from '../../shared/core/session.ts'
import type { ProcessIdentity } from '../../shared/engine/ports.ts'

/** The answers that are right for a session. `pid`, `waitingFor` and `sinceMs` are exact when it is live, else null. */
export interface LiveTruth extends Pick<LiveState, 'pid' | 'waitingFor' | 'sinceMs'> {
  readonly accept: readonly LiveStatus[]
}

/** Nothing in the registry. A tool older than the registry leaves nothing either, and then nobody can tell. */
export const notInRegistry = (knowsRegistry: boolean): LiveTruth => ({
  accept: knowsRegistry ? ['ended'] : ['ended', 'unknown'],
  pid: null,
  waitingFor: null,
  sinceMs: null,
})

export interface RegistryEntry {
  readonly sessionId: SessionId
  readonly cwd: string
  readonly process: ProcessIdentity
  readonly pidDomain: string
  readonly status: 'busy' | 'waiting' | 'idle' | 'shell'
  /** Only for `waiting`. */
  readonly waitingFor?: string
  readonly name?: string
  readonly statusUpdatedMs: number
  readonly startedMs: number
  readonly version?: string
  readonly kind?: 'interactive' | 'bg'
}

export function registryRecord(entry: RegistryEntry): Readonly<Record<string, unknown>> {
  return {
    pid: entry.process.pid,
    sessionId: entry.sessionId,
    cwd: entry.cwd,
    startedAt: entry.startedMs,
    procStart: entry.process.start,
    version: entry.version ?? '2.1.330',
    peerProtocol: 1,
    peerFeatures: ['notify_idle'],
    kind: entry.kind ?? 'interactive',
    entrypoint: 'cli',
    pidDomain: entry.pidDomain,
    name: entry.name ?? `${path.basename(entry.cwd)}-bc`,
    nameSource: 'derived',
    status: entry.status,
    updatedAt: entry.statusUpdatedMs,
    statusUpdatedAt: entry.statusUpdatedMs,
    ...(entry.waitingFor === undefined ? {} : { waitingFor: entry.waitingFor }),
  }
}

/** Writes `<pid>.json` and returns its path. */
export function writeRegistryFile(sessionsDir: string, entry: RegistryEntry): string {
  const file = path.join(sessionsDir, `${entry.process.pid}.json`)
  fs.writeFileSync(file, JSON.stringify(registryRecord(entry)), { mode: 0o644 })
  return file
}

export function liveTruth(entry: RegistryEntry): LiveTruth {
  return {
    accept: [entry.status],
    pid: entry.process.pid,
    waitingFor: entry.waitingFor ?? null,
    sinceMs: entry.statusUpdatedMs,
  }
}

const gone = (...accept: LiveStatus[]): LiveTruth => ({ accept, pid: null, waitingFor: null, sinceMs: null })

/** Above every pid that Linux and macOS give out, so it never runs. */
const deadPid = 4_300_000

/** A session whose registry file tells something else than a live process. */
export type OddRegistryKind = 'stale' | 'reused-pid' | 'foreign-domain' | 'half-written' | 'legacy'
export const oddRegistryKinds: readonly OddRegistryKind[] = [
  'stale',
  'reused-pid',
  'foreign-domain',
  'half-written',
  'legacy',
]

/**
 * Writes it. `n` keeps pids apart. `other` is a live process that is not the session's.
 *
 * - stale: the process was killed; the file still says busy.
 * - reused-pid: the pid lives, but started at another time.
 * - foreign-domain: a container or another machine wrote it.
 * - half-written: no JSON yet, so nothing is known from it.
 * - legacy: `pid-<n>.json` with `session_id` and no status, of an older tool.
 */
export function writeOddRegistryFile(
  sessionsDir: string,
  kind: OddRegistryKind,
  entry: RegistryEntry,
  n: number,
  other: ProcessIdentity,
): LiveTruth {
  const dead = { ...entry, process: { pid: deadPid + n, start: '239075' } }
  switch (kind) {
    case 'stale':
      writeRegistryFile(sessionsDir, dead)
      return gone('ended-abruptly')
    case 'reused-pid':
      writeRegistryFile(sessionsDir, { ...entry, process: { pid: other.pid, start: `${other.start ?? ''}1` } })
      return gone('ended-abruptly')
    case 'foreign-domain':
      writeRegistryFile(sessionsDir, { ...dead, pidDomain: 'linux:0123456789abcdef0123456789abcdef:pid:[4026539999]' })
      return gone('unknown')
    case 'half-written': {
      const text = JSON.stringify(registryRecord(dead))
      fs.writeFileSync(path.join(sessionsDir, `${dead.process.pid}.json`), text.slice(0, Math.floor(text.length / 2)))
      return gone('ended', 'unknown')
    }
    case 'legacy': {
      const record = { pid: dead.process.pid, session_id: entry.sessionId, cwd: entry.cwd }
      fs.writeFileSync(path.join(sessionsDir, `pid-${dead.process.pid}.json`), JSON.stringify(record))
      return gone('ended', 'unknown')
    }
  }
}
