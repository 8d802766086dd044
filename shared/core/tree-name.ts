/** Names in a work tree, in words and as keys. Apart from the records' checks, which take a while to load. Pure. */
import type { TreePath } from './work-tree.ts'

/** A path as text, for people. */
export function displayTreePath(path: TreePath): string {
  return typeof path === 'string' ? path : `(name is not UTF-8, base64 ${path.b64})`
}

/** A path as a map key: equal texts for equal paths. */
export function treePathKey(path: TreePath): string {
  return typeof path === 'string' ? path : `\0${path.b64}`
}
