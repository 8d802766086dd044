/** Sessions and checkpoints as the store has them, for commands that need no look at the live sessions. */
import type { CheckpointRecord } from '../shared/core/checkpoint.ts'
import { checkpointId } from '../shared/core/checkpoint-id.ts'
import type { SessionId } from '../shared/core/session.ts'
import { type CheckpointStore, openStore } from '../shared/engine/checkpoint-store.ts'
import { type DataPaths, dataFolder, dataPaths } from '../shared/engine/data-folder.ts'
import { nodePorts } from '../shared/engine/node-ports.ts'
import type { Ports } from '../shared/engine/ports.ts'
import { bare, type CommandContext } from './context.ts'
import { type Either, exitCodes, fine, type Problem, stop, usageProblem } from './exit-codes.ts'
import { resolveCheckpoint, resolveSession, type SessionName } from './resolve.ts'

export interface OpenedStore {
  readonly ports: Ports
  readonly paths: DataPaths
  readonly store: CheckpointStore
}

export function openStoreFor(context: CommandContext): Either<OpenedStore> {
  const ports = nodePorts(context.log)
  const paths = dataPaths(dataFolder(context.environment))
  const opened = openStore(ports, paths.store)
  return opened.ok ? fine({ ports, paths, store: opened.store }) : stop(storeProblem(opened))
}

export function storeProblem(failure: { readonly message: string; readonly remedy: string }): Problem {
  return { what: bare(failure.message), remedy: bare(failure.remedy), exitCode: exitCodes.failed }
}

/** Every session with a checkpoint; the title is its newest record's. */
export function storedSessions(store: CheckpointStore): Either<readonly SessionName[]> {
  const listed = store.sessions()
  if (!listed.ok) return stop(storeProblem(listed))
  const names = listed.sessions.map(sessionId => {
    const newest = store.newest(sessionId)
    return { sessionId, title: newest.ok ? (newest.record?.title ?? '') : '' }
  })
  return fine(names)
}

export function findStoredSession(store: CheckpointStore, name: string): Either<SessionId> {
  const known = storedSessions(store)
  return known.ok ? resolveSession(name, known.value) : known
}

/** The record that is meant: by number, or the session's newest that can be read. */
export function findCheckpoint(store: CheckpointStore, name: string): Either<CheckpointRecord> {
  const known = storedSessions(store)
  if (!known.ok) return known
  const wanted = resolveCheckpoint(name, known.value)
  if (!wanted.ok) return wanted
  const { sessionId, seq } = wanted.value
  return seq === null ? newestOf(store, sessionId) : recordOf(store, sessionId, seq)
}

function newestOf(store: CheckpointStore, sessionId: SessionId): Either<CheckpointRecord> {
  const newest = store.newest(sessionId)
  if (!newest.ok) return stop(storeProblem(newest))
  if (newest.record !== null) return fine(ownWork(store, newest.record))
  const why = newest.problems[0]?.message ?? `session ${sessionId} has no checkpoint`
  return stop({ what: bare(why), remedy: 'run "session-monitor verify"', exitCode: exitCodes.failed })
}

/** Who names a session means what it saved, not the safety checkpoint of the last restore; unless there is no other. */
function ownWork(store: CheckpointStore, newest: CheckpointRecord): CheckpointRecord {
  if (newest.cause.kind !== 'safety') return newest
  const listed = store.list(newest.session)
  const records = listed.ok ? listed.records.flatMap(read => (read.ok ? [read.record] : [])) : []
  return records.findLast(({ cause }) => cause.kind !== 'safety') ?? newest
}

function recordOf(store: CheckpointStore, sessionId: SessionId, seq: number): Either<CheckpointRecord> {
  const read = store.read(sessionId, seq)
  if (read.ok) return fine(read.record)
  if (read.problem.kind === 'missing') {
    const what = `there is no checkpoint ${checkpointId(sessionId, seq)}`
    return stop(usageProblem(what, `"session-monitor checkpoints ${sessionId}" lists them`))
  }
  const remedy = 'run "session-monitor verify"; older checkpoints may be whole'
  return stop({ what: bare(read.problem.message), remedy, exitCode: exitCodes.failed })
}
