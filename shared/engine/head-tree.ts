/**
 * The files of a commit, read from the user's repository without touching it: listed and read by git in a git dir
 * of our own that lends only the objects. No filter, no attribute, no line-end conversion: the bytes are the ones
 * that git keeps, and each is hashed against its object's name. Never writes in the repository, never fetches.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { writeNewFile } from './durable-file.ts'
import { complaint, type Git, type GitCall } from './git-command.ts'
import { objectName } from './git-refs.ts'
import { repositoryAt } from './git-repository.ts'
import type { FileSystem } from './ports.ts'

export interface HeadEntry {
  /** Path from the top level, bytes. */
  readonly name: Buffer
  /** As git writes it: `100644`, `100755`, `120000` (link), `160000` (submodule). */
  readonly gitMode: string
  readonly objectId: string
}

export interface HeadTree {
  readonly entries: readonly HeadEntry[]
  /**
   * Hands over the content of each object once, in any order, for every one of `ids` that can be read.
   *
   * @returns why some could not be, by id
   */
  read(ids: readonly string[], take: (id: string, content: Buffer) => void): Promise<ReadonlyMap<string, string>>
  /** Bytes of each object that is there. */
  sizes(ids: readonly string[]): Promise<ReadonlyMap<string, number>>
}

export type HeadOpened =
  | { readonly ok: true; readonly tree: HeadTree }
  /** In words. */
  | { readonly ok: false; readonly reason: string }

export interface HeadSource {
  /** Top level of the work tree as recorded; its repository may be gone. */
  readonly root: string
  readonly commit: string
  /** Packs of unpushed commits from the checkpoint, in order, for a repository that no longer has them. */
  readonly pins: () => readonly Buffer[]
  /** A folder of ours for the git dir, which does not exist yet. The caller removes it. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

const timeoutMs = 120_000

/** One answer of git holds at most about this many bytes of content. */
const batchBytes = 33_554_432

/** @throws {FileSystemError} if our own folder cannot be written */
export async function openHeadTree(files: FileSystem, git: Git, source: HeadSource): Promise<HeadOpened> {
  const { root, commit, scratch } = source
  if (!objectName.test(commit)) return { ok: false, reason: `${JSON.stringify(commit)} is not the name of a commit` }
  if (!git.isAvailable()) return { ok: false, reason: 'git was not found' }
  const objects = objectsOf(files, root)
  makeGitDir(files, scratch, commit)
  const call: GitCall = { gitDir: scratch, timeoutMs, signal: source.signal }
  const lent = objects === null ? call : { ...call, env: { GIT_OBJECT_DIRECTORY: objects } }
  const listed = await list(git, lent, commit)
  if (listed.entries) return { ok: true, tree: treeOf(git, lent, listed.entries, commit) }
  const pins = source.pins()
  if (pins.length === 0) return { ok: false, reason: `commit ${commit} is not in ${root}: ${listed.problem}` }
  await unpackPins(files, git, call, objects, pins)
  const again = await list(git, call, commit)
  if (again.entries) return { ok: true, tree: treeOf(git, call, again.entries, commit) }
  const reason = `commit ${commit} is not in ${root}, and the pinned commits do not suffice: ${again.problem}`
  return { ok: false, reason }
}

function objectsOf(files: FileSystem, root: string): string | null {
  const repository = repositoryAt(files, root)
  return repository && path.join(repository.commonDir, 'objects')
}

function makeGitDir(files: FileSystem, dir: string, commit: string): void {
  for (const folder of ['refs', 'objects/info', 'objects/pack']) files.makeFolder(path.join(dir, folder))
  const sha256 = commit.length === 64
  const format = sha256 ? '1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n' : '0\n\tbare = true\n'
  writeNewFile(files, path.join(dir, 'config'), Buffer.from(`[core]\n\trepositoryformatversion = ${format}`))
  writeNewFile(files, path.join(dir, 'HEAD'), Buffer.from(`${commit}\n`))
}

/** Pins are thin packs: what they build on is lent by the repository, if that is still there, or comes before. */
async function unpackPins(
  files: FileSystem,
  git: Git,
  call: GitCall,
  objects: string | null,
  pins: readonly Buffer[],
): Promise<void> {
  const alternates = path.join(call.gitDir, 'objects', 'info', 'alternates')
  // One path per line.
  if (objects !== null && !objects.includes('\n')) writeNewFile(files, alternates, Buffer.from(`${objects}\n`))
  for (const input of pins) await git.run(['index-pack', '--stdin', '--fix-thin'], { ...call, input })
}

interface Listing {
  readonly entries: readonly HeadEntry[] | null
  readonly problem: string
}

async function list(git: Git, call: GitCall, commit: string): Promise<Listing> {
  const result = await git.run(['ls-tree', '-r', '-z', '--full-tree', commit], call)
  if (result.code !== 0) return { entries: null, problem: complaint(result) }
  return {
    entries: splitAtNul(result.stdout)
      .map(entryOf)
      .filter(entry => entry !== null),
    problem: '',
  }
}

function splitAtNul(bytes: Buffer): readonly Buffer[] {
  const parts: Buffer[] = []
  for (let start = 0, end = bytes.indexOf(0); end >= 0; start = end + 1, end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end))
  }
  return parts
}

