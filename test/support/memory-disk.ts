/**
 * The disk under the file system in memory: inodes, names, path walking, and what a power cut leaves.
 *
 * Names are kept twice: as they are, and as a power cut would leave them. A step on names (create, link, rename,
 * unlink) is whole or not there at all, and waits in `steps` until a folder that it touches is synced.
 */
import type { FilePath, FileStat } from '../../shared/engine/ports.ts'
import { type Random, seededRandom } from './random.ts'

/** The bytes of a name, one character per byte. */
export type NameKey = string

export interface Inode {
  readonly ino: bigint
  readonly kind: FileStat['kind']
  /** Content of a file, text of a link. */
  bytes: Buffer
  /** Content at the last sync; a power cut leaves at least this if nothing was changed since. */
  synced: Buffer
  dirty: boolean
  mode: number
  nlink: number
  mtimeNs: bigint
  ctimeNs: bigint
  /** Of a folder: its names as they are, and as a power cut would leave them. */
  entries: Map<NameKey, Inode>
  durable: Map<NameKey, Inode>
}

/** A name that now means another inode, or none. */
export interface NameChange {
  readonly folder: Inode
  readonly name: NameKey
  readonly to: Inode | null
}

export interface Disk {
  readonly root: Inode
  readonly hardLinks: boolean
  newInode(kind: Inode['kind'], mode: number): Inode
  nowNs(): bigint
  /** Steps that are not durable yet, oldest first. */
  steps: (readonly NameChange[])[]
  capacity: number
  readOnly: boolean
  /** Counts power cuts: a file opened before the last one is dead. */
  epoch: number
}

/** Where a path leads: the folder that holds its last part, and what is there. */
export interface Place {
  readonly folder: Inode
  readonly name: NameKey
  readonly node: Inode | undefined
}

export function createDisk(nowMs: () => number, hardLinks: boolean): Disk {
  let tick = 0n
  let inodes = 0n
  // A microsecond more per change, so that no two changes have the same time.
  const nowNs = () => BigInt(Math.round(nowMs())) * 1_000_000n + ++tick * 1_000n
  const newInode = (kind: Inode['kind'], mode: number): Inode => ({
    ino: ++inodes,
    kind,
    bytes: Buffer.alloc(0),
    synced: Buffer.alloc(0),
    dirty: false,
    mode,
    nlink: kind === 'folder' ? 2 : 0,
    mtimeNs: nowNs(),
    ctimeNs: nowNs(),
    entries: new Map(),
    durable: new Map(),
  })
  const root = newInode('folder', 0o700)
  return { root, hardLinks, newInode, nowNs, steps: [], capacity: Number.POSITIVE_INFINITY, readOnly: false, epoch: 0 }
}

export function systemError(code: string, call: string, detail = ''): Error {
  return Object.assign(new Error(`${code}: ${call} ${detail}`.trim()), { code, syscall: call })
}

/** Walks a path as the kernel does: part by part, through links, 40 at most. `follow` is for the last part. */
export function walk(disk: Disk, path: FilePath, follow: boolean, call: string): Place {
  const fail = (code: string) => systemError(code, call, `'${path}'`)
  const rest = partsOf(toKey(path))
  const trail = [disk.root]
  for (let links = 0; ; ) {
    const folder = trail.at(-1) ?? disk.root
    const name = rest.shift()
    if (name === undefined) return { folder, name: '', node: folder }
    if (name === '..') {
      if (trail.length > 1) trail.pop()
      continue
    }
    if (name.length > 255) throw fail('ENAMETOOLONG')
    if ((folder.mode & 0o100) === 0) throw fail('EACCES')
    const node = folder.entries.get(name)
    const last = rest.length === 0
    if (node?.kind === 'link' && (follow || !last)) {
      if (++links > 40) throw fail('ELOOP')
      const target = node.bytes.toString('latin1')
      if (target.startsWith('/')) trail.length = 1
      rest.unshift(...partsOf(target))
      continue
    }
    if (last) return { folder, name, node }
    if (!node) throw fail('ENOENT')
    if (node.kind !== 'folder') throw fail('ENOTDIR')
    trail.push(node)
  }
}

