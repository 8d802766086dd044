/**
 * Restores a checkpoint into a new folder beside everything else, so that it can be looked at and taken from.
 *
 * Nothing is written before every byte has been verified and every name checked; then each byte is hashed again
 * as it is written. The user's repository is read, never touched. Files are not fsynced: the checkpoint stays.
 *
 * What comes out: `files/` (the work tree), `as-in-git/` (what git keeps of files that cannot be told as they lay
 * there, see `head-forms.ts`), `staged/` (content that was only in the index), `transcript/<id>.jsonl` and
 * `transcript/<id>/…`, `BRIEF.md`, and `RESTORED.json`, which says `incomplete` until all is there.
 */
import path from 'node:path'
import { type CheckpointRecord, streamNameSchema } from '../core/checkpoint.ts'
import { type CheckpointId, checkpointId } from '../core/checkpoint-id.ts'
import { parseSessionId } from '../core/session.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { errorCode, failureOf, removeTreeQuietly, replaceFile, temporaryPath } from './durable-file.ts'
import type { Git } from './git-command.ts'
import { besideForm, type FormsByName, type HeadForm, type UnknownForm } from './head-forms.ts'
import { createStep, type LongWorkOptions, type Step } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileStat, Ports } from './ports.ts'
import { type Finding, readStream } from './record-check.ts'
import { settlePacks } from './record-packs.ts'
import { openTree, partOfTree, type RestorableTree, shownName, tidyPaths } from './restorable-tree.ts'
import { type FilesWritten, writeFiles, writePlainFile } from './restore-files.ts'
import type { RestoredHead } from './restore-heads.ts'
import type { LeftOut, PlannedEntry } from './restore-plan.ts'

export interface RestoreProgress {
  readonly what: 'files' | 'transcript'
  /** Files or streams. */
  readonly done: number
  readonly total: number
}

export interface RestoreOptions extends LongWorkOptions<RestoreProgress> {
  /** Default `whole`. The other part need not be undamaged. */
  readonly parts?: 'whole' | 'files' | 'transcript'
  /** Of the work tree only what lies at or below these, as plans show them. Default: all of it. */
  readonly paths?: readonly string[] | undefined
}

