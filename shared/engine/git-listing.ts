/**
 * Lists what differs from HEAD: one `git status` in our private git dir, and a parser of its answer in bytes.
 *
 * When git cannot read what it needs, the listing gets coarser, never emptier: what cannot be told clean counts as
 * changed, and `degraded` says why.
 */
import path from 'node:path'
import type { IgnoredFilter } from '../core/ignored-patterns.ts'
import { complaint, type Git, type GitCall, wasStopped } from './git-command.ts'
import { emptyScan, type IndexScan, parseIndex, parseStageListing } from './git-index.ts'
import { readRegularFile } from './git-repository.ts'
import type { Clock, CommandResult, FileSystem } from './ports.ts'
import type { PrepareRequest, PrivateGitDir, PrivateGitDirs, PrivateHead } from './private-git-dir.ts'
import { isOldEnough, statKeyOf } from './stat-key.ts'

export interface ListedPath {
  readonly path: Buffer
  /** git's letters for HEAD to index and index to disk, `.` for no change; `??` for untracked, `!!` for ignored. */
  readonly status: string
  /** What the index holds, if the path is tracked and not in conflict. */
  readonly index: { readonly mode: number; readonly object: string } | null
}

export interface StatusListing {
  /** The commit that git compared with; null if there was none. */
  readonly commit: string | null
  /** Tracked paths that differ, as git sorts them. */
  readonly tracked: readonly ListedPath[]
  readonly untracked: readonly ListedPath[]
  /** Untracked folders that are a repository of their own, without the '/' at their end. */
  readonly embedded: readonly Buffer[]
}

export interface Listed {
  readonly ok: true
  readonly gitDir: PrivateGitDir
  /** What HEAD is, even where the listing had to do without it. */
  readonly head: PrivateHead
  readonly status: StatusListing
  readonly index: IndexScan
  /** `corrupt-index`, `no-head`, `too-many-untracked`, or null when the listing is exact. */
  readonly degraded: string | null
  /** Folders that git could not open: what is untracked in them is in no list. An empty name is the root. */
  readonly unreadable: readonly Buffer[]
  readonly warnings: readonly string[]
}

export type Listing =
  | Listed
  | { readonly ok: false; readonly reason: 'timed-out' | 'aborted' | 'failed'; readonly message: string }

/** Of `git status`'s answer: some hundred thousand names. */
const listingLimit = 96 * 1024 * 1024
const indexLimit = 1024 * 1024 * 1024

/**
 * Null if it is not what `git status --porcelain=v2 --branch -z` prints.
 *
 * @param ignored which of the ignored files that it names are wanted; they are given as untracked
 */
export function parseStatus(output: Buffer, ignored: IgnoredFilter | null = null): StatusListing | null {
  let commit: string | null = null
  const tracked: ListedPath[] = []
  const untracked: ListedPath[] = []
  const embedded: Buffer[] = []
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0, at)
    if (end < 0) return null
    const kind = String.fromCharCode(output[at] ?? 0)
    if (kind === '#')
      commit = /^# branch\.oid ([0-9a-f]{40,64})$/.exec(output.toString('latin1', at, end))?.[1] ?? commit
    else if (kind === '?') {
      const isFolder = output[end - 1] === 0x2f
      if (isFolder) embedded.push(output.subarray(at + 2, end - 1))
      else untracked.push({ path: output.subarray(at + 2, end), status: '??', index: null })
    } else if (kind === '!') {
      const isFolder = output[end - 1] === 0x2f
      const wanted = !isFolder && ignored?.(output.toString('utf8', at + 2, end))
      if (wanted) untracked.push({ path: output.subarray(at + 2, end), status: '!!', index: null })
    } else {
      const entry = parseTracked(kind, output.subarray(at, end))
      if (entry === null) return null
      tracked.push(entry)
    }
    at = end + 1
    // A rename's old name follows as a record of its own. `--no-renames` makes none; another git might.
    if (kind === '2') at = output.indexOf(0, at) + 1 || output.length
  }
  return { commit, tracked, untracked, embedded }
}

