/** When a file's metadata may vouch for its content. Values only. */
import type { FileStat } from './ports.ts'

/**
 * A file that was changed this recently when we looked may change again within the same tick of the file
 * system's clock, and look the same. FAT counts in steps of 2 s, everything else in finer ones.
 */
const settleMs = 2_000

/** Equal keys mean equal content, if the file was {@link isOldEnough} when the first key was taken. */
export function statKeyOf(stat: FileStat): string {
  return `${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}:${stat.size}`
}

/** `ctimeNs` counts too: it cannot be set back. A time in the future vouches for nothing. */
export function isOldEnough(stat: FileStat, nowMs: number): boolean {
  const changedMs = Math.max(Number(stat.mtimeNs / 1_000_000n), Number(stat.ctimeNs / 1_000_000n))
  return nowMs - changedMs > settleMs
}
