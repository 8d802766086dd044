/**
 * Names inside a work tree as git and the disk have them: bytes, with '/' between parts. Never touches the disk.
 *
 * A name from an index, a listing or a manifest is somebody else's word: `isSafeTreePath` must agree before it
 * becomes part of a path on this machine.
 */
import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import { displayTreePath } from '../core/tree-name.ts'
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

/** The bytes of a key. */
export function nameOfKey(key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

/** A name as people are shown it. */
export function shownKey(key: string): string {
  return isAscii(key) ? key : displayTreePath(treePathOf(nameOfKey(key)))
}

/** {@link isSafeTreePath} of the name with this key. */
export function isSafeKey(key: string): boolean {
  return isPlainlySafe(key) || isSafeTreePath(nameOfKey(key))
}

/** The same of a path as it is written in a manifest: most are ASCII, and then the path is its own key. */
export function byteKeyOf(treePath: TreePath): string {
  return typeof treePath === 'string' && isAscii(treePath) ? treePath : byteKey(treePathBytes(treePath))
}

const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text)

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
  if (isPlainlySafe(byteKey(name))) return true
  if (name.length === 0 || name.includes(0)) return false
  const text = name.toString('utf8')
  if (separator === '\\' && /[\\:]/.test(text)) return false
  return text.split('/').every(isSafePart)
}

/**
 * True for most names there are: printable ASCII, no part that begins with a dot or is empty, and none of the signs
 * that mean something to some system. Of all others it says nothing.
 */
function isPlainlySafe(key: string): boolean {
  let isStart = true
  for (let at = 0; at < key.length; at++) {
    const byte = key.charCodeAt(at)
    if (byte < 0x20 || byte > 0x7d || byte === 0x5c || byte === 0x3a) return false
    if (isStart && (byte === 0x2e || byte === 0x2f)) return false
    isStart = byte === 0x2f
  }
  return !isStart
}

function isSafePart(part: string): boolean {
  if (part === '' || part === '.' || part === '..') return false
  // HFS+ drops these characters; NTFS drops dots and spaces at the end and has the short name git~1.
  const folded = part.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').toLowerCase()
  return !/^(?:\.git|git~1)[. ]*$/.test(folded)
}
