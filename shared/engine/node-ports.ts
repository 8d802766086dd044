/**
 * The real world: the ports over Node. The only engine module that touches disk, clock and processes;
 * chosen in the entry points, never imported by other engine modules.
 */

import fs from 'node:fs'
import os from 'node:os'
import { nodeCommands } from './node-commands.ts'
import { promisify } from './node-util.ts'
import type {
  Clock,
  DiskSpace,
  FilePath,
  FilePeek,
  FileStat,
  FileSystem,
  FileSystemError,
  Log,
  OpenFile,
  OpenMode,
  Ports,
  Processes,
  ProcessIdentity,
  SyncJob,
} from './ports.ts'
import { createSmallSpawner } from './small-spawner.ts'

export function nodePorts(log: Log): Ports {
  return { clock: nodeClock, files: nodeFiles, processes: nodeProcesses(), commands: nodeCommands, log }
}

/** For a process that grows and runs many programs, which copying it for each would hold up. */
export function longLivedPorts(log: Log): Ports {
  const commands = process.platform === 'linux' ? createSmallSpawner(nodeCommands) : nodeCommands
  return { ...nodePorts(log), commands }
}

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise(resolve => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants
// Undefined on Windows, where neither FIFOs nor following the last part is a concern of open().
const noFollow = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)
const openFlags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY | noFollow,
  create: O_RDWR | O_CREAT | O_EXCL | noFollow,
  update: O_RDWR | noFollow,
}

export const nodeFiles: FileSystem = {
  open: (file, mode) => openNodeFile(fs.openSync(file, openFlags[mode], 0o600), mode !== 'read'),
  lstat: file => toStat(fs.lstatSync(file, { bigint: true })),
  peek: file => toPeek(fs.lstatSync(file)),
  stat: file => toStat(fs.statSync(file, { bigint: true })),
  list: folder => fs.readdirSync(folder),
  listBytes: folder => fs.readdirSync(folder, { encoding: 'buffer' }),
  readLink: file => fs.readlinkSync(file, { encoding: 'buffer' }),
  makeFolder: folder => void fs.mkdirSync(folder, { recursive: true, mode: 0o700 }),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  symlink: (target, at) => fs.symlinkSync(target, at),
  unlink: file => fs.unlinkSync(file),
  removeFolder: folder => fs.rmdirSync(folder),
  chmod: (file, mode) => fs.chmodSync(file, mode),
  setTimes: (file, atimeMs, mtimeMs) => fs.lutimesSync(file, atimeMs / 1000, mtimeMs / 1000),
  syncFolder,
  syncTogether: jobs => Promise.all(jobs.map(syncLater)),
  diskSpace: file => {
    const space = fs.statfsSync(file)
    return {
      freeBytes: space.bavail * space.bsize,
      totalBytes: space.blocks * space.bsize,
      kind: diskKind(space.type),
      marksFolders: process.platform === 'linux' && markingTypes.has(space.type >>> 0),
    }
  },
}

/** What Linux calls the file systems of other machines: NFS, SMB1, CIFS, SMB2, 9P, AFS, Ceph, Coda and Lustre. */
const networkTypes = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f, 0x00c36400, 0x73757245, 0x0bd00bd0,
])
/** What it calls file systems that keep a folder's times as POSIX wants: ext2 to ext4, XFS, Btrfs, F2FS, tmpfs, ZFS. */
const markingTypes = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994, 0x2fc12fc1])
/** FUSE: a local NTFS as well as a remote folder over SSH. */
const fuseType = 0x65735546

/** Elsewhere the number does not say what it is. */
function diskKind(type: number): DiskSpace['kind'] {
  if (process.platform !== 'linux' || type === fuseType) return 'unknown'
  return networkTypes.has(type >>> 0) ? 'network' : 'local'
}

/** Of the files that are open to be written, for syncing several at once. */
const descriptors = new WeakMap<OpenFile, number>()

