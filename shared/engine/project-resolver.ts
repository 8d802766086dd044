/** Which project a session works on: the git top level of its folder, or the folder itself. Reads only, runs nothing. */
import path from 'node:path'
import type { ProjectRef } from '../core/session.ts'
import { findRepository } from './git-repository.ts'
import type { Clock, FileSystem } from './ports.ts'

export interface ProjectResolver {
  /** Null if neither names a folder. @param nowMs By the monotonic clock, for who asks for many at once. */
  resolve(cwd: string | null, firstCwd: string | null, nowMs?: number): ProjectRef | null
}

/** A repository may be made or a folder removed: an answer is good for this long. */
const keepMs = 60_000
const keepAtMost = 10_000

export function createProjectResolver(files: FileSystem, clock: Clock): ProjectResolver {
  const known = new Map<string, { readonly project: ProjectRef; readonly atMs: number }>()
  return {
    resolve: (cwd, firstCwd, nowMs = clock.monotonicMs()) => {
      const project = cwd === null ? null : projectOf(cwd, nowMs)
      if (project?.kind !== 'missing' || firstCwd === null || firstCwd === cwd) return project
      // A folder that was removed from a project since then still belongs to it.
      const first = projectOf(firstCwd, nowMs)
      return first.kind !== 'missing' && isBelow(project.root, first.root) ? first : project
    },
  }

  function projectOf(folder: string, nowMs: number): ProjectRef {
    const before = known.get(folder)
    if (before !== undefined && nowMs - before.atMs < keepMs) return before.project
    if (known.size >= keepAtMost) known.clear()
    const project = lookUp(files, folder)
    known.set(folder, { project, atMs: nowMs })
    return project
  }
}

function lookUp(files: FileSystem, folder: string): ProjectRef {
  // Written on another system, such as `C:\work` in a file that Linux reads.
  if (!path.isAbsolute(folder) || !isFolder(files, folder))
    return { root: folder, name: lastPart(folder), kind: 'missing' }
  const root = findRepository(files, folder)?.root
  return { root: root ?? folder, name: lastPart(root ?? folder), kind: root === undefined ? 'folder' : 'git' }
}

function isFolder(files: FileSystem, folder: string): boolean {
  try {
    return files.stat(folder).kind === 'folder'
  } catch {
    return false
  }
}

function isBelow(folder: string, root: string): boolean {
  const way = path.relative(root, folder)
  return path.isAbsolute(folder) && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

function lastPart(folder: string): string {
  return folder.split(/[/\\]/).findLast(part => part !== '') ?? folder
}
