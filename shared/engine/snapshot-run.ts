/** One call of `survey` or `capture`, and the work trees that it goes through. */
import type { TreeManifest } from '../core/work-tree.ts'
import type { FrameSink } from './frame-sink.ts'
import type { GitRepository } from './git-repository.ts'
import type { Clock } from './ports.ts'
import { type PreviousTree, type SavedContent, savedContentOf } from './saved-content.ts'
import type { SnapshotLimits } from './snapshot-limits.ts'
import type { TreeReader } from './tree-reader.ts'

/** What may still be taken. */
export interface Budget {
  files: number
  bytes: number
}

/** Shared by the outermost work tree and everything nested in it. */
export interface Run {
  /** Null for a survey. */
  readonly sink: FrameSink | null
  /** See {@link RunRequest.isLook}. */
  readonly isLook: boolean
  readonly saved: SavedContent
  readonly signal: AbortSignal | undefined
  readonly budget: Budget
  readonly warnings: string[]
  nestedLeft: number
  /** ms until the git calls of this run must be over; at least 1. */
  timeLeft(): number
  /** Lets others run now and then; null where it is not their turn yet. @throws {Stopped} when the caller gave up */
  pause(): Promise<void> | null
}

/** A work tree, the outermost or a nested one. */
export interface Place {
  readonly root: string
  readonly repository: GitRepository | null
  readonly previous: TreeManifest | null
  /** 0 for the outermost. */
  readonly depth: number
  /** A fresh reader: it remembers which folders are folders. */
  reader(): TreeReader
}

/** The caller's signal was raised. Never leaves the snapshotter. */
export class Stopped extends Error {}

export interface RunRequest {
  readonly clock: Clock
  readonly limits: SnapshotLimits
  /** A folder without git. */
  readonly isPlain: boolean
  readonly previous: PreviousTree | null
  readonly sink: FrameSink | null
  readonly signal: AbortSignal | undefined
  /** Nothing is compared with it afterwards, so it gets no fingerprint. */
  readonly isLook: boolean
}

const stepsBetweenPauses = 128

export function createRun({ clock, limits, isPlain, previous, sink, signal, isLook }: RunRequest): Run {
  const untilMs = clock.monotonicMs() + limits.gitMs
  let steps = 0
  return {
    sink,
    isLook,
    saved: sink === null ? new Map() : savedContentOf(previous, limits.packs),
    signal,
    budget: {
      files: isPlain ? Math.min(limits.files, limits.plainFiles) : limits.files,
      bytes: isPlain ? Math.min(limits.bytes, limits.plainBytes) : limits.bytes,
    },
    warnings: [],
    nestedLeft: limits.nested,
    timeLeft: () => Math.max(1, untilMs - clock.monotonicMs()),
    pause: () => {
      if (signal?.aborted) throw new Stopped()
      return ++steps % stepsBetweenPauses === 0 ? new Promise(resolve => setImmediate(resolve)) : null
    },
  }
}
