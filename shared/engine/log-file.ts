/**
 * The log of the monitor that runs, as files that rotate: `session-monitor.log`, then `.1` to the oldest.
 *
 * One process writes: the one that holds the lock of `one-monitor.ts`. A disk that does not take a line loses that
 * line and nothing else; the next one is tried again. Bounded: at most `keep` + 1 files of `maxBytes`.
 */
import path from 'node:path'
import { formatLogLine, isAtLeast, type LogLevel } from '../core/log-line.ts'
import { errorCode } from './durable-file.ts'
import type { Log, OpenFile, Ports } from './ports.ts'

export const logFileName = 'session-monitor.log'

export interface LogFileOptions {
  /** Asked for each line, so that a changed setting counts at once. */
  readonly level: () => LogLevel
  /** Of one file. Default 2 MiB. */
  readonly maxBytes?: number
  /** Older files beside the one that is written. Default 4. */
  readonly keep?: number
}

export interface LogFile {
  readonly log: Log
  /** Lines that could not be written. */
  lost(): number
  close(): void
}

export function createLogFile(
  { clock, files }: Pick<Ports, 'clock' | 'files'>,
  folder: string,
  { level: least, maxBytes = 2_097_152, keep = 4 }: LogFileOptions,
): LogFile {
  const at = path.join(folder, logFileName)
  let open: { readonly file: OpenFile; bytes: number } | null = null
  let lost = 0

  function write(line: Buffer): void {
    open ??= openLog()
    if (open.bytes > 0 && open.bytes + line.length > maxBytes) {
      close()
      rotate()
      open = openLog()
    }
    open.file.append(line)
    open.bytes += line.length
  }

  function openLog() {
    files.makeFolder(folder)
    const file = exists(at) ? files.open(at, 'update') : files.open(at, 'create')
    return { file, bytes: file.stat().size }
  }

  /** The oldest goes, each other one becomes one older. */
  function rotate(): void {
    for (let n = keep; n > 0; n--) {
      const from = n === 1 ? at : `${at}.${n - 1}`
      if (exists(from)) files.rename(from, `${at}.${n}`)
    }
    if (keep === 0) files.unlink(at)
  }

  function exists(file: string): boolean {
    try {
      return files.lstat(file).kind === 'file'
    } catch {
      return false
    }
  }

  function close(): void {
    open?.file.close()
    open = null
  }

  function closeQuietly(): void {
    try {
      close()
    } catch {
      open = null
    }
  }

  return {
    log: (level, message, fields) => {
      if (!isAtLeast(level, least())) return
      try {
        write(Buffer.from(`${formatLogLine({ atMs: clock.nowMs(), level, message }, fields)}\n`))
      } catch (error) {
        if (errorCode(error) === null) throw error
        lost++
        closeQuietly()
      }
    },
    lost: () => lost,
    close: closeQuietly,
  }
}
