/**
 * The checkpoint store: packs of content, and one record per checkpoint.
 *
 * Invariants, here and in `pack-writer.ts`, `record-file.ts`, `store-folder.ts`; tests cite the numbers:
 * 1. A record names only packs that are already durable: pack written, fsynced, renamed, folder fsynced; only then
 *    the record written, fsynced, given its final name by link(2), folder fsynced.
 * 2. Packs and records never change; what is whole and no longer wanted goes as a whole, and only by `store-gc.ts`. A
 *    number is taken once: of any number of writers that race for one `session/seq` one has `committed`, the others
 *    `taken`. No lock is needed for that, and a session's highest number never goes, so none is used again.
 * 3. There is no index and no state file: records are the truth, and all but `packs` and `checkpoints` is a cache.
 * 4. `committed` means durable, read back, hashes equal: frames by `PackWriter.finish`, the record by `commit`.
 * 5. What does not verify is reported and passed over, never deleted, moved or overwritten; older records still
 *    serve, and the number of a damaged one is not used again. While a record cannot be read, no pack is removed.
 * 6. No link is followed out of the store, nothing is written outside it, and names are made of hashes and
 *    validated ids only.
 * 7. A record that is gone though nothing of ours removed it is known to be: it has a second name, given after it is
 *    durable and taken away, durably, before it is removed (`record-witness.ts`, which says what that cannot tell).
 *
 * Reading never writes. Nothing here takes a lock, decides whether a checkpoint is due, or deletes old ones.
 */
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import type { TreeManifest } from '../core/work-tree.ts'
import { type Failure, failureOf } from './durable-file.ts'
import { openPackReader, type PackReader, packOfFileName, packPath } from './pack-reader.ts'
import { type FinishedPack, openPackWriter, type PackWriter } from './pack-writer.ts'
import type { FileSystem, Ports } from './ports.ts'
import { checkRecord, type Finding, readManifest, readStream, type StreamRead } from './record-check.ts'
import { type Commit, commitRecords, type NewRecord } from './record-commit.ts'
import { encodeRecord, maxSeq, type RecordProblem, type RecordRead } from './record-file.ts'
import { isSessionId, newestOf, readRecord, sessionFolder, sessionsIn } from './record-folder.ts'
import { type DraftPack, settlePacks } from './record-packs.ts'
import { readWitness, takenSeqs } from './record-witness.ts'
import { linkedFolder, prepareStoreFolder, type StorePaths, storePaths } from './store-folder.ts'
import { runAtOnce, runTogether, type SyncSteps } from './sync-steps.ts'

/** A record without what the store adds, its places pointing into a draft's list of packs (`record-packs.ts`). */
export type RecordDraft = Pick<
  CheckpointRecord,
  | 'session'
  | 'at'
  | 'title'
  | 'cwd'
  | 'model'
  | 'cause'
  | 'why'
  | 'scores'
  | 'counts'
  | 'contextPercent'
  | 'lastActivity'
  | 'streams'
  | 'tree'
  | 'treeError'
  | 'brief'
> & {
  readonly packs: readonly DraftPack[]
  /**
   * The session's highest number when it was decided to make this checkpoint (0: none). The record gets the next
   * one or none, so take it from the same `newest` or `numbers` that the decision rests on.
   */
  readonly afterSeq: number
}

type OrFailure<T> = ({ readonly ok: true } & T) | ({ readonly ok: false } & Failure)

export type StoreOpened = OrFailure<{ readonly store: CheckpointStore }>

/** A session's newest good record, and what stands above it. */
export interface NewestRecord {
  /** Null if there is none that verifies. */
  readonly record: CheckpointRecord | null
  /** Highest number that is taken, by whatever; 0 if none. */
  readonly highestSeq: number
  /** Records above `record` that do not verify, newest first. */
  readonly problems: readonly RecordProblem[]
}

export interface StoreOptions {
  /** Share of the disk, in [0, 1), that stays free: below it nothing is written; asked each time if it may change. Default 0.05. */
  readonly minimumFreeShare?: number | (() => number)
}

