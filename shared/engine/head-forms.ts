/**
 * How the committed files of a checkpoint lay in the work tree. git keeps some of them in another form: with other
 * line ends, through a filter, or in Git LFS. Nobody's filter is ever run, so what cannot be told is not made up.
 *
 * 1. A file of HEAD is given back as the bytes that git keeps only if git itself would write just these into a new
 *    work tree and its index does not say that there were others, or if the index vouches for their number.
 * 2. Line ends are written as CR LF only if the index vouches for exactly as many bytes as that makes.
 * 3. A file that Git LFS keeps is given back from the store of Git LFS on this machine, and only if it has the hash
 *    that its pointer names.
 * 4. Everything else is `unknown`: it is said why, and what the user can run to get it.
 * 5. Nothing of a repository is run, and nothing outside it and the user's own git settings is read.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { shellWord } from '../core/shell-word.ts'
import { displayTreePath } from '../core/tree-name.ts'
import type { TreePath } from '../core/work-tree.ts'
import { failureOf } from './durable-file.ts'
import { type AttributesFile, readAttributes } from './git-attributes.ts'
import type { Git } from './git-command.ts'
import {
  type Conversion,
  conversionOf,
  countLineEnds,
  hasIdent,
  mayDifferInLineEnds,
  parseLfsPointer,
  withCrLf,
} from './git-conversion.ts'
import { type IndexedFile, indexedFiles } from './git-index.ts'
import { type GitRepository, readRegularFile, repositoryAt } from './git-repository.ts'
import { readCheckoutSettings } from './git-settings.ts'
import type { HeadTree } from './head-tree.ts'
import type { PackReader } from './pack-reader.ts'
import type { FileSystem } from './ports.ts'
import { type PlannedEntry, packIn, type TreeLevel } from './restore-plan.ts'
import { byteKey, byteKeyOf, isSafeTreePath, nameOfKey, treePathBytes, treePathOf } from './tree-path.ts'

/** A form that is not simply what git keeps. */
export type HeadForm =
  /** Every LF as CR LF. */
  | { readonly kind: 'crlf'; readonly bytes: number; readonly sha256: string }
  /** `at`: where Git LFS has it. */
  | { readonly kind: 'lfs'; readonly bytes: number; readonly sha256: string; readonly at: string }
  | UnknownForm

export interface UnknownForm {
  readonly kind: 'unknown'
  /** With what the user can do about it. */
  readonly why: string
  /** True if what git keeps is the same text, with other line ends or in another encoding. */
  readonly isText: boolean
  /** If only its line ends are in doubt: those that git would write. */
  readonly writes: 'lf' | 'crlf' | null
}

/** What a copy beside the project gets under the file's own name; null for nothing, because it would be something else. */
export function besideForm(form: HeadForm | null): 'kept' | 'crlf' | 'lfs' | null {
  if (form === null) return 'kept'
  if (form.kind !== 'unknown') return form.kind
  return form.writes === null ? null : form.writes === 'crlf' ? 'crlf' : 'kept'
}

export type FormsByName = ReadonlyMap<string, HeadForm>

export interface HeadForms {
  /**
   * Of those of `entries` that come from HEAD and whose bytes are not simply what git keeps, by the bytes of their
   * name. Asks git, and reads what it must.
   */
  of(entries: readonly PlannedEntry[]): Promise<FormsByName>
}

export const noForms: HeadForms = { of: async () => new Map() }

