/**
 * How much the store takes, and which project how much of it.
 *
 * Cheap to ask again: what never changes (a record's packs, a pack's size) is read once and kept in memory, so a
 * second call lists folders and reads only what is new. Reads only; what cannot be read counts nothing.
 */
import path from 'node:path'
import type { StoreProject } from '../core/monitor-state.ts'
import type { SessionId } from '../core/session.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { errorCode } from './durable-file.ts'
import { packOfFileName, packPath } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { recordFileName } from './record-file.ts'
import { sessionFolder } from './record-folder.ts'

export interface StoreSizes {
  /** Of all packs and records. */
  readonly bytes: number
  /** Largest first. A pack that several projects need counts in equal parts; one that none needs counts for none. */
  readonly projects: readonly StoreProject[]
}

interface KnownRecord {
  readonly project: string | null
  readonly bytes: number
  readonly packs: readonly string[]
}

export function createStoreSizes(files: FileSystem, store: CheckpointStore) {
  const packSizes = new Map<string, number>()
  const sessions = new Map<SessionId, Map<number, KnownRecord>>()

  /** Null if the store cannot be listed. */
  function read(): StoreSizes | null {
    const listed = store.sessions()
    const packs = namesIn(files, store.paths.packs)
    if (!listed.ok || packs === null) return null
    keepOnly(packSizes, new Set(packs.map(packOfFileName).filter(name => name !== null)))
    for (const pack of packs.map(packOfFileName).filter(name => name !== null)) {
      if (!packSizes.has(pack)) packSizes.set(pack, sizeOf(files, packPath(store.paths.packs, pack)))
    }
    keepOnly(sessions, new Set(listed.sessions))
    for (const sessionId of listed.sessions) update(sessionId)
    return sizesOf(packSizes, sessions)
  }

  function update(sessionId: SessionId): void {
    const listed = store.numbers(sessionId)
    if (!listed.ok) return
    const known = sessions.get(sessionId) ?? new Map<number, KnownRecord>()
    sessions.set(sessionId, known)
    keepOnly(known, new Set(listed.seqs))
    for (const seq of listed.seqs.filter(each => !known.has(each))) {
      const found = store.read(sessionId, seq)
      const bytes = sizeOf(files, path.join(sessionFolder(store.paths, sessionId), recordFileName(seq)))
      const { record } = found.ok ? found : { record: null }
      known.set(seq, { project: record?.tree?.root ?? record?.cwd ?? null, bytes, packs: record?.packs ?? [] })
    }
  }

  return { read }
}

export type StoreSizeReader = ReturnType<typeof createStoreSizes>

function sizesOf(
  packSizes: ReadonlyMap<string, number>,
  sessions: ReadonlyMap<SessionId, ReadonlyMap<number, KnownRecord>>,
): StoreSizes {
  const records = [...sessions].flatMap(([sessionId, known]) =>
    [...known.values()].map(record => ({ sessionId, ...record })),
  )
  const users = new Map<string, Set<string | null>>()
  for (const { project, packs } of records) {
    for (const pack of packs) users.set(pack, (users.get(pack) ?? new Set()).add(project))
  }
  const share = (pack: string) => (packSizes.get(pack) ?? 0) / (users.get(pack)?.size ?? 1)
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, n) => total + n, 0)
  const projects = [...Map.groupBy(records, record => record.project)].map(([root, own]) => ({
    root,
    bytes: Math.round(
      sum(own.map(record => record.bytes)) + sum([...new Set(own.flatMap(record => record.packs))].map(share)),
    ),
    sessions: new Set(own.map(record => record.sessionId)).size,
    checkpoints: own.length,
  }))
  return {
    bytes: sum(packSizes.values()) + sum(records.map(record => record.bytes)),
    projects: projects.sort((a, b) => b.bytes - a.bytes),
  }
}

function keepOnly<K>(map: Map<K, unknown>, keys: ReadonlySet<K>): void {
  for (const key of map.keys()) if (!keys.has(key)) map.delete(key)
}

function namesIn(files: FileSystem, folder: string): readonly string[] | null {
  try {
    return files.list(folder)
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

function sizeOf(files: FileSystem, at: string): number {
  try {
    return files.lstat(at).size
  } catch (error) {
    if (errorCode(error) === null) throw error
    return 0
  }
}
