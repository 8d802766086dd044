/**
 * Content that is only in the index: staged in part (`git add -p`), or staged and then changed or deleted on disk.
 * Read from the user's objects with `git cat-file`; an object that was read once is known by its name for ever.
 */
import type { SkippedPath, TreeManifest } from '../core/work-tree.ts'
import { complaint, type Git } from './git-command.ts'
import type { ListedPath } from './git-listing.ts'
import type { PrivateGitDir } from './private-git-dir.ts'
import type { Placer } from './saved-content.ts'
import type { Budget } from './snapshot-run.ts'
import { sha256Of, skip } from './tree-collector.ts'
import { isSafeTreePath, treePathOf } from './tree-path.ts'

type Staged = TreeManifest['staged'][number]

/** Hash and size of blobs by their git name. Kept in memory between snapshots. */
export type BlobMemory = Map<string, Pick<Staged, 'sha256' | 'bytes'>>

export interface StagedRequest {
  readonly git: Git
  readonly gitDir: PrivateGitDir
  readonly tracked: readonly ListedPath[]
  readonly previous: TreeManifest | null
  readonly memory: BlobMemory
  readonly placer: Placer | null
  readonly budget: Budget
  readonly mostFileBytes: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface StagedResult {
  readonly staged: readonly Staged[]
  readonly skipped: readonly SkippedPath[]
  readonly warnings: readonly string[]
}

interface StagedEntry {
  readonly path: Buffer
  readonly mode: number
  readonly object: string
}

/** Runs git only for objects that neither `memory` nor `previous` knows, or whose content must be stored. */
export async function collectStaged(request: StagedRequest): Promise<StagedResult> {
  const entries = request.tracked.flatMap(stagedOnly)
  if (entries.length === 0) return { staged: [], skipped: [], warnings: [] }
  for (const { object, sha256, bytes } of request.previous?.staged ?? []) {
    if (object !== undefined) request.memory.set(object, { sha256, bytes })
  }
  const wanted = entries.filter(({ object }) => {
    const known = request.memory.get(object)
    return known === undefined || (request.placer !== null && request.placer.find(known.sha256) === null)
  })
  const skipped: SkippedPath[] = []
  const warnings: string[] = []
  const sizes = await sizesOf(request, wanted, warnings)
  const affordable = wanted.filter(entry => {
    const bytes = sizes.get(entry.object)
    const trouble = whyNot(request, bytes)
    if (trouble !== null) skipped.push(skip(entry.path, ...trouble))
    else if (bytes !== undefined) request.budget.bytes -= bytes
    return trouble === null
  })
  const placed = await readBlobs(request, affordable, warnings)
  const staged = entries.flatMap(({ path, mode, object }): Staged[] => {
    const known = request.memory.get(object)
    if (known === undefined) return []
    const place = request.placer === null ? null : (placed.get(object) ?? request.placer.find(known.sha256))
    if (request.placer !== null && place === null) return []
    return [{ path: treePathOf(path), mode, ...known, place, object }]
  })
  return { staged, skipped, warnings }
}

/** Both letters set: the index holds something that neither HEAD nor the disk has. */
function stagedOnly({ path, status, index }: ListedPath): StagedEntry[] {
  const [inIndex, onDisk] = status
  if (index === null || inIndex === '.' || inIndex === 'D' || onDisk === '.') return []
  if (!isSafeTreePath(path)) return []
  const isBlob = index.mode === 0o100644 || index.mode === 0o100755 || index.mode === 0o120000
  return isBlob && !/^0+$/.test(index.object) ? [{ path, ...index }] : []
}

function whyNot(request: StagedRequest, bytes: number | undefined): [SkippedPath['reason'], string] | null {
  if (bytes === undefined) return ['unreadable', 'staged content: the object is missing']
  if (bytes > request.mostFileBytes) return ['too-large', `staged content: ${bytes} bytes`]
  if (bytes > request.budget.bytes) return ['snapshot-full', 'staged content: the limit on bytes is reached']
  return null
}

async function sizesOf(request: StagedRequest, entries: readonly StagedEntry[], warnings: string[]) {
  const sizes = new Map<string, number>()
  const output = await catFile(request, '--batch-check', entries, warnings)
  for (const [, object = '', bytes] of output.toString('latin1').matchAll(/^([0-9a-f]{40,64}) blob (\d+)$/gm)) {
    sizes.set(object, Number(bytes))
  }
  return sizes
}

/** Adds the content of each entry to the store, if there is one, and remembers its hash. */
async function readBlobs(request: StagedRequest, entries: readonly StagedEntry[], warnings: string[]) {
  const placed = new Map<string, NonNullable<Staged['place']>>()
  const output = await catFile(request, '--batch', entries, warnings)
  for (const { object, content } of blobsIn(output)) {
    const sha256 = sha256Of(content)
    request.memory.set(object, { sha256, bytes: content.length })
    if (request.placer !== null) placed.set(object, request.placer.find(sha256) ?? request.placer.add(content, sha256))
  }
  return placed
}

async function catFile(
  request: StagedRequest,
  mode: '--batch' | '--batch-check',
  entries: readonly StagedEntry[],
  warnings: string[],
): Promise<Buffer> {
  const objects = new Set(entries.map(({ object }) => object))
  if (objects.size === 0) return Buffer.alloc(0)
  const { gitDir, timeoutMs, signal } = request
  const input = Buffer.from([...objects].map(object => `${object}\n`).join(''))
  const maxBytes = request.mostFileBytes + 1024 * 1024 * 1024
  const result = await request.git.run(['cat-file', mode], {
    gitDir: gitDir.path,
    env: gitDir.env,
    timeoutMs,
    signal,
    input,
    maxBytes,
  })
  if (result.code === 0) return result.stdout
  warnings.push(`staged content could not be read: ${complaint(result)}`)
  return Buffer.alloc(0)
}

/** Parses `git cat-file --batch`: a head line, that many bytes, a line end. Stops at what it does not know. */
export function* blobsIn(output: Buffer): Generator<{ readonly object: string; readonly content: Buffer }> {
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0x0a, at)
    const head = output.toString('latin1', at, end < 0 ? at : end)
    const [, object, bytes] = /^([0-9a-f]{40,64}) [a-z]+ (\d+)$/.exec(head) ?? []
    if (object !== undefined && bytes !== undefined) {
      const start = end + 1
      const content = output.subarray(start, start + Number(bytes))
      if (content.length < Number(bytes)) return
      yield { object, content }
      at = start + Number(bytes) + 1
    } else if (/ missing$/.test(head)) at = end + 1
    else return
  }
}
