/**
 * A machine with processes that a test starts and ends. Each process sees the machine through its own
 * `Processes` port; two machines know nothing of each other.
 */
import type { Processes } from '../../shared/engine/ports.ts'

export interface FakeMachine {
  /** Starts a process. A pid that was used before gets a new start time. @throws {Error} if the pid is in use. */
  start(pid?: number): Processes
  /** Ends a process for good. */
  end(pid: number): void
  /** Ends a process whose parent has not yet asked how: it still has a pid, and `find` must not count it. */
  makeZombie(pid: number): void
  /** All processes end and the boot id changes. */
  reboot(): void
  /** The same machine seen from another pid namespace, such as a container: pids mean something else there. */
  container(name: string): FakeMachine
}

export interface FakeMachineOptions {
  readonly hostName?: string
  readonly machineId?: string
  readonly namespace?: string
  /** False: the system tells neither start times nor the boot id. */
  readonly tellsStart?: boolean
}

export function createFakeMachine(options: FakeMachineOptions = {}): FakeMachine {
  const { hostName = 'anvil', machineId = 'machine-1', namespace = '4026531836', tellsStart = true } = options
  const alive = new Map<number, { readonly start: string; readonly zombie: boolean }>()
  const containers: FakeMachine[] = []
  let nextPid = 100
  let ticks = 5_000
  let boot = 1

  return {
    start: (pid = nextPid++) => {
      if (alive.has(pid)) throw new Error(`pid ${pid} is in use`)
      const start = String(ticks++)
      alive.set(pid, { start, zombie: false })
      return {
        self: { pid, start: tellsStart ? start : null },
        find: asked => {
          const found = alive.get(asked)
          return !found || found.zombie ? null : { pid: asked, start: tellsStart ? found.start : null }
        },
        pidDomain: `linux:${machineId}:pid:[${namespace}]`,
        bootId: tellsStart ? `${machineId}-boot-${boot}` : null,
        hostName,
      }
    },
    end: pid => void alive.delete(pid),
    makeZombie: pid => void alive.set(pid, { start: alive.get(pid)?.start ?? '0', zombie: true }),
    reboot: () => {
      alive.clear()
      boot += 1
      for (const inside of containers) inside.reboot()
    },
    container: name => {
      const inside = createFakeMachine({ hostName: name, machineId, namespace: name, tellsStart })
      containers.push(inside)
      return inside
    },
  }
}