/** Fields before the name, by kind of record: `1` changed, `2` renamed, `u` in conflict. */
const fieldsBefore: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10 }

function parseTracked(kind: string, record: Buffer): ListedPath | null {
  const count = fieldsBefore[kind]
  if (count === undefined) return null
  let nameAt = 0
  for (let left = count; left > 0; left--) {
    nameAt = record.indexOf(0x20, nameAt) + 1
    if (nameAt === 0) return null
  }
  const fields = record.toString('latin1', 0, nameAt - 1).split(' ')
  const index = kind === 'u' ? null : { mode: Number.parseInt(fields[4] ?? '', 8), object: fields[7] ?? '' }
  return { path: record.subarray(nameAt), status: fields[1] ?? '', index }
}

export type ListRequest = Omit<PrepareRequest, 'fresh' | 'withoutHead'>

export interface GitLister {
  /** @throws {FileSystemError} if our own git dir cannot be written */
  list(request: ListRequest): Promise<Listing>
}

export function createGitLister(
  ports: { readonly files: FileSystem; readonly clock: Clock },
  git: Git,
  gitDirs: PrivateGitDirs,
  ignored: IgnoredFilter | null = null,
): GitLister {
  const scans = new Map<string, { readonly key: string; readonly scan: IndexScan }>()

  async function scanIndex(dir: PrivateGitDir, request: ListRequest): Promise<IndexScan> {
    if (request.repository === null) return emptyScan
    const key = indexKey(ports.files, ports.clock, dir.indexFile)
    const cached = scans.get(dir.path)
    if (key !== null && cached?.key === key) return cached.scan
    const bytes = readRegularFile(ports.files, dir.indexFile, indexLimit)
    if (bytes === null) return emptyScan
    const parsed = parseIndex(bytes, dir.objectFormat === 'sha256' ? 32 : 20)
    const scan =
      parsed.kind === 'scan' ? parsed.scan : parsed.kind === 'split' ? await askIndex(dir, request) : emptyScan
    if (key !== null) scans.set(dir.path, { key, scan })
    return scan
  }

  async function askIndex(dir: PrivateGitDir, request: ListRequest): Promise<IndexScan> {
    const result = await git.run(['ls-files', '--stage', '-v', '-z'], callOf(dir, request))
    return result.code === 0 ? parseStageListing(result.stdout) : emptyScan
  }

  async function status(dir: PrivateGitDir, request: ListRequest, untracked: 'all' | 'no' = 'all') {
    const result = await git.run(
      [
        'status',
        '--porcelain=v2',
        '--branch',
        '-z',
        `--untracked-files=${untracked}`,
        // Names an ignored folder as a whole, so that nothing in it is looked at.
        ...(ignored !== null && untracked === 'all' ? ['--ignored=matching'] : []),
        '--ignore-submodules=all',
        '--no-renames',
        '--no-ahead-behind',
      ],
      callOf(dir, request),
    )
    return { result, listing: result.code === 0 ? parseStatus(result.stdout, ignored) : null }
  }

  /** Each attempt knows less than the one before and can fail at less. */
  async function* attempts(request: ListRequest): AsyncGenerator<Attempt> {
    yield { dir: await gitDirs.prepare(request), degraded: null }
    const anew = await gitDirs.prepare({ ...request, fresh: true })
    yield { dir: anew, degraded: null }
    if (request.repository === null) return
    const rebuilt = await indexFromHead(anew, request)
    if (rebuilt !== null) yield { dir: rebuilt, degraded: 'corrupt-index' }
    const headless = await gitDirs.prepare({ ...request, withoutHead: true })
    yield { dir: headless, degraded: 'no-head' }
    yield { dir: withIndex(headless, 'no-index'), degraded: 'corrupt-index' }
  }

  /** An index of what HEAD holds, in our own git dir; null if HEAD cannot be read either. */
  async function indexFromHead(dir: PrivateGitDir, request: ListRequest): Promise<PrivateGitDir | null> {
    if (dir.head.commit === null) return null
    const rebuilt = withIndex(dir, 'rebuilt-index')
    removeFile(ports.files, `${rebuilt.indexFile}.lock`)
    const result = await git.run(['read-tree', dir.head.commit], callOf(rebuilt, request))
    return result.code === 0 ? rebuilt : null
  }

  return {
    list: async request => {
      let failed: CommandResult | null = null
      let head: PrivateHead | null = null
      for await (const { dir, degraded } of attempts(request)) {
        head ??= dir.head
        const { result, listing } = await status(dir, request)
        if (listing !== null) {
          const index = degraded === 'corrupt-index' ? emptyScan : await scanIndex(dir, request)
          const why = degraded ?? (head.known ? null : 'no-head')
          return listed(dir, { head, status: listing, index, degraded: why }, [failed, result])
        }
        if (wasStopped(result) || result.failure === 'ENOENT') return notListed(result)
        failed ??= result
        if (result.failure === 'ETOOBIG') break
      }
      return failed?.failure === 'ETOOBIG' ? listTrackedOnly(request, failed) : notListed(failed)
    },
  }

  /** There are more untracked names than anyone can mean; what is tracked must not be lost for that. */
  async function listTrackedOnly(request: ListRequest, failed: CommandResult): Promise<Listing> {
    const dir = await gitDirs.prepare(request)
    const { result, listing } = await status(dir, request, 'no')
    if (listing === null || request.repository === null) return notListed(failed)
    const index = await scanIndex(dir, request)
    return listed(dir, { head: dir.head, status: listing, index, degraded: 'too-many-untracked' }, [failed, result])
  }
}

