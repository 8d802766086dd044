/**
 * Life on a disk without hard links (FAT, exFAT, some network drives).
 *
 * There a record gets its name by exclusive creation (`durable-file.ts`): still one writer per number, but a crash
 * can leave half a record, which its checksum tells. A safe lock cannot be made of files there, so this program goes
 * without: two of them may do the same work twice, and the numbers of records keep that harmless.
 */
import path from 'node:path'
import type { Notice } from '../core/monitor-state.ts'
import { errorCode, removeQuietly, temporaryPath } from './durable-file.ts'
import type { Lock, LockAttempt } from './lock-file.ts'
import { codeOf, linkError } from './lock-problem.ts'
import type { Ports } from './ports.ts'

/** Tries it in `folder`, which is left as it was. True too where it cannot be tried. */
export function hasHardLinks(ports: Pick<Ports, 'clock' | 'files' | 'processes'>, folder: string): boolean {
  const { files } = ports
  const [one, other] = [temporaryPath(ports, folder), temporaryPath(ports, folder)]
  try {
    files.open(one, 'create').close()
    files.link(one, other)
    return true
  } catch (error) {
    if (errorCode(error) === null) throw error
    return codeOf(linkError(error)) !== 'ENOTSUP'
  } finally {
    removeQuietly(files, other)
    removeQuietly(files, one)
  }
}

export function noHardLinksNotice(folder: string): Notice {
  return {
    id: 'no-hard-links',
    level: 'warn',
    message: `The disk that holds ${path.resolve(folder)} has no hard links. Checkpoints work; but a crash in the very moment of saving can leave half a record there (it is noticed, and older ones serve), and two monitors are not kept apart`,
    remedy: 'For the full promise choose a folder on another disk with SESSION_MONITOR_HOME.',
  }
}

/** `lock`, or where the disk cannot carry it a stand-in that keeps apart only what runs in this process. */
export function lockWhereItCan(lock: Lock): Lock {
  let busy = false
  async function acquire(request: Parameters<Lock['acquire']>[0]): Promise<LockAttempt> {
    const attempt = await lock.acquire(request)
    if (attempt.kind !== 'unavailable' || attempt.code !== 'ENOTSUP') return attempt
    if (busy) return { kind: 'locked-elsewhere', owner: null, ownerInWords: 'this program itself', silentMs: 0 }
    busy = true
    let ended = false
    const release = () => {
      if (!ended) busy = false
      ended = true
    }
    return { kind: 'held', lock: { fence: 0, lost: new AbortController().signal, held: () => !ended, release } }
  }
  return { acquire, status: lock.status }
}
