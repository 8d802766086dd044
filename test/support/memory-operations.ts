/** What each call of the file system in memory does to its disk, with the error codes that Linux gives. */
import type { DiskSpace, FilePath, FilePeek, FileStat, OpenFile, OpenMode } from '../../shared/engine/ports.ts'
import {
  applyStep,
  type Disk,
  type Inode,
  type NameKey,
  type Place,
  systemError,
  usedBytes,
  walk,
} from './memory-disk.ts'

/** Counts an operation and lets faults happen in its place. `half` does half of it. */
export type Operate = <T>(name: string, perform: () => T, half?: () => void) => T

export function openFile(disk: Disk, operate: Operate, path: FilePath, mode: OpenMode): OpenFile {
  const node =
    mode === 'create' ? createNode(disk, walk(disk, path, false, 'open'), 'file', 0o600) : openable(disk, path, mode)
  const epoch = disk.epoch
  let closed = false
  const on = <T>(name: string, perform: () => T, half?: () => void): T =>
    operate(
      name,
      () => {
        if (closed || epoch !== disk.epoch) throw systemError('EBADF', name)
        return perform()
      },
      half,
    )
  const mustWrite = (name: string) => {
    if (mode === 'read') throw systemError(name === 'truncate' ? 'EINVAL' : 'EBADF', name)
  }
  const append = (bytes: Uint8Array) => {
    mustWrite('append')
    appendTo(disk, node, bytes)
  }
  return {
    read: (into, position) => on('read', () => readAt(node, into, position)),
    append: bytes =>
      on(
        'append',
        () => append(bytes),
        () => append(bytes.subarray(0, bytes.length >> 1)),
      ),
    stat: () => on('fstat', () => toStat(node)),
    peek: () => on('fstat', () => toPeek(toStat(node))),
    truncate: size =>
      on('truncate', () => {
        mustWrite('truncate')
        resize(disk, node, size)
      }),
    sync: () =>
      on('sync', () => {
        node.synced = Buffer.from(node.bytes)
        node.dirty = false
      }),
    close: () =>
      on('close', () => {
        closed = true
      }),
  }
}

function openable(disk: Disk, path: FilePath, mode: OpenMode): Inode {
  const node = existing(disk, path, false, 'open')
  if (node.kind === 'link') throw systemError('ELOOP', 'open', `'${path}'`)
  if (node.kind === 'folder' && mode === 'update') throw systemError('EISDIR', 'open', `'${path}'`)
  const needed = mode === 'update' ? 0o600 : 0o400
  if ((node.mode & needed) !== needed) throw systemError('EACCES', 'open', `'${path}'`)
  if (mode === 'update') mustBeWritable(disk, 'open')
  return node
}

function createNode(disk: Disk, place: Place, kind: Inode['kind'], mode: number, call = 'open'): Inode {
  if (place.node) throw systemError('EEXIST', call, place.name)
  mustChange(disk, place.folder, call)
  const node = disk.newInode(kind, mode)
  applyStep(disk, [{ folder: place.folder, name: place.name, to: node }])
  return node
}

function readAt(node: Inode, into: Uint8Array, position: number): number {
  if (node.kind === 'folder') throw systemError('EISDIR', 'read')
  return position >= node.bytes.length ? 0 : node.bytes.copy(into, 0, position)
}

function appendTo(disk: Disk, node: Inode, bytes: Uint8Array): void {
  mustBeWritable(disk, 'append')
  const room = Number.isFinite(disk.capacity) ? Math.max(0, disk.capacity - usedBytes(disk)) : bytes.length
  node.bytes = Buffer.concat([node.bytes, bytes.subarray(0, Math.min(bytes.length, room))])
  touchContent(disk, node)
  if (bytes.length > room) throw systemError('ENOSPC', 'append')
}

function resize(disk: Disk, node: Inode, size: number): void {
  mustBeWritable(disk, 'truncate')
  const kept = node.bytes.subarray(0, size)
  node.bytes = Buffer.concat([kept, Buffer.alloc(size - kept.length)])
  touchContent(disk, node)
}

function touchContent(disk: Disk, node: Inode): void {
  node.dirty = true
  node.mtimeNs = disk.nowNs()
  node.ctimeNs = node.mtimeNs
}

export function makeFolder(disk: Disk, path: FilePath): void {
  const parts = (typeof path === 'string' ? path : path.toString('latin1')).split(/(?=\/)/)
  for (let length = 1; length <= parts.length; length += 1) {
    const upTo = parts.slice(0, length).join('')
    const place = walk(disk, typeof path === 'string' ? upTo : Buffer.from(upTo, 'latin1'), true, 'makeFolder')
    const last = length === parts.length
    if (!place.node) createNode(disk, place, 'folder', 0o700, 'makeFolder')
    else if (place.node.kind !== 'folder') throw systemError(last ? 'EEXIST' : 'ENOTDIR', 'makeFolder', upTo)
  }
}

export function rename(disk: Disk, from: FilePath, to: FilePath): void {
  const source = walk(disk, from, false, 'rename')
  const target = walk(disk, to, false, 'rename')
  const moved = source.node
  if (!moved) throw systemError('ENOENT', 'rename', `'${from}'`)
  mustChange(disk, source.folder, 'rename')
  mustChange(disk, target.folder, 'rename')
  if (moved === target.node) return
  if (target.node) mustReplace(moved, target.node)
  if (moved.kind === 'folder' && holds(moved, target.folder)) throw systemError('EINVAL', 'rename', `'${to}'`)
  applyStep(disk, [
    { folder: source.folder, name: source.name, to: null },
    { folder: target.folder, name: target.name, to: moved },
  ])
}

