/**
 * Our own git dir for a project: what `git status` needs and nothing that can run, fetch, lock or write.
 *
 * It shares the user's index and objects by environment variables, read in place: a copied index has a new mtime,
 * which switches off git's own check for files changed in the same tick, and edits are lost. It holds no hooks, no
 * remotes, no attributes and no program's name. It is a cache: deleting it loses nothing.
 *
 * Two processes may use it at once. Every file in it is replaced atomically, and the listing asks git which commit
 * it compared with (`git-listing.ts`).
 */
import { createHash, randomUUID } from 'node:crypto'
import path from 'node:path'
import { type Git, type GitCall, wasStopped } from './git-command.ts'
import { branchName, objectName, readHead } from './git-refs.ts'
import { type GitRepository, readRegularFile } from './git-repository.ts'
import {
  createSettingsReader,
  formatSettings,
  type GitSettings,
  type GitUser,
  lastValue,
  type SettingsReader,
} from './git-settings.ts'
import type { FileSystem, Ports } from './ports.ts'
import { statKeyOf } from './stat-key.ts'

export interface PrivateGitDir {
  readonly path: string
  readonly head: PrivateHead
  readonly objectFormat: 'sha1' | 'sha256'
  /** What git reads as the index: the user's own, in place. Not there in a plain folder. */
  readonly indexFile: string
  /** GIT_WORK_TREE, GIT_INDEX_FILE and GIT_OBJECT_DIRECTORY of every call about this work tree. */
  readonly env: Readonly<Record<string, string>>
  /** What could not be taken over, in words. */
  readonly problems: readonly string[]
}

export interface PrivateHead {
  readonly commit: string | null
  readonly branch: string | null
  /** False if neither the files nor git could tell what HEAD is. */
  readonly known: boolean
}

export interface PrepareRequest {
  /** Top level of the work tree, absolute. */
  readonly root: string
  /** Null for a folder without git: an empty repository that still honours `.gitignore`. */
  readonly repository: GitRepository | null
  /** Of each git call, if any are needed. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Write everything anew, in case what is there is damaged. */
  readonly fresh?: boolean
  /** Leave HEAD unborn, whatever it is: everything in the index then counts as added. Has a folder of its own. */
  readonly withoutHead?: boolean
}

export interface PrivateGitDirs {
  /**
   * Brings the private git dir of a work tree up to date. A file that is right already is not written.
   *
   * @throws {FileSystemError} if our own folder cannot be written
   */
  prepare(request: PrepareRequest): Promise<PrivateGitDir>
}

const unbornHead = 'ref: refs/heads/none\n'
const excludeLimit = 4 * 1024 * 1024
const sharedIndexLimit = 512 * 1024 * 1024
const sharedIndexName = /^sharedindex\.[0-9a-f]{40}(?:[0-9a-f]{24})?$/

export function createPrivateGitDirs(
  ports: Pick<Ports, 'files' | 'clock'>,
  git: Git,
  gitFolder: string,
  user: GitUser,
): PrivateGitDirs {
  const { files } = ports
  const settingsReader = createSettingsReader(files, ports.clock, git, user)
  const askedHeads = new Map<string, { readonly key: string; readonly head: PrivateHead }>()

  async function headOf(repository: GitRepository | null, call: GitCall): Promise<PrivateHead> {
    if (repository === null) return { commit: null, branch: null, known: true }
    const head = readHead(files, repository)
    if (head.kind === 'commit') return { commit: head.commit, branch: head.branch, known: true }
    if (head.kind === 'unborn') return { commit: null, branch: head.branch, known: true }
    const key = reftableKey(files, repository)
    const asked = askedHeads.get(repository.gitDir)
    if (key !== null && asked?.key === key) return asked.head
    const answer = await askHead(git, repository, call)
    if (key !== null && answer.known) askedHeads.set(repository.gitDir, { key, head: answer })
    return answer
  }

  return {
    prepare: async request => {
      const { root, repository, fresh = false } = request
      const dir = path.join(gitFolder, folderName(request))
      for (const folder of ['refs', 'objects', 'info']) files.makeFolder(path.join(dir, folder))
      const write = (name: string, content: Buffer | null) =>
        replaceIfDifferent(files, path.join(dir, name), content, fresh)
      const call = { gitDir: dir, timeoutMs: request.timeoutMs, signal: request.signal }

      const config = await updateConfig(files, settingsReader, repository, call, fresh)
      const head = request.withoutHead ? { commit: null, branch: null, known: true } : await headOf(repository, call)
      write('HEAD', Buffer.from(head.commit === null ? unbornHead : `${head.commit}\n`))
      write('info/exclude', copied(files, repository?.commonDir, 'info/exclude'))
      write('info/sparse-checkout', copied(files, repository?.gitDir, 'info/sparse-checkout'))
      write('shallow', copied(files, repository?.commonDir, 'shallow'))
      if (repository !== null) copySharedIndexes(files, repository.gitDir, dir, fresh)
      const indexFile = path.join(repository?.gitDir ?? dir, 'index')
      const objects = path.join(repository?.commonDir ?? dir, 'objects')
      const env = { GIT_WORK_TREE: root, GIT_INDEX_FILE: indexFile, GIT_OBJECT_DIRECTORY: objects }
      return { path: dir, head, indexFile, env, ...config }
    },
  }
}

