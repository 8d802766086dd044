/**
 * The newest checkpoint of every session and the newest saved work tree of every project, kept in memory.
 *
 * A cache of the store: it asks for a session's newest number each time and reads a record only when that
 * number has moved, so another process's checkpoints are seen at the next look.
 */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import type { TreeManifest } from '../core/work-tree.ts'
import type { CheckpointStore, NewestRecord } from './checkpoint-store.ts'
import type { Log } from './ports.ts'
import type { RecordProblem } from './record-file.ts'

/** A project's saved work tree, and the record through which it was found. */
export interface SavedTree {
  readonly manifest: TreeManifest
  readonly record: CheckpointRecord
}

export interface CheckpointHistory {
  /** Newest record that verifies its checksum, or null. */
  last(sessionId: SessionId): CheckpointRecord | null
  /** Highest number taken, 0 if none: a damaged record's number counts. As of the latest call of `last`. */
  highestSeq(sessionId: SessionId): number
  /** What stands above the newest good record of a session and does not verify. As of the latest call of `last`. */
  problems(sessionId: SessionId): readonly RecordProblem[]
  /** The record's manifest; null if it has none or it does not read back. */
  manifestOf(record: CheckpointRecord): TreeManifest | null
  /** Newest work tree of a project among the sessions asked for so far. */
  treeOf(root: string): SavedTree | null
  /** Forget manifests: they are large, and one look needs them only for a moment. */
  trim(): void
}

const none: NewestRecord = { record: null, highestSeq: 0, problems: [] }

export function createHistory(store: CheckpointStore, log: Log): CheckpointHistory {
  const newest = new Map<SessionId, NewestRecord>()
  const byRoot = new Map<string, CheckpointRecord>()
  const manifests = new Map<string, TreeManifest | null>()

  const last = (sessionId: SessionId): CheckpointRecord | null => {
    const known = newest.get(sessionId) ?? none
    const listed = store.numbers(sessionId)
    if (listed.ok && (listed.seqs.at(-1) ?? 0) === known.highestSeq) return known.record
    const found = store.newest(sessionId)
    if (!found.ok) {
      log('error', 'checkpoints of a session cannot be read', { sessionId, message: found.message })
      return known.record
    }
    newest.set(sessionId, found)
    remember(found.record)
    return found.record
  }
  const remember = (record: CheckpointRecord | null) => {
    if (record?.tree && (byRoot.get(record.tree.root)?.at ?? 0) <= record.at) byRoot.set(record.tree.root, record)
  }
  const manifestOf = (record: CheckpointRecord): TreeManifest | null => {
    if (record.tree === null) return null
    const key = record.tree.manifestSha256
    let manifest = manifests.get(key)
    if (manifest === undefined) {
      const read = store.readManifest(record)
      manifest = read.ok ? read.manifest : null
      manifests.set(key, manifest)
    }
    return manifest
  }
  return {
    last,
    highestSeq: sessionId => newest.get(sessionId)?.highestSeq ?? 0,
    problems: sessionId => newest.get(sessionId)?.problems ?? [],
    manifestOf,
    treeOf(root) {
      const record = byRoot.get(root)
      const manifest = record ? manifestOf(record) : null
      return record && manifest ? { manifest, record } : null
    },
    trim: () => manifests.clear(),
  }
}
