/**
 * The folder of tickets that the lock is made of: reading the highest, taking the next, emptying one's own.
 * Knows nothing of waiting or of holding; the invariants it keeps are numbered in `lock-file.ts`.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { judgeOwner, type LockOwner, type OwnerState, ownerText, parseOwner } from './lock-owner.ts'
import { codeOf, linkError, quietly, succeeds } from './lock-problem.ts'
import type { OpenFile, Ports } from './ports.ts'

export type LockPorts = Pick<Ports, 'clock' | 'files' | 'processes' | 'log'>

/** A ticket of our own. */
export interface Ticket {
  readonly number: number
  /** True while it is there, not empty, and the highest. Throws what the disk throws. */
  isTop(): boolean
  /** Shows others that we are alive. Never throws. */
  beat(): void
  /** Gives it back, for good. False if the disk did not let it. */
  empty(): boolean
}

/** What the newest ticket says. */
export type TicketView =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'taken'
      /** Null when it cannot be read. */
      readonly owner: LockOwner | null
      readonly state: OwnerState
      /** For how long of our own awake time its heartbeat has not changed. */
      readonly silentMs: number
    }

export interface Tickets {
  /** The highest number, 0 if there is none. Throws what the disk throws. */
  top(): number
  /** Looks at a ticket; 0 is always free. Throws what the disk throws, but not for a ticket that is swept or cannot be read. */
  look(number: number): TicketView
  /** Takes `number`; null if somebody else was first. After a throw no ticket of ours is left, as far as the disk lets it. */
  take(number: number, owner: LockOwner): Ticket | null
  /** Removes what is long past. Never throws. */
  sweep(fence: number): void
}

const keptTickets = 64
const longestCountedGapMs = 2_000
/** What opening says of a ticket that is there but not ours to read: another user's, a link, a folder. */
const unreadable = new Set(['EACCES', 'EPERM', 'ELOOP', 'EISDIR'])

export function openTickets(ports: LockPorts, folder: string): Tickets {
  const { clock, files, processes } = ports
  const fileOf = (number: number) => path.join(folder, String(number).padStart(12, '0'))
  const newDraft = () => path.join(folder, `.p${processes.self.pid}.${randomBytes(6).toString('hex')}`)
  const top = () => highest(files.list(folder))
  /** Tokens of our own tickets that the disk would not let us empty. */
  const abandoned = new Set<string>()
  const look = createWatch(ports, fileOf, abandoned)

  function take(number: number, owner: LockOwner): Ticket | null {
    const draft = newDraft()
    let file: OpenFile | null = null
    let ours = false
    try {
      file = writeDraft(draft, owner)
      const { ino } = file.stat()
      ours = link(draft, number, ino) && top() === number
      return ours ? ticketOf(number, owner.token, ino, file) : null
    } catch (error) {
      // The draft was swept, or the folder deleted: the same as a lost race.
      if (codeOf(error) !== 'ENOENT') throw error
      return null
    } finally {
      if (!ours && file) discard(file, owner.token)
      quietly(() => files.unlink(draft))
    }
  }

  /**
   * Writes the whole text and opens it again: closing is what makes other clients of a network folder see it, and
   * what is open before the claim can be emptied after it even when no more files can be opened.
   */
  function writeDraft(draft: string, owner: LockOwner): OpenFile {
    const file = files.open(draft, 'create')
    try {
      file.append(Buffer.from(ownerText(owner)))
    } finally {
      file.close()
    }
    return files.open(draft, 'update')
  }

  /** True if ticket `number` is the file `ino` now. An error may hide a success: a network's answer can get lost. */
  function link(draft: string, number: number, ino: bigint): boolean {
    try {
      files.link(draft, fileOf(number))
      return true
    } catch (error) {
      if (quietly(() => files.lstat(fileOf(number)).ino === ino)) return true
      if (codeOf(error) === 'EEXIST') return false
      throw linkError(error)
    }
  }

  /** Invariants 4 and 8: empties the file under every name that it has. */
  function discard(file: OpenFile, token: string): void {
    if (!succeeds(() => file.truncate(0))) abandoned.add(token)
    quietly(() => file.close())
  }

  function ticketOf(number: number, token: string, ino: bigint, file: OpenFile): Ticket {
    const cut = () => succeeds(() => file.truncate(0))
    return {
      number,
      isTop: () => {
        const stat = files.lstat(fileOf(number))
        return stat.ino === ino && stat.size > 0 && top() === number
      },
      beat: () => void quietly(() => files.setTimes(fileOf(number), clock.nowMs(), clock.nowMs())),
      empty: () => {
        const done = cut() || followWithEmpty(number)
        if (!done) abandoned.add(token)
        quietly(() => file.close())
        return done
      },
    }
  }

  /** Where a ticket cannot be emptied, an empty one after it says the same. True if there is a later one, whoever made it. */
  function followWithEmpty(number: number): boolean {
    if (quietly(top) !== number) return (quietly(top) ?? 0) > number
    const draft = newDraft()
    quietly(() => files.open(draft, 'create').close())
    const followed = succeeds(() => files.link(draft, fileOf(number + 1)))
    quietly(() => files.unlink(draft))
    return followed || (quietly(top) ?? 0) > number
  }

  /** Invariant 6. */
  function sweep(fence: number): void {
    for (const name of quietly(() => files.list(folder)) ?? []) {
      const pid = /^\.p(\d+)\./.exec(name)?.[1]
      const orphan = pid !== undefined && processes.find(Number(pid)) === null
      const old = isTicket(name) && Number(name) < fence - keptTickets
      if (orphan || old) quietly(() => files.unlink(path.join(folder, name)))
    }
  }

  return { top, look, take, sweep }
}

