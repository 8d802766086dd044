/** A snapshotter that follows the settings: made anew when what it depends on has changed, which costs it what it remembers. */

import type { Settings } from '../core/settings.ts'
import { isDeepStrictEqual } from './node-util.ts'
import type { Snapshotter } from './work-tree-snapshot.ts'

/** @param settings those that the snapshotter depends on, as they are now */
export function createLiveSnapshotter<T extends Partial<Settings>>(
  settings: () => T,
  make: (settings: T) => Snapshotter,
): Snapshotter {
  let madeFor = settings()
  let snapshotter = make(madeFor)
  const current = () => {
    const now = settings()
    if (now !== madeFor && !isDeepStrictEqual(now, madeFor)) snapshotter = make(now)
    madeFor = now
    return snapshotter
  }
  return {
    survey: (...request) => current().survey(...request),
    look: (...request) => current().look(...request),
    capture: (...request) => current().capture(...request),
  }
}
