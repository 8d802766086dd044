/**
 * Removes what our own processes left behind and nobody can need: long past tickets and drafts of dead processes in
 * the lock folder, temporary files of dead processes in the store. Never a record, a pack, or a file of another
 * program; the lock must be held meanwhile.
 */
import path from 'node:path'
import type { DataPaths } from './data-folder.ts'
import { pidOfTemporaryName } from './durable-file.ts'
import { quietly, succeeds } from './lock-problem.ts'
import { openTickets } from './lock-tickets.ts'
import type { Ports } from './ports.ts'

export interface CleanedUp {
  /** Files removed from the lock folder. */
  readonly lockFiles: number
  readonly temporaryFiles: number
}

/** @param fence of the held lock. A process id that is in use again keeps its leftovers until the store is an hour older. */
export function cleanUp(ports: Ports, paths: Pick<DataPaths, 'lock' | 'store'>, fence: number): CleanedUp {
  const { files, processes } = ports
  const countIn = (folder: string) => quietly(() => files.list(folder).length) ?? 0
  const before = countIn(paths.lock)
  openTickets(ports, paths.lock).sweep(fence)
  const temporary = path.join(paths.store, 'tmp')
  const removed = (quietly(() => files.list(temporary)) ?? []).filter(name => {
    const pid = pidOfTemporaryName(name)
    if (pid === null || processes.find(pid) !== null) return false
    return succeeds(() => files.unlink(path.join(temporary, name)))
  })
  return { lockFiles: before - countIn(paths.lock), temporaryFiles: removed.length }
}
