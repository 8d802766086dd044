/**
 * Files that survive a power cut or are not there at all, bounded reads, and what a disk's error means to a user.
 *
 * The order is always: write under a temporary name, check the byte count, fsync, give the final name, fsync the
 * folder; on any error the temporary file goes. Never follows a link at the last part of a path.
 */
import path from 'node:path'
import type { FailureCode } from '../core/checkpoint.ts'
import type { FilePath, FileSystem, FileSystemError, OpenFile, Ports, Synced } from './ports.ts'
import { pathBelow } from './tree-path.ts'

/** A failure that a caller can act on. */
export interface Failure {
  readonly code: FailureCode
  /** What happened, in words. */
  readonly message: string
  /** What the user can do, in words. */
  readonly remedy: string
}

/** The system's code (`ENOENT`, `ENOSPC`…) of an error that a disk or its driver gave; null for anything else. */
export function errorCode(error: unknown): string | null {
  const code = error instanceof Error ? (error as Partial<FileSystemError>).code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null
}

/**
 * What a disk's error means to a user.
 *
 * @param doing what was being done, such as `writing a pack`
 * @throws {unknown} the error itself if it did not come from a disk: that is a defect, not a failure
 */
export function failureOf(error: unknown, doing: string): Failure {
  const code = errorCode(error)
  if (code === null) throw error
  const message = `${doing} failed: ${(error as Error).message}`
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return { code: 'disk-full', message, remedy: 'Free disk space; checkpoints go on by themselves then.' }
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return { code: 'permission', message, remedy: 'Make the folder writable for you, or choose another one.' }
  }
  return { code: 'io-error', message, remedy: 'Check the disk; it is tried again at the next cycle.' }
}

/** A name below `folder` that nobody else takes. It says who made it and when, so that leftovers can be told. */
export function temporaryPath(ports: Pick<Ports, 'clock' | 'processes'>, folder: string): string {
  const { pid } = ports.processes.self
  return path.join(folder, `${pid}.${Math.trunc(ports.clock.nowMs())}.${randomHex(8)}`)
}

/** Not from `node:crypto`: that alone takes a fifth of a short command's time to load. */
function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
}

/** The pid in a name that {@link temporaryPath} gives; null for any other name. */
export function pidOfTemporaryName(name: string): number | null {
  const pid = /^(\d+)\.\d+\.[0-9a-f]{16}$/.exec(name)?.[1]
  return pid === undefined ? null : Number(pid)
}

/** Creates `at` with exactly these bytes and makes them durable; its name is not yet. Leaves nothing behind on error. */
export function writeNewFile(files: FileSystem, at: string, bytes: Uint8Array): void {
  const file = writeUnsynced(files, at, bytes)
  try {
    try {
      file.sync()
    } finally {
      file.close()
    }
  } catch (error) {
    removeQuietly(files, at)
    throw error
  }
}

/** Creates `at` with exactly these bytes, for the caller to sync and close. Leaves nothing behind on error. */
export function writeUnsynced(files: FileSystem, at: string, bytes: Uint8Array): OpenFile {
  const file = files.open(at, 'create')
  try {
    file.append(bytes)
    mustHold(file, bytes.byteLength)
    return file
  } catch (error) {
    closeQuietly(file)
    removeQuietly(files, at)
    throw error
  }
}

/** Fsyncs a finished file. @throws {FileSystemError} EIO if it does not hold exactly `expectedBytes`. */
export function sealFile(file: OpenFile, expectedBytes: number): void {
  mustHold(file, expectedBytes)
  file.sync()
}

/** @throws {FileSystemError} EIO if it does not. */
export function mustHold(file: OpenFile, expectedBytes: number): void {
  const { size } = file.stat()
  if (size === expectedBytes) return
  throw Object.assign(new Error(`wrote ${expectedBytes} bytes, but the file has ${size}`), { code: 'EIO' })
}

