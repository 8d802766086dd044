/**
 * Remembers the names in folders of which there are thousands and which hardly ever change: to look whether a folder
 * has changed takes a quarter of listing it.
 *
 * Invariants
 * 1. Names are told again only of the very folder that was listed, while its time of change, which nobody can set, is the
 *    same, and only on a disk of which it is known that a name that comes or goes changes it.
 * 2. A folder that had changed just before it was listed is listed again: a change that follows at once may have the
 *    same time, because no clock of a file system is fine enough.
 */
import { errorCode } from './durable-file.ts'
import { ascii, mustAddUp, sumOf } from './index-columns.ts'
import type { Clock, FilePeek, FileSystem } from './ports.ts'

/** A folder's names, and what it was when they were listed. */
export interface ListedFolder {
  readonly dev: number
  readonly ino: number
  /** Epoch ms. */
  readonly ctimeMs: number
  readonly names: readonly string[]
}

export interface FolderMemory {
  /**
   * Names in a folder, as `FileSystem.list` gives them.
   *
   * @param seen What the folder is, if that was just looked at.
   * @throws {FileSystemError} what listing throws.
   */
  list(at: string, seen?: FilePeek): readonly string[]
  /** Begins a look at everything below these folders. */
  begin(tops: readonly string[]): void
  /** Ends it: what was not looked at is forgotten. */
  end(): void
  remembered(): Iterable<ListedFolder>
  /** Rises with every folder that was listed anew or forgotten. */
  version(): number
}

/** Coarser than the clock of any file system that is trusted. */
const settledMs = 3_000

export function createFolderMemory(
  files: FileSystem,
  clock: Pick<Clock, 'nowMs'>,
  known: Iterable<ListedFolder> = [],
): FolderMemory {
  let before = new Map<number, ListedFolder>()
  for (const folder of known) before.set(folder.ino, folder)
  /** Of the look that is under way. */
  let now = before
  let trusted: ReadonlySet<number> = new Set()
  let version = 0

  return {
    list: (at, seen) => {
      const stamp = seen ?? peekOrNull(files, at)
      if (stamp?.ctimeMs === undefined || !trusted.has(stamp.dev)) return files.list(at)
      const told = before.get(stamp.ino) ?? now.get(stamp.ino)
      if (told !== undefined && isSameFolder(told, stamp)) {
        now.set(stamp.ino, told)
        return told.names
      }
      const { dev, ino, ctimeMs } = stamp
      // Asked before it is listed: any time may pass between listing and looking at a clock.
      const settled = isSettled(ino, ctimeMs)
      const names = files.list(at)
      // Of folders on two disks that have the same number, the first one is remembered.
      if (told !== undefined && told.dev !== dev) return names
      now.delete(ino)
      if (told !== undefined || settled) version += 1
      if (settled) now.set(ino, { dev, ino, ctimeMs, names })
      return names
    },
    begin: tops => {
      trusted = new Set(tops.flatMap(top => trustedDevice(files, top) ?? []))
      now = new Map()
    },
    end: () => {
      if (now.size !== before.size) version += 1
      before = now
    },
    remembered: () => before.values(),
    version: () => version,
  }

  function isSettled(ino: number, ctimeMs: number): boolean {
    // On some disks a number does not hold all of it.
    return Number.isSafeInteger(ino) && clock.nowMs() - ctimeMs > settledMs
  }
}

function isSameFolder(a: ListedFolder, b: FilePeek): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.ctimeMs === b.ctimeMs
}

/** Null if it is not there, or its disk cannot be relied on. */
function trustedDevice(files: FileSystem, top: string): number | null {
  try {
    return files.diskSpace(top).marksFolders === true ? Number(files.stat(top).dev) : null
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

function peekOrNull(files: FileSystem, at: string): FilePeek | null {
  try {
    return files.peek(at)
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

/** One list for each part, because thousands of small objects take longer to parse. */
interface FolderColumns {
  readonly devs: readonly number[]
  readonly inos: readonly number[]
  readonly ctimes: readonly number[]
  /** How many of the names are this folder's. */
  readonly counts: readonly number[]
  readonly names: readonly string[]
}

/** ASCII. */
export function foldersText(folders: Iterable<ListedFolder>): string {
  const all = [...folders]
  const columns: FolderColumns = {
    devs: all.map(({ dev }) => dev),
    inos: all.map(({ ino }) => ino),
    ctimes: all.map(({ ctimeMs }) => ctimeMs),
    counts: all.map(({ names }) => names.length),
    names: all.flatMap(({ names }) => names),
  }
  return `${ascii(JSON.stringify(columns))}\n`
}

/** @param text What {@link foldersText} gave. @throws {SyntaxError | TypeError} for a text of another shape */
export function foldersFrom(text: string): readonly ListedFolder[] {
  const { devs, inos, ctimes, counts, names } = JSON.parse(text) as FolderColumns
  mustAddUp([devs, inos, ctimes, counts], inos.length)
  mustAddUp([names], sumOf(counts))
  const folders: ListedFolder[] = []
  let namesAt = 0
  for (let place = 0; place < inos.length; place++) {
    const end = namesAt + (counts[place] ?? 0)
    const [dev = 0, ino = 0, ctimeMs = 0] = [devs[place], inos[place], ctimes[place]]
    folders.push({ dev, ino, ctimeMs, names: names.slice(namesAt, end) })
    namesAt = end
  }
  return folders
}
