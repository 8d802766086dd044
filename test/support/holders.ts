/**
 * Processes that do nothing, to stand for running Claude Codes in the live registry: each ends with its starter,
 * or when it is told to.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { nodeProcesses } from '../../shared/engine/node-ports.ts'
import type { ProcessIdentity } from '../../shared/engine/ports.ts'

export interface Holders {
  readonly processes: readonly ProcessIdentity[]
  /** Ends them all, as by SIGKILL; resolves when they are gone. */
  stop(): Promise<void>
  /** Ends one of them; resolves when it is gone. */
  kill(pid: number): Promise<void>
}

/** @throws {Error} when the processes cannot be started. */
export function startHolders(count: number): Holders {
  const children = Array.from({ length: count }, startOne)
  const processes = children.map(child => identify(child))
  const kill = async (pid: number) => {
    const child = children.find(each => each.pid === pid)
    if (child !== undefined) await end(child)
  }
  return { processes, kill, stop: async () => void (await Promise.all(children.map(end))) }
}

/** Reads its input until that ends, which is when the starter does. */
function startOne(): ChildProcess {
  const [file, args] = process.platform === 'win32' ? [process.execPath, ['-e', 'process.stdin.resume()']] : ['cat', []]
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  return child
}

function identify(child: ChildProcess): ProcessIdentity {
  const identity = child.pid === undefined ? null : nodeProcesses().find(child.pid)
  if (identity === null) throw new Error('a holder process did not start')
  return identity
}

function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.ref()
    child.kill('SIGKILL')
  })
}
