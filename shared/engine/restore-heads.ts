/**
 * The clean files of a restored work tree: for each level of nested repositories the files of its HEAD, or the
 * reason why only recorded files can be restored there. Reads repositories, writes only in a scratch folder.
 */
import path from 'node:path'
import { displayTreePath } from '../core/tree-name.ts'
import { failureOf } from './durable-file.ts'
import type { Git } from './git-command.ts'
import { type HeadOpened, type HeadSource, type HeadTree, openHeadTree } from './head-tree.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { pinsOf } from './record-check.ts'
import { packIn, type TreeLevel } from './restore-plan.ts'

/** Where the clean files of one work tree came from. */
export interface RestoredHead {
  /** `.`, or the path of a nested repository. */
  readonly path: string
  readonly commit: string | null
  /**
   * `taken`: the folder is complete. `not-needed`: every file was recorded. `left-out`: only recorded files are there.
   */
  readonly kind: 'taken' | 'not-needed' | 'left-out'
  /** Files that HEAD lists. */
  readonly files: number
  /** Why, in words. */
  readonly note: string
}

export interface HeadParts {
  readonly files: FileSystem
  readonly git: Git
  /** For base pins. */
  readonly reader: PackReader
  /** A folder of ours that does not exist yet; the caller removes it. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

/** One of each per level, in order. */
export interface OpenedHeads {
  readonly trees: readonly (HeadTree | null)[]
  readonly heads: readonly RestoredHead[]
}

/** @param holder the pack that the manifests lie in */
export async function openHeads(parts: HeadParts, levels: readonly TreeLevel[], holder: string): Promise<OpenedHeads> {
  const trees: (HeadTree | null)[] = []
  const heads: RestoredHead[] = []
  for (const level of levels) {
    const { tree, ...head } = await headOf(parts, level, holder, path.join(parts.scratch, String(trees.length)))
    trees.push(tree)
    heads.push(head)
  }
  return { trees, heads }
}

/** Marks of a manifest for which everything was taken as new. */
const withoutHead = ['no-head', 'git-failed']

async function headOf(
  parts: HeadParts,
  level: TreeLevel,
  holder: string,
  scratch: string,
): Promise<RestoredHead & { readonly tree: HeadTree | null }> {
  const { head: commit, degraded } = level.manifest
  const described = { path: level.prefix === null ? '.' : displayTreePath(level.prefix), commit, files: 0 }
  if (commit === null || (degraded !== null && withoutHead.includes(degraded))) {
    return { ...described, kind: 'not-needed', note: 'every file was recorded', tree: null }
  }
  const pins = () => readPins(parts.reader, level, holder)
  const opened = await openHead(parts, { root: level.root, commit, pins, scratch, signal: parts.signal })
  if (opened.ok) {
    const note = 'clean files are those of the commit; no filter was run'
    return { ...described, kind: 'taken', files: opened.tree.entries.length, note, tree: opened.tree }
  }
  return { ...described, kind: 'left-out', note: `only recorded files were restored: ${opened.reason}`, tree: null }
}

/** Empty where one of them cannot be read: the later ones build on the earlier. */
function readPins(reader: PackReader, level: TreeLevel, holder: string): readonly Buffer[] {
  const reads = pinsOf(level.manifest).map(({ place, sha256 }) =>
    reader.frame(packIn(level, holder, place), place, sha256),
  )
  return reads.every(read => read.ok) ? reads.map(read => read.content) : []
}

/** A store that cannot be written to has no room for a git dir: that leaves out HEAD, not the restore. */
async function openHead({ files, git }: HeadParts, source: HeadSource): Promise<HeadOpened> {
  try {
    return await openHeadTree(files, git, source)
  } catch (error) {
    return { ok: false, reason: failureOf(error, 'Preparing git').message }
  }
}
