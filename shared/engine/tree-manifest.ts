/** Values about manifests: the fingerprint, and what changed between two of them. Pure but for hashing. */
import { createHash } from 'node:crypto'
import { treePathKey } from '../core/tree-name.ts'
import type { TreeFile, TreeManifest, TreePath } from '../core/work-tree.ts'
import { joinTreePaths, treePathBytes } from './tree-path.ts'

type Content = Pick<TreeManifest, 'head' | 'files' | 'gone' | 'staged' | 'nested'>

/**
 * Equal for equal content: HEAD, and path, kind, mode and hash of everything recorded, in a fixed order. Not in it:
 * stat keys, places, branch name, merge state, git's status letters, and what was left out.
 */
export function fingerprintOf({ head, files, gone, staged, nested }: Content): string {
  const hash = createHash('sha256')
  const put = (...values: readonly unknown[]) => hash.update(`${JSON.stringify(values)}\n`)
  put('head', head)
  for (const { path, kind, mode, sha256 } of sortByPath(files)) put('file', path, kind, mode, sha256)
  for (const path of sortPaths(gone)) put('gone', path)
  for (const { path, mode, sha256 } of sortByPath(staged)) put('staged', path, mode, sha256)
  for (const { path, manifest } of sortByPath(nested)) put('nested', path, manifest.fingerprint)
  return hash.digest('hex')
}

/** By the bytes of the path: the same order on every machine. */
export function sortByPath<T extends { readonly path: TreePath }>(entries: readonly T[]): T[] {
  const keyed = entries.map(entry => ({ entry, bytes: treePathBytes(entry.path) }))
  return keyed.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ entry }) => entry)
}

export function sortPaths(paths: readonly TreePath[]): TreePath[] {
  return sortByPath(paths.map(path => ({ path }))).map(({ path }) => path)
}

export interface TreeChanges {
  /** Content, mode or presence differs. */
  readonly changed: readonly TreePath[]
  /** Listed before and not now: committed, ignored, reverted or deleted since. Only the disk can tell. */
  readonly left: readonly LeftPath[]
}

export interface LeftPath {
  /** Below the outer root. */
  readonly path: TreePath
  /** As it was; null for a path that was gone or lay in the index only. */
  readonly file: TreeFile | null
}

/** Differences between two manifests of one root, nested ones included. */
export function changesBetween(before: TreeManifest | null, after: TreeManifest): TreeChanges {
  const [old, now] = [contentOf(before), contentOf(after)]
  const isSame = ({ path, content }: PathContent) => old.get(treePathKey(path))?.content === content
  return {
    changed: [...now.values()].filter(each => !isSame(each)).map(({ path }) => path),
    left: [...old.values()].filter(({ path }) => !now.has(treePathKey(path))),
  }
}

interface PathContent extends LeftPath {
  readonly content: string
}

function contentOf(manifest: TreeManifest | null): ReadonlyMap<string, PathContent> {
  const found = new Map<string, PathContent>()
  const put = (path: TreePath, file: TreeFile | null, content: string) => {
    const key = treePathKey(path)
    const known = found.get(key)
    found.set(key, { path, file: known?.file ?? file, content: `${known?.content ?? ''} ${content}` })
  }
  const visit = (each: TreeManifest, at: (path: TreePath) => TreePath) => {
    for (const file of each.files) put(at(file.path), file, `${file.kind} ${file.mode} ${file.sha256}`)
    for (const path of each.gone) put(at(path), null, 'gone')
    for (const { path, mode, sha256 } of each.staged) put(at(path), null, `staged ${mode} ${sha256}`)
    for (const { path, manifest: inner } of each.nested) visit(inner, name => at(joinTreePaths(path, name)))
  }
  if (manifest !== null) visit(manifest, path => path)
  return found
}
