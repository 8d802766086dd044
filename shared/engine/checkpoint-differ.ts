/** What differs between two checkpoints, or between one and now: files and conversation. Writes only in a scratch folder. */
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import {
  type CheckpointDiff,
  type DiffRefusal,
  type DiffSide,
  type FileChange,
  type FileDiff,
  type FileDifference,
  fileChanges,
  type TranscriptDifference,
} from '../core/checkpoint-diff.ts'
import { checkpointId } from '../core/checkpoint-id.ts'
import { errorCode, failureOf, readFully, removeTreeQuietly, temporaryPath } from './durable-file.ts'
import { withCrLf } from './git-conversion.ts'
import { type HeadForms, noForms } from './head-forms.ts'
import { objectHashOf } from './in-place-plan.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { readStream } from './record-check.ts'
import { openTree, type RestorableTree } from './restorable-tree.ts'
import type { PlannerParts } from './restore-planner.ts'
import { findSessionFiles } from './session-files.ts'
import { diffContents } from './text-diff.ts'
import { createTimeSlice } from './time-slice.ts'
import { diffTranscripts, type TranscriptState } from './transcript-diff.ts'
import {
  compareTrees,
  type SideFile,
  type SideTree,
  treeOfCheckpoint,
  treeOfNow,
  versionOf,
} from './tree-comparison.ts'
import { isThere, treeNow } from './tree-now.ts'

/** The whole comparison; pages are cut from it. */
export type Difference = Omit<CheckpointDiff, 'files'> & { readonly files: readonly FileDifference[] }

interface Sides {
  readonly before: SideTree
  readonly after: SideTree
  readonly root: string | null
  readonly notes: readonly string[]
  readonly objectHash: ReturnType<typeof objectHashOf>
  readonly forms: { readonly before: HeadForms; readonly after: HeadForms }
  readonly reader: PackReader
}

/** @param to null for now */
export async function differ(
  parts: PlannerParts,
  from: CheckpointRecord,
  to: CheckpointRecord | null,
  signal?: AbortSignal,
): Promise<{ readonly ok: true; readonly diff: Difference } | DiffRefusal> {
  return withSides(parts, from, to, signal, async ({ before, after, root, notes, objectHash, forms, reader }) => {
    const slice = createTimeSlice(parts.ports.clock)
    const files = await compareTrees(before, after, { objectHash, forms, slice })
    const counts = Object.fromEntries(fileChanges.map(change => [change, 0])) as Record<FileChange, number>
    for (const { change } of files) counts[change]++
    const transcript = await transcriptDifference(parts, reader, from, to)
    const toId: DiffSide = to === null ? 'now' : checkpointId(to.session, to.seq)
    return {
      ok: true,
      diff: {
        from: checkpointId(from.session, from.seq),
        to: toId,
        fromAtMs: from.at,
        toAtMs: to?.at ?? parts.ports.clock.nowMs(),
        root,
        counts,
        files,
        notes,
        transcript,
      },
    } as const
  })
}

/** One file of it, line by line. */
export async function differFile(
  parts: PlannerParts,
  from: CheckpointRecord,
  to: CheckpointRecord | null,
  shown: string,
  signal?: AbortSignal,
): Promise<{ readonly ok: true; readonly diff: FileDiff } | DiffRefusal> {
  const key = Buffer.from(shown).toString('latin1')
  return withSides(parts, from, to, signal, async ({ before, after, forms }) => {
    const [old, now] = [before.get(key) ?? null, after.get(key) ?? null]
    if (old === null && now === null) return refuse('unknown', `${shown} is in neither`, 'Look at the list of files.')
    const [oldContent, nowContent] = [await contentOf(old, key, forms.before), await contentOf(now, key, forms.after)]
    if ('why' in oldContent || 'why' in nowContent) {
      const why = 'why' in oldContent ? oldContent.why : 'why' in nowContent ? nowContent.why : ''
      const versions = { before: versionOf(old), after: versionOf(now) }
      return { ok: true, diff: { kind: 'opaque', path: shown, ...versions, why } } as const
    }
    return { ok: true, diff: diffContents(shown, oldContent.side, nowContent.side) } as const
  })
}

type ContentRead =
  | { readonly side: { readonly version: NonNullable<ReturnType<typeof versionOf>>; readonly content: Buffer } | null }
  | { readonly why: string }

/** As it lay in the work tree, where that can be told. */
async function contentOf(file: SideFile | null, key: string, forms: HeadForms): Promise<ContentRead> {
  const version = versionOf(file)
  if (file === null || version === null) return { side: null }
  const form = file.committed && (await forms.of([file.committed])).get(key)
  if (form?.kind === 'lfs') return { why: 'It is kept by Git LFS.' }
  if (form?.kind === 'unknown' && !form.isText) return { why: `${form.why}.` }
  const kept = await file.content()
  const content = kept !== null && form?.kind === 'crlf' ? withCrLf(kept) : kept
  if (content === null) return { why: 'Its content cannot be read any more.' }
  return { side: { version: { ...version, bytes: content.byteLength }, content } }
}

