/** In which order untracked files are saved: it matters only when a limit is reached. Pure. */
import { byteKey } from './tree-path.ts'

/** Folders that a package manager, compiler or interpreter makes again. Never left out for that: only last in line. */
const rebuildable: ReadonlySet<string> = new Set([
  'node_modules',
  '.venv',
  'venv',
  '__pycache__',
  '.gradle',
  '.next',
  '.tox',
  '.cache',
  'target',
  'dist',
  'build',
  'vendor',
])

export function isRebuildable(folderName: Buffer): boolean {
  return rebuildable.has(byteKey(folderName))
}

/** What is near the root and hand-made first, then by name. */
export function byWorth<T extends { readonly path: Buffer }>(entries: readonly T[]): readonly T[] {
  const ranked = entries.map(entry => {
    const key = byteKey(entry.path)
    const folders = key.split('/')
    const depth = folders.length
    folders.pop()
    return { entry, key, rank: folders.some(part => rebuildable.has(part)) ? 1 : 0, depth }
  })
  ranked.sort((a, b) => a.rank - b.rank || a.depth - b.depth || (a.key < b.key ? -1 : Number(a.key > b.key)))
  return ranked.map(({ entry }) => entry)
}
