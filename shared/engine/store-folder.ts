/**
 * The store's folder: making it, knowing it, refusing what is not one. Says nothing about what records mean.
 */
import path from 'node:path'
import {
  createDurably,
  errorCode,
  type Failure,
  failureOf,
  makeFolderDurably,
  pidOfTemporaryName,
  readBounded,
  removeTreeQuietly,
  temporaryPath,
} from './durable-file.ts'
import type { FileSystem, Ports } from './ports.ts'

export interface StorePaths {
  readonly folder: string
  readonly format: string
  readonly packs: string
  readonly checkpoints: string
  /** Second names of records (`record-witness.ts`). Made when the first is needed. */
  readonly witnesses: string
  readonly temporary: string
}

export function storePaths(folder: string): StorePaths {
  return {
    folder,
    format: path.join(folder, 'FORMAT'),
    packs: path.join(folder, 'packs'),
    checkpoints: path.join(folder, 'checkpoints'),
    witnesses: path.join(folder, 'witness'),
    temporary: path.join(folder, 'tmp'),
  }
}

/** Whole content of FORMAT. */
export const storeFormat = 'asm-store 1\n'

/** What may lie in a folder that is about to become a store: our own caches, made by others of our processes. */
const caches: readonly string[] = ['tmp', 'git', 'lock']

/** Left-overs of crashed processes go when they are this old, in ms by the files' own times: a pid here says nothing about another machine's. */
const temporaryAgeMs = 3_600_000

/**
 * Makes the folder a store if it is empty, and checks that it is one otherwise.
 *
 * The order matters: FORMAT is durable before `packs` and `checkpoints` exist, so that data without FORMAT is
 * never ours by accident. A store that is complete is not written to, so it can be read from a read-only disk.
 *
 * @returns null if the store is ready
 */
export function prepareStoreFolder(ports: Ports, paths: StorePaths): Failure | null {
  const { files } = ports
  try {
    makeFolderDurably(files, paths.folder)
    const refused = checkFormat(files, paths) ?? createFormat(ports, paths)
    if (refused) return refused
    for (const folder of [paths.packs, paths.checkpoints, paths.temporary]) makeFolderDurably(files, folder)
    const linked = linkedFolder(files, paths)
    if (linked) return linked
    for (const folder of [paths.folder, paths.packs, paths.checkpoints, paths.temporary]) keepPrivate(files, folder)
    sweepTemporary(ports, paths.temporary)
    return null
  } catch (error) {
    return failureOf(error, `Opening the store ${paths.folder}`)
  }
}

/** A failure if one of the store's folders is not a real folder: a link would lead us out (invariant 6). */
export function linkedFolder(files: FileSystem, paths: StorePaths): Failure | null {
  for (const folder of [paths.packs, paths.checkpoints, paths.temporary]) {
    if (files.lstat(folder).kind !== 'folder') return refuse(`${folder} is not a folder of its own`)
  }
  return linkedWitnesses(files, paths)
}

function linkedWitnesses(files: FileSystem, { witnesses }: StorePaths): Failure | null {
  try {
    return files.lstat(witnesses).kind === 'folder' ? null : refuse(`${witnesses} is not a folder of its own`)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/** A failure if FORMAT or its absence says that this is not a store of ours; null if it is, or may become one. */
function checkFormat(files: FileSystem, paths: StorePaths): Failure | null {
  const read = readBounded(files, paths.format, 1_024)
  if (read.ok) {
    const text = read.bytes.toString('utf8')
    return text === storeFormat ? null : refuse(`${paths.format} names a format that this version does not know`)
  }
  if (read.reason === 'missing') return null
  return refuse(`${paths.format} cannot be read: ${read.message}`)
}

function createFormat(ports: Ports, paths: StorePaths): Failure | null {
  const { files } = ports
  if (formatExists(files, paths)) return null
  const foreign = files.list(paths.folder).filter(name => !caches.includes(name) && !name.startsWith('.'))
  if (foreign.length > 0) {
    // Perhaps another process of ours has just made it a store.
    if (formatExists(files, paths)) return checkFormat(files, paths)
    return refuse(
      `${paths.folder} is neither empty nor a store: it has no FORMAT, but ${foreign.slice(0, 3).join(', ')}`,
    )
  }
  makeFolderDurably(files, paths.temporary)
  if (files.lstat(paths.temporary).kind !== 'folder') return refuse(`${paths.temporary} is not a folder of its own`)
  // Before FORMAT, so that a store that has one has a way to it, whoever made it and died.
  syncWayTo(files, paths.folder)
  createDurably(files, temporaryPath(ports, paths.temporary), paths.format, Buffer.from(storeFormat))
  return checkFormat(files, paths)
}

/** The folders above may have been made a moment ago by somebody who did not sync them: a settings file, an installer. */
function syncWayTo(files: FileSystem, folder: string): void {
  for (let at = path.dirname(folder); ; at = path.dirname(at)) {
    try {
      files.syncFolder(at)
    } catch (error) {
      // Above our own folders we may lack the right; those folders are older than we are.
      if (errorCode(error) === null) throw error
    }
    if (path.dirname(at) === at) return
  }
}

function formatExists(files: FileSystem, paths: StorePaths): boolean {
  return files.list(paths.folder).includes(path.basename(paths.format))
}

function refuse(message: string): Failure {
  return {
    code: 'store-format',
    message,
    remedy: 'Nothing was changed. Choose another folder for the data, or use the version that made this one.',
  }
}

/** Folders are ours alone (0700): prompts and file contents lie in them. */
function keepPrivate(files: FileSystem, folder: string): void {
  try {
    if ((files.stat(folder).mode & 0o077) !== 0) files.chmod(folder, 0o700)
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
}

/** Only names that we give, and whose maker no longer runs; never anything that somebody else put there. */
export function sweepTemporary({ clock, files, processes }: Ports, folder: string): void {
  for (const name of files.list(folder)) {
    const pid = pidOfTemporaryName(name)
    const at = path.join(folder, name)
    try {
      if (pid === null || clock.nowMs() - files.lstat(at).mtimeMs <= temporaryAgeMs) continue
      if (processes.find(pid) === null) removeTreeQuietly(files, at)
    } catch (error) {
      if (errorCode(error) === null) throw error
    }
  }
}