function partsOf(key: NameKey): NameKey[] {
  return key.split('/').filter(part => part !== '' && part !== '.')
}

export function toKey(path: FilePath): NameKey {
  const key = Buffer.from(path as string).toString('latin1')
  return process.platform === 'win32' ? key.replace(/^[A-Za-z]:/, '').replaceAll('\\', '/') : key
}

/** Makes names mean something else, all in one step. */
export function applyStep(disk: Disk, step: readonly NameChange[]): void {
  const now = disk.nowNs()
  for (const { folder, name, to } of step) {
    const before = folder.entries.get(name)
    if (before === to) continue
    if (before) drop(before, now)
    if (to) {
      folder.entries.set(name, to)
      if (to.kind !== 'folder') to.nlink += 1
      to.ctimeNs = now
    } else {
      folder.entries.delete(name)
    }
    folder.mtimeNs = now
    folder.ctimeNs = now
  }
  disk.steps.push(step)
}

function drop(node: Inode, now: bigint): void {
  node.nlink = node.kind === 'folder' ? 0 : node.nlink - 1
  node.ctimeNs = now
}

/** Every step that touches `folder` becomes durable, as in a file system with a journal. */
export function syncNames(disk: Disk, folder: Inode): void {
  const touches = (step: readonly NameChange[]) => step.some(change => change.folder === folder)
  const done = disk.steps.filter(touches)
  for (const step of done) makeDurable(step)
  const settled = done.flat()
  // An older step on a name that a newer, durable step has decided can no longer come back.
  disk.steps = disk.steps
    .filter(step => !touches(step))
    .map(step => step.filter(old => !settled.some(now => now.folder === old.folder && now.name === old.name)))
}

function makeDurable(step: readonly NameChange[]): void {
  for (const { folder, name, to } of step) {
    if (to) folder.durable.set(name, to)
    else folder.durable.delete(name)
  }
}

/** See the header of `memory-file-system.ts` for what survives. */
export function powerCut(disk: Disk, seed: number): void {
  const random = seededRandom(seed)
  for (const step of disk.steps) if (random.chance(0.5)) makeDurable(step)
  disk.steps = []
  disk.epoch += 1
  const seen = new Set<Inode>()
  const recover = (folder: Inode) => {
    folder.entries = new Map(folder.durable)
    for (const node of folder.entries.values()) {
      if (!seen.has(node)) {
        seen.add(node)
        if (node.kind === 'folder') recover(node)
        else recoverFile(node, random)
      }
      if (node.kind !== 'folder') node.nlink += 1
    }
  }
  recover(disk.root)
}

function recoverFile(node: Inode, random: Random): void {
  node.nlink = 0
  if (node.dirty) node.bytes = tornContent(node, random)
  node.synced = node.bytes
  node.dirty = false
}

function tornContent(node: Inode, random: Random): Buffer {
  const begun = node.bytes.subarray(0, random.int(0, node.bytes.length))
  const zeros = Buffer.alloc(node.bytes.length - begun.length)
  return Buffer.from(random.pick([node.synced, node.bytes, begun, Buffer.concat([begun, zeros])]))
}

/** Bytes of content of every file that has a name; a file without one but still open is not counted. */
export function usedBytes(disk: Disk): number {
  const seen = new Set<Inode>()
  const visit = (folder: Inode) => {
    for (const node of folder.entries.values()) {
      if (seen.has(node)) continue
      seen.add(node)
      if (node.kind === 'folder') visit(node)
    }
  }
  visit(disk.root)
  return [...seen].reduce((sum, node) => sum + (node.kind === 'file' ? node.bytes.length : 0), 0)
}
