/**
 * Makes the plan of a restore: opens the checkpoint, looks at the target, and says what would happen. Writes nothing
 * but a scratch folder of ours, which is gone afterwards.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import { count } from '../core/format.ts'
import {
  type RestoreAction,
  type RestoreAmount,
  type RestoreEntry,
  type RestorePlan,
  type RestoreRefusal,
  type RestoreRefusalCode,
  type RestoreRequest,
  restoreActions,
  type SessionAtWork,
} from '../core/restore.ts'
import { type DetectedSession, isLive } from '../core/session.ts'
import type { TreeManifest } from '../core/work-tree.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { errorCode, failureOf, removeTreeQuietly, temporaryPath } from './durable-file.ts'
import { collidingNames, foldsNames } from './folding-names.ts'
import type { Git } from './git-command.ts'
import { besideForm, type FormsByName, type HeadForm } from './head-forms.ts'
import { type HeadEntry, openHeadTree } from './head-tree.ts'
import { type PlannedPath, planInPlace, type TreeNow } from './in-place-plan.ts'
import { createKnownContent } from './known-content.ts'
import { createStep } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem, Ports } from './ports.ts'
import { openTree, partOfTree, type RestorableTree, shownName, tidyPaths } from './restorable-tree.ts'
import type { InPlaceWork } from './restore-in-place.ts'
import type { PlannedEntry } from './restore-plan.ts'
import { badTarget, whyAsKept } from './restore-side.ts'
import type { ContentSource } from './staged-changes.ts'
import { createTimeSlice } from './time-slice.ts'
import { planTranscript, type TranscriptWork } from './transcript-restore.ts'
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

const noActions = Object.fromEntries(restoreActions.map(action => [action, 0])) as Record<RestoreAction, number>

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

/** What cannot be told as it lay there does not take its name. */
function sideEntry(entry: PlannedEntry, forms: FormsByName): RestoreEntry {
  const form = forms.get(entry.key) ?? null
  const bytes = entry.source.from === 'store' ? entry.source.place[3] : bytesOf(form)
  const common = { path: shownName(entry), kind: entry.kind, bytes, currentBytes: null }
  if (form?.kind !== 'unknown') return { ...common, action: 'create', willWrite: true, note: null }
  const note = whyAsKept(form)
  return besideForm(form) === null
    ? { ...common, action: 'blocked', willWrite: false, note }
    : { ...common, action: 'create', willWrite: true, note }
}

