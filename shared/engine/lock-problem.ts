/** What a disk's refusal means for a lock: what to catch, what to say. Shared by both kinds of lock. */
import { errorCode } from './durable-file.ts'

/** Nobody can take the lock as things are. */
export interface LockUnavailable {
  readonly kind: 'unavailable'
  /** The system's error code; ENOTSUP where there are no hard links. */
  readonly code: string
  readonly message: string
  /** What the user can do. */
  readonly remedy: string
}

/** The system's code. @throws {unknown} `error` itself if no disk gave it: then it is a defect. */
export function codeOf(error: unknown): string {
  const code = errorCode(error)
  if (code === null) throw error
  return code
}

/** Null when the disk refuses. For what may fail without harm. */
export function quietly<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    codeOf(error)
    return null
  }
}

/** True unless the disk refuses. */
export function succeeds(run: () => void): boolean {
  return (
    quietly(() => {
      run()
      return true
    }) !== null
  )
}

/** What `link` says where there are no hard links; EISDIR is what Node makes of Windows' "invalid function". */
const noHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'])

/** An error of `link`, with one code for every way to say that there are no hard links. */
export function linkError(error: unknown): unknown {
  return noHardLinks.has(codeOf(error)) ? diskError('ENOTSUP') : error
}

export function diskError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** @param instead what else the user may do, such as `choose another data folder` */
export function orUnavailable<T>(where: string, instead: string, run: () => T): T | LockUnavailable {
  try {
    return run()
  } catch (error) {
    const code = codeOf(error)
    const [problem, remedy] = explain(code, instead)
    return { kind: 'unavailable', code, message: `The lock in ${where} cannot be taken: ${problem}.`, remedy }
  }
}

function explain(code: string, instead: string): readonly [problem: string, remedy: string] {
  switch (code) {
    case 'ENOTSUP':
      return ['its disk knows no hard links, so a lock there would not be safe', `Use another disk: ${instead}.`]
    case 'EACCES':
    case 'EPERM':
      return [`this user may not write there (${code})`, `Give this user the folder back, or ${instead}.`]
    case 'EROFS':
      return ['its disk is read-only (EROFS)', `Make the disk writable, or ${instead}.`]
    case 'ENOSPC':
    case 'EDQUOT':
      return [`the disk is full (${code})`, 'Free some space; it is tried again at the next check.']
    case 'EMFILE':
    case 'ENFILE':
      return [`too many files are open (${code})`, 'Close some programs; it is tried again at the next check.']
    case 'ELOOP':
    case 'ENOTDIR':
      return [`a link or something else is in its place (${code})`, `Remove what is in its place, or ${instead}.`]
    default:
      return [`the disk answers ${code}`, 'Check the disk; it is tried again at the next check.']
  }
}
