/** Why there is no snapshot of a work tree at all, in words that a user can act on. */
import path from 'node:path'
import type { FileSystem } from './ports.ts'
import { codeOf } from './tree-reader.ts'

export type TreeFailureCode = 'timed-out' | 'not-a-folder' | 'refused' | 'permission' | 'io-error'

export interface TreeFailure {
  readonly ok: false
  readonly code: TreeFailureCode
  /** What happened, in words. */
  readonly message: string
  /** What the user can do, in words. */
  readonly remedy: string
}

/** @param home absolute. Null if `root` may be looked at. */
export function whyRefused(files: FileSystem, root: string, home: string): TreeFailure | null {
  const place = path.resolve(root)
  if (path.parse(place).root === place) return refused(`${root} is a whole drive`)
  try {
    const stat = files.stat(place)
    if (stat.kind !== 'folder') return missing(root)
    if (isSameFolder(files, stat, home)) return refused(`${root} is a home folder`)
  } catch (error) {
    return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' ? missing(root) : failureOf(error)
  }
  return path.resolve(home).startsWith(place + path.sep) ? refused(`${root} holds home folders`) : null
}

/** Through links and mounts, too. */
function isSameFolder(files: FileSystem, stat: { readonly dev: bigint; readonly ino: bigint }, other: string): boolean {
  try {
    const { dev, ino } = files.stat(other)
    return dev === stat.dev && ino === stat.ino
  } catch {
    return false
  }
}

export function refused(message: string): TreeFailure {
  return {
    ok: false,
    code: 'refused',
    message,
    remedy: 'Work in a folder of its own; the transcript is saved in any case.',
  }
}

export function notReadable(root: string): TreeFailure {
  return {
    ok: false,
    code: 'permission',
    message: `${root} cannot be listed`,
    remedy: 'Make the folder readable for you; the transcript is saved in any case.',
  }
}

function missing(root: string): TreeFailure {
  return {
    ok: false,
    code: 'not-a-folder',
    message: `${root} is not a folder, or is gone`,
    remedy: 'Nothing, if you removed it; else bring it back.',
  }
}

export function timedOut(root: string): TreeFailure {
  return {
    ok: false,
    code: 'timed-out',
    message: `git did not finish listing ${root} in time`,
    remedy: 'Run `git status` there: a pipe instead of a .gitignore, or a slow network drive, can hold it up.',
  }
}

export function stoppedEarly(): TreeFailure {
  return {
    ok: false,
    code: 'timed-out',
    message: 'the snapshot was stopped before it was finished',
    remedy: 'It is tried again at the next check.',
  }
}

/** Of an error that the system raised. @throws what is none: a bug */
export function failureOf(error: unknown): TreeFailure {
  const code = codeOf(error)
  if (code === null) throw error
  const message = error instanceof Error ? error.message : code
  if (code === 'EACCES' || code === 'EPERM') {
    return { ok: false, code: 'permission', message, remedy: 'Give this user the right to read the folder.' }
  }
  return { ok: false, code: 'io-error', message, remedy: 'Check the disk and its free space.' }
}
