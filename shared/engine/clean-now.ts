/**
 * Which committed files git itself finds unchanged in the work tree now, from a survey of it. Such a file need not be
 * read, and where git keeps another form of it than lies there, only git can tell that it is unchanged. Pure.
 *
 * Git's word counts only where its listing was exact and whole: nothing of it was cut, and it compared with HEAD.
 */
import type { TreeManifest } from '../core/work-tree.ts'
import type { HeadEntry } from './head-tree.ts'
import type { TreeNow } from './in-place-plan.ts'
import type { RestorableTree } from './restorable-tree.ts'
import { levelsOf, type PlannedEntry, type TreeLevel } from './restore-plan.ts'
import { byteKey, byteKeyOf, joinTreePaths } from './tree-path.ts'

export interface CleanNow {
  /** True if the file is as committed now, and the commit has the same as the checkpoint's. */
  isAsIn(entry: PlannedEntry): boolean
  /** True if the file is as committed now, whatever the checkpoint has of it. */
  isCommitted(key: string): boolean
}

const nothingIsClean: CleanNow = { isAsIn: () => false, isCommitted: () => false }

export function cleanNow(now: TreeNow, { levels }: Pick<RestorableTree, 'levels'>): CleanNow {
  if (!now.ok) return nothingIsClean
  const present = levelsOf(now.manifest, now.manifest.root)
  const listed = new Set(present.flatMap(listedKeys))
  const exact = new Map(present.filter(isExact).map(level => [prefixKey(level), level]))
  /** By level of the checkpoint: true where HEAD is the same commit now. */
  const unmoved = levels.map(level => {
    const there = exact.get(prefixKey(level))
    return there !== undefined && level.manifest.head !== null && there.manifest.head === level.manifest.head
  })
  const outer = exact.has('') ? now.head : []
  let byName: ReadonlyMap<string, HeadEntry> | null = null
  const committed = (key: string) => {
    byName ??= new Map(outer.map(entry => [byteKey(entry.name), entry]))
    return listed.has(key) ? undefined : byName.get(key)
  }
  return {
    isAsIn: ({ key, kind, mode, source }) => {
      if (source.from !== 'head' || listed.has(key)) return false
      if (unmoved[source.level] === true) return true
      const found = source.level === 0 ? committed(key) : undefined
      return found?.objectId === source.objectId && isOfMode(found.gitMode, kind, mode)
    },
    isCommitted: key => {
      const found = committed(key)
      return found !== undefined && found.gitMode !== '160000'
    },
  }
}

function isOfMode(gitMode: string, kind: PlannedEntry['kind'], mode: number): boolean {
  if (kind === 'link') return gitMode === '120000'
  return gitMode.startsWith('100') && (Number.parseInt(gitMode.slice(-3), 8) & 0o100) === (mode & 0o100)
}

function prefixKey({ prefix }: TreeLevel): string {
  return prefix === null ? '' : byteKeyOf(prefix)
}

function isExact({ manifest }: TreeLevel): boolean {
  return manifest.degraded === null && (manifest.skippedMore ?? 0) === 0
}

/** What git found different, and what could not be looked at. */
function listedKeys({ prefix, manifest }: TreeLevel): readonly string[] {
  const { files, gone, skipped }: TreeManifest = manifest
  return [...files.map(({ path }) => path), ...gone, ...skipped.map(({ path }) => path)].map(path =>
    byteKeyOf(prefix === null ? path : joinTreePaths(prefix, path)),
  )
}
