/** Cuts long synchronous work into slices, so that timers, sockets and pages get their turn in between. */
import type { Clock } from './ports.ts'

/** Milliseconds of work after which others get their turn. */
const sliceMs = 8

export interface TimeSlice {
  /** True when others are due. Cheap: may be asked after every small step. */
  isOver(): boolean
  /** Lets others run, then begins a new slice. */
  next(): Promise<void>
}

export function createTimeSlice(clock: Clock): TimeSlice {
  let sinceMs = clock.monotonicMs()
  return {
    isOver: () => clock.monotonicMs() - sinceMs >= sliceMs,
    next: async () => {
      await new Promise(resolve => setImmediate(resolve))
      sinceMs = clock.monotonicMs()
    },
  }
}
