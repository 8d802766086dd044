/**
 * What a restored work tree will consist of: recorded files over the files of HEAD, level by level of nested
 * repositories, with every name checked before anything is written. Pure: values in, values out.
 *
 * Names come from a manifest, which anybody who can write to the store may have forged, so they are refused, all
 * of them, when one is not a plain relative name, comes twice, or is a file here and a folder there.
 */
import path from 'node:path'
import type { FramePlace } from '../core/checkpoint.ts'
import { displayTreePath } from '../core/tree-name.ts'
import type { TreeManifest, TreePath } from '../core/work-tree.ts'
import type { HeadEntry } from './head-tree.ts'
import { noPack } from './record-check.ts'
import { byteKey, byteKeyOf, isSafeKey, joinTreePaths, shownKey, treePathBytes, treePathOf } from './tree-path.ts'

/** A manifest and where it belongs. */
export interface TreeLevel {
  /** Null for the outermost. */
  readonly prefix: TreePath | null
  /** Where its repository lay. */
  readonly root: string
  readonly manifest: TreeManifest
}

export interface PlannedEntry {
  /** Its name from the top of the restored tree, as {@link byteKey} has it: 50,000 buffers would cost more. */
  readonly key: string
  readonly kind: 'file' | 'link'
  /** Permission bits, at most 0o777: what a user may not give, a restore does not give either. */
  readonly mode: number
  readonly source:
    | { readonly from: 'store'; readonly pack: string; readonly place: FramePlace; readonly sha256: string }
    | { readonly from: 'head'; readonly level: number; readonly objectId: string }
}

export interface LeftOut {
  readonly path: string
  /** In words. */
  readonly reason: string
}

export type TreePlan =
  | {
      readonly ok: true
      readonly entries: readonly PlannedEntry[]
      /** Content that was only in the index; they go to a folder of their own. */
      readonly staged: readonly PlannedEntry[]
      readonly leftOut: readonly LeftOut[]
      /** Tracked, but not in the work tree at that moment, so not restored either. */
      readonly gone: readonly string[]
    }
  | { readonly ok: false; readonly message: string }

/** The outermost manifest first, then those nested in it, each before its own. */
export function levelsOf(manifest: TreeManifest, root: string, prefix: TreePath | null = null): readonly TreeLevel[] {
  const inner = manifest.nested.flatMap(each => {
    const name = displayTreePath(each.path)
    const at = prefix === null ? each.path : joinTreePaths(prefix, each.path)
    return levelsOf(each.manifest, path.join(root, name), at)
  })
  return [{ prefix, root, manifest }, ...inner]
}

/**
 * @param holder the pack that the manifest lies in
 * @param heads per level the files of its HEAD, or null where there is none to be had
 */
export function planTree(
  levels: readonly TreeLevel[],
  holder: string,
  heads: readonly (readonly HeadEntry[] | null)[],
): TreePlan {
  const recorded = levels.flatMap(level => recordedEntries(level, holder))
  const staged = levels.flatMap(level => stagedEntries(level, holder))
  const refused = refusal(levels, recorded) ?? refusal([], staged)
  if (refused !== null) return { ok: false, message: refused }
  const ofHead = entriesOfHeads(levels, heads, recorded)
  const leftOut = [...levels.flatMap(skippedPaths), ...ofHead.leftOut]
  return { ok: true, entries: [...ofHead.entries, ...recorded], staged, leftOut, gone: levels.flatMap(gonePaths) }
}

function nameIn({ prefix }: TreeLevel, treePath: TreePath): TreePath {
  return prefix === null ? treePath : joinTreePaths(prefix, treePath)
}

/** Name of the pack that a place in the level's manifest lies in; a name that no pack has if it lists none there. */
export function packIn({ manifest }: TreeLevel, holder: string, place: FramePlace): string {
  return place[0] === 0 ? holder : (manifest.packs[place[0] - 1] ?? noPack)
}

function recordedEntries(level: TreeLevel, holder: string): readonly PlannedEntry[] {
  return level.manifest.files.flatMap(({ path: treePath, kind, mode, place, sha256 }) => {
    if (place === null) return []
    const source = { from: 'store', pack: packIn(level, holder, place), place, sha256 } as const
    return [{ key: byteKeyOf(nameIn(level, treePath)), kind, mode: mode & 0o777, source }]
  })
}

function stagedEntries(level: TreeLevel, holder: string): readonly PlannedEntry[] {
  return level.manifest.staged.flatMap(({ path: treePath, mode, place, sha256 }) => {
    if (place === null) return []
    const source = { from: 'store', pack: packIn(level, holder, place), place, sha256 } as const
    // A link that was only staged (its mode has no permission bits) becomes a file with its text, for reading.
    const entry = { kind: 'file', mode: mode & 0o777 || 0o644, source } as const
    return [{ key: byteKeyOf(nameIn(level, treePath)), ...entry }]
  })
}

/** What was not saved, with the reason. */
export function skippedPaths(level: TreeLevel): readonly LeftOut[] {
  const { files, skipped, skippedMore = 0 } = level.manifest
  const unread = files.filter(file => file.place === null)
  const more = {
    path: level.prefix === null ? '.' : displayTreePath(level.prefix),
    reason: `${skippedMore} more paths`,
  }
  return [
    ...skipped.map(each => ({ path: shown(level, each.path), reason: `${each.reason}: ${each.detail}` })),
    ...unread.map(file => ({ path: shown(level, file.path), reason: 'its content was not stored' })),
    ...(skippedMore > 0 ? [more] : []),
  ]
}

