/** One checkpoint for a screen: its record's facts, and its manifest's files page by page. Reads only. */
import { type CheckpointRecord, summariseCheckpoint } from '../core/checkpoint.ts'
import type { CheckpointDetails, SavedFile } from '../core/checkpoint-details.ts'
import { type PageRequest, pageOf } from '../core/page.ts'
import { displayTreePath } from '../core/tree-name.ts'
import type { TreeManifest, TreePath } from '../core/work-tree.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { gonePaths, levelsOf, skippedPaths, type TreeLevel } from './restore-plan.ts'
import { joinTreePaths } from './tree-path.ts'

const mostListed = 100

export function describeCheckpoint(
  store: CheckpointStore,
  record: CheckpointRecord,
  page: PageRequest,
): CheckpointDetails {
  const read = store.readManifest(record)
  const manifest = read.ok ? read.manifest : null
  const levels = manifest === null ? [] : levelsOf(manifest, manifest.root)
  const gone = levels.flatMap(gonePaths)
  const leftOut = levels.flatMap(skippedPaths)
  return {
    summary: summariseCheckpoint(record),
    sessionId: record.session,
    title: record.title,
    cwd: record.cwd,
    model: record.model,
    contextPercent: record.contextPercent,
    scores: record.scores,
    ...treeFacts(record),
    streams: record.streams.map(({ name, bytes }) => ({ name, bytes })),
    files: pageOf(savedFiles(levels), page),
    gone: gone.slice(0, mostListed),
    goneMore: Math.max(0, gone.length - mostListed),
    leftOut: leftOut.slice(0, mostListed),
    leftOutMore: Math.max(0, leftOut.length - mostListed),
    brief: record.brief,
    problem: read.ok ? null : read.finding.message,
  }
}

function treeFacts({ tree }: CheckpointRecord) {
  return {
    root: tree?.root ?? null,
    head: tree?.head ?? null,
    branch: tree?.branch ?? null,
    state: tree?.state ?? null,
    base: tree?.base ?? null,
  }
}

function savedFiles(levels: readonly TreeLevel[]): readonly SavedFile[] {
  const files = levels.flatMap(({ prefix, manifest }) => manifest.files.map(file => savedFile(prefix, file)))
  return files.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
}

function savedFile(prefix: TreePath | null, file: TreeManifest['files'][number]): SavedFile {
  const { path, kind, bytes, mode, status, torn } = file
  const name = displayTreePath(prefix === null ? path : joinTreePaths(prefix, path))
  return { path: name, kind, bytes, mode, status, torn: torn ?? false }
}
