/**
 * The running monitor as a host starts it: the one of its data folder, the engine in its thread, and the local socket
 * for everybody else. The tray app and the daemon differ only in what they do with it.
 *
 * Invariants (tests cite them by number):
 * 1. Of any number that start at once exactly one runs; the others are told who does.
 * 2. The order of the end is: nobody new is let in, the engine stops, the place is free for the next.
 */
import type { MonitorApi } from '../core/monitor-api.ts'
import { type EngineThreadOptions, engineThreadBeside, startEngineThread } from './engine-thread.ts'
import type { MonitorIdentity } from './local-handshake.ts'
import type { LocalPlace } from './local-place.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'
import type { HeldLock } from './lock-file.ts'
import { claimMonitor } from './one-monitor.ts'
import type { Ports } from './ports.ts'

export interface HostedMonitorOptions {
  readonly place: LocalPlace
  readonly version: string
  /** Of this process; null where the system has none. */
  readonly uid: number | null
  readonly engine: EngineThreadOptions & { readonly hostName: string }
  /** Default: the one that lies beside the engine. */
  readonly script?: URL | string
  /** Told once, in words, if it ends without having been stopped. */
  readonly onEnded: (reason: string) => void
}

export interface HostedMonitor {
  readonly monitor: MonitorApi
  /** Why other programs cannot reach it, in words; null when they can. */
  readonly unreachable: { readonly message: string; readonly remedy: string } | null
  /** Another program of the user's, connected just now, shows alerts on the desktop: nobody else need. */
  alertsAreTold(): boolean
  /** Ends all of it in order; the engine gets `graceMs`. */
  stop(graceMs: number): Promise<void>
}

export type HostedMonitorStarted =
  | { readonly kind: 'running'; readonly hosted: HostedMonitor }
  /** Another one runs already: who, in words. */
  | { readonly kind: 'taken'; readonly by: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly remedy: string }

export async function startHostedMonitor(ports: Ports, options: HostedMonitorOptions): Promise<HostedMonitorStarted> {
  const { place, engine } = options
  const claim = await claimMonitor(ports, place.lockFolder, engine.hostName)
  if (claim.kind === 'taken') return claim
  if (claim.kind === 'failed') return { ...claim, code: 'run-folder' }
  const { lock } = claim
  const ending = createEnding(lock, options.onEnded)
  const started = await startEngineThread({
    script: options.script ?? engineThreadBeside(),
    options: engine,
    log: ports.log,
    onCrash: error => ending.happened(`The monitor stopped: ${error.message}.`),
  })
  if (!started.ok) {
    lock.release()
    return { kind: 'failed', code: started.code, message: started.message, remedy: started.remedy }
  }
  const { thread } = started
  const door = await startLocalServer(ports, thread.monitor, {
    place,
    uid: options.uid,
    identity: identityOf(ports, engine.hostName, options.version),
  })
  ending.watch(door.ok ? door.server : null, () => void thread.stop())
  const stop = async (graceMs: number): Promise<void> => {
    if (!ending.begin()) return
    if (door.ok) await door.server.close()
    await thread.stop(graceMs)
    lock.release()
  }
  const alertsAreTold = () => door.ok && door.server.alertsAreTold()
  return {
    kind: 'running',
    hosted: { monitor: thread.monitor, unreachable: door.ok ? null : door, alertsAreTold, stop },
  }
}

function identityOf({ clock, processes }: Ports, name: string, version: string): MonitorIdentity {
  return { pid: processes.self.pid, name, version, startedMs: clock.nowMs() }
}

/** It ends once: because it was asked to, because its thread broke, or because the lock was lost. */
function createEnding(lock: HeldLock, onEnded: (reason: string) => void) {
  let isOver = false
  let server: LocalServer | null = null
  let isUp = false
  const begin = () => {
    const first = !isOver
    isOver = true
    return first
  }
  const happened = (reason: string) => {
    if (!begin()) return
    void server?.close()
    lock.release()
    if (isUp) onEnded(reason)
  }
  return {
    /** True for the first one that asks. */
    begin,
    happened,
    /** From now on it is up; `stopEngine` is what is left to do when the lock is lost. */
    watch(door: LocalServer | null, stopEngine: () => void) {
      server = door
      isUp = true
      lock.lost.addEventListener('abort', () => {
        stopEngine()
        happened('Another monitor has taken over: this one was silent for too long.')
      })
    },
  }
}
