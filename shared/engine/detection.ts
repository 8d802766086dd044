/**
 * What finds sessions: a detector, its quick look and its watcher, over the folders that are searched at the moment.
 * The folders are a setting: when they change, all three are made anew, and the detector's index makes that cheap.
 */

import type { Progress, WatchState } from '../core/monitor-state.ts'
import { type HookHints, hintedDetector } from './hinted-detector.ts'
import { isDeepStrictEqual } from './node-util.ts'
import type { Clock, Ports } from './ports.ts'
import type { ScanWorkers } from './scan-crew.ts'
import { createTouchedLook, type TouchedLookParts } from './touched-look.ts'
import { createDetector, type Detector, type OnProgress } from './transcript-detector.ts'
import { startTranscriptWatch, type TranscriptWatch, type WatchParts } from './transcript-watch.ts'

export interface DetectionParts extends Pick<TouchedLookParts, 'history' | 'overview'> {
  readonly ports: Ports
  /** Claude Code's config folders as they are now. Absolute. */
  readonly roots: () => readonly string[]
  readonly indexFolder: string
  readonly workers: ScanWorkers | undefined
  /** What hooks said of live states. */
  readonly hints: HookHints
  readonly onTouched: WatchParts['onTouched']
  readonly onWatch: (state: WatchState) => void
}

export interface Detection {
  detector(): Detector
  touched(): ReturnType<typeof createTouchedLook>
  /** Turns to the folders of the moment. True if they are others than before. */
  follow(): Promise<boolean>
  /** Watches from now on, if it does not yet. */
  watch(): void
  stopWatching(): Promise<void>
  close(): Promise<void>
}

export function createDetection(parts: DetectionParts): Detection {
  const { ports, workers } = parts
  let now = open(parts.roots())
  let watcher: TranscriptWatch | null = null

  function open(roots: readonly string[]) {
    const options = { roots, indexFolder: parts.indexFolder, ...(workers ? { workers } : {}) }
    const detector = hintedDetector(createDetector(ports, options), parts.hints)
    return { roots, detector, touched: createTouchedLook({ ...parts, clock: ports.clock, detector }) }
  }

  async function stopWatching(): Promise<void> {
    const stopped = watcher
    watcher = null
    await stopped?.stop()
  }

  return {
    detector: () => now.detector,
    touched: () => now.touched,
    async follow() {
      const roots = parts.roots()
      if (isDeepStrictEqual(now.roots, roots)) return false
      await stopWatching()
      await now.detector.close()
      now = open(roots)
      return true
    },
    watch() {
      watcher ??= startTranscriptWatch({ ports, roots: now.roots, onTouched: parts.onTouched, onState: parts.onWatch })
    },
    stopWatching,
    close: async () => {
      await stopWatching()
      await now.detector.close()
    },
  }
}

/** Whoever shows it needs no more than a few signs a second. Ms. */
const progressEveryMs = 200

/** Reading as progress, with the time left by the pace in bytes so far. */
export function readingProgress(clock: Clock, show: (progress: Progress) => void): OnProgress {
  const fromMs = clock.monotonicMs()
  let shownMs = fromMs
  return ({ done, total, doneBytes, totalBytes }) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - shownMs < progressEveryMs) return
    shownMs = nowMs
    const leftMs = (nowMs - fromMs) * (totalBytes / doneBytes - 1)
    show({
      task: 'Reading transcripts',
      done,
      total,
      bytes: { done: doneBytes, total: totalBytes },
      ...(Number.isFinite(leftMs) ? { leftMs: Math.max(0, leftMs) } : {}),
    })
  }
}