export interface RestoredStream {
  readonly name: string
  /** Below the target. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** Content of RESTORED.json. */
export interface RestoreReport {
  readonly v: 1
  readonly state: 'complete' | 'incomplete'
  readonly checkpoint: CheckpointId
  /** When the checkpoint was taken and when it was restored, epoch ms. */
  readonly takenAt: number
  readonly restoredAt: number
  readonly folder: string
  /** Of the work tree, HEAD's part included. */
  readonly files: number
  readonly links: number
  readonly bytes: number
  readonly heads: readonly RestoredHead[]
  readonly streams: readonly RestoredStream[]
  /** Not restored, each with the reason. */
  readonly leftOut: readonly LeftOut[]
  /** Not, or not surely, as they lay there: in `as-in-git/`, or with git's line ends, each with the reason. */
  readonly asKept: readonly LeftOut[]
  /** Tracked, but deleted in the work tree when the checkpoint was taken: not restored either. */
  readonly gone: readonly string[]
  /** Why there is no work tree, or why it was not whole when it was saved; null if all is well. */
  readonly treeError: string | null
}

export type RestoreFailureCode =
  | 'target-taken'
  | 'nothing-saved'
  | 'unsafe-name'
  | 'damaged'
  | 'stopped'
  | 'disk-full'
  | 'permission'
  | 'io-error'

export type SideRestored =
  | { readonly ok: true; readonly report: RestoreReport }
  | {
      readonly ok: false
      readonly code: RestoreFailureCode
      readonly message: string
      readonly remedy: string
      /** What is damaged, if that is why. */
      readonly findings: readonly Finding[]
    }

type Failed = Extract<SideRestored, { ok: false }>

export interface RestoreParts {
  readonly ports: Ports
  readonly git: Git
  readonly store: CheckpointStore
}

/**
 * @param target a folder that does not exist, or is empty; not inside the store
 */
export async function restoreSide(
  parts: RestoreParts,
  record: CheckpointRecord,
  target: string,
  options: RestoreOptions = {},
): Promise<SideRestored> {
  const { ports, store } = parts
  const reader = store.packReader()
  const scratch = temporaryPath(ports, store.paths.temporary)
  try {
    const folder = path.resolve(target)
    const wanted = partOf(record, options.parts ?? 'whole')
    const refused =
      badTarget(parts, folder) ?? badNames(wanted) ?? damaged(store.verifyRecord(wanted, { readData: true }))
    return refused ?? (await restoreTo({ ...parts, reader, scratch, folder, record: wanted, options }))
  } catch (error) {
    const { code, message, remedy } = failureOf(error, `Restoring to ${target}`)
    const known = code === 'disk-full' || code === 'permission' ? code : 'io-error'
    return { ok: false, code: known, message, remedy, findings: [] }
  } finally {
    reader.close()
    removeTreeQuietly(ports.files, scratch)
  }
}

interface Restore extends RestoreParts {
  readonly reader: PackReader
  readonly scratch: string
  readonly folder: string
  readonly record: CheckpointRecord
  readonly options: RestoreOptions
}

/** The record as if it had nothing but the wanted part, so that damage elsewhere does not stand in the way. */
function partOf(record: CheckpointRecord, parts: 'whole' | 'files' | 'transcript'): CheckpointRecord {
  const tree = parts === 'transcript' ? null : record.tree
  const streams = parts === 'files' ? [] : record.streams
  return parts === 'whole' ? record : { ...record, ...settlePacks({ streams, tree, packs: record.packs }, null) }
}

function failed(code: RestoreFailureCode, message: string, remedy: string, findings: readonly Finding[] = []): Failed {
  return { ok: false, code, message, remedy, findings }
}

/** Why a folder cannot be restored to; null if it can. */
export function badTarget(
  { ports: { files }, store }: Pick<RestoreParts, 'ports' | 'store'>,
  folder: string,
): Failed | null {
  const remedy = 'Name a folder that does not exist yet.'
  const stat = statOrNull(() => files.lstat(folder))
  if (stat && (stat.kind !== 'folder' || files.list(folder).length > 0)) {
    return failed('target-taken', `${folder} exists and is not an empty folder`, remedy)
  }
  const own = files.stat(store.paths.folder)
  for (let at = folder; ; at = path.dirname(at)) {
    const above = statOrNull(() => files.stat(at))
    if (above?.dev === own.dev && above.ino === own.ino) {
      return failed('target-taken', `${folder} lies inside the store`, remedy)
    }
    if (path.dirname(at) === at) return null
  }
}

function statOrNull(stat: () => FileStat): FileStat | null {
  try {
    return stat()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Whoever parsed the record has checked these; they become paths, so they are checked again. */
function badNames({ session, streams }: CheckpointRecord): Failed | null {
  const names = streams.map(stream => stream.name)
  const bad = names.find((name, at) => !streamNameSchema.safeParse(name).success || names.indexOf(name) !== at)
  if (bad === undefined && parseSessionId(session) === session) return null
  return unsafe(`The record names ${bad === undefined ? 'no session' : `a stream ${JSON.stringify(bad)}`}`)
}

function unsafe(message: string): Failed {
  return failed(
    'unsafe-name',
    message,
    'Nothing was written. This record was not made by this program; verify the store.',
  )
}

function damaged(findings: readonly Finding[]): Failed | null {
  const [first] = findings
  return first === undefined ? null : damagedBy(first, findings)
}

function damagedBy(first: Finding, findings: readonly Finding[] = [first]): Failed {
  const remedy = 'Nothing was written. Restore an older checkpoint of this session, or only the part that is whole.'
  return failed('damaged', `The checkpoint is damaged: ${first.message}`, remedy, findings)
}

async function restoreTo(restore: Restore): Promise<SideRestored> {
  const { ports, folder, record } = restore
  const opened = await openPart(restore)
  if ('code' in opened) return opened
  const started = emptyReport(restore, opened)
  ports.files.makeFolder(folder)
  const reportFile = path.join(folder, 'RESTORED.json')
  writePlainFile(ports.files, reportFile, reportBytes(started))
  writePlainFile(ports.files, path.join(folder, 'BRIEF.md'), Buffer.from(record.brief))
  const streams = await writeStreams(restore)
  if ('code' in streams) return streams

  const written = await writeTree(restore, opened)
  if (written.problem) return failedHalfWay(folder, written.problem)
  const { files, links, bytes, asKept } = written
  const leftOut = [...opened.leftOut, ...written.leftOut]
  const report: RestoreReport = { ...started, state: 'complete', files, links, bytes, streams, leftOut, asKept }
  replaceFile(ports, reportFile, reportBytes(report))
  return { ok: true, report }
}

interface TreeWritten extends FilesWritten {
  readonly asKept: readonly LeftOut[]
}

const noFiles: TreeWritten = { files: 0, links: 0, bytes: 0, leftOut: [], asKept: [], problem: null }

/** `staged/` and `as-in-git/` first, because the links of `files/` come last of all. */
async function writeTree(restore: Restore, tree: RestorableTree): Promise<TreeWritten> {
  const { ports, folder, record, reader } = restore
  const forms = await tree.forms.of(tree.entries)
  const formOf = ({ key }: PlannedEntry) => forms.get(key) ?? null
  const [exact, apart] = [true, false].map(isOwn => {
    return tree.entries.filter(entry => (besideForm(formOf(entry)) !== null) === isOwn)
  }) as [PlannedEntry[], PlannedEntry[]]
  const write = async (name: string, entries: readonly PlannedEntry[], as: FormsByName): Promise<FilesWritten> => {
    const source = { reader, heads: tree.trees, forms: as }
    const step = countedStep(restore, entries.length)
    return entries.length === 0 && name !== 'files'
      ? noFiles
      : writeFiles(ports.files, path.join(folder, name), entries, source, step)
  }
  const staged = await write('staged', tree.staged, new Map())
  if (staged.problem || record.tree === null) return { ...staged, asKept: [] }
  const kept = await write('as-in-git', apart, new Map())
  if (kept.problem) return { ...kept, asKept: [] }
  const written = await write('files', exact, forms)
  const asKept = [...apart, ...exact].flatMap(entry => asKeptOf(entry, formOf(entry)))
  return { ...written, leftOut: [...kept.leftOut, ...written.leftOut], asKept }
}

function asKeptOf(entry: PlannedEntry, form: HeadForm | null): readonly LeftOut[] {
  return form?.kind === 'unknown' ? [{ path: shownName(entry), reason: whyAsKept(form) }] : []
}

/** How a copy beside the project has a file that cannot be told as it lay there, and why. */
export function whyAsKept({ why, writes }: UnknownForm): string {
  const how =
    writes === null ? 'what git keeps of it is put into as-in-git/' : 'it gets the line ends that git would write'
  return `${how}: ${why}`
}

function countedStep({ ports, options }: Restore, total: number): Step<number> {
  const step = createStep(ports.clock, options)
  return done => step(done === undefined ? undefined : { what: 'files', done, total })
}

function failedHalfWay(
  folder: string,
  { code, message }: { readonly code: 'damaged' | 'stopped'; readonly message: string },
): Failed {
  return failed(code, message, `What is in ${folder} is incomplete; delete it.`)
}

function emptyReport({ ports, folder, record }: Restore, tree: RestorableTree): RestoreReport {
  return {
    v: 1,
    state: 'incomplete',
    checkpoint: checkpointId(record.session, record.seq),
    takenAt: record.at,
    restoredAt: ports.clock.nowMs(),
    folder,
    files: 0,
    links: 0,
    bytes: 0,
    heads: tree.heads,
    streams: [],
    leftOut: tree.leftOut,
    asKept: [],
    gone: tree.gone,
    treeError: record.treeError?.message ?? null,
  }
}

function reportBytes(report: RestoreReport): Buffer {
  return Buffer.from(`${JSON.stringify(report, null, 2)}\n`)
}

async function openPart(restore: Restore): Promise<RestorableTree | Failed> {
  const { ports, options } = restore
  const opened = await openTree({ ...restore, files: ports.files, signal: options.signal })
  if (!opened.ok) return opened.code === 'damaged' ? damagedBy(opened.finding) : unsafe(opened.message)
  const part = partOfTree(opened.tree, tidyPaths(options.paths ?? ['.']))
  if (part.ok) return part.tree
  return failed('nothing-saved', `Nothing at ${part.path} was saved`, 'Look at what the checkpoint holds.')
}

async function writeStreams(restore: Restore): Promise<readonly RestoredStream[] | Failed> {
  const { ports, record, folder, options } = restore
  const step = createStep<RestoreProgress>(ports.clock, options)
  const written: RestoredStream[] = []
  for (const { name, bytes, sha256 } of record.streams) {
    const file = name === 'main' ? `transcript/${record.session}.jsonl` : `transcript/${record.session}/${name}`
    const problem = writeStream(restore, name, path.join(folder, file))
    if (problem) return failedHalfWay(folder, { code: 'damaged', message: problem.message })
    written.push({ name, file, bytes, sha256 })
    const progress = { what: 'transcript', done: written.length, total: record.streams.length } as const
    if (!(await step(progress))) return failedHalfWay(folder, { code: 'stopped', message: 'The restore was stopped' })
  }
  return written
}

function writeStream({ ports: { files }, reader, record }: Restore, name: string, at: string): Finding | null {
  files.makeFolder(path.dirname(at))
  const file = files.open(at, 'create')
  try {
    const read = readStream(reader, record, name, chunk => file.append(chunk))
    return read.ok ? null : read.finding
  } finally {
    file.close()
  }
}
