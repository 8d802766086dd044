/**
 * The work tree that a checkpoint stands for, ready to be read: recorded files over the files of HEAD, or a part of
 * it. Every way of giving files back, comparing and exporting begins here. Reads only; git works in a scratch folder.
 */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { TreeManifest } from '../core/work-tree.ts'
import type { Git } from './git-command.ts'
import { createHeadForms, type HeadForms, noForms } from './head-forms.ts'
import type { HeadTree } from './head-tree.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { type Finding, holderOf, readManifest } from './record-check.ts'
import { openHeads, type RestoredHead } from './restore-heads.ts'
import { type LeftOut, levelsOf, type PlannedEntry, planTree, type TreeLevel } from './restore-plan.ts'
import { shownKey } from './tree-path.ts'

export interface RestorableTree {
  /** Where it lay; null if no work tree was saved. */
  readonly root: string | null
  readonly levels: readonly TreeLevel[]
  readonly entries: readonly PlannedEntry[]
  /** Content that was only in the index. */
  readonly staged: readonly PlannedEntry[]
  readonly leftOut: readonly LeftOut[]
  readonly gone: readonly string[]
  /** By level, as `PlannedEntry.source.level` counts. */
  readonly trees: readonly (HeadTree | null)[]
  readonly heads: readonly RestoredHead[]
  /** How files of HEAD lay in the work tree, where that is not how git keeps them. */
  readonly forms: HeadForms
}

export type TreeOpened =
  | { readonly ok: true; readonly tree: RestorableTree }
  | { readonly ok: false; readonly code: 'damaged'; readonly finding: Finding }
  | { readonly ok: false; readonly code: 'unsafe-name'; readonly message: string }

export interface TreeSource {
  readonly files: FileSystem
  readonly git: Git
  readonly reader: PackReader
  readonly record: CheckpointRecord
  /** A folder of ours that does not exist yet; the caller removes it. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

const nothing: RestorableTree = {
  root: null,
  levels: [],
  entries: [],
  staged: [],
  leftOut: [],
  gone: [],
  trees: [],
  heads: [],
  forms: noForms,
}

export async function openTree(source: TreeSource): Promise<TreeOpened> {
  const { reader, record } = source
  const read = readManifest(reader, record)
  if (!read.ok) return { ok: false, code: 'damaged', finding: read.finding }
  return read.manifest === null ? { ok: true, tree: nothing } : openLevels(source, read.manifest)
}

async function openLevels(source: TreeSource, manifest: TreeManifest): Promise<TreeOpened> {
  const { record } = source
  const root = record.tree?.root ?? manifest.root
  const levels = levelsOf(manifest, root)
  const holder = holderOf(record)
  // Names are checked before git is asked anything.
  const alone = planTree(levels, holder, [])
  if (!alone.ok) return unsafe(alone.message)
  const { trees, heads } = await openHeads(source, levels, holder)
  const listed = trees.map(tree => tree?.entries ?? null)
  const plan = listed.every(entries => entries === null) ? alone : planTree(levels, holder, listed)
  if (!plan.ok) return unsafe(plan.message)
  const { entries, staged, leftOut, gone } = plan
  const forms = createHeadForms(source, levels, trees, holder)
  return { ok: true, tree: { entries, staged, leftOut, gone, root, levels, trees, heads, forms } }
}

function unsafe(message: string): TreeOpened {
  return { ok: false, code: 'unsafe-name', message: `The work tree cannot be restored: ${message}` }
}

/** True for a name that is one of `paths`, as they are shown, or lies below one. */
export function isBelow(paths: readonly string[] | null, shown: string): boolean {
  if (paths === null) return true
  return paths.some(wanted => shown === wanted || shown.startsWith(`${wanted}/`))
}

/** `src/` and `./src` are `src`. The whole tree is `.`, and then there is nothing to choose. */
export function tidyPaths(paths: readonly string[]): readonly string[] | null {
  const tidy = paths.map(one =>
    one
      .replaceAll(/\/{2,}/g, '/')
      .replace(/^(?:\.\/)+/, '')
      .replace(/\/+$/, ''),
  )
  return tidy.some(one => one === '.' || one === '') ? null : tidy
}

export function shownName({ key }: Pick<PlannedEntry, 'key'>): string {
  return shownKey(key)
}

/**
 * The part of a tree that lies at or below `paths`.
 *
 * @returns the first of `paths` at which nothing was saved, instead of a part without it
 */
export function partOfTree(
  tree: RestorableTree,
  paths: readonly string[] | null,
): { readonly ok: true; readonly tree: RestorableTree } | { readonly ok: false; readonly path: string } {
  if (paths === null) return { ok: true, tree }
  const isWanted = (entry: PlannedEntry) => isBelow(paths, shownName(entry))
  const part = {
    ...tree,
    entries: tree.entries.filter(isWanted),
    staged: tree.staged.filter(isWanted),
    leftOut: tree.leftOut.filter(({ path }) => isBelow(paths, path)),
    gone: tree.gone.filter(path => isBelow(paths, path)),
  }
  const names = [...part.entries.map(shownName), ...part.leftOut.map(({ path }) => path), ...part.gone]
  const missing = paths.find(wanted => !names.some(name => isBelow([wanted], name)))
  return missing === undefined ? { ok: true, tree: part } : { ok: false, path: missing }
}
