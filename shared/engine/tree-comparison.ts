/** Two states of a work tree compared path by path: of checkpoints, or one of them as it is on the disk. Reads only. */
import { createHash } from 'node:crypto'
import type { FileChange, FileDifference, FileVersion } from '../core/checkpoint-diff.ts'
import { displayTreePath } from '../core/tree-name.ts'
import type { HeadForms } from './head-forms.ts'
import type { HeadTree } from './head-tree.ts'
import type { TreeNow } from './in-place-plan.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { createPresentReader, type ObjectHash, type PresentReader } from './present-files.ts'
import type { RestorableTree } from './restorable-tree.ts'
import { levelsOf, type PlannedEntry } from './restore-plan.ts'
import type { TimeSlice } from './time-slice.ts'
import { byteKey, joinTreePaths, pathBelow, treePathBytes, treePathOf } from './tree-path.ts'

/** One file of one state. Of a hash and git's name for the content at least one is known. */
export interface SideFile {
  readonly kind: 'file' | 'link'
  readonly mode: number
  readonly bytes: number | null
  readonly sha256: string | null
  readonly objectId: string | null
  /** True if {@link content} is read from the disk, where git may keep another form of it. */
  readonly isOnDisk: boolean
  /** Where it is a file of a checkpoint's HEAD. */
  readonly committed: PlannedEntry | null
  /** Null if it cannot be had (any more), or is too large to be looked at. */
  content(): Promise<Buffer | null>
}

/** By the bytes of the path. */
export type SideTree = ReadonlyMap<string, SideFile>

/** As {@link ../frame.ts} has it for what is in the store. */
const mostBytes = 268_435_456

export function treeOfCheckpoint(tree: RestorableTree, reader: PackReader): SideTree {
  return new Map(tree.entries.map(entry => [entry.key, savedFile(entry, tree.trees, reader)]))
}

function savedFile(entry: PlannedEntry, trees: readonly (HeadTree | null)[], reader: PackReader): SideFile {
  const { kind, mode, source } = entry
  if (source.from === 'head') {
    const { objectId, level } = source
    const content = async () => {
      let found: Buffer | null = null
      await trees[level]?.read([objectId], (_, bytes) => {
        found = Buffer.from(bytes)
      })
      return found
    }
    return { kind, mode, bytes: null, sha256: null, objectId, isOnDisk: false, committed: entry, content }
  }
  const { pack, place, sha256 } = source
  const content = async () => {
    const read = reader.frame(pack, place, sha256)
    return read.ok ? read.content : null
  }
  return { kind, mode, bytes: place[3], sha256, objectId: null, isOnDisk: false, committed: null, content }
}

/**
 * The work tree as it is: what git lists, and of the rest what the checkpoint to compare with knows.
 *
 * @param also paths that may lie there unlisted, because they are ignored by now
 */
export function treeOfNow(
  files: FileSystem,
  root: string,
  now: Extract<TreeNow, { ok: true }>,
  also: Iterable<string>,
): SideTree {
  const reader = createPresentReader(files, root)
  const found = new Map<string, SideFile>()
  const gone = new Set<string>()
  const contentOf = (key: string) => async () => readContent(files, root, reader, Buffer.from(key, 'latin1'))
  for (const { prefix, manifest } of levelsOf(now.manifest, now.manifest.root)) {
    const keyOf = (name: (typeof manifest.gone)[number]) =>
      byteKey(treePathBytes(prefix === null ? name : joinTreePaths(prefix, name)))
    for (const name of manifest.gone) gone.add(keyOf(name))
    for (const { path, kind, mode, bytes, sha256 } of manifest.files) {
      const key = keyOf(path)
      found.set(key, { ...onDisk, kind, mode: mode & 0o777, bytes, sha256, objectId: null, content: contentOf(key) })
    }
  }
  for (const { name, gitMode, objectId } of now.head) {
    const key = byteKey(name)
    if (found.has(key) || gone.has(key) || gitMode === '160000') continue
    const kind = gitMode === '120000' ? 'link' : 'file'
    const mode = kind === 'link' ? 0o777 : Number.parseInt(gitMode.slice(-3), 8)
    found.set(key, { ...onDisk, kind, mode, bytes: null, sha256: null, objectId, content: contentOf(key) })
  }
  for (const key of also) {
    const unlisted = found.has(key) || gone.has(key) ? null : presentFile(reader, key, contentOf(key))
    if (unlisted !== null) found.set(key, unlisted)
  }
  return found
}

function presentFile(reader: PresentReader, key: string, content: SideFile['content']): SideFile | null {
  const present = reader.read(Buffer.from(key, 'latin1'))
  if (present.present !== 'file') return null
  const { kind, mode, bytes, sha256 } = present
  return { ...onDisk, kind, mode, bytes, sha256, objectId: null, content }
}

