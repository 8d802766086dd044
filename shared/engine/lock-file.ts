/**
 * One checkpointer at a time on a machine: a lock made of numbered tickets in a folder.
 *
 * The lock saves work; correctness never rests on it alone, because the store commits by `link` to the next number
 * anyway. On a network folder it holds as far as `link` is atomic there and a client sees the others' new names
 * before it takes one itself; owners on other machines are followed only when they fall silent.
 *
 * Invariants (tests cite them by number):
 * 1. A ticket is a file named by its number, 12 digits, and comes into being only by `link` of a file already
 *    written whole. A number is taken once; numbers only grow. (Deleting the folder, or a power cut, may set them
 *    back: fences compare only while the folder lives.)
 * 2. The holder is the owner of the highest ticket, unless that ticket is empty (released) or its owner is dead or
 *    silent. Its number is the fence.
 * 3. Nobody but its owner changes a ticket, and only once: to empty. A follower takes n+1 and leaves n alone. So to
 *    judge and to take over need not be one step: of all who follow n, one gets n+1.
 * 4. After a ticket is taken the folder is listed again. Who then finds a higher one than its own (it slept while
 *    others went on and swept) empties its own and starts over.
 * 5. Dead is: same pid domain, and no such process, or another start time, or another boot of the same host.
 *    Silent is: no heartbeat during 10 minutes of the observer's own awake time, at most 2 s counted per look.
 *    The wall clock decides nothing.
 * 6. Only tickets more than 64 below a fence are removed, and drafts whose process is dead.
 * 7. `held()` is true only while the own ticket is there, not empty, and the highest.
 * 8. An attempt or release that fails leaves nothing that would block others, as far as the disk lets it.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { type LockOwner, ownerInWords, ownerOf } from './lock-owner.ts'
import { codeOf, diskError, type LockUnavailable, orUnavailable } from './lock-problem.ts'
import { type LockPorts, openTickets, type Ticket, type TicketView } from './lock-tickets.ts'

export interface HeldLock {
  /** The ticket's number. Later holders have higher ones. */
  readonly fence: number
  /** Aborted once it is known that the lock is no longer ours; looked at with every heartbeat and by `held()`. */
  readonly lost: AbortSignal
  /** Looks at the disk. False after `release`, when lost, and when the disk does not answer. Ask before every commit. */
  held(): boolean
  /** Gives back this holder's own ticket, whoever holds the lock by now. Never throws; a second call does nothing. */
  release(): void
}

export interface LockedElsewhere {
  readonly kind: 'locked-elsewhere'
  /** Null when the ticket cannot be read. */
  readonly owner: LockOwner | null
  /** Such as "the tray app (process 4711), for 3 minutes". */
  readonly ownerInWords: string
  /** For how much of our awake time its heartbeat was seen not to change. At `silentMs` it is followed. */
  readonly silentMs: number
}

export type LockAttempt =
  | { readonly kind: 'held'; readonly lock: HeldLock }
  | LockedElsewhere
  | LockUnavailable
  /** The caller's signal was aborted; nothing is held. */
  | { readonly kind: 'aborted' }

export type LockStatus = { readonly kind: 'free'; readonly lastFence: number } | LockedElsewhere | LockUnavailable

export interface LockOptions {
  /** Which program this is, in words that others show while they wait, such as "the tray app". */
  readonly name: string
  /** Default 10 s. */
  readonly heartbeatMs?: number
  /** Awake time without a heartbeat after which an owner is followed. Default 10 minutes. */
  readonly silentMs?: number
}

export interface AcquireRequest {
  /** 0 tries once. By the monotonic clock. */
  readonly waitMs: number
  readonly signal?: AbortSignal
}

export interface Lock {
  /** Tries at once, then every 20 to 50 ms, more often the more others went first. Never rejects for anything the disk does. */
  acquire(request: AcquireRequest): Promise<LockAttempt>
  /** Changes nothing on disk. Counts as a look at the owner's heartbeat, so calling it between attempts shortens a takeover. */
  status(): LockStatus
}

const sweepEvery = 16
const otherFolder = 'choose another data folder with SESSION_MONITOR_HOME'

