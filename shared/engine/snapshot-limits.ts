/** How much a snapshot may take: the user's limits, and our own against trees that nobody means to save whole. Pure. */
import type { Settings } from '../core/settings.ts'

export interface SnapshotLimits {
  /** Of one file, bytes. */
  readonly fileBytes: number
  /** Of a snapshot with everything nested in it. */
  readonly files: number
  readonly bytes: number
  /** Of a folder without git, where nothing is known to belong to HEAD. */
  readonly plainFiles: number
  readonly plainBytes: number
  /** Gone through where git cannot list. */
  readonly folders: number
  /** For all git calls of one snapshot together, ms. */
  readonly gitMs: number
  /** For packing unpushed commits, ms. */
  readonly pinMs: number
  readonly pinBytes: number
  /** Repositories in repositories. */
  readonly depth: number
  readonly nested: number
  /** Older packs that one manifest may depend on. */
  readonly packs: number
}

const megabyte = 1024 * 1024

export const defaultLimits: SnapshotLimits = {
  fileBytes: 32 * megabyte,
  files: 50_000,
  bytes: 1024 * megabyte,
  plainFiles: 20_000,
  plainBytes: 256 * megabyte,
  folders: 20_000,
  gitMs: 60_000,
  pinMs: 20_000,
  pinBytes: 64 * megabyte,
  depth: 4,
  nested: 256,
  packs: 32,
}

/** The user's settings that a snapshot knows. */
export type UserLimits = Pick<Settings['limits'], 'fileMegabytes' | 'snapshotFiles' | 'snapshotMegabytes'>

/** @param bounds over both the defaults and the user's */
export function limitsOf(user?: UserLimits, bounds: Partial<SnapshotLimits> = {}): SnapshotLimits {
  const chosen = user && {
    fileBytes: Math.round(user.fileMegabytes * megabyte),
    files: user.snapshotFiles,
    bytes: Math.round(user.snapshotMegabytes * megabyte),
  }
  return { ...defaultLimits, ...chosen, ...bounds }
}
