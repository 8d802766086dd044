/**
 * `session-monitor lock`: who holds the lock, or hold it oneself, so that no checkpoint is made while one looks
 * around. Changes nothing else.
 */
import { claudeRoots } from '../../shared/engine/claude-roots.ts'
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { createLockBesideLegacy } from '../../shared/engine/legacy-lock.ts'
import {
  createLock,
  type HeldLock,
  type Lock,
  type LockAttempt,
  type LockStatus,
} from '../../shared/engine/lock-file.ts'
import { lockPlaceNotice } from '../../shared/engine/lock-place.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { bare, type CommandContext, fail, noticeLine } from '../context.ts'
import { type ExitCode, exitCodes, type Problem } from '../exit-codes.ts'
import { safeJson } from '../terminal.ts'

export interface LockOptions {
  readonly status?: boolean
  readonly wait?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export interface OpenedLock {
  readonly ports: Ports
  readonly lock: Lock
  readonly folder: string
}

/** The lock that every monitor of this machine takes, the older monitor's beside it. */
export function openLock({ environment, log }: CommandContext, name: string): OpenedLock {
  const ports = nodePorts(log)
  const paths = dataPaths(dataFolder(environment))
  const own = createLock(ports, paths.lock, { name })
  return { ports, lock: createLockBesideLegacy(ports, own, () => claudeRoots(environment)), folder: paths.lock }
}

export async function lock(context: CommandContext, options: LockOptions): Promise<ExitCode> {
  const opened = openLock(context, '"session-monitor lock"')
  const place = lockPlaceNotice(opened.ports.files, opened.folder)
  if (place !== null && !options.quiet) context.terminal.note(noticeLine(place))
  return options.status ? showStatus(context, opened, options) : hold(context, opened.lock, options)
}

function showStatus({ terminal, ...context }: CommandContext, { lock }: OpenedLock, options: LockOptions): ExitCode {
  const status = lock.status()
  if (status.kind === 'unavailable') return fail({ terminal, ...context }, unavailable(status))
  if (options.json) terminal.print(safeJson({ v: 1, ...status }))
  else terminal.print(statusWords(status))
  return status.kind === 'free' ? exitCodes.fine : exitCodes.locked
}

export function statusWords(status: Exclude<LockStatus, { kind: 'unavailable' }>): string {
  if (status.kind === 'locked-elsewhere') return `Held by ${status.ownerInWords}.`
  return status.lastFence === 0 ? 'Free; nobody has held it yet.' : `Free; it was held ${status.lastFence} times.`
}

async function hold(context: CommandContext, lock: Lock, options: LockOptions): Promise<ExitCode> {
  const attempt = await acquire(context, lock, options)
  if (attempt.kind === 'aborted') return exitCodes.interrupted
  if (attempt.kind === 'unavailable') return fail(context, unavailable(attempt))
  if (attempt.kind === 'locked-elsewhere') return fail(context, lockedBy(attempt.ownerInWords))
  return keep(context, attempt.lock, options)
}

async function acquire(context: CommandContext, lock: Lock, options: LockOptions): Promise<LockAttempt> {
  const first = await lock.acquire({ waitMs: 0, signal: context.interrupted })
  if (first.kind !== 'locked-elsewhere' || !options.wait) return first
  if (!options.quiet) context.terminal.note(`Waiting for ${first.ownerInWords}; Ctrl-C stops.`)
  return lock.acquire({ waitMs: Number.POSITIVE_INFINITY, signal: context.interrupted })
}

async function keep(
  { terminal, interrupted }: CommandContext,
  held: HeldLock,
  options: LockOptions,
): Promise<ExitCode> {
  if (options.json) terminal.print(safeJson({ v: 1, kind: 'held', fence: held.fence, pid: process.pid }))
  else if (!options.quiet) terminal.print(`Held, ticket ${held.fence}: nobody checkpoints until Ctrl-C.`)
  const over = AbortSignal.any([interrupted, held.lost])
  // A timer keeps the process alive; signals and the heartbeat alone may not.
  const alive = setInterval(() => {}, 60_000)
  await new Promise<void>(resolve => {
    if (over.aborted) resolve()
    else over.addEventListener('abort', () => resolve(), { once: true })
  })
  clearInterval(alive)
  const lost = held.lost.aborted
  held.release()
  if (lost) terminal.note('session-monitor: the lock passed to somebody else')
  return lost ? exitCodes.locked : exitCodes.fine
}

export function unavailable(status: { readonly message: string; readonly remedy: string }): Problem {
  return { what: bare(status.message), remedy: bare(status.remedy), exitCode: exitCodes.failed }
}

export function lockedBy(ownerInWords: string): Problem {
  return {
    what: `the lock is held by ${ownerInWords}`,
    remedy: 'give --wait to wait for it',
    exitCode: exitCodes.locked,
  }
}
