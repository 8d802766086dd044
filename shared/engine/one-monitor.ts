/**
 * One running monitor per data folder, whichever program it is in: who holds this lock watches, answers on the local
 * socket and writes the log; all others ask it. One that crashed is followed at once, by exactly one (`lock-file.ts`).
 */
import { createLock, type HeldLock } from './lock-file.ts'
import { lockWhereItCan } from './no-hard-links.ts'
import type { Ports } from './ports.ts'

export type MonitorClaim =
  | { readonly kind: 'mine'; readonly lock: HeldLock }
  /** Such as "session-monitor run (process 4711), for 3 minutes". */
  | { readonly kind: 'taken'; readonly by: string }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string }

/** Tries once. @param name Which program this is, in words for others. */
export async function claimMonitor(ports: Ports, lockFolder: string, name: string): Promise<MonitorClaim> {
  const lock = lockWhereItCan(createLock(ports, lockFolder, { name }))
  const attempt = await lock.acquire({ waitMs: 0 })
  switch (attempt.kind) {
    case 'held':
      return { kind: 'mine', lock: attempt.lock }
    case 'locked-elsewhere':
      return { kind: 'taken', by: attempt.ownerInWords }
    case 'unavailable':
      return { kind: 'failed', message: attempt.message, remedy: attempt.remedy }
    case 'aborted':
      return { kind: 'failed', message: 'The start was called off', remedy: 'Start it again.' }
  }
}
