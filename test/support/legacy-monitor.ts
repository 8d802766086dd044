/**
 * A stand-in for the older Python monitor's lock, written from its protocol and as racy as that: it looks whether
 * `checkpoint.lock` is there, and only then writes its pid into it, in place; it deletes what it takes for stale,
 * and on release deletes whatever is there.
 */
import type { Clock, FileSystem, OpenFile, Processes } from '../../shared/engine/ports.ts'

export interface LegacyMonitor {
  readonly lockFile: string
  /** One turn of its loop, without the second that it sleeps between turns. True: it believes to hold the lock. */
  tryAcquire(): boolean
  release(): void
  /** The two halves of its taking, for whoever wants to step in between. */
  seesNone(): boolean
  overwrite(): void
}

const staleAgeMs = 600_000

export function createLegacyMonitor(
  files: FileSystem,
  clock: Pick<Clock, 'nowMs'>,
  processes: Processes,
  root: string,
): LegacyMonitor {
  const lockFile = `${root}/checkpoint.lock`

  function tryAcquire(): boolean {
    if (seesNone()) {
      overwrite()
      return true
    }
    if (!isStale()) return false
    release()
    return tryAcquire()
  }

  function seesNone(): boolean {
    try {
      files.stat(lockFile)
      return false
    } catch {
      return true
    }
  }

  /** `open(file, 'w')`: an existing file keeps its identity, is emptied, then written. */
  function overwrite(): void {
    const file = openToWrite()
    file.truncate(0)
    file.append(Buffer.from(String(processes.self.pid)))
    file.close()
  }

  /** One call of the system does both there: it makes the file or takes the one that is there. */
  function openToWrite(): OpenFile {
    for (;;) {
      for (const mode of ['update', 'create'] as const) {
        try {
          return files.open(lockFile, mode)
        } catch (error) {
          if (!['ENOENT', 'EEXIST'].includes((error as { code?: string }).code ?? '')) throw error
        }
      }
    }
  }

  function isStale(): boolean {
    try {
      if (clock.nowMs() - files.stat(lockFile).mtimeMs > staleAgeMs) return true
      const file = files.open(lockFile, 'read')
      const into = Buffer.alloc(64)
      const text = into.toString('latin1', 0, file.read(into, 0)).trim()
      file.close()
      return !/^\d+$/.test(text) || processes.find(Number(text)) === null
    } catch {
      return true
    }
  }

  function release(): void {
    try {
      files.unlink(lockFile)
    } catch {
      // It does not mind a file that is not there.
    }
  }

  return { lockFile, tryAcquire, release, seesNone, overwrite }
}