export interface FormParts {
  readonly files: FileSystem
  readonly git: Git
  readonly reader: PackReader
  /** A folder of ours; the caller removes it. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

/** @param holder the pack that the manifests lie in */
export function createHeadForms(
  parts: FormParts,
  levels: readonly TreeLevel[],
  trees: readonly (HeadTree | null)[],
  holder: string,
): HeadForms {
  let asked = 0
  return {
    of: async entries => {
      const found = new Map<string, HeadForm>()
      for (const [at, level] of levels.entries()) {
        const tree = trees[at]
        const wanted = entries.filter(({ kind, source }) => {
          return kind === 'file' && source.from === 'head' && source.level === at
        })
        if (!tree || wanted.length === 0) continue
        const scratch = path.join(parts.scratch, `forms-${asked++}`)
        const ofLevel = await formsOfLevel({ ...parts, scratch, level, tree, holder }, wanted)
        for (const [key, form] of ofLevel) found.set(key, form)
      }
      return found
    },
  }
}

interface LevelParts extends FormParts {
  readonly level: TreeLevel
  readonly tree: HeadTree
  readonly holder: string
}

/** One file with what decides its form. */
interface Candidate {
  /** From the top of all. */
  readonly key: string
  /** In its repository. */
  readonly name: Buffer
  readonly objectId: string
  readonly conversion: Conversion
  readonly indexed: IndexedFile | null
}

async function formsOfLevel(parts: LevelParts, entries: readonly PlannedEntry[]): Promise<FormsByName> {
  const repository = repositoryAt(parts.files, parts.level.root)
  const conversions = await conversionsOf(parts, repository, entries)
  const found = new Map<string, HeadForm>()
  if (conversions === null) {
    const why = 'its attributes cannot be told, so git may keep it in another form'
    for (const entry of entries) found.set(entry.key, unknown(parts, { name: nameInLevel(parts.level, entry) }, why))
    return found
  }
  if (conversions.size === 0) return found
  const indexed = indexOf(parts, repository, conversions)
  const candidates = entries.flatMap((entry): Candidate[] => {
    const name = nameInLevel(parts.level, entry)
    const conversion = conversions.get(byteKey(name))
    if (!conversion || entry.source.from !== 'head') return []
    const { objectId } = entry.source
    const known = indexed.get(byteKey(name))
    return [{ key: entry.key, name, objectId, conversion, indexed: known?.object === objectId ? known : null }]
  })
  const sizes = await parts.tree.sizes(candidates.map(({ objectId }) => objectId))
  const toRead = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    const form = withoutReading(parts, candidate, sizes.get(candidate.objectId))
    if (form === null) continue
    if (form !== 'must-read') found.set(candidate.key, form)
    else toRead.set(candidate.objectId, [...(toRead.get(candidate.objectId) ?? []), candidate])
  }
  const problems = await parts.tree.read([...toRead.keys()], (id, content) => {
    for (const candidate of toRead.get(id) ?? []) {
      const form = byContent(parts, repository, candidate, content)
      if (form !== null) found.set(candidate.key, form)
    }
  })
  for (const [id, why] of problems) {
    for (const { key } of toRead.get(id) ?? []) found.set(key, { ...otherwise, why })
  }
  return found
}

function nameInLevel({ prefix }: TreeLevel, { key }: PlannedEntry): Buffer {
  return nameOfKey(prefix === null ? key : key.slice(byteKeyOf(prefix).length + 1))
}

/** Of paths that have one, by their name in the repository; null if git does not tell. */
async function conversionsOf(
  parts: LevelParts,
  repository: GitRepository | null,
  entries: readonly PlannedEntry[],
): Promise<ReadonlyMap<string, Conversion> | null> {
  const { files, git, scratch, signal, level } = parts
  const call = { gitDir: parts.scratch, timeoutMs: 60_000, signal }
  files.makeFolder(scratch)
  const settings = await readCheckoutSettings(files, git, repository, call)
  const ofTree = await attributesFilesOf(parts)
  if (ofTree === null) return null
  const source = {
    ofTree,
    infoFile: repository && path.join(repository.commonDir, 'info', 'attributes'),
    userFile: settings.attributesFile,
  }
  const names = entries.map(entry => nameInLevel(level, entry))
  const attributes = await readAttributes(files, git, scratch, source, names, signal)
  if (attributes === null) return null
  const found = new Map<string, Conversion>()
  for (const name of names) {
    const key = byteKey(name)
    const conversion = conversionOf(attributes.get(key) ?? new Map(), settings, process.platform === 'win32')
    if (conversion !== null) found.set(key, conversion)
  }
  return found
}

const mostAttributesFiles = 2_000
const attributesFile = Buffer.from('.gitattributes')

function isAttributesFile(name: Buffer): boolean {
  const cut = name.lastIndexOf(0x2f)
  return name.subarray(cut + 1).equals(attributesFile) && isSafeTreePath(name)
}

/** As they were when the checkpoint was taken; null if one of them cannot be had. */
async function attributesFilesOf({ level, tree, holder, reader }: LevelParts): Promise<AttributesFile[] | null> {
  const { files, gone, skipped } = level.manifest
  const isOne = ({ path: name }: { readonly path: TreePath }) => isAttributesFile(treePathBytes(name))
  if (skipped.some(isOne)) return null
  const recorded = files.filter(isOne)
  const others = new Set([...recorded.map(({ path: name }) => name), ...gone].map(byteKeyOf))
  const committed = tree.entries.filter(({ name, gitMode }) => {
    return gitMode.startsWith('100') && isAttributesFile(name) && !others.has(byteKey(name))
  })
  if (recorded.length + committed.length > mostAttributesFiles) return null
  const found: AttributesFile[] = []
  for (const { path: name, kind, place, sha256 } of recorded) {
    if (kind !== 'file' || place === null) continue
    const read = reader.frame(packIn(level, holder, place), place, sha256)
    if (!read.ok) return null
    found.push({ name: treePathBytes(name), content: read.content })
  }
  const byId = Map.groupBy(committed, ({ objectId }) => objectId)
  const problems = await tree.read([...byId.keys()], (id, content) => {
    for (const { name } of byId.get(id) ?? []) found.push({ name, content: Buffer.from(content) })
  })
  return problems.size === 0 ? found : null
}