export interface CheckpointStore {
  readonly paths: StorePaths
  /** Sessions that have, or had, a record. Unsorted. */
  sessions(): OrFailure<{ readonly sessions: readonly SessionId[] }>
  /** Numbers that are taken, lowest first; damaged, newer and lost records count. */
  numbers(sessionId: SessionId): OrFailure<{ readonly seqs: readonly number[] }>
  /** Only the record's own checksum is verified here; see `verifyRecord`. */
  newest(sessionId: SessionId): OrFailure<NewestRecord>
  read(sessionId: SessionId, seq: number): RecordRead
  /** What the second name of a record holds: for one that is gone (invariant 7). */
  readWitness(sessionId: SessionId, seq: number): RecordRead
  /** Every record, oldest first; `missing` are those that are gone though nobody here removed them. */
  list(sessionId: SessionId): OrFailure<{ readonly records: readonly RecordRead[] }>
  /** A pack to add frames to; refused with `disk-full` when too little of the disk is free. */
  newPack(): OrFailure<{ readonly pack: PackWriter }>
  /**
   * Makes drafts into records, in order, one result each.
   *
   * @param pack what `finish` gave for the pack that the drafts call "being written"
   * @param held false once the caller's lock is lost: asked before each record, which then fails with `lock-lost`.
   *   Even without it a late caller cannot commit twice (invariant 2).
   */
  commit(drafts: readonly RecordDraft[], pack: FinishedPack | null, held: () => boolean): readonly Commit[]
  /** The same, while others run: what many records need of the disk is asked of it together. */
  commitTogether(
    drafts: readonly RecordDraft[],
    pack: FinishedPack | null,
    held: () => boolean,
  ): Promise<readonly Commit[]>
  /** Checks packs, places, and with `readData` every byte that the record stands for. Empty: all is well. */
  verifyRecord(record: CheckpointRecord, options: { readonly readData: boolean }): readonly Finding[]
  /** Null in `manifest` when the record has no tree. */
  readManifest(record: CheckpointRecord): ManifestRead
  /** Hands a stream's bytes to `take` in order; they are to be trusted only when the result is ok. */
  readStream(record: CheckpointRecord, name: string, take: (chunk: Uint8Array) => void): StreamRead
  /** Names and sizes of all packs; `unexpected` are other names in that folder. */
  packs(): OrFailure<{ readonly packs: readonly FinishedPack[]; readonly unexpected: readonly string[] }>
  /** For many reads; the caller closes it. */
  packReader(): PackReader
}

export type ManifestRead =
  | { readonly ok: true; readonly manifest: TreeManifest | null }
  | { readonly ok: false; readonly finding: Finding }

/** Opens the store in `folder`, which is made if it is not there. Writes nothing into a store that is complete. */
export function openStore(ports: Ports, folder: string, options: StoreOptions = {}): StoreOpened {
  const paths = storePaths(path.resolve(folder))
  const failure = prepareStoreFolder(ports, paths)
  if (failure) return { ok: false, ...failure }
  const { minimumFreeShare = 0.05 } = options
  return {
    ok: true,
    store: createStore(ports, paths, typeof minimumFreeShare === 'number' ? () => minimumFreeShare : minimumFreeShare),
  }
}

function createStore(ports: Ports, paths: StorePaths, minimumFreeShare: () => number): CheckpointStore {
  const { files } = ports
  const refused = () =>
    safely('Looking at the store', () => linkedFolder(files, paths) ?? lowDisk(files, paths, minimumFreeShare()))
  const numbers = (sessionId: SessionId) =>
    attempt(`Listing ${sessionId}`, () => ({ seqs: takenSeqs(files, paths, sessionId) }))
  const read = (sessionId: SessionId, seq: number) => readRecord(files, paths, sessionId, seq)
  function* commitSteps(
    drafts: readonly RecordDraft[],
    pack: FinishedPack | null,
    held: () => boolean,
  ): SyncSteps<readonly Commit[]> {
    const failure = refused() ?? safely('Saving records', () => makeFirstFolders(files, paths, held() ? drafts : []))
    if (failure) return drafts.map(({ session }) => ({ kind: 'failed', sessionId: session, ...failure }))
    const records = drafts.map(draft => encodeDraft(draft, pack))
    return yield* commitRecords(ports, paths, records, held)
  }
  const withReader = <T>(work: (reader: PackReader) => T): T => {
    const reader = openPackReader(files, paths.packs)
    try {
      return work(reader)
    } finally {
      reader.close()
    }
  }
  return {
    paths,
    sessions: () => attempt('Listing sessions', () => ({ sessions: allSessions(files, paths) })),
    numbers,
    read,
    newest(sessionId) {
      const listed = numbers(sessionId)
      return listed.ok ? { ok: true, ...newestOf(listed.seqs, seq => read(sessionId, seq)) } : listed
    },
    list(sessionId) {
      const listed = numbers(sessionId)
      if (!listed.ok) return listed
      const records = listed.seqs.map(seq => read(sessionId, seq))
      return { ok: true, records: records.some(isGone) ? withoutRemoved(records, numbers(sessionId)) : records }
    },
    readWitness: (sessionId, seq) => readWitness(files, paths, sessionId, seq),
    newPack() {
      const failure = refused()
      return failure ? { ok: false, ...failure } : { ok: true, pack: openPackWriter(ports, paths) }
    },
    commit(drafts, pack, held) {
      return runAtOnce(files, commitSteps(drafts, pack, held))
    },
    commitTogether(drafts, pack, held) {
      return runTogether(files, commitSteps(drafts, pack, held))
    },
    verifyRecord: (record, { readData }) => withReader(reader => checkRecord(reader, record, readData)),
    readManifest: record => withReader(reader => readManifest(reader, record)),
    readStream: (record, name, take) => withReader(reader => readStream(reader, record, name, take)),
    packs: () => attempt('Listing packs', () => listPacks(files, paths)),
    packReader: () => openPackReader(files, paths.packs),
  }
}

