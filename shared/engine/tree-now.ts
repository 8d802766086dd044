/** The work tree of a project as it is now, for whoever compares a checkpoint with it. Reads only. */
import type { TreeManifest } from '../core/work-tree.ts'
import { errorCode, removeTreeQuietly } from './durable-file.ts'
import type { Git } from './git-command.ts'
import { type HeadEntry, openHeadTree } from './head-tree.ts'
import type { TreeNow } from './in-place-plan.ts'
import type { FileSystem, Ports } from './ports.ts'
import type { RestorableTree } from './restorable-tree.ts'
import type { Snapshotter } from './work-tree-snapshot.ts'

export interface NowParts {
  readonly ports: Ports
  readonly git: Git
  readonly snapshotter: Pick<Snapshotter, 'look'>
  readonly options: { readonly signal?: AbortSignal | undefined }
  /** A folder of ours; the caller removes it. */
  readonly scratch: string
}

/** The work tree as it is; an empty one where there is nothing. */
export async function treeNow(planning: NowParts, tree: RestorableTree, root: string): Promise<TreeNow> {
  const { ports, snapshotter, options } = planning
  const recorded = tree.levels[0]?.manifest ?? null
  if (!isThere(ports.files, root)) return { ok: true, manifest: emptyManifest(root), head: [] }
  const survey = await snapshotter.look(root, recorded, options.signal)
  if (!survey.ok) return { ok: false, message: survey.message }
  const { head } = survey.manifest
  if (head === null) return { ok: true, manifest: survey.manifest, head: [] }
  const known = head === recorded?.head ? tree.trees[0]?.entries : undefined
  return { ok: true, manifest: survey.manifest, head: known ?? (await headEntries(planning, root, head)) }
}

export function isThere(files: FileSystem, at: string): boolean {
  try {
    files.lstat(at)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

function emptyManifest(root: string): TreeManifest {
  return {
    v: 1,
    root,
    head: null,
    branch: null,
    state: 'clean',
    base: 'no-git',
    basePin: null,
    files: [],
    staged: [],
    gone: [],
    skipped: [],
    fingerprint: '',
    degraded: null,
    packs: [],
    nested: [],
  }
}

/** Empty where git cannot tell: then fewer paths are known to be left alone, and more count as conflicts. */
export async function headEntries(planning: NowParts, root: string, commit: string): Promise<readonly HeadEntry[]> {
  const { ports, git, scratch, options } = planning
  const own = `${scratch}-${commit}`
  try {
    const opened = await openHeadTree(ports.files, git, {
      root,
      commit,
      pins: () => [],
      scratch: own,
      signal: options.signal,
    })
    return opened.ok ? opened.tree.entries : []
  } finally {
    removeTreeQuietly(ports.files, own)
  }
}