function folderName({ root, withoutHead }: PrepareRequest): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 24) + (withoutHead ? '-no-head' : '')
}

/** The first line says what the rest was made from, so that a new process need not ask git again. */
async function updateConfig(
  files: FileSystem,
  reader: SettingsReader,
  repository: GitRepository | null,
  call: GitCall,
  fresh: boolean,
): Promise<Pick<PrivateGitDir, 'objectFormat' | 'problems'>> {
  const file = path.join(call.gitDir, 'config')
  const key = reader.sourceKey(repository)
  const mark = `# active-session-monitor 1 ${key ?? 'unsettled'}\n`
  const current = readRegularFile(files, file, excludeLimit)?.toString('utf8')
  if (!fresh && key !== null && current?.startsWith(mark)) return { objectFormat: formatIn(current), problems: [] }
  const { settings, problems } = await reader.read(repository, call)
  const content = mark + formatSettings([...fixedSettings(settings), ...settings])
  replaceIfDifferent(files, file, Buffer.from(content), fresh)
  return { objectFormat: formatIn(content), problems }
}

function formatIn(config: string): 'sha1' | 'sha256' {
  return config.includes('objectformat = "sha256"') ? 'sha256' : 'sha1'
}

function fixedSettings(settings: GitSettings): GitSettings {
  const version = lastValue(settings, 'extensions.objectformat') === null ? '0' : '1'
  return [
    ['core.repositoryformatversion', version],
    ['core.bare', 'false'],
  ]
}

/**
 * Asks git for a HEAD that files do not tell. This reads the repository's own config, but neither command has
 * anything in it to run: no hook, no filter, no monitor, no fetch.
 */
async function askHead(git: Git, repository: GitRepository, call: GitCall): Promise<PrivateHead> {
  const theirs = { ...call, env: { GIT_DIR: repository.gitDir } }
  const symbolic = await git.run(['symbolic-ref', '--quiet', 'HEAD'], theirs)
  if (wasStopped(symbolic)) return { commit: null, branch: null, known: false }
  const branch = symbolic.code === 0 ? branchName(symbolic.stdout.toString('utf8').trim()) : null
  const parsed = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD'], theirs)
  const commit = parsed.stdout.toString('utf8').trim()
  if (parsed.code === 0 && objectName.test(commit)) return { commit, branch, known: true }
  return { commit: null, branch, known: branch !== null && !wasStopped(parsed) }
}

/** Changes with every change of a reftable; null if the repository has none. */
function reftableKey(files: FileSystem, { gitDir, commonDir }: GitRepository): string | null {
  const tables = [gitDir, commonDir].map(folder => path.join(folder, 'reftable', 'tables.list'))
  const keys = [...tables, path.join(gitDir, 'HEAD')].map(file => {
    try {
      return statKeyOf(files.lstat(file))
    } catch {
      return '-'
    }
  })
  return keys.slice(0, 2).every(key => key === '-') ? null : keys.join(' ')
}

/** A shared index is named after its content, so a copy of the right size is the right copy. */
function copySharedIndexes(files: FileSystem, gitDir: string, dir: string, fresh: boolean): void {
  const theirs = sharedIndexes(files, gitDir)
  for (const name of theirs) {
    const copy = path.join(dir, name)
    if (!fresh && sizeOf(files, copy) === sizeOf(files, path.join(gitDir, name))) continue
    replaceIfDifferent(files, copy, readRegularFile(files, path.join(gitDir, name), sharedIndexLimit), fresh)
  }
  for (const name of sharedIndexes(files, dir)) if (!theirs.includes(name)) remove(files, path.join(dir, name))
}

function sharedIndexes(files: FileSystem, folder: string): readonly string[] {
  try {
    return files.list(folder).filter(name => sharedIndexName.test(name))
  } catch {
    return []
  }
}

function copied(files: FileSystem, folder: string | undefined, name: string): Buffer | null {
  return folder === undefined ? null : readRegularFile(files, path.join(folder, name), excludeLimit)
}

/** `null` removes the file. Not synced: after a power cut a damaged cache is made anew. */
function replaceIfDifferent(files: FileSystem, file: string, content: Buffer | null, always: boolean): void {
  if (content === null) {
    remove(files, file)
    return
  }
  if (!always && readRegularFile(files, file, content.length)?.equals(content)) return
  const temporary = `${file}.${randomUUID()}.new`
  try {
    const handle = files.open(temporary, 'create')
    try {
      handle.append(content)
    } finally {
      handle.close()
    }
    files.rename(temporary, file)
  } catch (error) {
    remove(files, temporary)
    throw error
  }
}

function remove(files: FileSystem, file: string): void {
  try {
    files.unlink(file)
  } catch {}
}

function sizeOf(files: FileSystem, file: string): number | null {
  try {
    return files.lstat(file).size
  } catch {
    return null
  }
}
