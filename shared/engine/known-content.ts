/**
 * Whether some content is in a checkpoint or in git, so that writing over it loses nothing. Asks no more than it must:
 * manifests of the project are looked through, newest first, until the answer is known. Reads only.
 */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { PackReader } from './pack-reader.ts'
import { packOf } from './record-check.ts'
import type { TimeSlice } from './time-slice.ts'

export interface KnownContent {
  /** True if a checkpoint of the project holds a file with this content. */
  hasHash(sha256: string): Promise<boolean>
  /** True if a commit that was HEAD of the project at a checkpoint, or is now, holds it. */
  hasObject(objectId: string): Promise<boolean>
}

export interface KnownContentParts {
  readonly store: Pick<CheckpointStore, 'sessions' | 'list'>
  readonly reader: PackReader
  readonly slice: TimeSlice
  readonly root: string
  /** Names of the objects of a commit; empty if they cannot be had. */
  readonly objectsOf: (commit: string) => Promise<readonly string[]>
  /** HEAD as it is now, if it is known. */
  readonly head: string | null
  /** One whose manifest has been read already, with the hashes in it. */
  readonly opened?: { readonly record: CheckpointRecord; readonly hashes: Iterable<string> }
}

/** Commits and manifests that are looked at; more are as good as never asked for. */
const mostCommits = 20
const mostManifests = 1_000

export function createKnownContent(parts: KnownContentParts): KnownContent {
  const { opened } = parts
  const isKnown = opened !== undefined && counts(opened.record, parts.root)
  const hashes = new Set<string>(isKnown ? opened.hashes : [])
  const objects = new Set<string>()
  let records: readonly CheckpointRecord[] | null = null
  let manifests: Iterator<CheckpointRecord> | null = null
  let commits: Iterator<string> | null = null

  const recordsOfRoot = async () => {
    records ??= await readRecords(parts)
    return records
  }

  async function hasHash(sha256: string): Promise<boolean> {
    manifests ??= firstPerManifest(await recordsOfRoot(), isKnown ? opened.record.tree?.manifestSha256 : undefined)
    while (!hashes.has(sha256)) {
      const next = manifests.next()
      if (next.done) return false
      for (const hash of hashesIn(parts.reader, next.value)) hashes.add(hash)
      if (parts.slice.isOver()) await parts.slice.next()
    }
    return true
  }

  async function hasObject(objectId: string): Promise<boolean> {
    commits ??= commitsOf(await recordsOfRoot(), parts.head)
    while (!objects.has(objectId)) {
      const next = commits.next()
      if (next.done) return false
      for (const object of await parts.objectsOf(next.value)) objects.add(object)
    }
    return true
  }

  return { hasHash, hasObject }
}

/**
 * Records of every session in the project, newest first. Not the safety checkpoints of earlier restores: by them
 * everything that a restore left alone would be fair game for the next one.
 */
async function readRecords({ store, slice, root }: KnownContentParts): Promise<readonly CheckpointRecord[]> {
  const listed = store.sessions()
  const found: CheckpointRecord[] = []
  for (const sessionId of listed.ok ? listed.sessions : []) {
    if (slice.isOver()) await slice.next()
    const records = store.list(sessionId)
    for (const read of records.ok ? records.records : []) {
      if (read.ok && counts(read.record, root)) found.push(read.record)
    }
  }
  return found.sort((a, b) => b.at - a.at)
}

function counts({ tree, cause }: CheckpointRecord, root: string): boolean {
  return tree?.root === root && cause.kind !== 'safety'
}

function firstPerManifest(records: readonly CheckpointRecord[], but?: string): Iterator<CheckpointRecord> {
  const byManifest = new Map<string, CheckpointRecord>()
  for (const record of records) {
    const key = record.tree?.manifestSha256 ?? ''
    if (key !== but && !byManifest.has(key)) byManifest.set(key, record)
  }
  return [...byManifest.values()].slice(0, mostManifests).values()
}

function commitsOf(records: readonly CheckpointRecord[], head: string | null): Iterator<string> {
  const ofRecords = records.flatMap(({ tree }) => (tree?.head ? [tree.head] : []))
  return [...new Set([...(head === null ? [] : [head]), ...ofRecords])].slice(0, mostCommits).values()
}

/** Every hash in a manifest. Its text is searched, not parsed: it may list 50,000 files, and nothing else is wanted. */
function hashesIn(reader: PackReader, record: CheckpointRecord): Iterable<string> {
  if (record.tree === null) return []
  const { place, manifestSha256 } = record.tree
  const read = reader.frame(packOf(record, place), place, manifestSha256)
  if (!read.ok) return []
  const found = read.content.toString('latin1').matchAll(/"sha256":"([0-9a-f]{64})"/g)
  return Array.from(found, ([, hash]) => hash ?? '')
}
