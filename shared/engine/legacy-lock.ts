/**
 * Courtesy to the older Python monitor: while its files lie in a Claude root, its `checkpoint.lock` is held too
 * whenever ours is, so that both never checkpoint at once. Where it left no files, nothing is done.
 *
 * This is the one exception to "nothing is written in a Claude root". Its protocol: the file's whole content is the
 * holder's decimal pid; it is stale when empty, not a number, of no living process, or older than 10 minutes by
 * its modification time; a stale one is deleted; it is overwritten in place (`open('w')`) by who saw none, and
 * deleted on release without a look. So it can overrun us; then `held()` says so, and the store's numbers keep
 * the data right.
 *
 * Invariants (tests cite them by number):
 * 1. Never without holding our own lock, so two of us never meet here.
 * 2. Our file appears by `link`, whole: the other takes an empty file for stale. After 20 ms identity and content
 *    are looked at again, because its overwriting keeps the identity. Its time is renewed every 60 s.
 * 3. A file is deleted only if it is ours, or was judged stale; it is moved aside first and put back when it is
 *    not the one that was looked at. Stale is: no such process, our own pid (invariant 1), no number for 2 s, or
 *    unchanged for 10 minutes of our own awake time.
 * 4. A link, or anything else that is no regular file, is left alone.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { AcquireRequest, HeldLock, Lock, LockAttempt, LockedElsewhere, LockStatus } from './lock-file.ts'
import { codeOf, diskError, type LockUnavailable, linkError, orUnavailable, quietly, succeeds } from './lock-problem.ts'
import type { LockPorts } from './lock-tickets.ts'

/** Any of these in a Claude root means that the older monitor is, or was, in use there. */
export const legacyFileNames = [
  'monitor-state.json',
  'monitor-config.json',
  'session-monitor.log',
  'checkpoint.lock',
] as const

const settleMs = 20
const pollMs = 50
const heartbeatMs = 60_000
const silenceLimitMs = 600_000
const garbageLimitMs = 2_000
const longestCountedGapMs = 2_000
const draftPrefix = '.checkpoint.lock.'

interface HeldLegacyLock {
  held(): boolean
  beat(): void
  release(): void
}

type LegacyAttempt =
  | { readonly kind: 'held'; readonly lock: HeldLegacyLock }
  | LockedElsewhere
  | LockUnavailable
  | { readonly kind: 'aborted' }

/** What was seen at the lock's name. */
interface Look {
  readonly ino: bigint
  readonly mtimeNs: bigint
  readonly text: string
}

/**
 * `lock`, with the older monitor's lock held too in every root where its files are. The wait counts for both.
 * Where its lock cannot be written, ours is held alone, with a word in the log.
 *
 * @param roots asked at every attempt; two names of one folder count once
 */
export function createLockBesideLegacy(ports: LockPorts, lock: Lock, roots: () => readonly string[]): Lock {
  const { clock, files, log } = ports
  const perRoot = new Map<string, LegacyRoot>()

  async function acquire(request: AcquireRequest): Promise<LockAttempt> {
    const untilMs = clock.monotonicMs() + request.waitMs
    const own = await lock.acquire(request)
    if (own.kind !== 'held') return own
    const taken: HeldLegacyLock[] = []
    for (const root of legacyRoots(files, roots())) {
      const waitMs = Math.max(0, untilMs - clock.monotonicMs())
      const attempt = await legacyRoot(root).acquire({ ...request, waitMs })
      if (attempt.kind === 'held') taken.push(attempt.lock)
      else if (attempt.kind === 'unavailable') log('warn', 'the older monitor is not kept out', { root, ...attempt })
      else {
        for (const legacy of taken) legacy.release()
        own.lock.release()
        return attempt
      }
    }
    return { kind: 'held', lock: taken.length === 0 ? own.lock : joined(ports, own.lock, taken) }
  }

  function legacyRoot(root: string): LegacyRoot {
    const known = perRoot.get(root) ?? createLegacyRoot(ports, root)
    perRoot.set(root, known)
    return known
  }

  /** Ours first: while another of us holds it, the older monitor's is its business. */
  function status(): LockStatus {
    const own = lock.status()
    if (own.kind !== 'free') return own
    for (const root of legacyRoots(files, roots())) {
      const blocked = legacyRoot(root).blockedBy()
      if (blocked) return blocked
    }
    return own
  }

  return { acquire, status }
}

