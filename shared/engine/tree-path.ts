/**
 * Names inside a work tree as git and the disk have them: bytes, with '/' between parts. Never touches the disk.
 *
 * A name from an index, a listing or a manifest is somebody else's word: `isSafeTreePath` must agree before it
 * becomes part of a path on this machine.
 */
import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import type { TreePath } from '../core/work-tree.ts'
import type { FilePath } from './ports.ts'

export function treePathOf(name: Buffer): TreePath {
  return isUtf8(name) ? name.toString('utf8') : { b64: name.toString('base64') }
}

export function treePathBytes(treePath: TreePath): Buffer {
  return typeof treePath === 'string' ? Buffer.from(treePath, 'utf8') : Buffer.from(treePath.b64, 'base64')
}

/** One character per byte: a map key, and an order that is the same on every machine. */
export function byteKey(name: Buffer): string {
  return name.toString('latin1')
}

/** `inner`, which lies below the nested work tree at `outer`, as a path of the outer work tree. */
export function joinTreePaths(outer: TreePath, inner: TreePath): TreePath {
  if (typeof outer === 'string' && typeof inner === 'string') return `${outer}/${inner}`
  return treePathOf(Buffer.concat([treePathBytes(outer), Buffer.from('/'), treePathBytes(inner)]))
}

/** Absolute path of `name` below `root`; bytes only if the name is not UTF-8. */
export function pathBelow(root: FilePath, name: Buffer): FilePath {
  if (typeof root === 'string' && isUtf8(name)) return root + path.sep + name.toString('utf8')
  return Buffer.concat([Buffer.from(root), Buffer.from(path.sep), name])
}

/**
 * True for a relative name that stays below its root and touches no repository's own files: no empty part, no
 * `.` or `..`, no NUL, no `.git` in any spelling that a case-folding file system takes for it, and on Windows
 * no separator, drive or stream of its own.
 */
export function isSafeTreePath(name: Buffer, separator: string = path.sep): boolean {
  if (name.length === 0 || name.includes(0)) return false
  const text = name.toString('utf8')
  if (separator === '\\' && /[\\:]/.test(text)) return false
  return text.split('/').every(isSafePart)
}

function isSafePart(part: string): boolean {
  if (part === '' || part === '.' || part === '..') return false
  // HFS+ drops these characters; NTFS drops dots and spaces at the end and has the short name git~1.
  const folded = part.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').toLowerCase()
  return !/^(?:\.git|git~1)[. ]*$/.test(folded)
}
