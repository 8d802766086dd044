/**
 * The work tree of a project as it is now: what differs from HEAD, untracked files, and what is nested in it.
 *
 * 1. Nothing of a repository is run, and nothing is written in it: not its files, index, objects, refs or config.
 * 2. Nothing outside the root is read but the repository's own git folder; no link is followed.
 * 3. What is left out is listed with the reason; what cannot be listed exactly counts as changed, never as unchanged.
 * 4. Equal content gives an equal fingerprint, whatever its stat keys.
 * 5. One git process per snapshot in the steady state; more only when settings, index content or HEAD changed,
 *    for each nested repository, and when git fails.
 */
import { ignoredFilter } from '../core/ignored-patterns.ts'
import type { TreeFile, TreeManifest, TreePath } from '../core/work-tree.ts'
import type { FrameSink } from './frame-sink.ts'
import { createGit } from './git-command.ts'
import { createGitLister } from './git-listing.ts'
import { repositoryAt } from './git-repository.ts'
import type { Ports } from './ports.ts'
import { createPrivateGitDirs } from './private-git-dir.ts'
import type { PreviousTree } from './saved-content.ts'
import { limitsOf, type SnapshotLimits, type UserLimits } from './snapshot-limits.ts'
import { createRun, type RunRequest, Stopped } from './snapshot-run.ts'
import { statKeyOf } from './stat-key.ts'
import { sha256Of } from './tree-collector.ts'
import { failureOf, stoppedEarly, type TreeFailure, whyRefused } from './tree-failure.ts'
import { changesBetween, sortPaths } from './tree-manifest.ts'
import { isSafeTreePath, treePathBytes } from './tree-path.ts'
import { createTreeReader, type TreeReader } from './tree-reader.ts'
import { createTreeTaker } from './tree-taker.ts'

export interface SnapshotterOptions {
  /** Where our private git dirs lie; a cache. Absolute. */
  readonly gitFolder: string
  /** The user's home folder: their git settings, and never a project. */
  readonly home: string
  /** Of this process. No GIT_* of it is ever passed on. Default: empty, which is enough for git on Linux and macOS. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** The user's. */
  readonly limits?: UserLimits
  /** Files that git ignores and that are saved all the same: see `ignored-patterns.ts`. Default: none. */
  readonly includeIgnored?: readonly string[]
  /** Over `limits` and the defaults. */
  readonly bounds?: Partial<SnapshotLimits>
}

export type TreeResult =
  | {
      readonly ok: true
      readonly manifest: TreeManifest
      /** Paths whose content, mode or presence differs from the previous manifest; all of them if there was none. */
      readonly changedSince: readonly TreePath[]
      readonly warnings: readonly string[]
    }
  | TreeFailure

export type TreeLook = { readonly ok: true; readonly manifest: TreeManifest } | TreeFailure

export interface Snapshotter {
  /** What there would be to save. Stores nothing: every place is null. Remembers hashes, so the next one is cheap. */
  survey(root: string, previous: TreeManifest | null, signal?: AbortSignal): Promise<TreeResult>
  /** Only what lies there, without what changed since. Its manifest has an empty fingerprint. */
  look(root: string, previous: TreeManifest | null, signal?: AbortSignal): Promise<TreeLook>
  /**
   * The same with its content in `sink`, or where the previous manifest has it.
   *
   * @param previous what to build on: its packs must still be there
   */
  capture(root: string, previous: PreviousTree | null, sink: FrameSink, signal?: AbortSignal): Promise<TreeResult>
}