function attempt<T extends object>(doing: string, work: () => T): OrFailure<T> {
  try {
    return { ok: true, ...work() }
  } catch (error) {
    return { ok: false, ...failureOf(error, doing) }
  }
}

function safely(doing: string, work: () => Failure | null): Failure | null {
  try {
    return work()
  } catch (error) {
    return failureOf(error, doing)
  }
}

function allSessions(files: FileSystem, paths: StorePaths): readonly SessionId[] {
  return [...new Set([...files.list(paths.checkpoints).filter(isSessionId), ...sessionsIn(files, paths.witnesses)])]
}

const isGone = (read: RecordRead) => !read.ok && read.problem.kind === 'missing'

/** Without what another process has removed between the listing and the reading; it takes the second name first. */
function withoutRemoved(records: readonly RecordRead[], now: OrFailure<{ readonly seqs: readonly number[] }>) {
  const taken = now.ok ? new Set(now.seqs) : null
  return records.filter(read => read.ok || read.problem.kind !== 'missing' || taken?.has(read.problem.seq) !== false)
}

function listPacks(files: FileSystem, paths: StorePaths) {
  const names = files.list(paths.packs)
  const packs = names.map(packOfFileName).filter(name => name !== null)
  return {
    packs: packs.map(sha256 => ({ sha256, bytes: files.lstat(packPath(paths.packs, sha256)).size })),
    unexpected: names.filter(name => packOfFileName(name) === null),
  }
}

/** Filling the last of a disk would hurt more than a late checkpoint. A disk that does not tell is taken as roomy. */
function lowDisk(files: FileSystem, paths: StorePaths, minimumFreeShare: number): Failure | null {
  const { freeBytes, totalBytes } = files.diskSpace(paths.folder)
  if (totalBytes === 0 || freeBytes >= totalBytes * minimumFreeShare) return null
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return {
    code: 'disk-full',
    message: `Only ${percent(freeBytes / totalBytes)} of the disk that holds ${paths.folder} is free; ${percent(minimumFreeShare)} are kept free`,
    remedy: 'Free disk space; checkpoints go on by themselves then.',
  }
}

function encodeDraft(draft: RecordDraft, pack: FinishedPack | null): NewRecord {
  const { afterSeq, session, streams, tree, packs, brief, ...facts } = draft
  const seq = afterSeq + 1
  if (seq > maxSeq) throw new RangeError(`checkpoint number ${seq}`)
  const settled = settlePacks({ streams, tree, packs }, pack?.sha256 ?? null)
  const { bytes } = encodeRecord({ v: 1, session, seq, ...facts, ...settled, brief })
  return { sessionId: session, seq, bytes, packs: settled.packs }
}

/**
 * The folders of sessions that have no record yet, all made durable by one sync. It is done even where the folder is
 * there: whoever made it may not have come to syncing it, and then a record in it would be no safer (invariant 1).
 */
function makeFirstFolders(files: FileSystem, paths: StorePaths, drafts: readonly RecordDraft[]): null {
  const first = drafts.filter(({ afterSeq }) => afterSeq === 0)
  for (const { session } of first) files.makeFolder(sessionFolder(paths, session))
  if (first.length > 0) files.syncFolder(paths.checkpoints)
  return null
}