function mustReplace(moved: Inode, old: Inode): void {
  if (moved.kind === 'folder' && old.kind !== 'folder') throw systemError('ENOTDIR', 'rename')
  if (moved.kind !== 'folder' && old.kind === 'folder') throw systemError('EISDIR', 'rename')
  if (old.entries.size > 0) throw systemError('ENOTEMPTY', 'rename')
}

function holds(outer: Inode, inner: Inode): boolean {
  return outer === inner || [...outer.entries.values()].some(node => node.kind === 'folder' && holds(node, inner))
}

export function link(disk: Disk, from: FilePath, to: FilePath): void {
  const node = existing(disk, from, false, 'link')
  const place = walk(disk, to, false, 'link')
  if (place.node) throw systemError('EEXIST', 'link', `'${to}'`)
  if (node.kind === 'folder' || !disk.hardLinks) throw systemError('EPERM', 'link', `'${from}'`)
  mustChange(disk, place.folder, 'link')
  applyStep(disk, [{ folder: place.folder, name: place.name, to: node }])
}

export function symlink(disk: Disk, target: FilePath, at: FilePath): void {
  const node = createNode(disk, walk(disk, at, false, 'symlink'), 'link', 0o777, 'symlink')
  node.bytes = Buffer.from(target as string)
  node.synced = node.bytes
}

export function readLink(disk: Disk, path: FilePath): Buffer {
  const node = existing(disk, path, false, 'readLink')
  if (node.kind !== 'link') throw systemError('EINVAL', 'readLink', `'${path}'`)
  return Buffer.from(node.bytes)
}

export function unlink(disk: Disk, path: FilePath): void {
  const { folder, name, node } = walk(disk, path, false, 'unlink')
  if (!node) throw systemError('ENOENT', 'unlink', `'${path}'`)
  if (node.kind === 'folder') throw systemError('EISDIR', 'unlink', `'${path}'`)
  mustChange(disk, folder, 'unlink')
  applyStep(disk, [{ folder, name, to: null }])
}

export function removeFolder(disk: Disk, path: FilePath): void {
  const { folder, name, node } = walk(disk, path, false, 'removeFolder')
  if (!node) throw systemError('ENOENT', 'removeFolder', `'${path}'`)
  if (node.kind !== 'folder') throw systemError('ENOTDIR', 'removeFolder', `'${path}'`)
  if (node.entries.size > 0) throw systemError('ENOTEMPTY', 'removeFolder', `'${path}'`)
  mustChange(disk, folder, 'removeFolder')
  applyStep(disk, [{ folder, name, to: null }])
}

export function chmod(disk: Disk, path: FilePath, mode: number): void {
  const node = existing(disk, path, true, 'chmod')
  mustBeWritable(disk, 'chmod')
  node.mode = mode & 0o7777
  node.ctimeNs = disk.nowNs()
}

export function setTimes(disk: Disk, path: FilePath, mtimeMs: number): void {
  const node = existing(disk, path, false, 'setTimes')
  mustBeWritable(disk, 'setTimes')
  node.mtimeNs = BigInt(Math.round(mtimeMs * 1_000)) * 1_000n
  node.ctimeNs = disk.nowNs()
}

export function diskSpace(disk: Disk, path: FilePath): DiskSpace {
  existing(disk, path, true, 'diskSpace')
  const totalBytes = Math.min(disk.capacity, Number.MAX_SAFE_INTEGER)
  return { freeBytes: Math.max(0, totalBytes - usedBytes(disk)), totalBytes, kind: 'local' }
}

export function existing(disk: Disk, path: FilePath, follow: boolean, call: string): Inode {
  const { node } = walk(disk, path, follow, call)
  if (!node) throw systemError('ENOENT', call, `'${path}'`)
  return node
}

export function folderAt(disk: Disk, path: FilePath, call: string): Inode {
  const node = existing(disk, path, true, call)
  if (node.kind !== 'folder') throw systemError('ENOTDIR', call, `'${path}'`)
  if ((node.mode & 0o400) === 0) throw systemError('EACCES', call, `'${path}'`)
  return node
}

export function namesIn(disk: Disk, path: FilePath): readonly NameKey[] {
  return [...folderAt(disk, path, 'list').entries.keys()]
}

function mustChange(disk: Disk, folder: Inode, call: string): void {
  mustBeWritable(disk, call)
  if ((folder.mode & 0o200) === 0) throw systemError('EACCES', call)
}

function mustBeWritable(disk: Disk, call: string): void {
  if (disk.readOnly) throw systemError('EROFS', call)
}

export function toPeek({ kind, size, mtimeMs, ctimeNs, dev, ino }: FileStat): FilePeek {
  const peek = { kind, size, mtimeMs, dev: Number(dev), ino: Number(ino) }
  return kind === 'folder' ? { ...peek, ctimeMs: Number(ctimeNs) / 1e6 } : peek
}

export function toStat(node: Inode): FileStat {
  return {
    kind: node.kind,
    size: node.kind === 'folder' ? 4_096 : node.bytes.length,
    mode: node.mode,
    mtimeMs: Number(node.mtimeNs / 1_000n) / 1_000,
    mtimeNs: node.mtimeNs,
    ctimeNs: node.ctimeNs,
    dev: 1n,
    ino: node.ino,
    nlink: node.nlink,
    uid: process.getuid?.() ?? 0,
  }
}
