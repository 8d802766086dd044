/**
 * Takes one work tree: lists it, collects its files, goes into what is nested in it, and makes the manifest.
 */
import path from 'node:path'
import type { SkippedPath, TreeManifest, TreePath } from '../core/work-tree.ts'
import { findBase } from './base-pin.ts'
import type { Git } from './git-command.ts'
import type { GitLister } from './git-listing.ts'
import { repositoryAt, repositoryState } from './git-repository.ts'
import { listPlace, type PlaceListing } from './place-listing.ts'
import type { Ports } from './ports.ts'
import { createPlacer, type Placer } from './saved-content.ts'
import type { SnapshotLimits } from './snapshot-limits.ts'
import type { Place, Run } from './snapshot-run.ts'
import { type BlobMemory, collectStaged, type StagedResult } from './staged-content.ts'
import { type Collected, collectTree, type HashMemory, skip, type TakenFiles } from './tree-collector.ts'
import type { TreeFailure } from './tree-failure.ts'
import { fingerprintOf, sortByPath, sortPaths } from './tree-manifest.ts'
import { isSafeTreePath, treePathOf } from './tree-path.ts'
import type { TreeReader } from './tree-reader.ts'

export interface TakerParts {
  readonly ports: Pick<Ports, 'files' | 'clock'>
  readonly git: Git
  readonly lister: GitLister
  readonly limits: SnapshotLimits
}

export interface TreeTaker {
  /** @throws {Stopped} @throws {FileSystemError} if our own git dir cannot be written */
  take(run: Run, place: Place): Promise<TreeManifest | TreeFailure>
}

/** What is known of a work tree from earlier runs. */
interface Memory {
  hashes: HashMemory
  readonly blobs: BlobMemory
}

interface NestedTrees {
  readonly nested: TreeManifest['nested']
  readonly skipped: readonly SkippedPath[]
  readonly gone: readonly TreePath[]
}

/** Names in a manifest's `skipped`; more are counted. */
const mostSkipped = 1_000
const mostListings = 3
/** While they are this quick, all of them together: a file that is renamed every few ms is caught in the end. */
const quickMs = 200
const mostQuickListings = 12