const onDisk = { isOnDisk: true, committed: null } as const

function readContent(files: FileSystem, root: string, reader: PresentReader, name: Buffer): Buffer | null {
  const stat = reader.look(name)
  if (stat === null || stat.size > mostBytes) return null
  const at = pathBelow(root, name)
  if (stat.kind === 'link') return files.readLink(at)
  const file = files.open(at, 'read')
  try {
    const content = Buffer.alloc(stat.size)
    let done = 0
    for (let read = -1; read !== 0 && done < content.length; done += read)
      read = file.read(content.subarray(done), done)
    return content.subarray(0, done)
  } finally {
    file.close()
  }
}

export interface CompareOptions {
  /** Of files of a checkpoint's HEAD. */
  readonly forms: { readonly before: HeadForms; readonly after: HeadForms }
  readonly objectHash: ObjectHash
  readonly slice: TimeSlice
}

/** What differs, by path. */
export async function compareTrees(
  before: SideTree,
  after: SideTree,
  { objectHash, slice, forms }: CompareOptions,
): Promise<readonly FileDifference[]> {
  const found: (FileDifference & { readonly key: string })[] = []
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key) ?? null, after.get(key) ?? null]
    const change = await changeOf(old, now, objectHash)
    if (change !== null) found.push({ key, path: shownOf(key), change, before: versionOf(old), after: versionOf(now) })
    if (slice.isOver()) await slice.next()
  }
  const alike = await alikeInForm(
    found.filter(({ change }) => change === 'changed').map(({ key }) => key),
    before,
    after,
    forms,
  )
  return found
    .filter(({ key }) => !alike.has(key))
    .map(({ key: _, ...difference }) => difference)
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
}

/** Of files that differ from what git keeps: those that are just the form in which the same content lay there. */
async function alikeInForm(
  keys: readonly string[],
  before: SideTree,
  after: SideTree,
  forms: CompareOptions['forms'],
): Promise<ReadonlySet<string>> {
  const alike = new Set<string>()
  for (const [one, other, formsOfOne] of [
    [before, after, forms.before],
    [after, before, forms.after],
  ] as const) {
    const entries = keys.flatMap(key => (other.get(key)?.sha256 ? (one.get(key)?.committed ?? []) : []))
    for (const [key, form] of await formsOfOne.of(entries)) {
      const [mine, theirs] = [one.get(key), other.get(key)]
      if (form.kind === 'unknown' || !mine || !theirs || form.sha256 !== theirs.sha256) continue
      if (mine.kind === theirs.kind && isSameMode(mine, theirs)) alike.add(key)
    }
  }
  return alike
}

export function shownOf(key: string): string {
  return displayTreePath(treePathOf(Buffer.from(key, 'latin1')))
}

export function versionOf(file: SideFile | null): FileVersion | null {
  return file && { kind: file.kind, bytes: file.bytes, mode: file.mode, sha256: file.sha256 }
}

async function changeOf(
  before: SideFile | null,
  after: SideFile | null,
  objectHash: ObjectHash,
): Promise<FileChange | null> {
  if (before === null) return after === null ? null : 'added'
  if (after === null) return 'gone'
  if (before.kind !== after.kind || !(await isSameContent(before, after, objectHash))) return 'changed'
  return before.kind === 'link' || isSameMode(before, after) ? null : 'mode'
}

/** Git knows only whether a file may be run. */
function isSameMode(before: SideFile, after: SideFile): boolean {
  const bits = before.objectId === null && after.objectId === null ? 0o777 : 0o100
  return (before.mode & bits) === (after.mode & bits)
}

async function isSameContent(before: SideFile, after: SideFile, objectHash: ObjectHash): Promise<boolean> {
  if (before.sha256 !== null && after.sha256 !== null) return before.sha256 === after.sha256
  // What lies on the disk is what counts there, whatever git keeps of it.
  if (before.sha256 !== null && after.isOnDisk) return before.sha256 === (await hashOf(after))
  const [old, now] = [await objectIdOf(before, objectHash), await objectIdOf(after, objectHash)]
  return old !== null && old === now
}

async function hashOf({ content }: SideFile): Promise<string | null> {
  const bytes = await content()
  return bytes && createHash('sha256').update(bytes).digest('hex')
}

async function objectIdOf(file: SideFile, objectHash: ObjectHash): Promise<string | null> {
  if (file.objectId !== null) return file.objectId
  const content = await file.content()
  if (content === null || objectHash === null) return null
  return createHash(objectHash).update(`blob ${content.byteLength}\0`).update(content).digest('hex')
}