/** Tracked, but not in the work tree at that moment. */
export function gonePaths(level: TreeLevel): readonly string[] {
  return level.manifest.gone.map(each => shown(level, each))
}

function shown(level: TreeLevel, treePath: TreePath): string {
  return displayTreePath(nameIn(level, treePath))
}

/** Why these names cannot be restored, or null. */
function refusal(levels: readonly TreeLevel[], entries: readonly PlannedEntry[]): string | null {
  const prefixes = levels.flatMap(level => (level.prefix === null ? [] : [byteKeyOf(level.prefix)]))
  const unsafe = prefixes.find(key => !isSafeKey(key)) ?? entries.find(({ key }) => !isSafeKey(key))?.key
  if (unsafe !== undefined) return `the name ${JSON.stringify(shownKey(unsafe))} does not stay below the folder`
  const keys = new Set<string>()
  for (const { key } of entries) {
    if (keys.has(key)) return `the name ${JSON.stringify(shownKey(key))} comes twice`
    keys.add(key)
  }
  const both = foldersOf(keys).find(folder => keys.has(folder))
  return both === undefined
    ? null
    : `${JSON.stringify(Buffer.from(both, 'latin1').toString())} is a folder and a file or a link`
}

/** Every folder that names lie in, each once. */
function foldersOf(keys: ReadonlySet<string>): readonly string[] {
  const folders = new Set<string>()
  for (const key of keys) {
    for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) {
      const folder = key.slice(0, at)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  return [...folders]
}

/** `a/b` and `a` for `a/b/c`. */
function parentsOf(key: string): readonly string[] {
  const parents: string[] = []
  for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) parents.push(key.slice(0, at))
  return parents
}

interface HeadPart {
  readonly entries: readonly PlannedEntry[]
  readonly leftOut: readonly LeftOut[]
}

/** A HEAD is the repository's word, not ours: one with names that exclude each other is left out as a whole. */
function entriesOfHeads(
  levels: readonly TreeLevel[],
  heads: readonly (readonly HeadEntry[] | null)[],
  recorded: readonly PlannedEntry[],
): HeadPart {
  if (heads.every(head => head === null || head === undefined || head.length === 0)) return { entries: [], leftOut: [] }
  const taken = takenNames(levels, recorded)
  const parts = levels.map((level, at) => headPart(level, at, heads[at] ?? [], taken))
  const entries = parts.flatMap(part => part.entries)
  const refused = refusal([], [...entries, ...recorded])
  if (refused === null) return { entries, leftOut: parts.flatMap(part => part.leftOut) }
  return { entries: [], leftOut: [{ path: '.', reason: `the files of HEAD: ${refused}` }] }
}

interface Taken {
  /** Recorded, gone, left out or another repository: HEAD has no say. */
  readonly names: ReadonlySet<string>
  /** Folders that recorded entries need. */
  readonly folders: ReadonlySet<string>
}

function takenNames(levels: readonly TreeLevel[], recorded: readonly PlannedEntry[]): Taken {
  const names = levels.flatMap(level => {
    const { gone, skipped, files } = level.manifest
    const paths = [...gone, ...skipped.map(each => each.path), ...files.map(each => each.path)]
    return [...paths.map(each => nameIn(level, each)), ...(level.prefix === null ? [] : [level.prefix])]
  })
  return {
    names: new Set(names.map(byteKeyOf)),
    folders: new Set(recorded.flatMap(entry => parentsOf(entry.key))),
  }
}

function headPart(level: TreeLevel, at: number, head: readonly HeadEntry[], { names, folders }: Taken): HeadPart {
  const entries: PlannedEntry[] = []
  const leftOut: LeftOut[] = []
  const prefix =
    level.prefix === null ? Buffer.alloc(0) : Buffer.concat([treePathBytes(level.prefix), Buffer.from('/')])
  // The way down to this level is taken by the level itself.
  const isTaken = (key: string) => names.has(key) && !byteKey(prefix).startsWith(`${key}/`)
  for (const { name: own, gitMode, objectId } of head) {
    const name = Buffer.concat([prefix, own])
    const key = byteKey(name)
    if (folders.has(key) || [key, ...parentsOf(key)].some(isTaken)) continue
    const kind = headKinds[gitMode]
    if (kind && isSafeKey(key)) entries.push({ key, ...kind, source: { from: 'head', level: at, objectId } })
    else
      leftOut.push({
        path: displayTreePath(treePathOf(name)),
        reason: kind ? 'unsafe name' : `submodule at ${objectId}`,
      })
  }
  return { entries, leftOut }
}

const headKinds: Readonly<Record<string, { readonly kind: 'file' | 'link'; readonly mode: number } | undefined>> = {
  '100644': { kind: 'file', mode: 0o644 },
  '100664': { kind: 'file', mode: 0o664 },
  '100755': { kind: 'file', mode: 0o755 },
  '120000': { kind: 'link', mode: 0o777 },
}