/** Closes a file when the error that brought us here matters more. */
export function closeQuietly(file: OpenFile): void {
  try {
    file.close()
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
}

/** Gives a sealed temporary file its final name for good, in place of what is there. */
export function renameDurably(files: FileSystem, temporary: string, to: string): void {
  renameOrRemove(files, temporary, to)
  files.syncFolder(path.dirname(to))
}

/** The same, for the caller to sync the folder. The temporary name is gone in any case. */
export function renameOrRemove(files: FileSystem, temporary: string, to: string): void {
  try {
    files.rename(temporary, to)
  } catch (error) {
    removeQuietly(files, temporary)
    throw error
  }
}

/** @throws {FileSystemError} the first error, unless all is durable */
export function mustBeDurable(synced: Synced): void {
  for (const error of synced) if (error !== null) throw error
}

/**
 * Gives `bytes` the name `to`, durably, unless that name is taken: of any number of racing callers one gets
 * `created`. With hard links the name appears with its whole content or not at all. A file system without them
 * (FAT, exFAT, some network drives) gets an exclusive create instead: a crash can then leave a part of the file
 * under its final name, which its checksum has to tell.
 */
export function createDurably(
  files: FileSystem,
  temporary: string,
  to: string,
  bytes: Uint8Array,
): 'created' | 'taken' {
  writeNewFile(files, temporary, bytes)
  try {
    if (!linkOrCreate(files, temporary, to, bytes)) return 'taken'
    try {
      files.syncFolder(path.dirname(to))
    } catch (error) {
      // Not durable, so it will be reported as failed: then it must not be found either.
      removeQuietly(files, to)
      throw error
    }
    return 'created'
  } finally {
    removeQuietly(files, temporary)
  }
}

/** EISDIR is what Node makes of Windows' "invalid function". */
const noHardLinks: readonly (string | null)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR']

/**
 * A second name for what `from` holds; a copy where the file system has no hard links. False if `to` is taken.
 *
 * @param bytes what `from` holds
 */
export function linkOrCreate(files: FileSystem, temporary: string, to: string, bytes: Uint8Array): boolean {
  try {
    files.link(temporary, to)
    return true
  } catch (error) {
    const code = errorCode(error)
    // Two names although it "failed": it is our own link, and only the answer was lost, as a network drive can.
    if (code !== null && files.lstat(temporary).nlink === 2) return true
    if (code === 'EEXIST') return false
    if (!noHardLinks.includes(code)) throw error
  }
  try {
    writeNewFile(files, to, bytes)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Replaces a cache or settings file as a whole: readers see the old bytes or the new ones. */
export function replaceFile(ports: Pick<Ports, 'clock' | 'files' | 'processes'>, at: string, bytes: Uint8Array): void {
  const temporary = `${temporaryPath(ports, path.dirname(at))}.tmp`
  writeNewFile(ports.files, temporary, bytes)
  renameDurably(ports.files, temporary, at)
}

/** Creates a folder and its parents (0700), each with a name that survives a power cut. Fine if it is there. */
export function makeFolderDurably(files: FileSystem, folder: string): void {
  const missing: string[] = []
  for (let at = folder; !isThere(files, at) && path.dirname(at) !== at; at = path.dirname(at)) missing.push(at)
  if (missing.length === 0) return
  files.makeFolder(folder)
  for (const made of missing) files.syncFolder(path.dirname(made))
}

/** Whatever it is; a link is not followed. @throws {FileSystemError} if it cannot be told */
export function isThere(files: FileSystem, at: FilePath): boolean {
  try {
    files.lstat(at)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Unlinks a file of ours if it can: the error that brought us here matters more than a leftover. */
export function removeQuietly(files: FileSystem, at: FilePath): void {
  try {
    files.unlink(at)
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
}

/** Removes a folder of ours with all that is in it. Links are removed, not followed. Stops quietly where it may not. */
export function removeTreeQuietly(files: FileSystem, at: FilePath): void {
  try {
    if (files.lstat(at).kind === 'folder') {
      // As bytes: a restored name need not be UTF-8.
      for (const name of files.listBytes(at)) removeTreeQuietly(files, pathBelow(at, name))
      files.removeFolder(at)
    } else {
      files.unlink(at)
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
}

export type FileRead =
  | { readonly ok: true; readonly bytes: Buffer }
  | {
      readonly ok: false
      readonly reason: 'missing' | 'not-a-file' | 'too-large' | 'unreadable'
      readonly message: string
    }

/** Reads a regular file of at most `maxBytes`. A link, a folder or a device is `not-a-file`. */
export function readBounded(files: FileSystem, at: string, maxBytes: number): FileRead {
  try {
    const file = files.open(at, 'read')
    try {
      const { kind, size } = file.stat()
      if (kind !== 'file') return { ok: false, reason: 'not-a-file', message: `${at} is not a regular file` }
      if (size > maxBytes) return { ok: false, reason: 'too-large', message: `${at} has ${size} bytes` }
      const bytes = Buffer.allocUnsafe(size)
      return { ok: true, bytes: bytes.subarray(0, readFully(file, bytes, 0)) }
    } finally {
      file.close()
    }
  } catch (error) {
    const code = errorCode(error)
    if (code === null) throw error
    const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : code === 'ELOOP' ? 'not-a-file' : 'unreadable'
    return { ok: false, reason, message: (error as Error).message }
  }
}

/** Fills `into` from `position`, or as far as the file goes; returns the bytes read. */
export function readFully(file: OpenFile, into: Uint8Array, position: number): number {
  let done = 0
  while (done < into.byteLength) {
    const read = file.read(into.subarray(done), position + done)
    if (read === 0) break
    done += read
  }
  return done
}
