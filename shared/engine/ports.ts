/**
 * All the world that the engine may touch, as a few small interfaces. The real ones are in `node-ports.ts`
 * and are chosen in the entry points; tests hand in their own.
 *
 * `FileSystem` is synchronous on purpose: the engine runs in a thread of its own wherever a host has
 * something to keep responsive, a synchronous call costs a fifth of an asynchronous one on the many small
 * files of a work tree, and a fault test can count operations exactly.
 */

export interface Clock {
  /** Wall clock, epoch ms. May jump. For records and for comparing with timestamps of others only. */
  nowMs(): number
  /** Milliseconds from an arbitrary start; never goes back; need not count sleep. For waiting. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** An open file's content, or the names in a folder. */
export type SyncJob = { readonly file: OpenFile } | { readonly folder: FilePath }

/** The error of each job's sync, null where it is durable. In the order of the jobs. */
export type Synced = readonly (FileSystemError | null)[]

/** Bytes where a name need not be UTF-8. */
export type FilePath = string | Buffer

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  readonly mtimeMs: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  /** Device and inode (file id on Windows). */
  readonly dev: bigint
  readonly ino: bigint
  readonly nlink: number
  readonly uid: number
}

/** What tells of a file whether it has changed: a part of {@link FileStat}, at a fraction of its cost. */
export interface FilePeek extends Pick<FileStat, 'kind' | 'size'> {
  /** May differ from {@link FileStat}'s by less than a microsecond. */
  readonly mtimeMs: number
  /** Of a folder: when its content, name or rights changed last, by the system's clock; nobody can set it. */
  readonly ctimeMs?: number
  /** As far as a number holds them: on Windows two files may rarely look like one. */
  readonly dev: number
  readonly ino: number
}

/** An open file. Every call throws a {@link FileSystemError}. */
export interface OpenFile {
  /** Fills `into` from `position`; returns the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): number
  /** Writes all of `bytes` at the current end. Throws ENOSPC and the like; what was written before then stays. */
  append(bytes: Uint8Array): void
  stat(): FileStat
  peek(): FilePeek
  /** Cuts or grows to `size`. */
  truncate(size: number): void
  /** After this returns, the bytes survive a power cut (F_FULLFSYNC on macOS). */
  sync(): void
  close(): void
}

/** What Node throws: `code` is ENOENT, EEXIST, EACCES, ENOSPC, EIO, ELOOP, ENAMETOOLONG and so on. */
export interface FileSystemError extends Error {
  readonly code: string
}

export type OpenMode =
  /** Must exist; a link as the last part is refused with ELOOP; a FIFO does not block. */
  | 'read'
  /** Must not exist (EEXIST); mode 0600. */
  | 'create'
  /** Must exist; read and write. */
  | 'update'

/** Every call throws a {@link FileSystemError}, and follows no link at the last part unless it says so. */
export interface FileSystem {
  open(path: FilePath, mode: OpenMode): OpenFile
  lstat(path: FilePath): FileStat
  peek(path: FilePath): FilePeek
  /** Follows links. */
  stat(path: FilePath): FileStat
  /** Names in a folder, unsorted; `as: 'bytes'` for names that may not be UTF-8. */
  list(path: FilePath): readonly string[]
  listBytes(path: FilePath): readonly Buffer[]
  readLink(path: FilePath): Buffer
  /** Creates the folder and its parents with mode 0700; fine if it is there. */
  makeFolder(path: FilePath): void
  /** Atomic; replaces a file that is there. */
  rename(from: FilePath, to: FilePath): void
  /** Atomic; EEXIST if `to` is there. EPERM or ENOTSUP where the file system has no hard links. */
  link(from: FilePath, to: FilePath): void
  symlink(target: FilePath, at: FilePath): void
  unlink(path: FilePath): void
  removeFolder(path: FilePath): void
  chmod(path: FilePath, mode: number): void
  setTimes(path: FilePath, atimeMs: number, mtimeMs: number): void
  /** Makes the names in a folder survive a power cut. Does nothing where the system cannot (Windows). */
  syncFolder(path: FilePath): void
  /**
   * Makes several things durable, at once where the system can; a journal turns that into one write. Resolves with
   * the error of each, null where it is durable, in order. Others run meanwhile.
   */
  syncTogether(jobs: readonly SyncJob[]): Promise<Synced>
  /** About the disk that holds `path`. */
  diskSpace(path: FilePath): DiskSpace
}

export interface DiskSpace {
  /** As this user may use them. */
  readonly freeBytes: number
  readonly totalBytes: number
  /** `network`: other machines may write there too, and see each other's changes late. */
  readonly kind: 'local' | 'network' | 'unknown'
  /** True where it is known that every name that comes or goes changes its folder's `ctimeMs`. */
  readonly marksFolders?: boolean
}

export interface ProcessIdentity {
  readonly pid: number
  /** Start time as the system tells it, verbatim (field 22 of /proc/<pid>/stat on Linux); null if it cannot be told. */
  readonly start: string | null
}

export interface Processes {
  readonly self: ProcessIdentity
  /** Null if no such process, or a zombie. A process of another user counts. Never sends a signal but 0. */
  find(pid: number): ProcessIdentity | null
  /** Names this machine and pid namespace, as in Claude Code's registry (`linux:<machine id>:<pid namespace>`). */
  readonly pidDomain: string
  /** Changes at every boot; null if it cannot be told. */
  readonly bootId: string | null
  readonly hostName: string
}

export interface CommandResult {
  /** Exit code, or null when it was killed or could not be started. */
  readonly code: number | null
  readonly stdout: Buffer
  /** At most 64 KiB. */
  readonly stderr: string
  /** Set when it did not end by itself: `ETIMEDOUT`, `EABORTED`, `ETOOBIG` (more than `maxBytes`), or the spawn error's code such as `ENOENT`. */
  readonly failure: string | null
}

export interface CommandOptions {
  readonly cwd: string
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Of stdout. Default 256 MiB. */
  readonly maxBytes?: number
  readonly input?: Uint8Array
  readonly signal?: AbortSignal
}

export interface CommandRunner {
  /** Runs without a shell; `file` is absolute. At the time-out the whole process group gets SIGKILL. Never rejects. */
  run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult>
  /** Absolute path of a program on PATH (never the current folder), or null. */
  which(name: string): string | null
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void

export interface Ports {
  readonly clock: Clock
  readonly files: FileSystem
  readonly processes: Processes
  readonly commands: CommandRunner
  readonly log: Log
}
