/** Names that are different bytes and the same file to some file systems: `README` and `readme`, `é` in one or two signs. */
import path from 'node:path'
import { errorCode } from './durable-file.ts'
import type { FileSystem } from './ports.ts'

/** Groups of names of which a file system that folds keeps one. */
export function collidingNames(names: Iterable<string>): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const folded = name.normalize('NFC').toLowerCase()
    const group = groups.get(folded)
    if (group === undefined) groups.set(folded, [name])
    else group.push(name)
  }
  return [...groups.values()].filter(group => group.length > 1)
}

/** True if the file system that holds `folder` takes upper and lower case for the same. Looks, and writes nothing. */
export function foldsNames(files: FileSystem, folder: string): boolean {
  const name = path.basename(folder)
  const swapped = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase()
  if (swapped === name) return false
  try {
    const [one, other] = [files.lstat(folder), files.lstat(path.join(path.dirname(folder), swapped))]
    return one.ino === other.ino && one.dev === other.dev
  } catch (error) {
    if (errorCode(error) === null) throw error
    return false
  }
}
