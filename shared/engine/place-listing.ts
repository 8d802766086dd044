/**
 * Lists one work tree by whatever means there are: git, or a walk of our own where git is missing or fails.
 */
import { walkFolder } from './folder-walk.ts'
import type { Git } from './git-command.ts'
import { emptyScan } from './git-index.ts'
import type { GitLister, Listed } from './git-listing.ts'
import { readHead } from './git-refs.ts'
import type { FileSystem } from './ports.ts'
import type { SnapshotLimits } from './snapshot-limits.ts'
import { type Place, type Run, Stopped } from './snapshot-run.ts'
import { notReadable, refused, type TreeFailure, timedOut } from './tree-failure.ts'

/** What there is to look at; `gitDir` is null where git could not be asked. */
export type PlaceListing = Omit<Listed, 'gitDir'> & { readonly gitDir: Listed['gitDir'] | null }

/** A folder is either listed or told to be left out; a root that cannot be read is no empty work tree. */
const isRoot = (name: Buffer) => name.length === 0

interface ListingParts {
  readonly files: FileSystem
  readonly git: Git
  readonly lister: GitLister
  readonly limits: SnapshotLimits
}

/** A plain folder with this many repositories below it is a place to keep projects, not a project. */
const mostRepositories = 10

/** @throws {Stopped} @throws {FileSystemError} if our own git dir cannot be written */
export async function listPlace(parts: ListingParts, run: Run, place: Place): Promise<PlaceListing | TreeFailure> {
  await run.pause()
  const { root, repository } = place
  const listed = await parts.lister.list({ root, repository, timeoutMs: run.timeLeft(), signal: run.signal })
  if (listed.ok) return whyNot(place, listed) ?? listed
  if (listed.reason === 'aborted') throw new Stopped()
  if (listed.reason === 'timed-out') return timedOut(root)
  const problem = parts.git.isAvailable() ? `git could not list the changes: ${listed.message}` : 'git was not found'
  const walked = walk(parts, run, place, problem)
  return whyNot(place, walked) ?? walked
}

function whyNot({ root, repository }: Place, { status, unreadable }: PlaceListing): TreeFailure | null {
  if (unreadable.some(isRoot)) return notReadable(root)
  const count = status.embedded.length
  return repository === null && count >= mostRepositories ? refused(`${root} holds ${count} repositories`) : null
}

function walk({ files, limits }: ListingParts, run: Run, place: Place, problem: string): PlaceListing {
  const { root, repository } = place
  const bounds = { files: run.budget.files, folders: limits.folders }
  const { status, complete, unreadable } = walkFolder(files, root, place.reader(), bounds)
  const head = repository === null ? null : readHead(files, repository)
  return {
    ok: true,
    gitDir: null,
    head: head?.kind === 'commit' ? { ...head, known: true } : { commit: null, branch: null, known: false },
    status,
    index: emptyScan,
    degraded: repository === null ? null : 'git-failed',
    unreadable,
    warnings: [
      `${problem}, so ignored and unchanged files are saved too`,
      ...(complete ? [] : ['the folder is too large to be listed as a whole, or parts of it cannot be read']),
    ],
  }
}
