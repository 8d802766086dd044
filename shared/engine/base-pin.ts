/**
 * Keeps the commit that a work tree is based on, if no remote has it: a thin git pack of what HEAD adds to the
 * remote-tracking branches and to what was pinned before. Clean tracked files belong to HEAD, so without this a
 * deleted clone would take them along.
 *
 * Built in our private git dir from the user's objects. Fails to `not-pinned`, never further.
 */
import type { TreeManifest } from '../core/work-tree.ts'
import type { Git } from './git-command.ts'
import { objectName, readRemoteTips } from './git-refs.ts'
import type { GitRepository } from './git-repository.ts'
import type { FileSystem } from './ports.ts'
import type { PrivateGitDir } from './private-git-dir.ts'
import type { Placer } from './saved-content.ts'
import { sha256Of } from './tree-collector.ts'

type Base = Pick<TreeManifest, 'base' | 'basePin' | 'baseNote'>
type Pin = NonNullable<TreeManifest['basePin']>
type PinPart = NonNullable<Pin['earlier']>[number]

export interface PinRequest {
  readonly files: FileSystem
  readonly git: Git
  /** Null where git cannot be asked. */
  readonly gitDir: PrivateGitDir | null
  readonly repository: GitRepository | null
  readonly head: string | null
  readonly previous: TreeManifest | null
  /** Null for a survey: it says what is known without running anything. */
  readonly placer: Placer | null
  /** Of all packs of one pin together; 0 pins nothing. */
  readonly mostBytes: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

const notPinned: Base = { base: 'not-pinned', basePin: null }

/** A restore applies the packs of a pin one after the other; beyond this many it is packed anew as one. */
const mostParts = 16

export async function findBase(request: PinRequest): Promise<Base> {
  const { head, repository, previous } = request
  if (repository === null) return { base: 'no-git', basePin: null }
  if (head === null) return { base: 'no-commits', basePin: null }
  const carried = previous?.head === head ? carry(previous, request.placer) : null
  if (carried !== null) return carried
  const tips = readRemoteTips(request.files, repository) ?? (await askRemoteTips(request, repository))
  if (tips?.includes(head)) return { base: 'on-remote', basePin: null }
  if (request.placer === null) return notPinned
  if (tips === null) return notPinned
  return pin(request, request.placer, head, tips)
}

/** What was found for the same HEAD before; null if that is no longer all there. */
function carry(previous: TreeManifest, placer: Placer | null): Base | null {
  const { base, basePin, baseNote } = previous
  if (base === 'on-remote') return { base, basePin: null }
  // Tried and too large or too slow: the same commits would be again.
  if (base === 'not-pinned' && baseNote !== undefined) return { base, basePin: null, baseNote }
  if (base !== 'pinned' || basePin === null) return null
  // A place is relative to the manifest it is in; a survey has nowhere to put it.
  if (placer === null) return { base, basePin: null }
  const carried = carryPin(basePin, placer)
  return carried && { base, basePin: carried }
}

function carryPin(pinned: Pin, placer: Placer): Pin | null {
  const parts = [...(pinned.earlier ?? []), pinned].map((part): PinPart | null => {
    const place = placer.find(part.sha256)
    return place && { place, sha256: part.sha256, bytes: part.bytes, commits: part.commits }
  })
  const last = parts.pop()
  const earlier = parts.filter(part => part !== null)
  return last && earlier.length === parts.length ? { ...last, earlier } : null
}

async function pin(request: PinRequest, placer: Placer, head: string, tips: readonly string[]): Promise<Base> {
  const before = request.previous?.basePin ? carryPin(request.previous.basePin, placer) : null
  const earlier = before === null ? [] : [...(before.earlier ?? []), withoutEarlier(before)]
  const used = earlier.reduce((sum, part) => sum + part.bytes, 0)
  if (before !== null && earlier.length < mostParts) {
    const added = await packOf(request, head, [...tips, ...before.commits], request.mostBytes - used)
    if (added.pack !== null) return pinned(placer, head, added.pack, earlier)
  }
  const whole = await packOf(request, head, tips, request.mostBytes)
  if (whole.pack !== null) return pinned(placer, head, whole.pack, [])
  return whole.lasting === null ? notPinned : { ...notPinned, baseNote: whole.lasting }
}

function pinned(placer: Placer, head: string, pack: Buffer, earlier: readonly PinPart[]): Base {
  // Nothing that the remote-tracking branches do not have.
  if (pack.readUInt32BE(8) === 0 && earlier.length === 0) return { base: 'on-remote', basePin: null }
  const sha256 = sha256Of(pack)
  const place = placer.find(sha256) ?? placer.add(pack, sha256)
  return { base: 'pinned', basePin: { place, sha256, bytes: pack.length, commits: [head], earlier: [...earlier] } }
}

function withoutEarlier({ place, sha256, bytes, commits }: Pin): PinPart {
  return { place, sha256, bytes, commits }
}

type PackedCommits =
  | { readonly pack: Buffer }
  /** `lasting` says in words why it would fail again as long as HEAD stays; null if it may not. */
  | { readonly pack: null; readonly lasting: string | null }

async function packOf(
  request: PinRequest,
  head: string,
  without: readonly string[],
  mostBytes: number,
): Promise<PackedCommits> {
  const { git, gitDir, timeoutMs, signal } = request
  if (gitDir === null) return { pack: null, lasting: null }
  if (mostBytes <= 0) return { pack: null, lasting: null }
  const input = Buffer.from([head, ...without.map(commit => `^${commit}`), ''].join('\n'))
  const args = ['pack-objects', '--revs', '--thin', '--stdout', '--delta-base-offset', '-q']
  const call = { gitDir: gitDir.path, env: gitDir.env, timeoutMs, signal, input, maxBytes: mostBytes }
  const result = await git.run(args, call)
  if (result.failure === 'ETOOBIG') return { pack: null, lasting: `unpushed commits take more than ${mostBytes} bytes` }
  if (result.failure === 'ETIMEDOUT') return { pack: null, lasting: `packing took more than ${timeoutMs} ms` }
  if (result.code !== 0 || result.stdout.length < 12) return { pack: null, lasting: null }
  return { pack: result.stdout }
}

/** For reftable, where files do not tell. Runs nothing of the repository: no hook, filter or monitor is involved. */
async function askRemoteTips(request: PinRequest, repository: GitRepository): Promise<readonly string[] | null> {
  if (request.placer === null) return []
  const { git, gitDir, timeoutMs, signal } = request
  if (gitDir === null) return null
  const env = { GIT_DIR: repository.gitDir }
  const args = ['for-each-ref', '--format=%(objectname)', 'refs/remotes']
  const result = await git.run(args, { gitDir: gitDir.path, env, timeoutMs, signal })
  if (result.code !== 0) return null
  return [...new Set(result.stdout.toString('latin1').split('\n'))].filter(name => objectName.test(name))
}
