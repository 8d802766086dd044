/** The folders that a restore in place needs: which are missing, making them, and taking them away again. */
import path from 'node:path'
import { folderOf, syncQuietly } from './committed-changes.ts'
import { errorCode, isThere } from './durable-file.ts'
import type { FileSystem } from './ports.ts'
import { createPresentReader } from './present-files.ts'
import { type Change, type Journal, targetOf } from './restore-journal.ts'
import { treePathBytes } from './tree-path.ts'

/** What lies now above a path to be written and is no folder, in words: nothing may be made beyond it. */
export function notAFolder(files: FileSystem, journal: Journal, changes: readonly Change[]): string | null {
  const readers = journal.bases.map(base => createPresentReader(files, base))
  for (const { base, name, after } of changes) {
    const trouble = after === null ? null : readers[base]?.above(treePathBytes(name))
    if (trouble?.present === 'in-the-way') return trouble.why
  }
  return null
}

/** Folders that the new files need and that are not there, outermost first. */
export function missingFolders(files: FileSystem, journal: Journal, changes: readonly Change[]): readonly Buffer[] {
  const known = new Set<string>()
  const missing: Buffer[] = []
  for (const change of changes) {
    if (change.after === null) continue
    const chain: Buffer[] = []
    for (let at = parentOf(Buffer.from(targetOf(journal, change))); at !== null; at = parentOf(at)) {
      if (known.has(at.toString('latin1'))) break
      known.add(at.toString('latin1'))
      if (isThere(files, at)) break
      chain.unshift(at)
    }
    missing.push(...chain)
  }
  return missing
}

function parentOf(at: Buffer): Buffer | null {
  const text = at.toString('latin1')
  const parent = path.dirname(text)
  return parent === text ? null : Buffer.from(parent, 'latin1')
}

/** With the permissions of the folder above. */
export function makeFolders(files: FileSystem, journal: Journal): void {
  for (const folder of journal.folders) {
    const at = treePathBytes(folder)
    files.makeFolder(at)
    const above = parentOf(at)
    if (above !== null) files.chmod(at, files.stat(above).mode & 0o777)
  }
}

/** What lies ready, or is cleared away, must be so after a power cut too before the journal says that it is. */
export function syncNames(files: FileSystem, journal: Journal, changes: readonly Change[]): void {
  const holding = changes.filter(({ after }) => after !== null).map(change => folderOf(journal, change))
  const above = journal.folders.flatMap(folder => parentOf(treePathBytes(folder)) ?? [])
  const unique = new Set([...holding, ...above].map(folder => folder.toString('latin1')))
  for (const folder of unique) syncQuietly(files, Buffer.from(folder, 'latin1'))
}

/** Those that were made for a restore and that nobody uses. */
export function removeEmptyFolders(files: FileSystem, folders: Journal['folders']): void {
  for (const folder of folders.toReversed()) {
    try {
      files.removeFolder(treePathBytes(folder))
    } catch (error) {
      if (errorCode(error) === null) throw error
    }
  }
}
