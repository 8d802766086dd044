/**
 * Lists a folder without git, for machines that have none: every file counts as new, nothing is known to be
 * ignored. Bounded, breadth first, follows no links and enters no repository.
 */
import type { StatusListing } from './git-listing.ts'
import type { FileSystem } from './ports.ts'
import { isRebuildable } from './tree-order.ts'
import { pathBelow } from './tree-path.ts'
import type { TreeReader } from './tree-reader.ts'

export interface WalkLimits {
  readonly files: number
  readonly folders: number
}

export interface Walk {
  readonly status: StatusListing
  /** False if a limit was reached or a folder could not be read. */
  readonly complete: boolean
  /** Folders that could not be read; an empty name is the root. */
  readonly unreadable: readonly Buffer[]
}

export function walkFolder(files: FileSystem, root: string, reader: TreeReader, limits: WalkLimits): Walk {
  const untracked: Buffer[] = []
  const embedded: Buffer[] = []
  const unreadable: Buffer[] = []
  // What can be made again comes after everything else, so that a limit costs the user least.
  const [first, last]: [Buffer[], Buffer[]] = [[Buffer.alloc(0)], []]
  let complete = true
  let folders = 0
  for (let at = first.shift(); at !== undefined; at = first.shift() ?? last.shift()) {
    if (++folders > limits.folders || untracked.length >= limits.files) {
      complete = false
      break
    }
    const names = namesIn(files, root, at)
    if (names === null) {
      complete = false
      unreadable.push(at)
    }
    if (at.length > 0 && names?.some(name => name.toString('latin1') === '.git')) {
      embedded.push(at)
      continue
    }
    for (const name of names ?? []) {
      const child = at.length === 0 ? name : Buffer.concat([at, Buffer.from('/'), name])
      const { kind } = reader.look(child)
      if (kind === 'file' || kind === 'link' || kind === 'unreadable') untracked.push(child)
      else if (kind === 'folder' && name.toString('latin1') !== '.git') (isRebuildable(name) ? last : first).push(child)
    }
  }
  const entries = untracked.map(path => ({ path, status: '??', index: null }))
  return { status: { commit: null, tracked: [], untracked: entries, embedded }, complete, unreadable }
}

function namesIn(files: FileSystem, root: string, folder: Buffer): readonly Buffer[] | null {
  try {
    const names = files.listBytes(folder.length === 0 ? root : pathBelow(root, folder))
    return [...names].sort(Buffer.compare)
  } catch {
    return null
  }
}
