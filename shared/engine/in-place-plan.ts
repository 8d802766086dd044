/**
 * What giving files back into their own place would do, path by path. Reads every recorded path once; writes nothing.
 *
 * 1. Every recorded path gets one answer, and so does every path that is there now and was not recorded (`leave`).
 * 2. What is there now is compared by its bytes, never by time or size of our own knowing; only of a file that git
 *    lists as unchanged (`clean-now.ts`) the bytes are not read, and such a file is never written.
 * 3. Nothing outside the root is looked at, and no link is followed below it.
 * 4. What cannot be told, byte for byte, as it lay there (`head-forms.ts`) is `blocked`, and never written.
 */
import { type RestoreAction, type RestoreRules, restoreActions } from '../core/restore.ts'
import type { TreeFile, TreeManifest } from '../core/work-tree.ts'
import { type CleanNow, cleanNow } from './clean-now.ts'
import type { HeadForm } from './head-forms.ts'
import type { HeadEntry } from './head-tree.ts'
import type { KnownContent } from './known-content.ts'
import type { Step } from './long-work.ts'
import type { FileSystem } from './ports.ts'
import {
  createPresentReader,
  keepsModes,
  type ObjectHash,
  type Present,
  type PresentFile,
  type PresentReader,
} from './present-files.ts'
import { isBelow, type RestorableTree, shownName } from './restorable-tree.ts'
import { levelsOf, type PlannedEntry } from './restore-plan.ts'
import { byteKey, byteKeyOf, joinTreePaths, nameOfKey, shownKey } from './tree-path.ts'

export interface PlannedPath {
  readonly shown: string
  readonly action: RestoreAction
  readonly willWrite: boolean
  /** What would be written; null for `leave`. */
  readonly entry: PlannedEntry | null
  /** Of content that does not lie as git keeps it; null for all other. */
  readonly form: HeadForm | null
  /** Permission bits that it would get. */
  readonly mode: number
  readonly present: Present | AsCommitted
  readonly note: string | null
}

/** Unread, because git finds it unchanged. */
export interface AsCommitted {
  readonly present: 'as-committed'
  readonly kind: 'file' | 'link'
  readonly bytes: number
}

/** The work tree as it is now, or why that is not known. */
export type TreeNow =
  | {
      readonly ok: true
      readonly manifest: TreeManifest
      /** Files of the present HEAD; empty where there is none. */
      readonly head: readonly HeadEntry[]
    }
  | { readonly ok: false; readonly message: string }

export interface InPlaceParts {
  readonly files: FileSystem
  readonly root: string
  /** The part that is asked for. */
  readonly tree: RestorableTree
  readonly now: TreeNow
  readonly known: KnownContent
  readonly rules: RestoreRules
  /** Of the tree, as they are shown; null for all of it. */
  readonly paths: readonly string[] | null
  /** Told the paths done. */
  readonly step: Step<number>
}

/** In the order of {@link restoreActions}, then by path; null if it was stopped. */
export async function planInPlace(parts: InPlaceParts): Promise<readonly PlannedPath[] | null> {
  const { tree, step } = parts
  const reader = createPresentReader(parts.files, parts.root)
  const surveyed = surveyedFiles(parts.now)
  const clean = cleanNow(parts.now, tree)
  const objectHash = objectHashOf(tree)
  const planned: PlannedPath[] = []
  const others: PlannedEntry[] = []
  for (const entry of tree.entries) {
    const untouched = clean.isAsIn(entry) ? untouchedPath(reader, entry) : null
    if (untouched === null) others.push(entry)
    else planned.push(untouched)
    if (planned.length % quickSteps === 0 && !(await step(planned.length))) return null
  }
  const forms = await tree.forms.of(others)
  const all = { ...parts, clean }
  for (const entry of others) {
    const { key } = entry
    const known = entry.source.from === 'store' ? surveyed.get(key) : undefined
    const seen = known && !known.torn ? presentAsSurveyed(known) : null
    const present = seen ?? reader.read(nameOfKey(key), entry.source.from === 'head' ? objectHash : null)
    const path = planEntry(all, entry, forms.get(key) ?? null, present)
    planned.push(path instanceof Promise ? await path : path)
    const isDue = seen === null || planned.length % quickSteps === 0
    if (isDue && !(await step(planned.length))) return null
  }
  for (const left of leftAlone(parts, surveyed)) planned.push(left)
  const byAction = Map.groupBy(planned, ({ action }) => action)
  return restoreActions.flatMap(action => (byAction.get(action) ?? []).sort(byShownName))
}

/** Paths that cost no reading, between two looks at whether others are due. */
const quickSteps = 64

function byShownName(a: PlannedPath, b: PlannedPath): number {
  return a.shown < b.shown ? -1 : Number(a.shown > b.shown)
}

/** Git names its objects by SHA-1, or by SHA-256 in repositories that were made so. */
export function objectHashOf({ heads }: Pick<RestorableTree, 'heads'>): ObjectHash {
  return heads.some(({ commit }) => commit?.length === 64) ? 'sha256' : 'sha1'
}

/** What git finds unchanged; null if something else lies there after all. */
function untouchedPath(reader: PresentReader, entry: PlannedEntry): PlannedPath | null {
  const name = nameOfKey(entry.key)
  const stat = reader.look(name)
  const common = { shown: shownName(entry), action: 'same', willWrite: false, entry, form: null } as const
  if (stat?.kind === entry.kind) {
    const mode = entry.kind === 'link' ? 0o777 : stat.mode & 0o777
    return { ...common, mode, present: { present: 'as-committed', kind: entry.kind, bytes: stat.size }, note: null }
  }
  const isAbsent = stat === null && reader.read(name).present === 'absent'
  return isAbsent ? { ...common, mode: entry.mode, present: absent, note: "git's sparse checkout leaves it out" } : null
}

