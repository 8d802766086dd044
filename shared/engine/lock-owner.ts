/**
 * Who holds the lock: what a ticket says about its owner, whether that owner can still be alive, and how to
 * name it to a user. Decides nothing by the wall clock; `atMs` is for display only.
 */
import { z } from 'zod'
import type { Processes } from './ports.ts'

const ownerSchema = z.looseObject({
  pid: z.int().positive(),
  /** Process start as the system tells it; null where it does not. */
  start: z.string().nullable(),
  /** Boot id; null where the system has none. */
  boot: z.string().nullable(),
  /** Machine and pid namespace: in another one, `pid` means nothing to us. */
  domain: z.string(),
  host: z.string(),
  /** Random, new for every claim: no two owners are equal. */
  token: z.string(),
  /** When it was claimed, epoch ms by the owner's wall clock. */
  atMs: z.number(),
  /** Which program, in words, such as "the tray app". */
  name: z.string(),
})
export type LockOwner = Readonly<z.infer<typeof ownerSchema>>

export function ownerOf(processes: Processes, name: string, token: string, atMs: number): LockOwner {
  const { self, bootId, pidDomain, hostName } = processes
  return { pid: self.pid, start: self.start, boot: bootId, domain: pidDomain, host: hostName, token, atMs, name }
}

export function ownerText(owner: LockOwner): string {
  return `${JSON.stringify(owner)}\n`
}

/**
 * The owner that a ticket names. `torn` if it is not even JSON: a living owner's ticket is whole from the start, so
 * a power cut left this. Null if it is JSON of another kind, perhaps a later version's.
 */
export function parseOwner(text: string): LockOwner | 'torn' | null {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return 'torn'
  }
}

/**
 * `dead` is certain and final. `alive` means that a process with this pid and start time runs here. `unknown`
 * means that only the owner's heartbeat can tell: another machine or container, or no start time to compare.
 */
export type OwnerState = 'alive' | 'dead' | 'unknown'

export function judgeOwner(owner: LockOwner, processes: Processes): OwnerState {
  if (owner.domain !== processes.pidDomain) return 'unknown'
  if (owner.boot !== processes.bootId) {
    // Machine ids get cloned with disk images. Only with the host's name does another boot mean a reboot of this machine.
    const rebooted = owner.boot !== null && processes.bootId !== null && owner.host === processes.hostName
    return rebooted ? 'dead' : 'unknown'
  }
  const found = processes.find(owner.pid)
  if (found === null) return 'dead'
  if (owner.start === null || found.start === null) return 'unknown'
  return owner.start === found.start ? 'alive' : 'dead'
}

/** Such as "the tray app (process 4711), for 3 minutes". */
export function ownerInWords(owner: LockOwner | null, processes: Processes, nowMs: number): string {
  if (owner === null) return 'a process that its ticket does not name'
  const where = owner.domain === processes.pidDomain ? '' : ` on ${owner.host}, seen from here as another machine`
  return `${owner.name} (process ${owner.pid}${where})${sinceInWords(nowMs - owner.atMs)}`
}

/** Empty when the clocks disagree. */
function sinceInWords(ageMs: number): string {
  if (ageMs < 0 || ageMs > 30 * 86_400_000) return ''
  const [count, unit] =
    ageMs < 120_000
      ? [Math.round(ageMs / 1_000), 'second']
      : ageMs < 7_200_000
        ? [Math.round(ageMs / 60_000), 'minute']
        : [Math.round(ageMs / 3_600_000), 'hour']
  return `, for ${count} ${unit}${count === 1 ? '' : 's'}`
}