async function withSides<T>(
  parts: PlannerParts,
  from: CheckpointRecord,
  to: CheckpointRecord | null,
  signal: AbortSignal | undefined,
  use: (sides: Sides) => Promise<T>,
): Promise<T | DiffRefusal> {
  const { ports, store } = parts
  const reader = store.packReader()
  const scratch = temporaryPath(ports, store.paths.temporary)
  try {
    const open = (record: CheckpointRecord, name: string) =>
      openTree({ ...parts, files: ports.files, reader, record, scratch: `${scratch}-${name}`, signal })
    const [before, after] = [await open(from, 'from'), to === null ? null : await open(to, 'to')]
    if (!before.ok) return damaged(before)
    if (after?.ok === false) return damaged(after)
    const now = after === null ? await sideNow(parts, before.tree, reader, scratch, signal) : null
    return await use({
      before: now?.ok === false ? new Map() : treeOfCheckpoint(before.tree, reader),
      after: after === null ? (now?.ok ? now.tree : new Map()) : treeOfCheckpoint(after.tree, reader),
      root: before.tree.root ?? after?.tree.root ?? null,
      notes: [
        ...notesOf(before.tree, from),
        ...(after === null || to === null ? [] : notesOf(after.tree, to)),
        ...(now?.ok === false ? [`The project cannot be compared: ${now.message}.`] : []),
      ],
      objectHash: objectHashOf(before.tree),
      forms: { before: before.tree.forms, after: after?.tree.forms ?? noForms },
      reader,
    })
  } catch (error) {
    const { code, message, remedy } = failureOf(error, 'Comparing')
    return refuse(code === 'permission' ? code : 'io-error', message, remedy)
  } finally {
    reader.close()
    for (const name of ['from', 'to', 'now']) removeTreeQuietly(ports.files, `${scratch}-${name}`)
  }
}

function refuse(code: DiffRefusal['code'], message: string, remedy: string): DiffRefusal {
  return { ok: false, code, message, remedy }
}

function damaged(opened: { readonly finding?: { readonly message: string }; readonly message?: string }): DiffRefusal {
  const why = opened.finding?.message ?? opened.message ?? ''
  return refuse('damaged', `The checkpoint is damaged: ${why}`, 'Compare with another one.')
}

async function sideNow(
  parts: PlannerParts,
  tree: RestorableTree,
  reader: PackReader,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly ok: true; readonly tree: SideTree } | { readonly ok: false; readonly message: string }> {
  if (tree.root === null) return { ok: true, tree: new Map() }
  if (!isThere(parts.ports.files, tree.root)) return { ok: true, tree: new Map() }
  const now = await treeNow({ ...parts, options: { signal }, scratch: `${scratch}-now` }, tree, tree.root)
  if (!now.ok) return now
  const also = treeOfCheckpoint(tree, reader).keys()
  return { ok: true, tree: treeOfNow(parts.ports.files, tree.root, now, also) }
}

function notesOf({ heads, leftOut }: RestorableTree, { seq }: CheckpointRecord): readonly string[] {
  const lost = heads.filter(({ kind }) => kind === 'left-out')
  return [
    ...lost.map(({ note }) => `Checkpoint ${seq}: files that were as committed are not compared: ${note}.`),
    ...(leftOut.length === 0 ? [] : [`Checkpoint ${seq}: ${leftOut.length} paths were not saved.`]),
  ]
}

async function transcriptDifference(
  parts: PlannerParts,
  reader: PackReader,
  from: CheckpointRecord,
  to: CheckpointRecord | null,
): Promise<TranscriptDifference | null> {
  const main = from.streams.find(({ name }) => name === 'main')
  if (!main || (to !== null && to.session !== from.session)) return null
  const saved = savedState(reader, from)
  const after = to === null ? await fileState(parts, from.session) : savedState(reader, to)
  return saved && diffTranscripts({ ...saved, sha256: main.sha256 }, after)
}

function savedState(reader: PackReader, record: CheckpointRecord): TranscriptState | null {
  const main = record.streams.find(({ name }) => name === 'main')
  return main ? { bytes: main.bytes, read: take => readStream(reader, record, 'main', take).ok } : null
}

async function fileState({ ports, roots }: PlannerParts, sessionId: string): Promise<TranscriptState | null> {
  const found = await findSessionFiles(ports.files, roots, createTimeSlice(ports.clock), { only: sessionId })
  const main = found.sessions.get(sessionId)?.files.get('main')
  return main ? { bytes: main.stat.size, read: take => readFile(ports.files, path.resolve(main.path), take) } : null
}

function readFile(files: FileSystem, at: string, take: (chunk: Uint8Array) => void): boolean {
  try {
    const file = files.open(at, 'read')
    try {
      const chunk = Buffer.allocUnsafe(1_048_576)
      for (let done = 0; ; ) {
        const read = readFully(file, chunk, done)
        if (read === 0) return true
        take(chunk.subarray(0, read))
        done += read
      }
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
    return false
  }
}