/** What the survey has read just now need not be read again. */
function surveyedFiles(now: TreeNow): ReadonlyMap<string, TreeFile> {
  if (!now.ok) return new Map()
  const found = new Map<string, TreeFile>()
  for (const { prefix, manifest } of levelsOf(now.manifest, now.manifest.root)) {
    for (const file of manifest.files) {
      const name = prefix === null ? file.path : joinTreePaths(prefix, file.path)
      found.set(byteKeyOf(name), file)
    }
  }
  return found
}

function presentAsSurveyed(file: TreeFile): PresentFile {
  const { kind, bytes, sha256, statKey } = file
  return { present: 'file', kind, mode: modeOf(file), bytes, sha256, statKey, objectId: null }
}

function modeOf({ kind, mode }: TreeFile): number {
  return kind === 'link' ? 0o777 : mode & 0o777
}

interface EntryParts extends InPlaceParts {
  readonly clean: CleanNow
}

/** Answers at once where nothing must be asked. */
function planEntry(
  parts: EntryParts,
  entry: PlannedEntry,
  form: HeadForm | null,
  present: Present,
): PlannedPath | Promise<PlannedPath> {
  const shown = shownName(entry)
  const mode = modeFor(entry, present)
  const answer = (action: RestoreAction, willWrite: boolean, note: string | null): PlannedPath => {
    return { shown, action, willWrite, entry, form, mode, present, note }
  }
  const isSame = present.present === 'file' && isSameContent(entry, form, present)
  if (form?.kind === 'unknown' && !isSame && present.present !== 'in-the-way') return answer('blocked', false, form.why)
  switch (present.present) {
    case 'in-the-way':
      return answer('blocked', false, present.why)
    case 'unreadable':
      return answer('blocked', false, `what is there now cannot be read: ${present.code}`)
    case 'absent':
      return answer('create', parts.rules.deleted === 'restore', null)
    case 'file': {
      if (isSame) {
        const isSameMode = entry.kind === 'link' || !keepsModes || present.mode === mode
        return isSameMode ? answer('same', false, null) : answer('overwrite', true, 'only its permissions differ')
      }
      const mayReplace = parts.rules.conflicts === 'replace'
      return isKnownContent(parts, entry, present).then(isKnown =>
        isKnown ? answer('overwrite', true, null) : answer('conflict', mayReplace, null),
      )
    }
  }
}

function isSameContent({ kind, source }: PlannedEntry, form: HeadForm | null, present: PresentFile): boolean {
  if (present.kind !== kind) return false
  if (source.from === 'store') return present.sha256 === source.sha256
  if (form === null) return present.objectId === source.objectId
  return form.kind === 'unknown' ? form.isText && present.objectId === source.objectId : present.sha256 === form.sha256
}

/** HEAD knows of a file only whether it may be run: the other bits stay as they are. */
function modeFor({ kind, mode, source }: PlannedEntry, present: Present): number {
  if (kind === 'link') return 0o777
  if (source.from === 'store' || present.present !== 'file' || present.kind === 'link') return mode
  const canRun = (bits: number) => (bits & 0o100) !== 0
  return canRun(present.mode) === canRun(mode) ? present.mode : mode
}

async function isKnownContent(parts: EntryParts, { key }: PlannedEntry, present: PresentFile): Promise<boolean> {
  if (parts.clean.isCommitted(key)) return true
  if (await parts.known.hasHash(present.sha256)) return true
  const objectId = present.objectId ?? objectIdOf(parts, nameOfKey(key), present)
  return objectId !== null && (await parts.known.hasObject(objectId))
}

/** Read again, which only what is in no checkpoint needs; null if it has changed meanwhile. */
function objectIdOf({ files, root, tree }: InPlaceParts, name: Buffer, present: PresentFile): string | null {
  const again = createPresentReader(files, root).read(name, objectHashOf(tree))
  return again.present === 'file' && again.sha256 === present.sha256 ? again.objectId : null
}

const absent: Present = { present: 'absent' }

/** What is there now and not to be written: paths of the project that the checkpoint has no content for. */
function leftAlone(
  { now, tree, paths }: InPlaceParts,
  surveyed: ReadonlyMap<string, TreeFile>,
): readonly PlannedPath[] {
  if (!now.ok) return []
  const wanted = new Set(tree.entries.map(({ key }) => key))
  const names = new Map<string, TreeFile | null>()
  for (const [key, file] of surveyed) if (!wanted.has(key)) names.set(key, file)
  const gone = new Set(now.head.length === 0 ? [] : levelsOf(now.manifest, '').flatMap(goneNames))
  for (const { name } of now.head) {
    const key = byteKey(name)
    if (!wanted.has(key) && !gone.has(key)) names.set(key, null)
  }
  const left: PlannedPath[] = []
  for (const [key, file] of names) {
    const shown = shownKey(key)
    if (!isBelow(paths, shown)) continue
    const present: PlannedPath['present'] =
      file === null ? absent : { ...file, present: 'file', mode: modeOf(file), objectId: null }
    left.push({ shown, action: 'leave', willWrite: false, entry: null, form: null, mode: 0, present, note: null })
  }
  return left
}

function goneNames({ prefix, manifest }: ReturnType<typeof levelsOf>[number]): readonly string[] {
  return manifest.gone.map(path => byteKeyOf(prefix === null ? path : joinTreePaths(prefix, path)))
}
