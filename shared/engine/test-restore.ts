/**
 * Proof: restores a checkpoint into a temporary folder, compares what then lies on the disk with what was recorded,
 * byte for byte, and removes it again. Which one is next goes round over all sessions, one a turn.
 *
 * Files that belong to HEAD are counted and weighed; for their content git answers. Writes nowhere else but in the
 * folder that it is given.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import { formatBytes } from '../core/format.ts'
import type { SessionId } from '../core/session.ts'
import { displayTreePath } from '../core/tree-name.ts'
import type { TreeFile, TreeManifest, TreePath } from '../core/work-tree.ts'
import { failureOf, readFully, removeTreeQuietly, temporaryPath } from './durable-file.ts'
import type { FilePath, FileSystem } from './ports.ts'
import { levelsOf } from './restore-plan.ts'
import { type RestoreParts, type RestoreReport, restoreSide } from './restore-side.ts'
import { joinTreePaths, pathBelow, treePathBytes } from './tree-path.ts'

export type TestRestored =
  /** Everything came back as it was saved. */
  | { readonly kind: 'proven'; readonly files: number; readonly bytes: number }
  /** It did not; in words. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It could not be tried, for a reason that says nothing about the checkpoint. */
  | { readonly kind: 'not-done'; readonly message: string }

/** Share of the disk that a test restore leaves free. */
const freeShare = 0.1

/** The session after `cursor` in an order that is as good as random, and the cursor for the one after it. */
export function nextToProve(
  sessions: readonly SessionId[],
  cursor: string,
  seed: string,
): { readonly sessionId: SessionId; readonly cursor: string } | null {
  const keyed = sessions
    .map(sessionId => ({ sessionId, cursor: createHash('sha256').update(`${seed}\n${sessionId}`).digest('hex') }))
    .sort((a, b) => (a.cursor < b.cursor ? -1 : 1))
  return keyed.find(each => each.cursor > cursor) ?? keyed[0] ?? null
}

/** @param folder for restored checkpoints; made if it is not there. Not inside the store. */
export async function testRestore(
  parts: RestoreParts,
  record: CheckpointRecord,
  folder: string,
  signal?: AbortSignal,
): Promise<TestRestored> {
  const { ports, store } = parts
  const target = temporaryPath(ports, folder)
  try {
    ports.files.makeFolder(folder)
    const room = whyNoRoom(ports.files, folder, record)
    if (room !== null) return { kind: 'not-done', message: room }
    const restored = await restoreSide(parts, record, target, { signal })
    if (!restored.ok) {
      const isVerdict = restored.code === 'damaged' || restored.code === 'unsafe-name'
      return { kind: isVerdict ? 'failed' : 'not-done', message: restored.message }
    }
    const read = store.readManifest(record)
    if (!read.ok) return { kind: 'failed', message: read.finding.message }
    const wrong =
      wrongStream(ports.files, target, record, restored.report) ??
      (read.manifest && wrongTree(ports.files, target, read.manifest, restored.report))
    if (wrong !== null) return { kind: 'failed', message: wrong }
    return { kind: 'proven', files: restored.report.files + restored.report.links, bytes: restored.report.bytes }
  } catch (error) {
    return { kind: 'not-done', message: failureOf(error, 'A test restore').message }
  } finally {
    removeTreeQuietly(ports.files, target)
  }
}

/** HEAD's files are not counted, because nobody knows their size before. */
function whyNoRoom(files: FileSystem, folder: string, record: CheckpointRecord): string | null {
  const bytes = record.streams.reduce((sum, stream) => sum + stream.bytes, record.tree?.bytes ?? 0)
  const { freeBytes, totalBytes } = files.diskSpace(folder)
  if (freeBytes - bytes >= totalBytes * freeShare) return null
  return `too little of the disk is free to restore ${formatBytes(bytes)} for a test`
}

function wrongStream(
  files: FileSystem,
  target: string,
  record: CheckpointRecord,
  report: RestoreReport,
): string | null {
  for (const { name, sha256 } of record.streams) {
    const restored = report.streams.find(each => each.name === name)
    const hash = restored && hashOf(files, path.join(target, restored.file))
    if (hash !== sha256) return `Stream ${name} came back with other bytes`
  }
  return null
}

function wrongTree(files: FileSystem, target: string, manifest: TreeManifest, report: RestoreReport): string | null {
  const leftOut = new Set(report.leftOut.map(each => each.path))
  const modes = keepsModes(files, target)
  const below = (folder: string, name: TreePath) => pathBelow(path.join(target, folder), treePathBytes(name))
  for (const { prefix, manifest: own } of levelsOf(manifest, manifest.root)) {
    const named = (name: TreePath) => (prefix === null ? name : joinTreePaths(prefix, name))
    for (const file of own.files) {
      const shown = displayTreePath(named(file.path))
      if (file.place === null || leftOut.has(shown)) continue
      const wrong = wrongFile(files, below('files', named(file.path)), file, modes)
      if (wrong !== null) return `${shown} came back with other ${wrong}`
    }
    for (const { path: name, place, sha256 } of own.staged) {
      const same = place === null || hashOf(files, below('staged', named(name))) === sha256
      if (!same) return `${displayTreePath(named(name))} (staged) came back with other bytes`
    }
  }
  const wanted = report.files + report.links
  const there = countBelow(files, Buffer.from(path.join(target, 'files')))
  return there === wanted ? null : `${wanted} files were restored, but ${there} are there`
}

function wrongFile(files: FileSystem, at: FilePath, file: TreeFile, modes: boolean): 'bytes' | 'permissions' | null {
  const hash = file.kind === 'link' ? hashOfLink(files, at) : hashOf(files, at)
  if (hash !== file.sha256) return 'bytes'
  return file.kind === 'link' || !modes || hasMode(files, at, file.mode) ? null : 'permissions'
}

/** Files and links. Those that are not there count nothing. */
function countBelow(files: FileSystem, folder: Buffer): number {
  let found = 0
  for (const name of listOrNothing(files, folder)) {
    const at = Buffer.concat([folder, Buffer.from(path.sep), name])
    found += files.lstat(at).kind === 'folder' ? countBelow(files, at) : 1
  }
  return found
}

function listOrNothing(files: FileSystem, folder: Buffer): readonly Buffer[] {
  try {
    return files.listBytes(folder)
  } catch (error) {
    failureOf(error, 'Listing what was restored')
    return []
  }
}

function hasMode(files: FileSystem, at: FilePath, mode: number): boolean {
  return (files.lstat(at).mode & 0o777) === (mode & 0o777)
}

/** Folders of ours are 0700; a disk that shows something else keeps no modes (FAT), nor does Windows. */
function keepsModes(files: FileSystem, folder: string): boolean {
  return path.sep === '/' && (files.lstat(folder).mode & 0o777) === 0o700
}

function hashOfLink(files: FileSystem, at: FilePath): string | null {
  return orNull(() => createHash('sha256').update(files.readLink(at)).digest('hex'))
}

/** Null if it cannot be read. */
function hashOf(files: FileSystem, at: FilePath): string | null {
  return orNull(() => {
    const file = files.open(at, 'read')
    try {
      const hash = createHash('sha256')
      const chunk = Buffer.allocUnsafe(1_048_576)
      for (let position = 0; ; ) {
        const read = readFully(file, chunk, position)
        if (read === 0) return hash.digest('hex')
        hash.update(chunk.subarray(0, read))
        position += read
      }
    } finally {
      file.close()
    }
  })
}

function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    failureOf(error, 'Reading what was restored')
    return null
  }
}
