/**
 * Makes the plan of a restore: opens the checkpoint, looks at the target, and says what would happen. Writes nothing
 * but a scratch folder of ours, which is gone afterwards.
 */
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type {
  RestoreEntry,
  RestorePlan,
  RestoreRefusal,
  RestoreRefusalCode,
  RestoreRequest,
  SessionAtWork,
} from '../core/restore.ts'
import { type DetectedSession, isLive } from '../core/session.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { errorCode, failureOf, removeTreeQuietly, temporaryPath } from './durable-file.ts'
import type { Git } from './git-command.ts'
import { type PlannedPath, planInPlace } from './in-place-plan.ts'
import { createKnownContent } from './known-content.ts'
import { createStep } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import { amountsOf, byActionAndPath, countsOf, entryOf, fingerprints, idOf, sideEntry } from './plan-entries.ts'
import { foldWarnings, headWarnings, lookWarnings, stagedWarnings } from './plan-warnings.ts'
import type { FileSystem, Ports } from './ports.ts'
import { openTree, partOfTree, type RestorableTree, tidyPaths } from './restorable-tree.ts'
import type { InPlaceWork } from './restore-in-place.ts'
import { badTarget } from './restore-side.ts'
import type { ContentSource } from './staged-changes.ts'
import { createTimeSlice } from './time-slice.ts'
import { planTranscript, type TranscriptWork } from './transcript-restore.ts'
import { headEntries, treeNow } from './tree-now.ts'
import type { Snapshotter } from './work-tree-snapshot.ts'

export interface PlannerParts {
  readonly ports: Ports
  readonly git: Git
  readonly store: CheckpointStore
  readonly snapshotter: Pick<Snapshotter, 'look'>
  /** Claude Code's config folders. */
  readonly roots: readonly string[]
  /** All sessions that are known now. */
  readonly sessions: () => readonly DetectedSession[]
}

export interface PlannerOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: number, total: number) => void
}

/** A plan with what is needed to do it. Valid as long as the call that hands it out runs. */
export interface OpenPlan {
  readonly plan: Omit<RestorePlan, 'entries'>
  readonly entries: readonly RestoreEntry[]
  readonly record: CheckpointRecord
  /** Null for a side folder. */
  readonly work: Omit<InPlaceWork, 'safety'> | null
  readonly source: ContentSource
}

/** @returns what `use` returns, or why there is no plan */
export async function withPlan<T>(
  parts: PlannerParts,
  record: CheckpointRecord,
  request: RestoreRequest,
  use: (open: OpenPlan) => Promise<T>,
  options: PlannerOptions = {},
): Promise<T | RestoreRefusal> {
  const { ports, store } = parts
  const reader = store.packReader()
  const scratch = temporaryPath(ports, store.paths.temporary)
  try {
    const planned = await makePlan({ ...parts, options, reader, scratch, record, request })
    return 'ok' in planned ? planned : await use(planned)
  } catch (error) {
    const { code, message, remedy } = failureOf(error, 'Planning the restore')
    return refuse(code === 'disk-full' || code === 'permission' ? code : 'io-error', message, remedy)
  } finally {
    reader.close()
    removeTreeQuietly(ports.files, scratch)
  }
}

interface Planning extends PlannerParts {
  readonly options: PlannerOptions
  readonly reader: PackReader
  readonly scratch: string
  readonly record: CheckpointRecord
  readonly request: RestoreRequest
}

export function refuse(code: RestoreRefusalCode, message: string, remedy: string): RestoreRefusal {
  return { ok: false, code, message, remedy }
}

async function makePlan(planning: Planning): Promise<OpenPlan | RestoreRefusal> {
  const { request } = planning
  const opened = await openPart(planning)
  if ('ok' in opened) return opened
  return request.target.kind === 'side' ? planSide(planning, opened, request.target.folder) : planHere(planning, opened)
}

function damaged(message: string): RestoreRefusal {
  const remedy = 'Restore an older checkpoint of this session, or only the part that is whole.'
  return refuse('damaged', `The checkpoint is damaged: ${message}`, remedy)
}

/** The work tree, or the part of it that is asked for; without one for a transcript alone. */
async function openPart(planning: Planning): Promise<RestorableTree | RestoreRefusal> {
  const { ports, record, request, options } = planning
  const { selection } = request
  const wantsFiles = selection.what !== 'transcript'
  const without = { ...record, tree: null }
  const source = { ...planning, files: ports.files, signal: options.signal, record: wantsFiles ? record : without }
  const opened = await openTree(source)
  if (!opened.ok && opened.code === 'damaged') return damaged(opened.finding.message)
  if (!opened.ok) return refuse('unsafe-name', opened.message, 'This record was not made by this program.')
  if (opened.tree.root === null && wantsFiles && selection.what !== 'whole') {
    const why = record.treeError?.message ?? 'The checkpoint holds no work tree'
    return refuse('nothing-saved', `No files were saved: ${why}`, 'Choose another checkpoint, or the transcript.')
  }
  const part = partOfTree(opened.tree, selection.what === 'paths' ? tidyPaths(selection.paths) : null)
  if (part.ok) return part.tree
  return refuse('nothing-saved', `Nothing at ${part.path} was saved`, '`session-monitor show` lists what was.')
}

