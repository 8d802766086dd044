/** Long work in small steps: it tells how far it is, lets others run, and can be stopped. Knows nothing of the work. */
import type { Clock } from './ports.ts'
import { createTimeSlice } from './time-slice.ts'

export interface LongWorkOptions<Progress> {
  /** Runs often; keep it short. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** To be called between steps: shows the progress if there is news, gives way now and then, says whether to go on. */
export type Step<Progress> = (progress?: Progress) => Promise<boolean>

export function createStep<Progress>(clock: Clock, options: LongWorkOptions<Progress>): Step<Progress> {
  const { onProgress, signal } = options
  const slice = createTimeSlice(clock)
  return async progress => {
    if (progress !== undefined) onProgress?.(progress)
    if (slice.isOver()) await slice.next()
    return signal?.aborted !== true
  }
}