/** Roots with files of the older monitor, in a fixed order, each folder once. */
function legacyRoots(files: LockPorts['files'], roots: readonly string[]): readonly string[] {
  const found = new Map<string, string>()
  for (const root of [...roots].sort()) {
    if (!legacyFileNames.some(name => succeeds(() => void files.lstat(path.join(root, name))))) continue
    const stat = quietly(() => files.stat(root))
    if (stat) found.set(`${stat.dev} ${stat.ino}`, root)
  }
  return [...found.values()]
}

/** Our lock and theirs as one: lost as soon as one of them is. */
function joined(ports: LockPorts, own: HeldLock, legacy: readonly HeldLegacyLock[]): HeldLock {
  const lost = new AbortController()
  const ended = new AbortController()
  const held = () => {
    if (ended.signal.aborted || lost.signal.aborted || !own.held()) return false
    if (legacy.every(one => one.held())) return true
    ports.log('warn', 'the older monitor took its lock over', { fence: own.fence })
    lost.abort(new Error('the older monitor took its lock over'))
    return false
  }
  const release = () => {
    if (ended.signal.aborted) return
    ended.abort()
    for (const one of legacy) one.release()
    own.release()
  }
  const beat = async () => {
    while (!ended.signal.aborted && !lost.signal.aborted) {
      await ports.clock.sleep(heartbeatMs, ended.signal)
      if (held()) for (const one of legacy) one.beat()
    }
  }
  void beat()
  return { fence: own.fence, lost: AbortSignal.any([own.lost, lost.signal]), held, release }
}

type LegacyRoot = ReturnType<typeof createLegacyRoot>

