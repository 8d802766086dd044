/**
 * What lies at a name of a work tree now, with the hash of its content. No link is followed, neither as the last part
 * of a name nor above it, whatever the file's size it is read in pieces, and a FIFO or device is never opened.
 */
import { createHash, type Hash } from 'node:crypto'
import { errorCode, readFully } from './durable-file.ts'
import type { FilePath, FileStat, FileSystem } from './ports.ts'
import { statKeyOf } from './stat-key.ts'
import { byteKey, pathBelow } from './tree-path.ts'

/** A file's content and what else a restore gives back. */
export interface FileState {
  readonly kind: 'file' | 'link'
  /** Permission bits. Of a link: 0o777. */
  readonly mode: number
  readonly bytes: number
  readonly sha256: string
}

export interface PresentFile extends FileState {
  readonly present: 'file'
  readonly statKey: string
  /** Name that git would give the content; only where it was asked for. */
  readonly objectId: string | null
}

export type Present =
  | PresentFile
  | { readonly present: 'absent' }
  /** A folder or special file lies there, or something above is a link or a file. In words. */
  | { readonly present: 'in-the-way'; readonly why: string }
  | { readonly present: 'unreadable'; readonly code: string }

/** Algorithm of git's object names, to be told {@link PresentFile.objectId}; null to be told none. */
export type ObjectHash = 'sha1' | 'sha256' | null

/** Shared by all readings: none is interrupted by another. */
const chunk = Buffer.allocUnsafe(1_048_576)

export interface PresentReader {
  /** Reads and hashes. */
  read(name: Buffer, objectHash?: ObjectHash): Present
  /** Only what stat tells: null where no file or link lies, or something is in the way. */
  look(name: Buffer): FileStat | null
  /** What stands above the name in the way of it; null if everything there is a folder. */
  above(name: Buffer): Present | null
}

/** @param root absolute; what lies above it is trusted. Remembers which folders are folders: use one per plan. */
export function createPresentReader(files: FileSystem, root: string): PresentReader {
  const folders = new Map<string, Present | null>()

  /** Null if everything above is a folder. */
  function troubleAbove(name: Buffer): Present | null {
    const cut = name.lastIndexOf(0x2f)
    if (cut < 0) return null
    const parent = name.subarray(0, cut)
    const key = byteKey(parent)
    const known = folders.get(key)
    if (known !== undefined) return known
    const found = troubleAbove(parent) ?? troubleAt(files, pathBelow(root, parent), parent)
    folders.set(key, found)
    return found
  }

  return {
    above: troubleAbove,
    read: (name, objectHash = null) => troubleAbove(name) ?? readPresent(files, pathBelow(root, name), objectHash),
    look: name => {
      if (troubleAbove(name) !== null) return null
      const stat = lookAt(files, pathBelow(root, name))
      return !('present' in stat) && (stat.kind === 'file' || stat.kind === 'link') ? stat : null
    },
  }
}

/** The same for one name, remembering nothing: for the moment before something is done there. */
export function presentAt(files: FileSystem, root: string, name: Buffer): Present {
  return createPresentReader(files, root).read(name)
}

export function isSameState(present: Present, wanted: FileState | null): boolean {
  if (wanted === null) return present.present === 'absent'
  return (
    present.present === 'file' &&
    present.kind === wanted.kind &&
    present.sha256 === wanted.sha256 &&
    (present.kind === 'link' || present.mode === wanted.mode || !keepsModes)
  )
}

/** Windows shows modes that it makes up. */
export const keepsModes = process.platform !== 'win32'

function troubleAt(files: FileSystem, at: FilePath, name: Buffer): Present | null {
  const stat = lookAt(files, at)
  if ('present' in stat) return stat
  if (stat.kind === 'folder') return null
  const what = stat.kind === 'link' ? 'a link' : 'no folder'
  return { present: 'in-the-way', why: `${name.toString()} is ${what}` }
}

function lookAt(files: FileSystem, at: FilePath): FileStat | Present {
  try {
    return files.lstat(at)
  } catch (error) {
    return troubleOf(error)
  }
}

function troubleOf(error: unknown): Present {
  const code = errorCode(error)
  if (code === null) throw error
  return code === 'ENOENT' || code === 'ENOTDIR' ? { present: 'absent' } : { present: 'unreadable', code }
}

function readPresent(files: FileSystem, at: FilePath, objectHash: ObjectHash): Present {
  const stat = lookAt(files, at)
  if ('present' in stat) return stat
  if (stat.kind === 'folder') return { present: 'in-the-way', why: 'a folder lies there' }
  if (stat.kind === 'other') return { present: 'in-the-way', why: 'something that is no file lies there' }
  try {
    return stat.kind === 'link' ? readLink(files, at, stat, objectHash) : readFile(files, at, objectHash)
  } catch (error) {
    return troubleOf(error)
  }
}

function readLink(files: FileSystem, at: FilePath, stat: FileStat, objectHash: ObjectHash): Present {
  const text = files.readLink(at)
  const sha256 = createHash('sha256').update(text).digest('hex')
  const object = objectHasher(objectHash, text.byteLength)?.update(text)
  return presentFile(stat, { kind: 'link', mode: 0o777, bytes: text.byteLength, sha256 }, object)
}

function readFile(files: FileSystem, at: FilePath, objectHash: ObjectHash): Present {
  const file = files.open(at, 'read')
  try {
    const stat = file.stat()
    if (stat.kind !== 'file') return { present: 'in-the-way', why: 'something that is no file lies there' }
    const hash = createHash('sha256')
    const object = objectHasher(objectHash, stat.size)
    let bytes = 0
    for (;;) {
      const read = readFully(file, chunk, bytes)
      const part = chunk.subarray(0, read)
      hash.update(part)
      object?.update(part)
      bytes += read
      if (read < chunk.length) break
    }
    const mode = stat.mode & 0o777
    return presentFile(stat, { kind: 'file', mode, bytes, sha256: hash.digest('hex') }, object)
  } finally {
    file.close()
  }
}

function objectHasher(algorithm: ObjectHash, bytes: number): Hash | undefined {
  return algorithm === null ? undefined : createHash(algorithm).update(`blob ${bytes}\0`)
}

function presentFile(stat: FileStat, state: FileState, object: Hash | undefined): PresentFile {
  return {
    present: 'file',
    ...state,
    statKey: statKeyOf(stat),
    objectId: object?.digest('hex') ?? null,
  }
}