interface Attempt {
  readonly dir: PrivateGitDir
  readonly degraded: string | null
}

function listed(
  gitDir: PrivateGitDir,
  found: Pick<Listed, 'head' | 'status' | 'index' | 'degraded'>,
  results: readonly (CommandResult | null)[],
): Listing {
  const said = results.filter(result => result !== null && (result.code !== 0 || result.stderr !== ''))
  const warnings = [
    ...gitDir.problems,
    ...said.map(result => (result === null ? '' : `git status: ${complaint(result)}`)),
  ]
  return { ok: true, gitDir, ...found, unreadable: unopenedFolders(results.at(-1)?.stderr ?? ''), warnings }
}

/** git goes on without a folder that it may not open, and says so only in its complaints. */
export function unopenedFolders(complaints: string): readonly Buffer[] {
  const found = complaints.matchAll(/^warning: could not open directory '(?:\.\/)?(.*?)\/?': [^']+$/gm)
  return [...found].map(([, name = '']) => Buffer.from(name))
}

function notListed(result: CommandResult | null): Listing {
  const message = result === null ? 'git was not run' : complaint(result)
  if (result?.failure === 'ETIMEDOUT') return { ok: false, reason: 'timed-out', message }
  if (result?.failure === 'EABORTED') return { ok: false, reason: 'aborted', message }
  return { ok: false, reason: 'failed', message }
}

function withIndex(dir: PrivateGitDir, name: string): PrivateGitDir {
  const indexFile = path.join(dir.path, name)
  return { ...dir, indexFile, env: { ...dir.env, GIT_INDEX_FILE: indexFile } }
}

function callOf(dir: PrivateGitDir, request: ListRequest, maxBytes = listingLimit): GitCall {
  return { gitDir: dir.path, env: dir.env, timeoutMs: request.timeoutMs, signal: request.signal, maxBytes }
}

/** Null while the index is too young for its stat key to vouch, or is not there. */
function indexKey(files: FileSystem, clock: Clock, indexFile: string): string | null {
  try {
    const stat = files.lstat(indexFile)
    return isOldEnough(stat, clock.nowMs()) ? statKeyOf(stat) : null
  } catch {
    return null
  }
}

function removeFile(files: FileSystem, file: string): void {
  try {
    files.unlink(file)
  } catch {}
}
