/**
 * Work in which some steps are "make these durable", each of which may be done one after the other or all at once.
 *
 * The work is written as a generator that yields what has to be synced and is told what each sync said. A caller that
 * cannot wait runs it with {@link runAtOnce}; one that can lets the disk do several syncs together, which a journal
 * turns into one, and others run meanwhile ({@link runTogether}).
 */
import { errorCode } from './durable-file.ts'
import type { FileSystem, FileSystemError, Synced, SyncJob } from './ports.ts'

export type SyncSteps<T> = Generator<readonly SyncJob[], T, Synced>

export function runAtOnce<T>(files: FileSystem, steps: SyncSteps<T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next(step.value.map(job => syncOne(files, job)))
  return step.value
}

/** @throws {unknown} what is no error of a disk */
export async function runTogether<T>(files: FileSystem, steps: SyncSteps<T>): Promise<T> {
  let step = steps.next()
  while (!step.done) step = steps.next(await files.syncTogether(step.value))
  return step.value
}

/** For disks that have no better way. */
export function syncOne(files: Pick<FileSystem, 'syncFolder'>, job: SyncJob): FileSystemError | null {
  try {
    if ('file' in job) job.file.sync()
    else files.syncFolder(job.folder)
    return null
  } catch (error) {
    if (errorCode(error) === null) throw error
    return error as FileSystemError
  }
}
