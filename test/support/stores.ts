/** Stores for tests: real ones in scratch folders, and the few records, streams and manifests that tests put in. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { CheckpointRecord, StreamRecord, TreeRecord } from '../../shared/core/checkpoint.ts'
import type { TranscriptStream } from '../../shared/core/session.ts'
import type { TreeFile, TreeManifest } from '../../shared/core/work-tree.ts'
import { type CheckpointStore, openStore, type RecordDraft } from '../../shared/engine/checkpoint-store.ts'
import type { FrameSink } from '../../shared/engine/frame-sink.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { PackWriter } from '../../shared/engine/pack-writer.ts'
import type { FileSystem, Ports } from '../../shared/engine/ports.ts'
import type { Commit } from '../../shared/engine/record-commit.ts'
import { createPackTable, type PackTable } from '../../shared/engine/record-packs.ts'
import { saveStream } from '../../shared/engine/transcript-stream.ts'
import type { MemoryFiles } from './memory-file-system.ts'
import type { Random } from './random.ts'

export const sessionA = '0a000000-0000-4000-8000-00000000000a'
export const sessionB = '0b000000-0000-4000-8000-00000000000b'

export const realPorts: Ports = nodePorts(() => {})

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** @throws {Error} if the store refuses. A test's disk may be fuller than 95 %, so nothing is kept free. */
export function openTestStore(folder: string, ports: Ports = realPorts): CheckpointStore {
  const opened = openStore(ports, folder, { minimumFreeShare: 0 })
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`)
  return opened.store
}

/** Whole JSON lines that compress somewhat like a transcript, at least `bytes` long. */
export function transcriptLines(random: Random, bytes: number): string {
  const lines: string[] = []
  for (let length = 0; length < bytes; length += lines.at(-1)?.length ?? 0) {
    const text = Array.from({ length: 40 }, () => random.pick(words)).join(' ')
    lines.push(`${JSON.stringify({ type: 'assistant', uuid: random.uuid(), text })}\n`)
  }
  return lines.join('')
}

const words = ['const', 'await', 'session', 'checkpoint', 'return', 'the', 'file', 'error', 'value', 'test', '=>', '{']

/** Writes a transcript file and describes it as the detector would. */
export function writeTranscript(file: string, content: string | Uint8Array, name = 'main'): TranscriptStream {
  writeFileSync(file, content)
  return describeTranscript(file, Buffer.from(content), name)
}

export function describeTranscript(file: string, content: Buffer, name = 'main'): TranscriptStream {
  const completeBytes = file.endsWith('.jsonl') ? content.lastIndexOf(0x0a) + 1 : content.length
  return { name, path: file, completeBytes, sizeBytes: content.length, modifiedMs: 0 }
}

/** What a test's checkpoint is made of; what it leaves out is empty. */
export interface TestCheckpoint {
  readonly session?: string
  /** Default: the number that is the highest now. */
  readonly afterSeq?: number
  readonly older?: CheckpointRecord | null
  readonly streams?: readonly TranscriptStream[]
  /** Where the streams lie; default the real disk. */
  readonly files?: FileSystem
  readonly tree?: (sink: FrameSink, table: PackTable) => TreeRecord
  readonly more?: Partial<RecordDraft>
}

export function draftOf(store: CheckpointStore, pack: PackWriter, made: TestCheckpoint): RecordDraft {
  const table = createPackTable()
  const session = made.session ?? sessionA
  const streams = (made.streams ?? []).map((stream): StreamRecord => {
    const saved = saveStream(made.files ?? realPorts.files, { stream, older: made.older ?? null, table, sink: pack })
    if (!saved.ok) throw new Error(saved.message)
    return saved.stream
  })
  const listed = store.numbers(session)
  return {
    session,
    afterSeq: made.afterSeq ?? ((listed.ok && listed.seqs.at(-1)) || 0),
    at: 1_795_000_000_000,
    title: 'A session — with “words”',
    cwd: '/home/dev/work',
    model: null,
    cause: { kind: 'manual' },
    why: 'asked for',
    scores: { total: 1.25 },
    counts: { messages: 4, lines: 9, compactions: 0 },
    contextPercent: 12.5,
    lastActivity: null,
    streams,
    tree: made.tree?.(pack, table) ?? null,
    treeError: null,
    brief: '# Resume\n\nWhat was asked last.\n',
    packs: table.list(),
    ...made.more,
  }
}

/** One checkpoint through pack and commit. */
export function tryCheckpoint(store: CheckpointStore, made: TestCheckpoint, held: () => boolean = () => true): Commit {
  const opened = store.newPack()
  if (!opened.ok) throw new Error(opened.message)
  const draft = draftOf(store, opened.pack, made)
  const finished = opened.pack.finish()
  if (!finished.ok) throw new Error(finished.message)
  const [commit] = store.commit([draft], finished.pack, held)
  if (!commit) throw new Error('one draft, no result')
  return commit
}

/** @throws {Error} unless it was committed */
export function checkpoint(store: CheckpointStore, made: TestCheckpoint): CheckpointRecord {
  const commit = tryCheckpoint(store, made)
  if (commit.kind !== 'committed') throw new Error(JSON.stringify(commit))
  return commit.record
}

export interface TestFile {
  readonly path: TreeFile['path']
  readonly content: string | Uint8Array
  readonly mode?: number
  readonly kind?: 'file' | 'link'
}

/** Stores the files and gives their manifest, with all places in the pack being written. */
export function manifestOf(
  sink: FrameSink,
  files: readonly TestFile[],
  more: Partial<TreeManifest> = {},
): TreeManifest {
  const saved = files.map(({ path: treePath, content, mode = 0o644, kind = 'file' }): TreeFile => {
    const bytes = Buffer.from(content)
    const hash = sha256(bytes)
    const place = sink.add(bytes, hash)
    return { path: treePath, kind, mode, bytes: bytes.length, sha256: hash, place, statKey: '0:0:0:0', status: '??' }
  })
  return {
    v: 1,
    root: '/home/dev/work',
    head: null,
    branch: null,
    state: 'clean',
    base: 'no-git',
    basePin: null,
    files: saved,
    staged: [],
    gone: [],
    skipped: [],
    fingerprint: sha256(JSON.stringify(saved)),
    degraded: null,
    packs: [],
    nested: [],
    ...more,
  }
}

/** Stores a manifest and gives what the record says of it. */
export function treeRecordOf(sink: FrameSink, table: PackTable, manifest: TreeManifest): TreeRecord {
  const bytes = Buffer.from(JSON.stringify(manifest))
  return {
    root: manifest.root,
    manifestSha256: sha256(bytes),
    place: sink.add(bytes, sha256(bytes)),
    fingerprint: manifest.fingerprint,
    packs: [0, ...manifest.packs.map(table.indexOf)],
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    skipped: manifest.skipped.length,
    head: manifest.head,
    branch: manifest.branch,
    state: manifest.state,
    base: manifest.base,
  }
}

/** Does `act` once, just before the view's operation of this number. */
export function beforeOperation(memory: MemoryFiles, number: number, act: () => unknown): void {
  memory.onOperation(operation => {
    if (operation === number) act()
  })
}

/** Bytes of a stream as the store gives them back. @throws {Error} if they do not verify */
export function streamBytes(store: CheckpointStore, record: CheckpointRecord, name = 'main'): Buffer {
  const chunks: Uint8Array[] = []
  const read = store.readStream(record, name, chunk => chunks.push(chunk))
  if (!read.ok) throw new Error(read.finding.message)
  return Buffer.concat(chunks)
}

export function recordPath(store: CheckpointStore, seq: number, session = sessionA): string {
  return path.join(store.paths.checkpoints, session, `${String(seq).padStart(8, '0')}.json`)
}
