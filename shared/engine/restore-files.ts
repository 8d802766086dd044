/**
 * Writes a planned work tree below a new folder. Folders first, then files, then links: whatever a link points at,
 * nothing is written after it. Every file is created, never opened; its bytes are hashed on the way.
 */
import path from 'node:path'
import { errorCode, removeQuietly } from './durable-file.ts'
import { withCrLf } from './git-conversion.ts'
import { besideForm, type FormsByName } from './head-forms.ts'
import type { HeadTree } from './head-tree.ts'
import type { Step } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import type { FilePath, FileSystem } from './ports.ts'
import type { LeftOut, PlannedEntry } from './restore-plan.ts'
import { nameOfKey, pathBelow, shownKey } from './tree-path.ts'
import { copyVerified } from './verified-copy.ts'

export interface FilesWritten {
  readonly files: number
  readonly links: number
  readonly bytes: number
  /** What could not be had after all, such as an object that git has lost. */
  readonly leftOut: readonly LeftOut[]
  /** Set when the work had to end early: a frame that did not verify, or the caller's signal. */
  readonly problem: { readonly code: 'damaged' | 'stopped'; readonly message: string } | null
}

export interface FilesSource {
  readonly reader: PackReader
  /** By level; null where nothing is taken from HEAD. */
  readonly heads: readonly (HeadTree | null)[]
  /** Without any that is unknown, but for its line ends. */
  readonly forms: FormsByName
}

interface Link {
  readonly at: FilePath
  readonly name: Buffer
  readonly text: Buffer
}

/** Counts while writing; becomes {@link FilesWritten}. */
interface Tally {
  files: number
  bytes: number
  readonly links: Link[]
  readonly leftOut: LeftOut[]
}

/** @throws {FileSystemError} as the disk has it; what was written until then stays */
export async function writeFiles(
  files: FileSystem,
  folder: string,
  entries: readonly PlannedEntry[],
  source: FilesSource,
  step: Step<number>,
): Promise<FilesWritten> {
  const tally: Tally = { files: 0, bytes: 0, links: [], leftOut: [] }
  makeFolders(files, folder, entries)
  const problem =
    (await writeStored(files, folder, entries, source.reader, tally, step)) ??
    (await writeForeign(files, folder, entries, source.forms, tally, step)) ??
    (await writeHeads(files, folder, entries, source, tally, step))
  const links = problem === null ? tally.links.filter(link => writeLink(files, link, tally)).length : 0
  return { files: tally.files, links, bytes: tally.bytes, leftOut: tally.leftOut, problem }
}

function makeFolders(files: FileSystem, folder: string, entries: readonly PlannedEntry[]): void {
  files.makeFolder(folder)
  const parents = new Set<string>()
  for (const { key } of entries) {
    const end = key.lastIndexOf('/')
    if (end > 0) parents.add(key.slice(0, end))
  }
  for (const key of parents) files.makeFolder(pathBelow(folder, nameOfKey(key)))
}

async function writeStored(
  files: FileSystem,
  folder: string,
  entries: readonly PlannedEntry[],
  reader: PackReader,
  tally: Tally,
  step: Step<number>,
): Promise<FilesWritten['problem']> {
  for (const entry of entries) {
    if (entry.source.from !== 'store') continue
    const { pack, place, sha256 } = entry.source
    const read = reader.frame(pack, place, sha256)
    if (!read.ok) return { code: 'damaged', message: read.problem.message }
    writeEntry(files, folder, entry, read.content, tally)
    if (!(await step(tally.files))) return stopped
  }
  return null
}

/** What Git LFS has: may be large. */
async function writeForeign(
  files: FileSystem,
  folder: string,
  entries: readonly PlannedEntry[],
  forms: FormsByName,
  tally: Tally,
  step: Step<number>,
): Promise<FilesWritten['problem']> {
  for (const { key, mode } of entries) {
    const form = forms.get(key)
    if (form?.kind !== 'lfs') continue
    const at = pathBelow(folder, nameOfKey(key))
    const why = copyVerified(files, form.at, form.sha256, () => files.open(at, 'create'))
    if (why === null) {
      files.chmod(at, mode)
      tally.files++
      tally.bytes += form.bytes
    } else {
      removeQuietly(files, at)
      tally.leftOut.push({ path: shownKey(key), reason: why })
    }
    if (!(await step(tally.files))) return stopped
  }
  return null
}

async function writeHeads(
  files: FileSystem,
  folder: string,
  entries: readonly PlannedEntry[],
  { heads, forms }: FilesSource,
  tally: Tally,
  step: Step<number>,
): Promise<FilesWritten['problem']> {
  const formOf = ({ key }: PlannedEntry) => besideForm(forms.get(key) ?? null)
  for (const [level, head] of heads.entries()) {
    const wanted = Map.groupBy(
      entries.filter(entry => entry.source.from === 'head' && entry.source.level === level && formOf(entry) !== 'lfs'),
      ({ source }) => (source.from === 'head' ? source.objectId : ''),
    )
    if (!head || wanted.size === 0) continue
    const problems = await head.read([...wanted.keys()], (id, content) => {
      for (const entry of wanted.get(id) ?? []) {
        writeEntry(files, folder, entry, formOf(entry) === 'crlf' ? withCrLf(content) : content, tally)
      }
    })
    if (!(await step(tally.files))) return stopped
    for (const [id, reason] of problems) {
      for (const { key } of wanted.get(id) ?? []) tally.leftOut.push({ path: shownKey(key), reason })
    }
  }
  return null
}

const stopped = { code: 'stopped', message: 'The restore was stopped' } as const

function writeEntry(files: FileSystem, folder: string, entry: PlannedEntry, content: Buffer, tally: Tally): void {
  const name = nameOfKey(entry.key)
  const at = pathBelow(folder, name)
  if (entry.kind === 'link') {
    tally.links.push({ at, name, text: Buffer.from(content) })
    return
  }
  writePlainFile(files, at, content)
  files.chmod(at, entry.mode)
  tally.files++
  tally.bytes += content.byteLength
}

/** Creates `at` with exactly these bytes. @throws {FileSystemError} EEXIST if anything is there. */
export function writePlainFile(files: FileSystem, at: FilePath, content: Uint8Array): void {
  const file = files.open(at, 'create')
  try {
    file.append(content)
  } finally {
    file.close()
  }
}

/** False, and a word in `leftOut`, where the system or the text does not allow a link. */
function writeLink(files: FileSystem, { at, name, text }: Link, tally: Tally): boolean {
  const leaveOut = (reason: string) => {
    tally.leftOut.push({ path: name.toString(), reason })
    return false
  }
  if (text.length === 0 || text.includes(0)) return leaveOut('its text cannot be that of a link')
  try {
    files.symlink(path.sep === '/' ? text : text.toString('utf8'), at)
    return true
  } catch (error) {
    // Windows lets only some users make links.
    if (errorCode(error) === 'EPERM') return leaveOut(`no links may be made here; it pointed at ${text.toString()}`)
    throw error
  }
}
