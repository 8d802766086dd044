/**
 * A key of everything on the disk that a look at the sessions rests on: as long as it is the same, a look would find
 * the same. Looks at names, sizes and times, and reads the small files of the live registry.
 *
 * What it leaves to its users: work trees, which only git can tell of, and which project a folder belongs to.
 */
import path from 'node:path'
import type { DataPaths } from './data-folder.ts'
import { errorCode } from './durable-file.ts'
import { readLiveRegistry } from './live-registry.ts'
import type { FilePeek, FileSystem, Processes } from './ports.ts'
import { findSessionFiles } from './session-files.ts'
import type { TimeSlice } from './time-slice.ts'

export interface LookKey {
  /** A line for each thing that was looked at. */
  readonly key: string
  /** When anything that counts for it was last changed, epoch ms by the files' own times; 0 if there is nothing. */
  readonly newestMs: number
  /** What is said of files by their names and kinds alone: as long as the key is the same, so is this. */
  readonly problems: ReadonlySet<string>
}

export interface LookKeyOptions {
  /** Claude Code's config folders, absolute. */
  readonly roots: readonly string[]
  readonly paths: DataPaths
}

/** Nobody waits for the thread of a command. */
const undivided: TimeSlice = { isOver: () => false, next: async () => {} }

export async function lookKeyOf(
  files: FileSystem,
  processes: Processes,
  { roots, paths }: LookKeyOptions,
): Promise<LookKey> {
  const lines: string[] = [...roots, paths.folder, processes.pidDomain]
  let newestMs = 0
  const add = (at: string, stat: FilePeek | null) => {
    lines.push(stat === null ? `none ${at}` : `${stat.kind} ${stat.size} ${stat.mtimeMs} ${stat.ino} ${stat.dev} ${at}`)
    newestMs = Math.max(newestMs, stat?.mtimeMs ?? 0)
  }
  const found = await findSessionFiles(files, roots, undivided)
  const problems = new Set<string>()
  for (const { files: own, problems: said } of found.sessions.values()) {
    for (const problem of said) problems.add(problem)
    // Without the root, which stands above: the paths are most of the key.
    for (const { path: at, root, stat } of own.values()) add(at.slice(root.length), stat)
  }
  lines.push(...problems)
  for (const { path: at, stat } of found.legacy) add(at, stat)
  lines.push(...found.notices, ...liveLines(files, processes, roots))
  for (const at of ownFiles(files, roots, paths)) add(at, peekAt(files, at))
  return { key: lines.join('\n'), newestMs, problems }
}

/** The registry as it is read, and for each of its processes whether it lives. */
function liveLines(files: FileSystem, processes: Processes, roots: readonly string[]): readonly string[] {
  const { entries, folders, notices } = readLiveRegistry(files, roots)
  const held = [...entries.values()].flat()
  const alive = held.map(({ pid }) => processes.find(pid))
  return [JSON.stringify({ held, alive, folders: [...folders], notices })]
}

/** Settings, what the older monitor left, and the store: a folder of records changes with every record that comes or goes. */
function ownFiles(files: FileSystem, roots: readonly string[], paths: DataPaths): readonly string[] {
  const checkpoints = path.join(paths.store, 'checkpoints')
  const legacy = ['monitor-config.json', 'monitor-state.json']
  return [
    paths.settings,
    paths.proof,
    ...roots.flatMap(root => legacy.map(name => path.join(root, name))),
    ...['FORMAT', 'packs', 'checkpoints', 'witness'].map(name => path.join(paths.store, name)),
    ...namesIn(files, checkpoints).map(name => `${checkpoints}${path.sep}${name}`),
  ]
}

function namesIn(files: FileSystem, folder: string): readonly string[] {
  try {
    return files.list(folder)
  } catch (error) {
    if (errorCode(error) === null) throw error
    return []
  }
}

/** Null if it cannot be looked at. */
function peekAt(files: FileSystem, at: string): FilePeek | null {
  try {
    return files.peek(at)
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}
