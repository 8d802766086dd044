/**
 * Gives staged content its names, one path after the other: the moment in which a restore in place happens.
 *
 * 1. At every instant each path has its old content or its new one, whole.
 * 2. What is not as the journal has it is left as it is, and that is said: nothing is written over content that is
 *    not kept, and nothing is removed but what a restore itself wrote.
 * 3. Doing it again, after a crash or twice, changes nothing more.
 */
import { errorCode, removeQuietly } from './durable-file.ts'
import type { Step } from './long-work.ts'
import type { Clock, FilePath, FileSystem } from './ports.ts'
import { isSameState, presentAt } from './present-files.ts'
import { baseOf, type Change, type Journal, targetOf, temporaryOf } from './restore-journal.ts'
import { pathBelow, treePathBytes } from './tree-path.ts'

export interface CommitFailure {
  readonly n: number
  readonly change: Change
  /** In words. */
  readonly reason: string
}

export interface Committed {
  /** Paths that are as they should be, with the bytes of their content. */
  readonly files: number
  readonly bytes: number
  readonly failures: readonly CommitFailure[]
  readonly stopped: boolean
}

interface CommitPorts {
  readonly files: FileSystem
  readonly clock: Clock
}

/** Pauses for files that another program holds open (Windows), over one whole restore. */
const mostPauses = 12
const pauseMs = 150

export async function commitChanges(
  ports: CommitPorts,
  journal: Journal,
  changes: readonly Change[],
  lost: ReadonlyMap<number, string>,
  step: Step<number>,
): Promise<Committed> {
  const failures: CommitFailure[] = []
  const folders = new Set<string>()
  const patience: Patience = { pauses: 0, second: [] }
  let [done, bytes] = [0, 0]
  for (const [n, change] of changes.entries()) {
    const reason = lost.get(n) ?? (await commitOne(ports, journal, change, n, patience))
    if (reason === null) {
      done++
      bytes += change.after?.bytes ?? 0
      folders.add(folderOf(journal, change).toString('latin1'))
    } else failures.push({ n, change, reason })
    if (await step(n + 1)) continue
    settle(ports.files, folders, patience)
    return { files: done, bytes, failures, stopped: n + 1 < changes.length }
  }
  settle(ports.files, folders, patience)
  return { files: done, bytes, failures, stopped: false }
}

interface Patience {
  pauses: number
  /** Temporary names of files that have their own name as well by now. */
  readonly second: FilePath[]
}

/** A second name goes only when the first one would survive a power cut. */
function settle(files: FileSystem, folders: ReadonlySet<string>, { second }: Patience): void {
  const syncAll = () => {
    for (const folder of folders) syncQuietly(files, Buffer.from(folder, 'latin1'))
  }
  syncAll()
  for (const name of second) removeQuietly(files, name)
  if (second.length > 0) syncAll()
}

/** The folder that a change's target, and its temporary file, lie in. */
export function folderOf(journal: Journal, { base, name }: Change): Buffer {
  const bytes = treePathBytes(name)
  const cut = bytes.lastIndexOf(0x2f)
  return Buffer.from(cut < 0 ? baseOf(journal, base) : pathBelow(baseOf(journal, base), bytes.subarray(0, cut)))
}

/** A folder that is not there, or that may not be read, has nothing to lose. */
export function syncQuietly(files: FileSystem, folder: Buffer): void {
  try {
    files.syncFolder(folder)
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
}

/** Null if the path is as it should be. */
async function commitOne(
  ports: CommitPorts,
  journal: Journal,
  change: Change,
  n: number,
  patience: Patience,
): Promise<string | null> {
  const { files, clock } = ports
  const target = targetOf(journal, change)
  const temporary = temporaryOf(journal, change, n)
  for (;;) {
    const present = presentAt(files, baseOf(journal, change.base), treePathBytes(change.name))
    if (isSameState(present, change.after)) {
      removeQuietly(files, temporary)
      return null
    }
    if (!isSameState(present, change.before)) {
      removeQuietly(files, temporary)
      if (present.present === 'in-the-way') return present.why
      return present.present === 'unreadable'
        ? `it cannot be read: ${present.code}`
        : 'it has changed since it was looked at, and was left as it is'
    }
    const code = tryCommit(files, target, temporary, change, patience)
    if (code === null) return null
    if (!isBusy(code) || patience.pauses >= mostPauses) return inWords(code)
    patience.pauses++
    await clock.sleep(pauseMs)
  }
}

function isBusy(code: string): boolean {
  return code === 'EBUSY' || (process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES'))
}

function inWords(code: string): string {
  if (code === 'EBUSY') return 'another program has it open; close it and resume'
  if (code === 'EACCES' || code === 'EPERM') return `it may not be written (${code}); allow it and resume`
  if (code === 'ENOENT') return 'its new content is gone'
  return code === 'EEXIST' ? 'something came to lie there meanwhile, and was left as it is' : `the disk said ${code}`
}

/** The system's code, or null if it is done. */
function tryCommit(
  files: FileSystem,
  target: FilePath,
  temporary: FilePath,
  change: Change,
  patience: Patience,
): string | null {
  try {
    if (change.after === null) files.unlink(target)
    else if (change.before === null) createAt(files, temporary, target, change.after.kind, patience)
    else replaceAt(files, temporary, target, change.before.mode)
    return null
  } catch (error) {
    const code = errorCode(error)
    if (code === null) throw error
    return code
  }
}

const noHardLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR', 'EINVAL']

/** Never over something that has just come to lie there, where the file system can tell in one step. */
function createAt(
  files: FileSystem,
  temporary: FilePath,
  target: FilePath,
  kind: 'file' | 'link',
  { second }: Patience,
): void {
  // Some systems would give the name to what the link points at.
  if (kind === 'link') {
    files.rename(temporary, target)
    return
  }
  try {
    files.link(temporary, target)
    second.push(temporary)
  } catch (error) {
    const code = errorCode(error)
    if (code === null || !noHardLinks.includes(code)) throw error
    files.rename(temporary, target)
  }
}

/** A read-only file is in the way of a rename on Windows. */
function replaceAt(files: FileSystem, temporary: FilePath, target: FilePath, mode: number): void {
  try {
    files.rename(temporary, target)
  } catch (error) {
    const code = errorCode(error)
    if ((code !== 'EPERM' && code !== 'EACCES') || (mode & 0o200) !== 0) throw error
    files.chmod(target, mode | 0o200)
    try {
      files.rename(temporary, target)
    } catch (again) {
      files.chmod(target, mode)
      throw again
    }
  }
}
