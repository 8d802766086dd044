/** What else should be known before a restore, in sentences. Looks, and writes nothing. */
import { count } from '../core/format.ts'
import { collidingNames, foldsNames } from './folding-names.ts'
import type { TreeNow } from './in-place-plan.ts'
import type { FileSystem } from './ports.ts'
import { type RestorableTree, shownName } from './restorable-tree.ts'

export function headWarnings({ heads }: RestorableTree): readonly string[] {
  return heads.flatMap(({ path: at, kind, note }) => {
    const where = at === '.' ? '' : ` in ${at}`
    return kind === 'left-out' ? [`Files that were as committed${where} are not part of it: ${note}.`] : []
  })
}

export function stagedWarnings({ staged }: RestorableTree): readonly string[] {
  if (staged.length === 0) return []
  const what = count(staged.length, 'file')
  return [`${what} had content that was only staged; the index is not touched. Restore to a new folder to get it.`]
}

export function lookWarnings(now: TreeNow, { levels }: RestorableTree): readonly string[] {
  if (!now.ok) return [`What else lies in the project cannot be listed: ${now.message}. None of it is touched.`]
  const recorded = levels[0]?.manifest
  const { head, state } = now.manifest
  const moved = recorded !== undefined && head !== null && recorded.head !== null && head !== recorded.head
  return [
    ...(moved ? ['HEAD has moved since: files are given back, commits, branch and index stay as they are.'] : []),
    ...(state === 'clean' ? [] : [`A ${state} is going on in the project.`]),
  ]
}

export function foldWarnings(files: FileSystem, root: string, { entries }: RestorableTree): readonly string[] {
  if (!foldsNames(files, root)) return []
  const groups = collidingNames(entries.map(shownName))
  if (groups.length === 0) return []
  const shown = groups.slice(0, 3).map(group => group.join(' and '))
  return [`This disk takes some names for the same, and keeps one of each: ${shown.join('; ')}.`]
}
