/**
 * One look at the whole store for those who tidy it: every record with what it needs, every pack with its size and
 * age. Reads only, and keeps of a record no more than that.
 */
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { KeptCheckpoint } from '../core/retention.ts'
import type { SessionId } from '../core/session.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { errorCode, type Failure, failureOf } from './durable-file.ts'
import type { Step } from './long-work.ts'
import { type PackReader, packOfFileName, packPath } from './pack-reader.ts'
import type { FileStat, FileSystem } from './ports.ts'
import { checkPlaces } from './record-check.ts'
import { type RecordProblem, recordFileName } from './record-file.ts'
import { sessionFolder } from './record-folder.ts'
import { witnessFolder } from './record-witness.ts'
import { mergeableSegments } from './store-seal.ts'

export interface SurveyedRecord extends KeptCheckpoint {
  /** When the session was last seen to do something, epoch ms. */
  readonly lastActivityMs: number
  /** By the file's own time. */
  readonly modifiedMs: number
  /** How many frames fewer its most scattered stream would have if it were sealed. */
  readonly mergeable: number
}

export interface SurveyedPack {
  readonly bytes: number
  readonly modifiedMs: number
}

export interface StoreSurvey {
  readonly sessions: readonly SessionId[]
  readonly records: readonly SurveyedRecord[]
  /** Those of `records` that are gone, and were read under their second names. */
  readonly lost: readonly SurveyedRecord[]
  /** What stands under a record's name and is not one that can be read, of a later version included. */
  readonly problems: readonly RecordProblem[]
  readonly packs: ReadonlyMap<string, SurveyedPack>
  /** Packs that a sweep had begun to remove, by name (see `store-gc.ts`). */
  readonly asides: readonly string[]
}

export type Surveyed =
  | ({ readonly kind: 'surveyed' } & StoreSurvey)
  | ({ readonly kind: 'failed' } & Failure)
  | { readonly kind: 'stopped' }

export interface SurveyProgress {
  readonly done: number
  readonly total: number
}

/** Name of a pack on its way out: in the folder of packs, but not a pack's name. */
export function asidePath(folder: string, pack: string): string {
  return path.join(folder, `${path.basename(packPath(folder, pack), '.pack')}.swept`)
}

function packOfAside(fileName: string): string | null {
  return fileName.endsWith('.swept') ? packOfFileName(`${fileName.slice(0, -'.swept'.length)}.pack`) : null
}

/** Packs are listed before records, so that every pack of a record that is found was there to be listed. */
export async function surveyStore(
  files: FileSystem,
  store: CheckpointStore,
  step: Step<SurveyProgress>,
): Promise<Surveyed> {
  const reader = store.packReader()
  try {
    const names = files.list(store.paths.packs)
    const asides = names.map(packOfAside).filter(name => name !== null)
    const packs = packsIn(files, store, names)
    const listed = store.sessions()
    if (!listed.ok) return { ...listed, kind: 'failed' }
    const taking: Taking = { records: [], lost: [], problems: [] }
    for (const [done, sessionId] of listed.sessions.entries()) {
      if (!(await step({ done, total: listed.sessions.length }))) return { kind: 'stopped' }
      const failure = surveySession({ files, store, reader }, sessionId, taking)
      if (failure) return { kind: 'failed', ...failure }
    }
    return { kind: 'surveyed', sessions: listed.sessions, ...taking, packs, asides }
  } catch (error) {
    return { kind: 'failed', ...failureOf(error, 'Looking through the store') }
  } finally {
    reader.close()
  }
}

function packsIn(
  files: FileSystem,
  { paths }: CheckpointStore,
  names: readonly string[],
): ReadonlyMap<string, SurveyedPack> {
  const packs = new Map<string, SurveyedPack>()
  for (const name of names.map(packOfFileName).filter(pack => pack !== null)) {
    const stat = statOf(files, packPath(paths.packs, name))
    if (stat?.kind === 'file') packs.set(name, { bytes: stat.size, modifiedMs: stat.mtimeMs })
  }
  return packs
}

interface Surveying {
  readonly files: FileSystem
  readonly store: CheckpointStore
  readonly reader: PackReader
}

/** What is being collected. */
interface Taking {
  readonly records: SurveyedRecord[]
  readonly lost: SurveyedRecord[]
  readonly problems: RecordProblem[]
}

function surveySession({ files, store, reader }: Surveying, sessionId: SessionId, taking: Taking): Failure | null {
  const listed = store.list(sessionId)
  if (!listed.ok) return listed
  for (const read of listed.records) {
    const isGone = !read.ok && read.problem.kind === 'missing'
    const found = isGone ? store.readWitness(sessionId, read.problem.seq) : read
    if (!found.ok) {
      taking.problems.push(found.problem)
      continue
    }
    const folder = isGone ? witnessFolder(store.paths, sessionId) : sessionFolder(store.paths, sessionId)
    const stat = statOf(files, path.join(folder, recordFileName(found.record.seq)))
    const record = surveyed(found.record, stat, checkPlaces(reader, found.record).length === 0)
    taking.records.push(record)
    if (isGone) taking.lost.push(record)
  }
  return null
}

function surveyed(record: CheckpointRecord, stat: FileStat | null, verified: boolean): SurveyedRecord {
  return {
    sessionId: record.session,
    seq: record.seq,
    atMs: record.at,
    verified,
    bytes: stat?.size ?? 0,
    modifiedMs: stat?.mtimeMs ?? Number.POSITIVE_INFINITY,
    packs: record.packs,
    lastActivityMs: Math.max(record.at, record.lastActivity ?? 0),
    mergeable: mergeableSegments(record),
  }
}

/** Null for what has just gone. */
function statOf(files: FileSystem, at: string): FileStat | null {
  try {
    return files.lstat(at)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}