function createLegacyRoot({ clock, files, processes, log }: LockPorts, root: string) {
  const lockFile = path.join(root, 'checkpoint.lock')
  const ownText = String(processes.self.pid)
  const newName = () => path.join(root, `${draftPrefix}${processes.self.pid}.${randomBytes(6).toString('hex')}`)
  let watched: { look: Look; unchangedMs: number; lookedMs: number } | null = null

  async function acquire(request: AcquireRequest): Promise<LegacyAttempt> {
    const untilMs = clock.monotonicMs() + request.waitMs
    for (;;) {
      if (request.signal?.aborted) return { kind: 'aborted' }
      const step = orUnavailable(lockFile, 'stop the older monitor', tryNow)
      if (step.kind === 'published') {
        await clock.sleep(settleMs, request.signal)
        const lock = hold(step.ino)
        if (request.signal?.aborted) lock.release()
        else if (lock.held()) {
          sweepDrafts()
          return { kind: 'held', lock }
        }
        continue
      }
      const leftMs = untilMs - clock.monotonicMs()
      if (step.kind !== 'locked-elsewhere' || leftMs <= 0) return step
      await clock.sleep(Math.min(leftMs, pollMs), request.signal)
    }
  }

  /** Who holds it, if somebody does; changes nothing. Counts as a look. */
  function blockedBy(): LockedElsewhere | null {
    const seen = quietly(() => look(lockFile))
    return seen && !isStale(seen) ? lockedBy(seen) : null
  }

  function tryNow(): { readonly kind: 'published'; readonly ino: bigint } | LockedElsewhere {
    const seen = look(lockFile)
    if (seen && !isStale(seen)) return lockedBy(seen)
    if (seen) remove(seen, sameFile)
    const ino = publish()
    return ino === null ? lockedBy(look(lockFile)) : { kind: 'published', ino }
  }

  /** Null if nothing is there. */
  function look(file: string): Look | null {
    try {
      if (files.lstat(file).kind !== 'file') throw diskError('ELOOP')
      const opened = files.open(file, 'read')
      try {
        const into = Buffer.alloc(256)
        const { ino, mtimeNs } = opened.stat()
        return { ino, mtimeNs, text: into.toString('latin1', 0, opened.read(into, 0)).trim() }
      } finally {
        opened.close()
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  /** Invariant 3. */
  function isStale(seen: Look): boolean {
    const pid = pidIn(seen)
    if (pid === processes.self.pid) return true
    const unchangedMs = observe(seen)
    if (pid === null) return unchangedMs >= garbageLimitMs
    return processes.find(pid) === null || unchangedMs >= silenceLimitMs
  }

  function observe(seen: Look): number {
    const nowMs = clock.monotonicMs()
    const same = watched !== null && sameFile(watched.look, seen)
    const gapMs = Math.min(nowMs - (watched?.lookedMs ?? nowMs), longestCountedGapMs)
    watched = { look: seen, unchangedMs: same && watched ? watched.unchangedMs + gapMs : 0, lookedMs: nowMs }
    return watched.unchangedMs
  }

  /** Invariant 2. The identity of our file, or null if somebody else was first. */
  function publish(): bigint | null {
    const draft = newName()
    try {
      const ino = writeDraft(draft)
      return link(draft, ino) ? ino : null
    } finally {
      quietly(() => files.unlink(draft))
    }
  }

  function writeDraft(draft: string): bigint {
    const file = files.open(draft, 'create')
    try {
      file.append(Buffer.from(ownText))
      return file.stat().ino
    } finally {
      file.close()
    }
  }

  function link(draft: string, ino: bigint): boolean {
    try {
      files.link(draft, lockFile)
      return true
    } catch (error) {
      if (quietly(() => files.lstat(lockFile).ino === ino)) return true
      if (codeOf(error) === 'EEXIST') return false
      throw linkError(error)
    }
  }

  /** Moves what is at the lock's name aside, then deletes it if it is `judged`, else puts it back (invariant 3). */
  function remove(judged: Look, same: (a: Look, b: Look) => boolean): void {
    const aside = newName()
    if (!succeeds(() => files.rename(lockFile, aside))) return
    const moved = quietly(() => look(aside))
    if (!moved || !same(moved, judged)) putBack(aside)
    quietly(() => files.unlink(aside))
  }

  /** By `link`, so that a lock made meanwhile is not replaced. */
  function putBack(aside: string): void {
    if (succeeds(() => files.link(aside, lockFile))) return
    if (quietly(() => files.lstat(lockFile)) === null && succeeds(() => files.rename(aside, lockFile))) return
    log('warn', 'the older monitor’s lock was replaced twice at once', { lockFile })
  }

  /** Drafts of ours whose process was killed. */
  function sweepDrafts(): void {
    for (const name of quietly(() => files.list(root)) ?? []) {
      const pid = name.startsWith(draftPrefix) ? Number.parseInt(name.slice(draftPrefix.length), 10) : Number.NaN
      if (pid > 0 && processes.find(pid) === null) quietly(() => files.unlink(path.join(root, name)))
    }
  }

  function hold(ino: bigint): HeldLegacyLock {
    const ours = () => {
      const seen = quietly(() => look(lockFile))
      return seen !== null && seen.ino === ino && seen.text === ownText ? seen : null
    }
    return {
      held: () => ours() !== null,
      beat: () => void quietly(() => files.setTimes(lockFile, clock.nowMs(), clock.nowMs())),
      release: () => {
        const seen = ours()
        if (seen) remove(seen, (a, b) => a.ino === b.ino && a.text === b.text)
      },
    }
  }

  function lockedBy(seen: Look | null): LockedElsewhere {
    const pid = seen && pidIn(seen)
    const ownerInWords = `the older session monitor${pid ? ` (process ${pid})` : ''}`
    return { kind: 'locked-elsewhere', owner: null, ownerInWords, silentMs: watched?.unchangedMs ?? 0 }
  }

  return { acquire, blockedBy }
}

function pidIn(seen: Look): number | null {
  return /^\d{1,10}$/.test(seen.text) ? Number(seen.text) : null
}

function sameFile(a: Look, b: Look): boolean {
  return a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.text === b.text
}