function openNodeFile(fd: number, mayWrite: boolean): OpenFile {
  let end: number | null = null
  const file: OpenFile = {
    read: (into, position) => fs.readSync(fd, into, 0, into.byteLength, position),
    append: bytes => {
      end ??= fs.fstatSync(fd).size
      for (let done = 0; done < bytes.byteLength; ) {
        const wrote = fs.writeSync(fd, bytes, done, bytes.byteLength - done, end)
        done += wrote
        end += wrote
      }
    },
    stat: () => toStat(fs.fstatSync(fd, { bigint: true })),
    peek: () => toPeek(fs.fstatSync(fd)),
    truncate: size => {
      fs.ftruncateSync(fd, size)
      end = null
    },
    sync: () => fs.fsyncSync(fd),
    close: () => fs.closeSync(fd),
  }
  if (mayWrite) descriptors.set(file, fd)
  return file
}

const fsync = promisify(fs.fsync)

async function syncLater(job: SyncJob): Promise<FileSystemError | null> {
  try {
    if ('folder' in job) await syncFolderLater(job.folder)
    else await syncFileLater(job.file)
    return null
  } catch (error) {
    return error as FileSystemError
  }
}

async function syncFileLater(file: OpenFile): Promise<void> {
  const fd = descriptors.get(file)
  if (fd === undefined) file.sync()
  else await fsync(fd)
}

async function syncFolderLater(folder: FilePath): Promise<void> {
  if (process.platform === 'win32') return
  const fd = fs.openSync(folder, O_RDONLY)
  try {
    await fsync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function syncFolder(folder: FilePath): void {
  if (process.platform === 'win32') return
  const fd = fs.openSync(folder, O_RDONLY)
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function toStat(s: fs.BigIntStats): FileStat {
  return {
    kind: kindOf(s),
    size: Number(s.size),
    mode: Number(s.mode) & 0o7777,
    mtimeMs: Number(s.mtimeNs / 1000n) / 1000,
    mtimeNs: s.mtimeNs,
    ctimeNs: s.ctimeNs,
    dev: s.dev,
    ino: s.ino,
    nlink: Number(s.nlink),
    uid: Number(s.uid),
  }
}

function toPeek(s: fs.Stats): FilePeek {
  const kind = kindOf(s)
  const { size, mtimeMs, dev, ino } = s
  // Tens of thousands are held of files.
  return kind === 'folder' ? { kind, size, mtimeMs, dev, ino, ctimeMs: s.ctimeMs } : { kind, size, mtimeMs, dev, ino }
}

function kindOf(s: fs.StatsBase<number> | fs.StatsBase<bigint>): FileStat['kind'] {
  return s.isFile() ? 'file' : s.isDirectory() ? 'folder' : s.isSymbolicLink() ? 'link' : 'other'
}

/** Reads the machine's identity once. */
export function nodeProcesses(): Processes {
  return {
    self: { pid: process.pid, start: startOf(process.pid) },
    find: findProcess,
    pidDomain: pidDomain(),
    bootId: readText('/proc/sys/kernel/random/boot_id'),
    hostName: os.hostname(),
  }
}

function findProcess(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, but is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null
  }
  if (process.platform === 'linux' && linuxStat(pid)?.state === 'Z') return null
  return { pid, start: startOf(pid) }
}

/**
 * A process's start time, in the words that Claude Code's registry uses: field 22 of `/proc/<pid>/stat` on
 * Linux, `ps -o lstart=` in UTC on macOS. On Windows the creation time as a file time.
 */
function startOf(pid: number): string | null {
  if (process.platform === 'linux') return linuxStat(pid)?.start ?? null
  try {
    if (process.platform === 'win32') {
      const query = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`
      return ask('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query])
    }
    return ask('/bin/ps', ['-o', 'lstart=', '-p', String(pid)])
  } catch {
    return null
  }
}

function ask(file: string, args: readonly string[]): string | null {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  // Loaded where something is run: on Linux nothing is.
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  return execFileSync(file, args, { env, encoding: 'utf8', timeout: 5_000, windowsHide: true }).trim() || null
}

function linuxStat(pid: number): { readonly state: string; readonly start: string } | null {
  const text = readText(`/proc/${pid}/stat`)
  if (text === null) return null
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields[0], fields[19]]
  return state === undefined || start === undefined ? null : { state, start }
}

function pidDomain(): string {
  if (process.platform !== 'linux') return `${process.platform}:${os.hostname()}`
  const machine = readText('/etc/machine-id') ?? os.hostname()
  try {
    return `linux:${machine}:${fs.readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return `linux:${machine}:`
  }
}

function readText(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8').trim() || null
  } catch {
    return null
  }
}
