/**
 * Finds the git repository that a folder belongs to by reading files only: never runs git, never follows
 * what a repository's config says.
 */
import path from 'node:path'
import { readFully } from './durable-file.ts'
import type { FileSystem } from './ports.ts'

export interface GitRepository {
  /** Top level of the work tree, absolute. */
  readonly root: string
  /** Where HEAD and index lie: `<root>/.git`, or what a `.git` file points at (worktree, submodule). */
  readonly gitDir: string
  /** Where objects, refs and config lie; differs from `gitDir` in a linked worktree. */
  readonly commonDir: string
}

/**
 * Walks up from `folder` to the nearest `.git`. A `.git` that is neither a folder with a HEAD nor a file
 * that points at one is passed over, as git does.
 */
export function findRepository(files: FileSystem, folder: string): GitRepository | null {
  let at = path.resolve(folder)
  for (;;) {
    const found = repositoryAt(files, at)
    if (found) return found
    const parent = path.dirname(at)
    if (parent === at) return null
    at = parent
  }
}

/** The repository whose top level is exactly `root`, if there is one. */
export function repositoryAt(files: FileSystem, root: string): GitRepository | null {
  const gitDir = gitDirOf(files, root)
  if (gitDir === null || !exists(files, path.join(gitDir, 'HEAD'))) return null
  const common = readSmallText(files, path.join(gitDir, 'commondir'))?.trim()
  return { root, gitDir, commonDir: common ? path.resolve(gitDir, common) : gitDir }
}

/** Text of a file of at most 64 KiB; null if it is not there, larger, or cannot be read. Follows no link at the last part. */
export function readSmallText(files: FileSystem, file: string): string | null {
  try {
    const handle = files.open(file, 'read')
    try {
      const into = Buffer.alloc(65_537)
      const bytes = handle.read(into, 0)
      return bytes > 65_536 ? null : into.toString('utf8', 0, bytes)
    } finally {
      handle.close()
    }
  } catch {
    return null
  }
}

/** Content of a regular file of at most `maxBytes`; null if it is not there, larger, no regular file, or cannot be read. */
export function readRegularFile(files: FileSystem, file: string, maxBytes: number): Buffer | null {
  try {
    const handle = files.open(file, 'read')
    try {
      const { kind, size } = handle.stat()
      if (kind !== 'file' || size > maxBytes) return null
      const into = Buffer.alloc(size)
      return into.subarray(0, readFully(handle, into, 0))
    } finally {
      handle.close()
    }
  } catch {
    return null
  }
}

/** What git is in the middle of in this work tree: `clean`, merge, rebase, am, cherry-pick, revert or bisect. */
export function repositoryState(files: FileSystem, repository: GitRepository): string {
  const has = (name: string) => exists(files, path.join(repository.gitDir, name))
  return stateMarks.find(([mark]) => has(mark))?.[1] ?? 'clean'
}

/** First match wins: a rebase that stops at a conflict leaves the mark of a cherry-pick or merge beside its own. */
const stateMarks: readonly (readonly [mark: string, state: string])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply/applying', 'am'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
]

function gitDirOf(files: FileSystem, root: string): string | null {
  const dotGit = path.join(root, '.git')
  try {
    const kind = files.lstat(dotGit).kind
    if (kind === 'folder') return dotGit
    if (kind !== 'file') return null
  } catch {
    return null
  }
  const target = /^gitdir: (.+)/.exec(readSmallText(files, dotGit) ?? '')?.[1]?.trim()
  return target ? path.resolve(root, target) : null
}

function exists(files: FileSystem, file: string): boolean {
  try {
    files.lstat(file)
    return true
  } catch {
    return false
  }
}