export function createLock(ports: LockPorts, folder: string, options: LockOptions): Lock {
  const { clock, files, processes, log } = ports
  const { name, heartbeatMs = 10_000, silentMs: silenceLimitMs = 600_000 } = options
  const tickets = openTickets(ports, folder)

  async function acquire({ waitMs, signal }: AcquireRequest): Promise<LockAttempt> {
    const untilMs = clock.monotonicMs() + waitMs
    const seen: SeenTops = { first: null, last: 0 }
    for (;;) {
      if (signal?.aborted) return { kind: 'aborted' }
      const attempt = orUnavailable(folder, otherFolder, () => tryNow(seen))
      const leftMs = untilMs - clock.monotonicMs()
      if (attempt.kind !== 'locked-elsewhere' || leftMs <= 0) return attempt
      await clock.sleep(Math.min(leftMs, pauseAfter(seen)), signal)
    }
  }

  /** A lost race is tried again at once; after three the lock is busy enough to wait. */
  function tryNow(seen: SeenTops): LockAttempt {
    prepareFolder()
    for (let tries = 1; ; tries += 1) {
      const top = tickets.top()
      seen.first ??= top
      seen.last = top
      const view = tickets.look(top)
      if (tries > 3 || !mayFollow(view)) return lockedBy(view)
      const owner = ownerOf(processes, name, randomBytes(8).toString('hex'), clock.nowMs())
      const ticket = tickets.take(top + 1, owner)
      if (!ticket) continue
      if (view.kind === 'taken') log('warn', 'took the lock over', { from: view.owner, state: view.state })
      return { kind: 'held', lock: hold(ticket) }
    }
  }

  function prepareFolder(): void {
    try {
      if (files.lstat(folder).kind === 'link') throw diskError('ELOOP')
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      files.makeFolder(folder)
    }
  }

  /** Invariants 2 and 5. */
  function mayFollow(view: TicketView): boolean {
    return view.kind === 'free' || view.state === 'dead' || view.silentMs >= silenceLimitMs
  }

  function lockedBy(view: TicketView): LockedElsewhere {
    const { owner, silentMs } = view.kind === 'taken' ? view : { owner: null, silentMs: 0 }
    return { kind: 'locked-elsewhere', owner, ownerInWords: ownerInWords(owner, processes, clock.nowMs()), silentMs }
  }

  function hold(ticket: Ticket): HeldLock {
    const lost = new AbortController()
    const ended = new AbortController()
    const fence = ticket.number
    const held = () => {
      if (ended.signal.aborted) return false
      const now = isTop(ticket)
      if (now === 'no') end('lost')
      return now === 'yes'
    }
    const end = (how: 'lost' | 'released') => {
      if (ended.signal.aborted) return
      ended.abort()
      if (how === 'lost') log('warn', 'the checkpoint lock was lost', { fence })
      if (!ticket.empty()) log('warn', 'the lock could not be given back; others wait for our end', { fence })
      if (how === 'lost') lost.abort(new Error(`the checkpoint lock ${fence} was lost`))
    }
    void beatUntil(ended.signal, ticket, held)
    if (fence % sweepEvery === 0) tickets.sweep(fence)
    return { fence, lost: lost.signal, held, release: () => end('released') }
  }

  async function beatUntil(ended: AbortSignal, ticket: Ticket, held: () => boolean): Promise<void> {
    while (!ended.aborted) {
      await clock.sleep(heartbeatMs, ended)
      if (held()) ticket.beat()
    }
  }

  function status(): LockStatus {
    return orUnavailable(folder, otherFolder, (): LockStatus => {
      const top = topIfAny()
      const view = tickets.look(top)
      return mayFollow(view) ? { kind: 'free', lastFence: top } : lockedBy(view)
    })
  }

  function topIfAny(): number {
    try {
      return tickets.top()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 0
      throw error
    }
  }

  return { acquire, status }
}

/** The highest ticket at the first look of an attempt, and at the last. */
interface SeenTops {
  first: number | null
  last: number
}

/** Whoever has seen many others go first looks more often, up to four times, so that nobody waits much longer than the rest. */
function pauseAfter({ first, last }: SeenTops): number {
  const wentFirst = Math.max(0, last - (first ?? last))
  return randomInt(20, 51) / Math.min(4, 1 + wentFirst / 32)
}

/** A folder that is gone counts as `no`: whoever makes it anew starts from 1. */
function isTop(ticket: Ticket): 'yes' | 'no' | 'no answer' {
  try {
    return ticket.isTop() ? 'yes' : 'no'
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'no' : 'no answer'
  }
}