const mostIndexBytes = 512 * 1_048_576

function indexOf(
  { files, level }: LevelParts,
  repository: GitRepository | null,
  wanted: ReadonlyMap<string, Conversion>,
): ReadonlyMap<string, IndexedFile> {
  const bytes = repository && readRegularFile(files, path.join(repository.gitDir, 'index'), mostIndexBytes)
  return bytes === null
    ? new Map()
    : indexedFiles(bytes, level.manifest.head?.length === 64 ? 32 : 20, new Set(wanted.keys()))
}

/** Null if the file is what git keeps. */
function withoutReading(
  parts: LevelParts,
  candidate: Candidate,
  keptBytes: number | undefined,
): HeadForm | null | 'must-read' {
  const { filter, filterRuns, encoding, ident, writes } = candidate.conversion
  const bytes = candidate.indexed?.bytes ?? 0
  // The content is lost, and whoever asks for it is told.
  if (keptBytes === undefined) return null
  if (filter !== null && filter !== 'lfs' && (filterRuns || (bytes !== 0 && bytes !== keptBytes))) {
    return unknown(parts, candidate, `git keeps it through the filter ${JSON.stringify(filter)}, which is not run here`)
  }
  if (encoding !== null) {
    return { ...unknown(parts, candidate, `git keeps it in another encoding than ${encoding}`), isText: true }
  }
  if (filter === 'lfs' || ident) return 'must-read'
  if (keptBytes === 0 || bytes === keptBytes) return null
  return bytes === 0 && writes === 'lf' ? null : 'must-read'
}

function byContent(
  parts: LevelParts,
  repository: GitRepository | null,
  candidate: Candidate,
  content: Buffer,
): HeadForm | null {
  const { filter, ident, lineEnds } = candidate.conversion
  if (filter === 'lfs') {
    const pointer = parseLfsPointer(content)
    if (pointer !== null) return lfsForm(parts, repository, candidate, content.length, pointer)
  }
  if (ident && hasIdent(content)) {
    return { ...unknown(parts, candidate, 'git writes a name into its $Id$'), isText: true }
  }
  const ends = countLineEnds(content)
  const bytes = candidate.indexed?.bytes ?? 0
  if (bytes === content.length || !mayDifferInLineEnds(ends, lineEnds)) return null
  if (bytes === 0 && candidate.conversion.writes === 'lf') return null
  if (bytes !== content.length + ends.lf) {
    const { writes } = candidate.conversion
    return { ...unknown(parts, candidate, lineEndsUnknown), isText: true, writes }
  }
  const wide = withCrLf(content)
  return { kind: 'crlf', bytes: wide.length, sha256: createHash('sha256').update(wide).digest('hex') }
}

function lfsForm(
  parts: LevelParts,
  repository: GitRepository | null,
  candidate: Candidate,
  pointerBytes: number,
  { sha256, bytes }: { readonly sha256: string | null; readonly bytes: number },
): HeadForm | null {
  // Cloned without its content: what lay in the work tree was the pointer.
  if (candidate.indexed?.bytes === pointerBytes && bytes !== pointerBytes) return null
  const fetch = `\`git lfs fetch origin ${shortCommit(parts)}\` brings it, then restore it again`
  const missing = `it is kept by Git LFS, which does not have it on this machine; ${fetch}`
  if (sha256 === null || repository === null) return { ...otherwise, why: missing }
  const at = path.join(repository.commonDir, 'lfs', 'objects', sha256.slice(0, 2), sha256.slice(2, 4), sha256)
  return isFileOf(parts.files, at, bytes) ? { kind: 'lfs', bytes, sha256, at } : { ...otherwise, why: missing }
}

function isFileOf(files: FileSystem, at: string, bytes: number): boolean {
  try {
    const { kind, size } = files.lstat(at)
    return kind === 'file' && size === bytes
  } catch (error) {
    failureOf(error, 'Looking for what Git LFS keeps')
    return false
  }
}

const otherwise = { kind: 'unknown', isText: false, writes: null } as const
const lineEndsUnknown = 'git keeps it with other line ends, and which it had is not known'

function unknown(parts: LevelParts, { name }: Pick<Candidate, 'name'>, why: string): UnknownForm {
  const where = parts.level.prefix === null ? '' : ` -C ${shellWord(displayTreePath(parts.level.prefix))}`
  const command = `git${where} restore --source=${shortCommit(parts)} -- ${shellWord(displayTreePath(treePathOf(name)))}`
  return { ...otherwise, why: `${why}; \`${command}\` gives it back` }
}

function shortCommit({ level }: LevelParts): string {
  return level.manifest.head?.slice(0, 12) ?? ''
}