/** In a new folder nothing is in the way. */
async function planSide(planning: Planning, tree: RestorableTree, folder: string): Promise<OpenPlan | RestoreRefusal> {
  const { record, request } = planning
  const bad = badTarget(planning, path.resolve(folder))
  if (bad !== null) return refuse('target-taken', bad.message, bad.remedy)
  const forms = await tree.forms.of(tree.entries)
  const entries = tree.entries.map(entry => sideEntry(entry, forms)).sort(byActionAndPath)
  const streams = request.selection.what === 'whole' || request.selection.what === 'transcript' ? record.streams : []
  const transcriptBytes = streams.reduce((sum, stream) => sum + stream.bytes, 0)
  const written = entries.filter(({ willWrite }) => willWrite)
  const writes = { files: written.length, bytes: written.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) }
  const plan = {
    ...commonPlan(planning, tree),
    root: tree.root === null ? null : path.join(folder, 'files'),
    counts: countsOf(entries),
    writes,
    keeps: { files: 0, bytes: 0 },
    transcript: null,
    atWork: [],
    warnings: headWarnings(tree),
  }
  const planId = idOf(
    request,
    entries.map(entry => [entry.path, entry.bytes]),
    transcriptBytes,
  )
  return { plan: { ...plan, planId }, entries, record, work: null, source: { ...planning, trees: tree.trees } }
}

async function planHere(planning: Planning, tree: RestorableTree): Promise<OpenPlan | RestoreRefusal> {
  const { ports, record, request } = planning
  const transcript = await transcriptWork(planning)
  if (transcript !== null && 'ok' in transcript) return transcript
  const { root } = tree
  const linked = root === null ? null : whyNoRoot(ports.files, root)
  if (linked !== null) return linked
  const looked = root === null ? nothingThere : await planFiles(planning, tree, root)
  if (looked === null) return refuse('stopped', 'Planning was stopped', 'Nothing was changed.')
  const { paths } = looked
  const entries = paths.map(entryOf)
  const plan = {
    ...commonPlan(planning, tree),
    root,
    counts: countsOf(entries),
    ...amountsOf(paths),
    transcript: transcript?.plan ?? null,
    atWork: atWork(planning.sessions(), root),
    warnings: [...looked.warnings, ...headWarnings(tree), ...stagedWarnings(tree)],
  }
  const planId = idOf(request, fingerprints(paths), transcript?.plan ?? null)
  const work = { record, root, paths, tree, transcript }
  return { plan: { ...plan, planId }, entries, record, work, source: { ...planning, trees: tree.trees } }
}

async function transcriptWork(planning: Planning): Promise<TranscriptWork | null | RestoreRefusal> {
  const { ports, record, request, sessions } = planning
  const { what } = request.selection
  if (what === 'files' || what === 'paths') return null
  if (what === 'whole' && !record.streams.some(({ name }) => name === 'main')) return null
  const session = sessions().find(({ facts }) => facts.sessionId === record.session)
  const planned = await planTranscript({
    ...planning,
    files: ports.files,
    live: session?.live ?? null,
    slice: createTimeSlice(ports.clock),
  })
  if (planned.ok) return planned.work
  return planned.code === 'damaged' ? damaged(planned.message) : refuse(planned.code, planned.message, chooseOther)
}

const chooseOther = 'Choose another checkpoint.'

/** What lies above the root is trusted; the root itself must be the folder that it was. */
function whyNoRoot(files: FileSystem, root: string): RestoreRefusal | null {
  try {
    const { kind } = files.lstat(root)
    if (kind === 'folder') return null
    const message = `Where the project was, at ${root}, is ${kind === 'link' ? 'a link' : 'no folder'} now`
    return refuse('target-taken', message, 'Restore to a new folder instead.')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

interface LookedAt {
  readonly paths: readonly PlannedPath[]
  readonly warnings: readonly string[]
}

const nothingThere: LookedAt = { paths: [], warnings: [] }

/** Null if it was stopped. */
async function planFiles(planning: Planning, tree: RestorableTree, root: string): Promise<LookedAt | null> {
  const { ports, store, reader, request, options } = planning
  const { selection, rules } = request
  const now = await treeNow(planning, tree, root)
  const known = createKnownContent({
    store,
    reader,
    slice: createTimeSlice(ports.clock),
    root,
    head: now.ok ? now.manifest.head : null,
    objectsOf: commit => objectsOf(planning, root, commit),
    opened: { record: planning.record, hashes: hashesIn(tree) },
  })
  const step = createStep<number>(ports.clock, {
    signal: options.signal,
    onProgress: done => options.onProgress?.(done, tree.entries.length),
  })
  const tidy = selection.what === 'paths' ? tidyPaths(selection.paths) : null
  const paths = await planInPlace({ files: ports.files, root, tree, now, known, rules, paths: tidy, step })
  return paths && { paths, warnings: [...lookWarnings(now, tree), ...foldWarnings(ports.files, root, tree)] }
}

function* hashesIn({ levels }: RestorableTree): Generator<string> {
  for (const { manifest } of levels) {
    for (const { sha256 } of manifest.files) yield sha256
    for (const { sha256 } of manifest.staged) yield sha256
  }
}

async function objectsOf(planning: Planning, root: string, commit: string): Promise<readonly string[]> {
  return (await headEntries(planning, root, commit)).map(({ objectId }) => objectId)
}

const mostLeftOut = 100

function commonPlan({ ports, record, request }: Planning, { leftOut }: RestorableTree) {
  return {
    request,
    plannedAtMs: ports.clock.nowMs(),
    takenAtMs: record.at,
    leftOut: leftOut.slice(0, mostLeftOut),
    leftOutMore: Math.max(0, leftOut.length - mostLeftOut),
  }
}

function atWork(sessions: readonly DetectedSession[], root: string | null): readonly SessionAtWork[] {
  const there = sessions.filter(({ project, live }) => root !== null && project?.root === root && isLive(live))
  return there.map(({ facts, live }) => ({ sessionId: facts.sessionId, title: facts.title, status: live.status }))
}