function byActionAndPath(a: RestoreEntry, b: RestoreEntry): number {
  const rank = ({ action }: RestoreEntry) => restoreActions.indexOf(action)
  return rank(a) - rank(b) || (a.path < b.path ? -1 : Number(a.path > b.path))
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

type NowParts = Pick<Planning, 'ports' | 'git' | 'snapshotter' | 'options' | 'scratch'>

/** The work tree as it is; an empty one where there is nothing. */
export async function treeNow(planning: NowParts, tree: RestorableTree, root: string): Promise<TreeNow> {
  const { ports, snapshotter, options } = planning
  const recorded = tree.levels[0]?.manifest ?? null
  if (!isThere(ports.files, root)) return { ok: true, manifest: emptyManifest(root), head: [] }
  const survey = await snapshotter.look(root, recorded, options.signal)
  if (!survey.ok) return { ok: false, message: survey.message }
  const { head } = survey.manifest
  if (head === null) return { ok: true, manifest: survey.manifest, head: [] }
  const known = head === recorded?.head ? tree.trees[0]?.entries : undefined
  return { ok: true, manifest: survey.manifest, head: known ?? (await headEntries(planning, root, head)) }
}

export function isThere(files: FileSystem, at: string): boolean {
  try {
    files.lstat(at)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

function emptyManifest(root: string): TreeManifest {
  return {
    v: 1,
    root,
    head: null,
    branch: null,
    state: 'clean',
    base: 'no-git',
    basePin: null,
    files: [],
    staged: [],
    gone: [],
    skipped: [],
    fingerprint: '',
    degraded: null,
    packs: [],
    nested: [],
  }
}

/** Empty where git cannot tell: then fewer paths are known to be left alone, and more count as conflicts. */
async function headEntries(planning: NowParts, root: string, commit: string): Promise<readonly HeadEntry[]> {
  const { ports, git, scratch, options } = planning
  const own = `${scratch}-${commit}`
  try {
    const opened = await openHeadTree(ports.files, git, {
      root,
      commit,
      pins: () => [],
      scratch: own,
      signal: options.signal,
    })
    return opened.ok ? opened.tree.entries : []
  } finally {
    removeTreeQuietly(ports.files, own)
  }
}

async function objectsOf(planning: Planning, root: string, commit: string): Promise<readonly string[]> {
  return (await headEntries(planning, root, commit)).map(({ objectId }) => objectId)
}

function entryOf({ shown, action, willWrite, entry, form, present, note }: PlannedPath): RestoreEntry {
  const isThere = present.present === 'file' || present.present === 'as-committed'
  const currentBytes = isThere ? present.bytes : null
  const bytes = entry?.source.from === 'store' ? entry.source.place[3] : bytesOf(form)
  const kind = entry?.kind ?? (isThere ? present.kind : 'file')
  return { path: shown, action, kind, willWrite, bytes, currentBytes, note }
}

function bytesOf(form: HeadForm | null): number | null {
  return form === null || form.kind === 'unknown' ? null : form.bytes
}

function countsOf(entries: readonly RestoreEntry[]): Record<RestoreAction, number> {
  const counts = { ...noActions }
  for (const { action } of entries) counts[action]++
  return counts
}

function amountsOf(paths: readonly PlannedPath[]): { readonly writes: RestoreAmount; readonly keeps: RestoreAmount } {
  const writes = { files: 0, bytes: 0 }
  const keeps = { files: 0, bytes: 0 }
  for (const { willWrite, entry, form, present } of paths) {
    if (!willWrite) continue
    const now = present.present === 'file' ? present.bytes : 0
    writes.files++
    // Of HEAD's files the size is not known before they are read; what is there now is a good guess.
    writes.bytes += entry?.source.from === 'store' ? entry.source.place[3] : (bytesOf(form) ?? now)
    keeps.files += present.present === 'file' ? 1 : 0
    keeps.bytes += now
  }
  return { writes, keeps }
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

function headWarnings({ heads }: RestorableTree): readonly string[] {
  return heads.flatMap(({ path: at, kind, note }) => {
    const where = at === '.' ? '' : ` in ${at}`
    return kind === 'left-out' ? [`Files that were as committed${where} are not part of it: ${note}.`] : []
  })
}

function stagedWarnings({ staged }: RestorableTree): readonly string[] {
  if (staged.length === 0) return []
  const what = count(staged.length, 'file')
  return [`${what} had content that was only staged; the index is not touched. Restore to a new folder to get it.`]
}

function lookWarnings(now: TreeNow, { levels }: RestorableTree): readonly string[] {
  if (!now.ok) return [`What else lies in the project cannot be listed: ${now.message}. None of it is touched.`]
  const recorded = levels[0]?.manifest
  const { head, state } = now.manifest
  const moved = recorded !== undefined && head !== null && recorded.head !== null && head !== recorded.head
  return [
    ...(moved ? ['HEAD has moved since: files are given back, commits, branch and index stay as they are.'] : []),
    ...(state === 'clean' ? [] : [`A ${state} is going on in the project.`]),
  ]
}

function foldWarnings(files: FileSystem, root: string, { entries }: RestorableTree): readonly string[] {
  if (!foldsNames(files, root)) return []
  const groups = collidingNames(entries.map(shownName))
  if (groups.length === 0) return []
  const shown = groups.slice(0, 3).map(group => group.join(' and '))
  return [`This disk takes some names for the same, and keeps one of each: ${shown.join('; ')}.`]
}

/** What is as it should be is in it by its name alone. */
function fingerprints(paths: readonly PlannedPath[]): readonly unknown[] {
  const isSame = ({ action }: PlannedPath) => action === 'same'
  return [...paths.filter(path => !isSame(path)).map(fingerprint), paths.filter(isSame).map(({ shown }) => shown)]
}

function fingerprint({ shown, action, willWrite, entry, form, mode, present }: PlannedPath): readonly unknown[] {
  const now = present.present === 'file' ? present.sha256 : present.present
  const source = entry?.source
  const lies = form === null ? [] : [form.kind === 'unknown' ? form.why : form.sha256]
  const content = source?.from === 'store' ? source.sha256 : (source?.objectId ?? null)
  return [shown, action, willWrite, mode, now, content, ...lies]
}

function idOf(request: RestoreRequest, paths: readonly unknown[], more: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(request))
  for (const one of paths) hash.update(`${JSON.stringify(one)}\n`)
  return hash.update(JSON.stringify(more)).digest('hex')
}