/** `<mode> SP <type> SP <object> TAB <path>` */
function entryOf(line: Buffer): HeadEntry | null {
  const tab = line.indexOf(0x09)
  const [gitMode, , objectId] = line.toString('latin1', 0, Math.max(0, tab)).split(' ')
  return gitMode && objectId ? { name: line.subarray(tab + 1), gitMode, objectId } : null
}

function treeOf(git: Git, call: GitCall, entries: readonly HeadEntry[], commit: string): HeadTree {
  const hashName = commit.length === 64 ? 'sha256' : 'sha1'
  return {
    entries,
    async read(ids, take) {
      const problems = new Map<string, string>()
      for (const batch of batches(await sizes(git, call, ids, problems))) {
        await readBatch(git, call, batch, hashName, take, problems)
      }
      return problems
    },
    sizes: ids => sizes(git, call, ids, new Map()),
  }
}

type Sizes = ReadonlyMap<string, number>

/** What is missing or no file goes to `problems`. */
async function sizes(git: Git, call: GitCall, ids: readonly string[], problems: Map<string, string>): Promise<Sizes> {
  const unique = [...new Set(ids)]
  if (unique.length === 0) return new Map()
  const input = Buffer.from(`${unique.join('\n')}\n`)
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)', '--buffer']
  const result = await git.run(args, { ...call, input })
  const known = new Map<string, number>()
  for (const line of result.stdout.toString('latin1').split('\n')) {
    const match = /^([0-9a-f]+) blob (\d+)$/.exec(line)
    if (match?.[1]) known.set(match[1], Number(match[2]))
  }
  for (const id of unique) if (!known.has(id)) problems.set(id, `git does not have its content (object ${id})`)
  return known
}

function batches(known: Sizes): readonly (readonly string[])[] {
  const all: string[][] = []
  let room = 0
  for (const [id, size] of known) {
    const last = all.at(-1)
    if (last && room >= size) last.push(id)
    else all.push([id])
    room = (last && room >= size ? room : batchBytes) - size - 100
  }
  return all
}

async function readBatch(
  git: Git,
  call: GitCall,
  ids: readonly string[],
  hashName: string,
  take: (id: string, content: Buffer) => void,
  problems: Map<string, string>,
): Promise<void> {
  const { stdout, ...result } = await git.run(['cat-file', '--batch', '--buffer'], {
    ...call,
    input: Buffer.from(`${ids.join('\n')}\n`),
  })
  const missing = new Set(ids)
  for (let at = 0; at < stdout.length; ) {
    const lineEnd = stdout.indexOf(0x0a, at)
    const [id, , size] = stdout.toString('latin1', at, lineEnd < 0 ? at : lineEnd).split(' ')
    const content = stdout.subarray(lineEnd + 1, lineEnd + 1 + Number(size))
    if (id === undefined || content.length !== Number(size) || nameOf(content, hashName) !== id) break
    take(id, content)
    missing.delete(id)
    at = lineEnd + content.length + 2
  }
  for (const id of missing) problems.set(id, `git could not read object ${id}: ${complaint({ ...result, stdout })}`)
}

function nameOf(content: Buffer, hashName: string): string {
  return createHash(hashName).update(`blob ${content.length}\0`).update(content).digest('hex')
}
