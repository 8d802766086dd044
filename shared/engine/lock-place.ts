/** What the disk under the lock can promise, said in words where it is less than a local disk's. */
import type { Notice } from '../core/monitor-state.ts'
import { quietly } from './lock-problem.ts'
import type { FileSystem } from './ports.ts'

/**
 * Null on a local disk, and where the system does not tell.
 *
 * @param folder the lock's, or any folder above it that exists
 */
export function lockPlaceNotice(files: FileSystem, folder: string): Notice | null {
  if (quietly(() => files.diskSpace(folder).kind) !== 'network') return null
  return {
    id: 'network-folder',
    level: 'warn',
    message:
      `${folder} lies on a network disk. Still guaranteed: no checkpoint is overwritten or half visible, and none is ` +
      'taken twice under one number. Not guaranteed: a checkpointer on another machine is noticed only as fast as the ' +
      'server shows its files, one that died there is followed only after 10 minutes of silence, and a power cut of ' +
      'the server may undo what it had confirmed',
    remedy: 'Choose a folder on a local disk with SESSION_MONITOR_HOME, one for each machine.',
  }
}
