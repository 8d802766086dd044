/**
 * The work tree of a project for the checkpoints of one cycle: captured once, then written into each session's record
 * in the terms of that record's own list of packs.
 */
import { createHash } from 'node:crypto'
import type { CheckpointRecord, TreeRecord } from '../core/checkpoint.ts'
import type { ProjectRef } from '../core/session.ts'
import type { TreeManifest } from '../core/work-tree.ts'
import type { SavedTree } from './checkpoint-history.ts'
import type { FrameSink } from './frame-sink.ts'
import { framesOfTree } from './record-check.ts'
import { carryTree, type PackTable, packsOfManifest } from './record-packs.ts'
import type { Snapshotter } from './work-tree-snapshot.ts'

/** The project's work tree as this cycle saw it. */
export interface ProjectTree {
  readonly manifest: TreeManifest | null
  readonly error: { readonly code: string; readonly message: string } | null
  /** The tree's record in the terms of one draft; null if there is no tree. */
  recordFor(table: PackTable): TreeRecord | null
}

/** @param saved the newest saved tree that may be relied on: what has not changed since is not stored again */
export async function captureTree(
  snapshotter: Snapshotter,
  project: ProjectRef | null,
  saved: SavedTree | null,
  pack: FrameSink,
  signal: AbortSignal,
): Promise<ProjectTree> {
  if (!project) return noTree('no-project', 'The transcript names no folder')
  if (project.kind === 'missing') return noTree('not-a-folder', `${project.root} is not there any more`)
  const previous = saved && { manifest: saved.manifest, manifestPack: packOfTree(saved.record) }
  const captured = await snapshotter.capture(project.root, previous, pack, signal)
  if (!captured.ok) return noTree(captured.code, `${captured.message}. ${captured.remedy}`)
  const { manifest } = captured
  const isSame = saved && manifest.fingerprint === saved.manifest.fingerprint
  if (isSame && leftOut(manifest) === leftOut(saved.manifest)) return savedAgain(saved)
  return newTree(manifest, pack)
}

function noTree(code: string, message: string): ProjectTree {
  return { manifest: null, error: { code, message }, recordFor: () => null }
}

/** The fingerprint tells only what was saved; a record must also say what newly was not. */
function leftOut({ skipped, skippedMore = 0, nested }: TreeManifest): string {
  const inner = nested.map(({ path, manifest }) => [path, leftOut(manifest)])
  return JSON.stringify([skipped.map(({ path, reason }) => [path, reason]), skippedMore, inner])
}

function savedAgain(saved: SavedTree): ProjectTree {
  return { manifest: saved.manifest, error: null, recordFor: table => carryTree(saved.record, table) }
}

/**
 * To be asked once the pack is finished: one that failed has no places to give.
 *
 * @throws {RangeError} if a place says nothing: a record of it would be saved and could not be given back
 */
export function mustHavePlaces({ manifest }: ProjectTree): void {
  const nowhere = manifest && framesOfTree('', manifest).find(({ place }) => place[2] === 0)
  if (nowhere) throw new RangeError(`${nowhere.label} has no place in the pack`)
}

function newTree(manifest: TreeManifest, pack: FrameSink): ProjectTree {
  const bytes = Buffer.from(JSON.stringify(manifest))
  const manifestSha256 = createHash('sha256').update(bytes).digest('hex')
  const place = pack.add(bytes, manifestSha256)
  const record = {
    root: manifest.root,
    manifestSha256,
    place,
    fingerprint: manifest.fingerprint,
    ...totals(manifest),
    head: manifest.head,
    branch: manifest.branch,
    state: manifest.state,
    base: manifest.base,
  }
  const deps = packsOfManifest(manifest)
  return {
    manifest,
    error: manifest.degraded === null ? null : { code: manifest.degraded, message: degradedWords(manifest.degraded) },
    recordFor: table => ({ ...record, packs: [0, ...deps.map(table.indexOf)] }),
  }
}

function degradedWords(code: string): string {
  switch (code) {
    case 'corrupt-index':
      return 'the index of git is damaged, so the files were compared without it. Run `git status` there to see why'
    case 'too-many-untracked':
      return 'there are too many untracked files to list, so only tracked ones were saved. Add them to .gitignore'
    default:
      return `git could not list the changes (${code}), so every file was taken as changed. Run \`git status\` there to see why`
  }
}

function totals(manifest: TreeManifest): { files: number; bytes: number; skipped: number } {
  const inner = manifest.nested.map(each => totals(each.manifest))
  const sum = (of: (t: { files: number; bytes: number; skipped: number }) => number) =>
    inner.reduce((n, t) => n + of(t), 0)
  return {
    files: manifest.files.length + manifest.staged.length + sum(t => t.files),
    bytes: manifest.files.reduce((n, file) => n + file.bytes, 0) + sum(t => t.bytes),
    skipped: manifest.skipped.length + (manifest.skippedMore ?? 0) + sum(t => t.skipped),
  }
}

function packOfTree(record: CheckpointRecord): string {
  const name = record.tree && record.packs[record.tree.place[0]]
  if (!name) throw new RangeError(`record ${record.session}/${record.seq} names no pack for its tree`)
  return name
}