/** What is remembered of the ticket that was looked at last. */
interface Watched {
  readonly number: number
  readonly ino: bigint
  owner: LockOwner | null
  state: OwnerState
  judgeFromMs: number
  heartbeat: string
  silentMs: number
  lookedMs: number
}

/** Invariant 5. Remembers one ticket from look to look: its text never changes but to empty, its heartbeat does. */
function createWatch(
  { clock, files, processes }: LockPorts,
  fileOf: (number: number) => string,
  abandoned: ReadonlySet<string>,
) {
  let watched: Watched | null = null

  return (number: number): TicketView => {
    if (number === 0) return { kind: 'free' }
    try {
      const stat = files.lstat(fileOf(number))
      if (stat.size === 0) return { kind: 'free' }
      if (watched?.number !== number || watched.ino !== stat.ino) watched = meet(number, stat.ino)
      const owner = watched.owner ?? readOwner(fileOf(number))
      if (owner === 'torn' || abandoned.has(owner?.token ?? '')) return { kind: 'free' }
      watched.owner = owner
      listen(watched, `${stat.mtimeNs} ${stat.ctimeNs}`)
      judge(watched)
      return { kind: 'taken', owner, state: watched.state, silentMs: watched.silentMs }
    } catch (error) {
      // Swept, so we are far behind: invariant 4 catches whoever claims after it.
      if (codeOf(error) === 'ENOENT') return { kind: 'free' }
      throw error
    }
  }

  function meet(number: number, ino: bigint): Watched {
    const nowMs = clock.monotonicMs()
    return {
      number,
      ino,
      owner: null,
      state: 'unknown',
      judgeFromMs: nowMs,
      heartbeat: '',
      silentMs: 0,
      lookedMs: nowMs,
    }
  }

  function listen(seen: Watched, heartbeat: string): void {
    const nowMs = clock.monotonicMs()
    const gapMs = Math.min(nowMs - seen.lookedMs, longestCountedGapMs)
    seen.silentMs = heartbeat === seen.heartbeat ? seen.silentMs + gapMs : 0
    seen.heartbeat = heartbeat
    seen.lookedMs = nowMs
  }

  /** Asking for a process costs a spawn on some systems: at most a twentieth of the waiting goes into it. */
  function judge(seen: Watched): void {
    const nowMs = clock.monotonicMs()
    if (seen.owner === null || nowMs < seen.judgeFromMs) return
    seen.state = judgeOwner(seen.owner, processes)
    seen.judgeFromMs = nowMs + 20 * (clock.monotonicMs() - nowMs)
  }

  function readOwner(file: string): LockOwner | 'torn' | null {
    try {
      return parseOwner(readStart(files.open(file, 'read')))
    } catch (error) {
      if (unreadable.has(codeOf(error))) return null
      throw error
    }
  }
}

function readStart(file: OpenFile): string {
  try {
    const into = Buffer.alloc(4_096)
    return into.toString('utf8', 0, file.read(into, 0))
  } finally {
    file.close()
  }
}

function isTicket(name: string): boolean {
  return /^\d{12}$/.test(name)
}

function highest(names: readonly string[]): number {
  return names.reduce((top, name) => (isTicket(name) ? Math.max(top, Number(name)) : top), 0)
}
