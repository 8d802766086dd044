/** A disk, a clock and a machine on which several processes of a test use one lock. */
import { createLock, type HeldLock, type Lock, type LockAttempt } from '../../shared/engine/lock-file.ts'
import type { Processes } from '../../shared/engine/ports.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createFakeMachine, type FakeMachine } from './fake-processes.ts'
import { createMemoryFiles, type MemoryFiles, type MemoryOptions } from './memory-file-system.ts'

export interface LockUser {
  readonly pid: number
  readonly processes: Processes
  /** This process's own view of the disk. */
  readonly files: MemoryFiles
  readonly lock: Lock
  /** One attempt without waiting. */
  tryLock(): Promise<LockAttempt>
  /** @throws {Error} unless the lock is had at once. */
  mustLock(): Promise<HeldLock>
}

export interface LockWorld {
  readonly clock: FakeClock
  /** The test's own view of the disk, for arranging and looking. */
  readonly files: MemoryFiles
  readonly machine: FakeMachine
  readonly logged: string[]
  /** A new process on `machine`, or on another one. */
  user(name?: string, on?: FakeMachine, pid?: number): LockUser
}

export const lockFolder = '/data/lock'

export function createLockWorld(options: Omit<MemoryOptions, 'nowMs'> = {}): LockWorld {
  const clock = createFakeClock()
  const files = createMemoryFiles({ ...options, nowMs: clock.nowMs })
  const machine = createFakeMachine()
  const logged: string[] = []
  return {
    clock,
    files,
    machine,
    logged,
    user: (name = 'the tray app', on = machine, pid) => {
      const processes = on.start(pid)
      const own = files.another()
      const ports = {
        clock,
        files: own,
        processes,
        log: (_level: string, message: string) => void logged.push(message),
      }
      const lock = createLock(ports, lockFolder, { name })
      const tryLock = () => lock.acquire({ waitMs: 0 })
      return {
        pid: processes.self.pid,
        processes,
        files: own,
        lock,
        tryLock,
        mustLock: async () => {
          const attempt = await tryLock()
          if (attempt.kind !== 'held') throw new Error(`not held: ${JSON.stringify(attempt)}`)
          return attempt.lock
        },
      }
    },
  }
}

/** Names of tickets, oldest first. */
export function ticketNames(files: MemoryFiles): readonly string[] {
  return files
    .list(lockFolder)
    .filter(name => /^\d+$/.test(name))
    .sort()
}

export function writeFile(files: MemoryFiles, at: string, text: string): void {
  const file = files.open(at, 'create')
  file.append(Buffer.from(text))
  file.close()
}

export function readFile(files: MemoryFiles, at: string): string {
  const file = files.open(at, 'read')
  const into = Buffer.alloc(4_096)
  const bytes = file.read(into, 0)
  file.close()
  return into.toString('utf8', 0, bytes)
}

/** Numbers 1 to `count`, for `it.each`. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

/**
 * Another process takes the lock and gives it back, all before this returns: for use inside an operation of
 * somebody else, where nothing can be awaited. An attempt is over at once, only its promise is not.
 */
export function takeAndEmpty(user: LockUser, files: MemoryFiles): void {
  const before = user.lock.status()
  if (before.kind !== 'free') return
  void user.tryLock()
  const ticket = files.open(`${lockFolder}/${String(before.lastFence + 1).padStart(12, '0')}`, 'update')
  ticket.truncate(0)
  ticket.close()
}
