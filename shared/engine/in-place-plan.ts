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
import { displayTreePath, type TreeFile, type TreeManifest } from '../core/work-tree.ts'
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
import { statKeyOf } from './stat-key.ts'
import { byteKey, joinTreePaths, treePathBytes, treePathOf } from './tree-path.ts'

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
    if (!(await step(planned.length))) return null
  }
  const forms = await tree.forms.of(others)
  for (const entry of others) {
    const form = forms.get(byteKey(entry.name)) ?? null
    const present = presentOf(reader, entry, surveyed, objectHash)
    planned.push(await planEntry({ ...parts, clean }, entry, form, present))
    if (!(await step(planned.length))) return null
  }
  planned.push(...leftAlone(parts))
  const order = new Map(restoreActions.map((action, at) => [action, at]))
  const rank = ({ action }: PlannedPath) => order.get(action) ?? 0
  return planned.sort((a, b) => rank(a) - rank(b) || (a.shown < b.shown ? -1 : Number(a.shown > b.shown)))
}

/** Git names its objects by SHA-1, or by SHA-256 in repositories that were made so. */
export function objectHashOf({ heads }: Pick<RestorableTree, 'heads'>): ObjectHash {
  return heads.some(({ commit }) => commit?.length === 64) ? 'sha256' : 'sha1'
}

/** What git finds unchanged; null if something else lies there after all. */
function untouchedPath(reader: PresentReader, entry: PlannedEntry): PlannedPath | null {
  const stat = reader.look(entry.name)
  const common = { shown: shownName(entry), action: 'same', willWrite: false, entry, form: null } as const
  if (stat?.kind === entry.kind) {
    const mode = entry.kind === 'link' ? 0o777 : stat.mode & 0o777
    return { ...common, mode, present: { present: 'as-committed', kind: entry.kind, bytes: stat.size }, note: null }
  }
  const isAbsent = stat === null && reader.read(entry.name).present === 'absent'
  return isAbsent ? { ...common, mode: entry.mode, present: absent, note: "git's sparse checkout leaves it out" } : null
}

/** What the survey has read just now need not be read again. */
function surveyedFiles(now: TreeNow): ReadonlyMap<string, TreeFile> {
  if (!now.ok) return new Map()
  const found = new Map<string, TreeFile>()
  for (const { prefix, manifest } of levelsOf(now.manifest, now.manifest.root)) {
    for (const file of manifest.files) {
      const name = prefix === null ? file.path : joinTreePaths(prefix, file.path)
      found.set(byteKey(treePathBytes(name)), file)
    }
  }
  return found
}

function presentOf(
  reader: PresentReader,
  { name, source }: PlannedEntry,
  surveyed: ReadonlyMap<string, TreeFile>,
  objectHash: ObjectHash,
): Present {
  const known = source.from === 'store' ? surveyed.get(byteKey(name)) : undefined
  const stat = known && !known.torn ? reader.look(name) : null
  if (!known || stat === null || stat.kind !== known.kind || statKeyOf(stat) !== known.statKey) {
    return reader.read(name, source.from === 'head' ? objectHash : null)
  }
  const { kind, bytes, sha256, statKey } = known
  const mode = kind === 'link' ? 0o777 : stat.mode & 0o777
  return { present: 'file', kind, mode, bytes, sha256, statKey, uid: stat.uid, objectId: null }
}

interface EntryParts extends InPlaceParts {
  readonly clean: CleanNow
}

async function planEntry(
  parts: EntryParts,
  entry: PlannedEntry,
  form: HeadForm | null,
  present: Present,
): Promise<PlannedPath> {
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
      const isKnown = await isKnownContent(parts, entry, present)
      return isKnown ? answer('overwrite', true, null) : answer('conflict', parts.rules.conflicts === 'replace', null)
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

async function isKnownContent(parts: EntryParts, { name }: PlannedEntry, present: PresentFile): Promise<boolean> {
  if (parts.clean.isCommitted(name)) return true
  if (await parts.known.hasHash(present.sha256)) return true
  const objectId = present.objectId ?? objectIdOf(parts, name, present)
  return objectId !== null && (await parts.known.hasObject(objectId))
}

/** Read again, which only what is in no checkpoint needs; null if it has changed meanwhile. */
function objectIdOf({ files, root, tree }: InPlaceParts, name: Buffer, present: PresentFile): string | null {
  const again = createPresentReader(files, root).read(name, objectHashOf(tree))
  return again.present === 'file' && again.sha256 === present.sha256 ? again.objectId : null
}

const absent: Present = { present: 'absent' }

/** What is there now and not to be written: paths of the project that the checkpoint has no content for. */
function leftAlone({ now, tree, paths }: InPlaceParts): readonly PlannedPath[] {
  if (!now.ok) return []
  const wanted = new Set(tree.entries.map(entry => byteKey(entry.name)))
  const names = new Map<string, TreeFile | null>()
  for (const [key, file] of surveyedFiles(now)) names.set(key, file)
  const gone = new Set(levelsOf(now.manifest, '').flatMap(goneNames))
  for (const { name } of now.head) if (!gone.has(byteKey(name))) names.set(byteKey(name), null)
  const left: PlannedPath[] = []
  for (const [key, file] of names) {
    const shown = displayTreePath(treePathOf(Buffer.from(key, 'latin1')))
    if (wanted.has(key) || !isBelow(paths, shown)) continue
    const present: PlannedPath['present'] =
      file === null ? absent : { ...file, present: 'file', mode: file.mode & 0o777, uid: 0, objectId: null }
    left.push({ shown, action: 'leave', willWrite: false, entry: null, form: null, mode: 0, present, note: null })
  }
  return left
}

function goneNames({ prefix, manifest }: ReturnType<typeof levelsOf>[number]): readonly string[] {
  return manifest.gone.map(path => byteKey(treePathBytes(prefix === null ? path : joinTreePaths(prefix, path))))
}
