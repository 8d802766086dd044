/**
 * What HEAD and the remote-tracking branches point at, by reading the repository's files: loose refs and
 * `packed-refs`. Never runs git; says `unreadable` where only git could tell (reftable).
 */
import path from 'node:path'
import { type GitRepository, readRegularFile, readSmallText } from './git-repository.ts'
import type { FileSystem } from './ports.ts'

export type Head =
  /** `branch` is null when detached; during a rebase it is the branch that is being rebased. */
  | { readonly kind: 'commit'; readonly commit: string; readonly branch: string | null }
  | { readonly kind: 'unborn'; readonly branch: string | null }
  /** Not in a form that files alone answer. */
  | { readonly kind: 'unreadable' }

/** SHA-1 or SHA-256, in full. */
export const objectName = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/

const packedRefsLimit = 64 * 1024 * 1024
const mostLooseRemoteRefs = 5_000

export function readHead(files: FileSystem, repository: GitRepository): Head {
  const text = readSmallText(files, path.join(repository.gitDir, 'HEAD'))?.trim()
  if (text === undefined) return { kind: 'unreadable' }
  if (objectName.test(text)) return { kind: 'commit', commit: text, branch: rebasedBranch(files, repository) }
  const ref = /^ref: (.+)$/.exec(text)?.[1]
  // What reftable leaves in HEAD for older gits.
  if (ref === undefined || !isRefName(ref) || ref === 'refs/heads/.invalid') return { kind: 'unreadable' }
  const commit = resolveRef(files, repository, ref, 5)
  const branch = branchName(ref)
  return commit === null ? { kind: 'unborn', branch } : { kind: 'commit', commit, branch }
}

/**
 * Commits that remote-tracking branches point at, sorted, each once; null where only git could tell.
 * Loose refs beyond 5,000 are not looked at: too few tips only make a base pin larger.
 */
export function readRemoteTips(files: FileSystem, repository: GitRepository): readonly string[] | null {
  if (kindOf(files, path.join(repository.commonDir, 'reftable')) === 'folder') return null
  const tips = new Map<string, string>()
  for (const [commit, ref] of packedRefs(files, repository)) if (ref.startsWith('refs/remotes/')) tips.set(ref, commit)
  for (const ref of looseRefs(files, repository.commonDir, 'refs/remotes')) {
    const text = readSmallText(files, path.join(repository.commonDir, ref))?.trim()
    if (text !== undefined && objectName.test(text)) tips.set(ref, text)
  }
  return [...new Set(tips.values())].sort()
}

/** Short name of a branch; a ref outside `refs/heads/` keeps its full name. */
export function branchName(ref: string): string {
  return ref.replace(/^refs\/heads\//, '')
}

function rebasedBranch(files: FileSystem, repository: GitRepository): string | null {
  for (const folder of ['rebase-merge', 'rebase-apply']) {
    const ref = readSmallText(files, path.join(repository.gitDir, folder, 'head-name'))?.trim()
    if (ref?.startsWith('refs/heads/')) return branchName(ref)
  }
  return null
}

/** The loose ref is read first: git writes `packed-refs` before it removes the loose one, so neither look can miss it. */
function resolveRef(files: FileSystem, repository: GitRepository, ref: string, depth: number): string | null {
  const home = /^refs\/(?:bisect|worktree|rewritten)\//.test(ref) ? repository.gitDir : repository.commonDir
  const loose = readSmallText(files, path.join(home, ref))?.trim()
  if (loose !== undefined && objectName.test(loose)) return loose
  const next = /^ref: (.+)$/.exec(loose ?? '')?.[1]
  if (next !== undefined) return depth > 0 && isRefName(next) ? resolveRef(files, repository, next, depth - 1) : null
  return packedCommit(packedRefsText(files, repository), ref)
}

/** A search, not a parse: the file may hold tens of thousands of refs, and this runs in every survey. */
function packedCommit(text: string, ref: string): string | null {
  const at = `\n${text}`.indexOf(` ${ref}\n`)
  const commit = at < 0 ? '' : text.slice(text.lastIndexOf('\n', at - 2) + 1, at - 1)
  return objectName.test(commit) ? commit : null
}

function packedRefs(files: FileSystem, repository: GitRepository): readonly (readonly [commit: string, ref: string])[] {
  const lines = packedRefsText(files, repository).matchAll(/^([0-9a-f]{40,64}) (refs\/.+)$/gm)
  return [...lines].map(([, commit = '', ref = '']) => [commit, ref])
}

function packedRefsText(files: FileSystem, repository: GitRepository): string {
  return readRegularFile(files, path.join(repository.commonDir, 'packed-refs'), packedRefsLimit)?.toString('utf8') ?? ''
}

function looseRefs(files: FileSystem, commonDir: string, folder: string): readonly string[] {
  const found: string[] = []
  const open = [folder]
  for (let at = open.pop(); at !== undefined && found.length < mostLooseRemoteRefs; at = open.pop()) {
    for (const name of namesIn(files, path.join(commonDir, at))) {
      const ref = `${at}/${name}`
      const kind = kindOf(files, path.join(commonDir, ref))
      if (kind === 'folder') open.push(ref)
      else if (kind === 'file') found.push(ref)
    }
  }
  return found
}

function isRefName(ref: string): boolean {
  return /^refs\/[^\0-\x20\x7f~^:?*[\\]+$/.test(ref) && ref.split('/').every(part => part !== '' && part !== '..')
}

function namesIn(files: FileSystem, folder: string): readonly string[] {
  try {
    return files.list(folder)
  } catch {
    return []
  }
}

function kindOf(files: FileSystem, file: string): string | null {
  try {
    return files.lstat(file).kind
  } catch {
    return null
  }
}
