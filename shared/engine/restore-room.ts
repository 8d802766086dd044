/** Whether there is room for a restore: on the disk of the project, and where what is there is kept. Looks only. */
import path from 'node:path'
import { errorCode } from './durable-file.ts'
import type { FileSystem } from './ports.ts'
import type { Change, Journal, JournalStore } from './restore-journal.ts'

/** Of the disk that stays free. */
const freeShare = 0.02

/**
 * The folder whose disk is too small; null if there is room. Twice the space is needed for a moment where a file is
 * replaced: the new one lies beside the old one, which is kept.
 */
export function tooSmallDisk(
  files: FileSystem,
  journals: JournalStore,
  journal: Journal,
  changes: readonly Change[],
): string | null {
  const sum = (state: 'before' | 'after', base: number) =>
    changes.reduce((all, change) => all + (change.base === base ? (change[state]?.bytes ?? 0) : 0), 0)
  const kept = changes.reduce((all, { before }) => all + (before?.bytes ?? 0), 0)
  const places: (readonly [folder: string, bytes: number])[] = [
    [path.dirname(journals.folder), kept],
    ...journal.bases.map((base, at) => [base, sum('after', at)] as const),
  ]
  for (const [folder, bytes] of places) {
    const space = bytes === 0 ? null : spaceAt(files, folder)
    if (space !== null && space.totalBytes > 0 && space.freeBytes - bytes < space.totalBytes * freeShare) {
      return folder
    }
  }
  return null
}

/** Of the folder, or the nearest above it that is there. */
function spaceAt(files: FileSystem, folder: string) {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return files.diskSpace(at)
    } catch (error) {
      if (errorCode(error) === null) throw error
      if (path.dirname(at) === at) return null
    }
  }
}