export function createSnapshotter(ports: Ports, options: SnapshotterOptions): Snapshotter {
  const { files, clock } = ports
  const limits = limitsOf(options.limits, options.bounds)
  const environment = options.environment ?? {}
  const git = createGit(ports.commands, environment)
  const gitDirs = createPrivateGitDirs(ports, git, options.gitFolder, { home: options.home, environment })
  const lister = createGitLister(ports, git, gitDirs, ignoredFilter(options.includeIgnored ?? []))
  const taker = createTreeTaker({ ports, git, lister, limits })
  return {
    survey: (root, previous, signal) => take(root, previous && { manifest: previous, manifestPack: '' }, null, signal),
    look,
    capture: take,
  }

  async function take(
    root: string,
    previous: PreviousTree | null,
    sink: FrameSink | null,
    signal?: AbortSignal,
  ): Promise<TreeResult> {
    return whole({ root, previous, sink, signal, isLook: false }, async (manifest, warnings) => {
      const changedSince = await changesSince(previous?.manifest ?? null, manifest, createTreeReader(ports, root))
      return { ok: true, manifest, changedSince, warnings }
    })
  }

  async function look(root: string, previous: TreeManifest | null, signal?: AbortSignal): Promise<TreeLook> {
    const before = previous && { manifest: previous, manifestPack: '' }
    return whole({ root, previous: before, sink: null, signal, isLook: true }, async manifest => ({
      ok: true,
      manifest,
    }))
  }

  async function whole<T>(
    {
      root,
      isLook,
      ...request
    }: Pick<RunRequest, 'previous' | 'sink' | 'signal' | 'isLook'> & { readonly root: string },
    use: (manifest: TreeManifest, warnings: readonly string[]) => Promise<T>,
  ): Promise<T | TreeFailure> {
    try {
      const refusal = whyRefused(files, root, options.home)
      if (refusal !== null) return refusal
      const repository = repositoryAt(files, root)
      const before = request.previous?.manifest ?? null
      const run = createRun({ clock, limits, isPlain: repository === null, isLook, ...request })
      const reader = () => createTreeReader(ports, root)
      const manifest = await taker.take(run, { root, repository, previous: before, depth: 0, reader })
      if ('ok' in manifest) return manifest
      return await use(manifest, [...new Set([...run.warnings, ...warningsOf(manifest)])])
    } catch (error) {
      return error instanceof Stopped ? stoppedEarly() : failureOf(error)
    }
  }

  async function changesSince(before: TreeManifest | null, after: TreeManifest, reader: TreeReader) {
    const { changed, left } = changesBetween(before, after)
    const moved: TreePath[] = []
    for (const { path, file } of left) if (!(await isAsBefore(reader, path, file, limits.fileBytes))) moved.push(path)
    return sortPaths([...changed, ...moved])
  }
}

/** What is not listed any more, but lies there as it was, was committed or is ignored now: no change. */
async function isAsBefore(
  reader: TreeReader,
  path: TreePath,
  file: TreeFile | null,
  mostBytes: number,
): Promise<boolean> {
  const name = treePathBytes(path)
  const look = isSafeTreePath(name) ? reader.look(name) : ({ kind: 'absent' } as const)
  if (file === null) return look.kind === 'absent'
  if (look.kind !== file.kind || look.stat.size !== file.bytes) return false
  if (file.kind === 'file' && look.stat.mode !== file.mode) return false
  if (file.statKey === statKeyOf(look.stat)) return true
  const reading = await reader.read(name, mostBytes)
  return reading.kind === file.kind && 'content' in reading && sha256Of(reading.content) === file.sha256
}

/** What a reader of the checkpoint must know; everything that was left out is in the manifest itself. */
function warningsOf(manifest: TreeManifest): readonly string[] {
  const count = (reason: string) => manifest.skipped.filter(each => each.reason === reason).length
  const unreadable = count('unreadable') + count('unstable')
  const torn = manifest.files.filter(file => file.torn).length
  const full = count('snapshot-full') + (manifest.skippedMore ?? 0)
  return [
    ...(unreadable > 0 ? [`${unreadable} paths could not be read`] : []),
    ...(torn > 0 ? [`${torn} files kept changing while they were read`] : []),
    ...(full > 0 ? ['the snapshot reached its limit; not everything is in it'] : []),
    ...manifest.nested.flatMap(each => warningsOf(each.manifest)),
  ]
}
