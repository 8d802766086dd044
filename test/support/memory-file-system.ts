/**
 * A file system in memory that keeps the contract of the `FileSystem` port as Linux does, for tests that must
 * break the world: the n-th operation fails, the process dies at it, another process runs just before it, the
 * disk fills, the power goes. `test/contract/file-system.test.ts` holds it to the real one.
 *
 * Several processes may share one disk, each through a view of its own (`another`): operations are counted, and
 * faults are set, per view. A view behaves as an ordinary user who owns every file; modes bind it.
 *
 * What a power cut leaves is decided by what was synced, and for the rest by a seed: of a file's unsynced bytes
 * none, all, a beginning, or a beginning and zeros; of the unsynced steps on names any subset, each step (a rename
 * too) whole. That is harsher than a disk that keeps the order of steps.
 */
import type { FileSystem } from '../../shared/engine/ports.ts'
import { syncOne } from '../../shared/engine/sync-steps.ts'
import { createDisk, type Disk, powerCut, syncNames, systemError } from './memory-disk.ts'
import {
  chmod,
  diskSpace,
  existing,
  folderAt,
  link,
  makeFolder,
  namesIn,
  type Operate,
  openFile,
  readLink,
  removeFolder,
  rename,
  setTimes,
  symlink,
  toPeek,
  toStat,
  unlink,
} from './memory-operations.ts'

/** `before`: nothing is done. `after`: it is done, then reported as failed. `half`: of an append, half the bytes are written. */
export type FaultEffect = 'before' | 'after' | 'half'

export interface MemoryFiles extends FileSystem {
  /** Operations so far in this view: every call of the port, and every call on an open file. */
  operations(): number
  /** The n-th operation from now (1 is the next) fails with `code`. Several may be set. */
  failAt(n: number, code: string, effect?: FaultEffect): void
  /** Every operation from the n-th on (1 is the next) fails with `code`. */
  failFrom(n: number, code: string): void
  /** Takes back what `failAt` and `failFrom` set. */
  heal(): void
  /** The process of this view dies at its n-th operation from now: that one and all later ones throw and do nothing. */
  dieAt(n: number): void
  /** Called before each operation of this view with its number and name. It may use other views. */
  onOperation(listener: ((operation: number, name: string) => void) | null): void
  /** Another process's view of the same disk. */
  another(): MemoryFiles
  /** EROFS for every change, as when a failing disk is remounted. */
  setReadOnly(readOnly: boolean): void
  /** Bytes of file content that fit; more is ENOSPC. */
  setCapacity(bytes: number): void
  /** The power goes and comes back: open files of every view are closed, what was not synced survives as the seed says. */
  powerCut(seed: number): void
}

export interface MemoryOptions {
  /** Wall clock for file times, epoch ms. Default: stands at noon of 23 November 2026. */
  readonly nowMs?: () => number
  /** False: `link` fails with EPERM, as on FAT. */
  readonly hardLinks?: boolean
}

export function createMemoryFiles(options: MemoryOptions = {}): MemoryFiles {
  return viewOf(createDisk(options.nowMs ?? (() => Date.UTC(2026, 10, 23, 12)), options.hardLinks ?? true))
}

function viewOf(disk: Disk): MemoryFiles {
  const { operate, controls } = createFaults()
  return {
    open: (path, mode) => operate('open', () => openFile(disk, operate, path, mode)),
    lstat: path => operate('lstat', () => toStat(existing(disk, path, false, 'lstat'))),
    peek: path => operate('peek', () => toPeek(toStat(existing(disk, path, false, 'lstat')))),
    stat: path => operate('stat', () => toStat(existing(disk, path, true, 'stat'))),
    list: path => operate('list', () => namesIn(disk, path).map(name => Buffer.from(name, 'latin1').toString())),
    listBytes: path => operate('list', () => namesIn(disk, path).map(name => Buffer.from(name, 'latin1'))),
    readLink: path => operate('readLink', () => readLink(disk, path)),
    makeFolder: path => operate('makeFolder', () => makeFolder(disk, path)),
    rename: (from, to) => operate('rename', () => rename(disk, from, to)),
    link: (from, to) => operate('link', () => link(disk, from, to)),
    symlink: (target, at) => operate('symlink', () => symlink(disk, target, at)),
    unlink: path => operate('unlink', () => unlink(disk, path)),
    removeFolder: path => operate('removeFolder', () => removeFolder(disk, path)),
    chmod: (path, mode) => operate('chmod', () => chmod(disk, path, mode)),
    setTimes: (path, _atimeMs, mtimeMs) => operate('setTimes', () => setTimes(disk, path, mtimeMs)),
    syncFolder: path => operate('syncFolder', () => syncNames(disk, folderAt(disk, path, 'syncFolder'))),
    async syncTogether(jobs) {
      return jobs.map(job => syncOne(this, job))
    },
    diskSpace: path => operate('diskSpace', () => diskSpace(disk, path)),
    ...controls,
    another: () => viewOf(disk),
    setReadOnly: readOnly => {
      disk.readOnly = readOnly
    },
    setCapacity: bytes => {
      disk.capacity = bytes
    },
    powerCut: seed => powerCut(disk, seed),
  }
}

function createFaults() {
  let count = 0
  let diesAt = Number.POSITIVE_INFINITY
  let lasting = { from: Number.POSITIVE_INFINITY, code: '' }
  let listener: ((operation: number, name: string) => void) | null = null
  const single = new Map<number, { readonly code: string; readonly effect: FaultEffect }>()

  const operate: Operate = (name, perform, half) => {
    const now = ++count
    listener?.(now, name)
    if (now >= diesAt) throw new Error(`this process died at operation ${diesAt} and can do nothing more`)
    if (now >= lasting.from) throw systemError(lasting.code, name)
    const fault = single.get(now)
    if (!fault) return perform()
    if (fault.effect === 'after') perform()
    if (fault.effect === 'half') half?.()
    throw systemError(fault.code, name)
  }
  const controls = {
    operations: () => count,
    failAt: (n: number, code: string, effect: FaultEffect = 'before') => void single.set(count + n, { code, effect }),
    failFrom: (n: number, code: string) => {
      lasting = { from: count + n, code }
    },
    heal: () => {
      single.clear()
      lasting = { from: Number.POSITIVE_INFINITY, code: '' }
    },
    dieAt: (n: number) => {
      diesAt = count + n
    },
    onOperation: (next: typeof listener) => {
      listener = next
    },
  }
  return { operate, controls }
}