export function createTreeTaker({ ports, git, lister, limits }: TakerParts): TreeTaker {
  const { files, clock } = ports
  const memories = new Map<string, Memory>()
  return { take }

  async function take(run: Run, place: Place): Promise<TreeManifest | TreeFailure> {
    const memory = memoryOf(place.root)
    const placer = run.sink === null ? null : createPlacer(run.saved, run.sink)
    const found = await listAndCollect(run, place, memory, placer)
    if (!found.ok) return found
    const { listing, collected } = found
    const nested = await takeNested(run, place, listing)
    const staged = await takeStaged(run, place, memory, placer, listing)
    const base = await baseOf(run, place, placer, listing)
    await run.pause()
    run.warnings.push(...listing.warnings, ...staged.warnings)
    const content = {
      head: listing.head.commit,
      files: sortByPath(collected.files),
      staged: sortByPath(staged.staged),
      gone: sortPaths([...collected.gone, ...nested.gone]),
      nested: sortByPath(nested.nested),
    }
    return {
      v: 1,
      root: place.root,
      ...content,
      branch: listing.head.branch,
      state: place.repository === null ? 'clean' : repositoryState(files, place.repository),
      ...base,
      ...cutSkipped([
        ...listing.unreadable.map(unlisted),
        ...collected.skipped,
        ...collected.vanished,
        ...staged.skipped,
        ...nested.skipped,
      ]),
      fingerprint: run.isLook ? '' : fingerprintOf(content),
      degraded: listing.degraded,
      packs: placer?.packs() ?? [],
    }
  }

  /** Lists again when somebody changed the tree, or our git dir, between the listing and the reading. */
  async function listAndCollect(
    run: Run,
    place: Place,
    memory: Memory,
    placer: Placer | null,
  ): Promise<TreeFailure | { readonly ok: true; readonly listing: PlaceListing; readonly collected: Collected }> {
    const startedMs = clock.monotonicMs()
    let earlier: TakenFiles = new Map()
    for (let count = 1; ; count++) {
      const listing = await listPlace({ files, git, lister, limits }, run, place)
      if (!listing.ok) return listing
      const budget = { ...run.budget }
      const collected = await collectTree({
        clock,
        reader: place.reader(),
        listed: listing,
        previous: place.previous,
        memory: memory.hashes,
        earlier,
        placer,
        budget,
        mostFileBytes: limits.fileBytes,
        pause: run.pause,
      })
      memory.hashes = collected.memory
      earlier = collected.taken
      // Another process may have moved HEAD in our git dir under git's feet: then it compared with that.
      const sameHead = listing.gitDir === null || listing.status.commit === listing.gitDir.head.commit
      const isLast = count >= (clock.monotonicMs() - startedMs < quickMs ? mostQuickListings : mostListings)
      if ((sameHead && collected.vanished.length === 0) || isLast) {
        Object.assign(run.budget, budget)
        return { ok: true, listing, collected }
      }
    }
  }

  async function takeStaged(
    run: Run,
    place: Place,
    memory: Memory,
    placer: Placer | null,
    listing: PlaceListing,
  ): Promise<StagedResult> {
    if (listing.gitDir === null) return { staged: [], skipped: [], warnings: [] }
    return collectStaged({
      git,
      gitDir: listing.gitDir,
      tracked: listing.status.tracked,
      previous: place.previous,
      memory: memory.blobs,
      placer,
      budget: run.budget,
      mostFileBytes: limits.fileBytes,
      timeoutMs: run.timeLeft(),
      signal: run.signal,
    })
  }

  function baseOf(run: Run, place: Place, placer: Placer | null, listing: PlaceListing) {
    return findBase({
      files,
      git,
      gitDir: listing.gitDir,
      repository: place.repository,
      head: listing.head.commit,
      previous: place.previous,
      placer,
      mostBytes: limits.pinBytes,
      timeoutMs: limits.pinMs,
      signal: run.signal,
    })
  }

  async function takeNested(run: Run, outer: Place, listing: PlaceListing): Promise<NestedTrees> {
    const nested: TreeManifest['nested'] = []
    const skipped: SkippedPath[] = []
    const gone: TreePath[] = []
    const reader = outer.reader()
    for (const { name, link } of nestedNames(listing)) {
      const { kind } = reader.look(name)
      if (kind === 'absent' && link && !link.sparse) gone.push(treePathOf(name))
      if (kind !== 'folder') continue
      const taken = await takeOneNested(run, outer, name, reader, link !== null)
      if (taken === null) continue
      if ('reason' in taken) skipped.push(taken)
      else nested.push({ path: treePathOf(name), manifest: taken })
    }
    return { nested, skipped, gone }
  }

  /** Null for a submodule that was never checked out. */
  async function takeOneNested(
    run: Run,
    outer: Place,
    name: Buffer,
    reader: TreeReader,
    isLink: boolean,
  ): Promise<TreeManifest | SkippedPath | null> {
    const place = nestedPlace(outer, name, reader)
    if (place === null) return skip(name, 'unreadable', 'the name of this repository is not UTF-8')
    if (isLink && place.repository === null && isEmptyFolder(place.root)) return null
    if (outer.depth >= limits.depth) return skip(name, 'too-deep', `below ${limits.depth} other repositories`)
    if (run.nestedLeft-- <= 0) return skip(name, 'snapshot-full', `more than ${limits.nested} repositories in it`)
    const taken = await take(run, place)
    return 'ok' in taken ? skip(name, 'unreadable', taken.message) : taken
  }

  function nestedPlace(outer: Place, name: Buffer, reader: TreeReader): Place | null {
    const relative = treePathOf(name)
    if (typeof relative !== 'string') return null
    const root = path.join(outer.root, ...relative.split('/'))
    return {
      root,
      repository: repositoryAt(files, root),
      previous: outer.previous?.nested.find(each => each.path === relative)?.manifest ?? null,
      depth: outer.depth + 1,
      reader: () => reader.below(name),
    }
  }

  function memoryOf(root: string): Memory {
    const known = memories.get(root) ?? { hashes: new Map(), blobs: new Map() }
    memories.set(root, known)
    return known
  }

  function isEmptyFolder(folder: string): boolean {
    try {
      return files.list(folder).length === 0
    } catch {
      return false
    }
  }
}

function unlisted(folder: Buffer): SkippedPath {
  return skip(folder, 'unreadable', 'the folder cannot be listed')
}

function nestedNames({ index, status }: PlaceListing) {
  const links = index.links.map(link => ({ name: link.path, link }))
  const embedded = status.embedded.map(name => ({ name, link: null }))
  return [...links, ...embedded].filter(({ name }) => isSafeTreePath(name))
}

function cutSkipped(skipped: readonly SkippedPath[]): Pick<TreeManifest, 'skipped' | 'skippedMore'> {
  const more = skipped.length - mostSkipped
  return more > 0 ? { skipped: skipped.slice(0, mostSkipped), skippedMore: more } : { skipped: [...skipped] }
}
