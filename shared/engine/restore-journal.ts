/**
 * What is remembered of a restore in place: enough to finish it after a crash, and to put everything back.
 *
 *   <data>/restores/<id>/journal.json    what, where, how far; replaced atomically
 *   <data>/restores/<id>/entries.jsonl   one line per path: what was there, what is to be there
 *   <data>/restores/<id>/kept/<n>        what was there, of those that had content
 *
 * 1. The journal is durable before the first name in a target changes: its entries, and all content that it keeps.
 * 2. `preparing`: nothing in the target has changed but new folders and temporary files, named by the journal.
 *    `committing`: all new content lies whole beside its place. `complete`, `incomplete`: it is over.
 * 3. A journal that cannot be read is reported and left alone. Only one that is over is ever removed.
 */
import path from 'node:path'
import { z } from 'zod'
import type { RestoreJournalInfo, TranscriptPlan } from '../core/restore.ts'
import { type TreePath, treePathSchema } from '../core/work-tree.ts'
import {
  errorCode,
  makeFolderDurably,
  readBounded,
  removeQuietly,
  removeTreeQuietly,
  replaceFile,
} from './durable-file.ts'
import type { FilePath, FileSystem, Ports } from './ports.ts'
import type { FileState } from './present-files.ts'
import { isSafeTreePath, pathBelow, treePathBytes } from './tree-path.ts'

const stateSchema = z
  .object({ kind: z.enum(['file', 'link']), mode: z.int(), bytes: z.number(), sha256: z.string() })
  .nullable()

const changeSchema = z.object({
  /** Index into the journal's `bases`. */
  base: z.int().nonnegative(),
  name: treePathSchema.refine(name => isSafeTreePath(treePathBytes(name))),
  before: stateSchema,
  after: stateSchema,
})

/** One path: what was there and what is to be there; null for nothing. */
export interface Change {
  readonly base: number
  readonly name: TreePath
  readonly before: FileState | null
  readonly after: FileState | null
}

const amount = z.object({ files: z.number(), bytes: z.number() })
const journalSchema = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  kind: z.enum(['restore', 'undo']),
  /** The restore that an undo puts back. */
  undoOf: z.string().nullable(),
  checkpoint: z.string(),
  title: z.string(),
  startedMs: z.number(),
  /** Folders that the names are relative to, absolute. */
  bases: z.array(z.string()),
  root: z.string().nullable(),
  phase: z.enum(['preparing', 'committing', 'complete', 'incomplete']),
  /** Made for it, outermost first; bytes that are no UTF-8 as `{ b64 }`. Absolute. */
  folders: z.array(treePathSchema),
  safety: z.string().nullable(),
  written: amount,
  keptBytes: z.number(),
  transcript: z.unknown(),
})
type ParsedJournal = z.infer<typeof journalSchema>

export type Journal = Omit<ParsedJournal, 'transcript'> & { readonly transcript: TranscriptPlan | null }

export interface JournalStore {
  readonly folder: string
  /** Newest first, those that cannot be read left out. */
  list(): readonly Journal[]
  read(id: string): Journal | null
  /** Creates its folder if it must. */
  save(journal: Journal): void
  changes(id: string): readonly Change[] | null
  saveChanges(id: string, changes: readonly Change[]): void
  /** Where what was at the n-th path is kept. */
  keptPath(id: string, n: number): string
  /** Removes what is remembered of one. */
  forget(id: string): void
  /** Forgets old ones that are over, and what never became a journal. */
  sweep(nowMs: number): void
}

/** How long, and how many at most, are remembered for an undo. */
export const keptForMs = 30 * 86_400_000
const mostKept = 100
const maxJournalBytes = 1_048_576
const maxEntriesBytes = 268_435_456

export function openJournals(ports: Ports, folder: string): JournalStore {
  const { files } = ports
  const folderOf = (id: string) => path.join(folder, id)
  const read = (id: string) => readJournal(files, path.join(folderOf(id), 'journal.json'))
  const ids = () => namesIn(files, folder).filter(name => /^[0-9a-f]{16}$/.test(name))
  const list = () => {
    const found = ids().flatMap(id => read(id) ?? [])
    return found.sort((a, b) => b.startedMs - a.startedMs || (a.id < b.id ? -1 : 1))
  }
  /** Its word first: a crash in between leaves what never became a journal, not one that cannot be read any more. */
  const forget = (id: string) => {
    removeQuietly(files, path.join(folderOf(id), 'journal.json'))
    removeTreeQuietly(files, folderOf(id))
  }
  return {
    folder,
    list,
    read,
    save(journal) {
      makeFolderDurably(files, path.join(folderOf(journal.id), 'kept'))
      replaceFile(ports, path.join(folderOf(journal.id), 'journal.json'), Buffer.from(`${JSON.stringify(journal)}\n`))
    },
    changes: id => readChanges(files, path.join(folderOf(id), 'entries.jsonl')),
    saveChanges(id, changes) {
      makeFolderDurably(files, path.join(folderOf(id), 'kept'))
      // Whoever made it may not have come to syncing it, and then a journal in it would be no safer.
      for (const above of [path.dirname(folder), folder]) files.syncFolder(above)
      const lines = changes.map(change => `${JSON.stringify(change)}\n`).join('')
      replaceFile(ports, path.join(folderOf(id), 'entries.jsonl'), Buffer.from(lines))
    },
    keptPath: (id, n) => path.join(folderOf(id), 'kept', String(n)),
    forget,
    sweep(nowMs) {
      const old = list()
        .filter(isOver)
        .filter(({ startedMs }, at) => at >= mostKept || nowMs - startedMs > keptForMs)
      const unborn = ids().filter(id => isUnborn(files, folderOf(id), nowMs))
      for (const id of [...old.map(each => each.id), ...unborn]) forget(id)
    },
  }
}

export function isOver({ phase }: Journal): boolean {
  return phase === 'complete' || phase === 'incomplete'
}

const dayMs = 86_400_000

/** A crash came before its journal was written, so nothing was changed for it. */
function isUnborn(files: FileSystem, folder: string, nowMs: number): boolean {
  try {
    return !files.list(folder).includes('journal.json') && nowMs - files.lstat(folder).mtimeMs > dayMs
  } catch (error) {
    if (errorCode(error) === null) throw error
    return false
  }
}

function readJournal(files: FileSystem, at: string): Journal | null {
  const read = readBounded(files, at, maxJournalBytes)
  if (!read.ok) return null
  const parsed = journalSchema.safeParse(parseJson(read.bytes.toString('utf8')))
  return parsed.success
    ? { ...parsed.data, transcript: (parsed.data.transcript ?? null) as TranscriptPlan | null }
    : null
}

function readChanges(files: FileSystem, at: string): readonly Change[] | null {
  const read = readBounded(files, at, maxEntriesBytes)
  if (!read.ok) return null
  const lines = read.bytes.toString('utf8').split('\n').slice(0, -1)
  const parsed = z.array(changeSchema).safeParse(lines.map(parseJson))
  return parsed.success ? parsed.data : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function namesIn(files: FileSystem, folder: string): readonly string[] {
  try {
    return files.list(folder)
  } catch (error) {
    if (errorCode(error) === null) throw error
    return []
  }
}

/** Absolute path of the n-th change's target. @throws {RangeError} for a base that the journal does not list */
export function targetOf({ bases }: Pick<Journal, 'bases'>, { base, name }: Pick<Change, 'base' | 'name'>): FilePath {
  return pathBelow(baseOf({ bases }, base), treePathBytes(name))
}

export function baseOf({ bases }: Pick<Journal, 'bases'>, base: number): string {
  const folder = bases[base]
  if (folder === undefined) throw new RangeError(`no base ${base}`)
  return folder
}

/** Where the new content of the n-th path waits: in the folder of its target, so that a rename is enough. */
export function temporaryOf(journal: Pick<Journal, 'bases' | 'id'>, change: Change, n: number): FilePath {
  const name = treePathBytes(change.name)
  const cut = name.lastIndexOf(0x2f)
  const temporary = Buffer.from(`.asm-${journal.id.slice(0, 8)}-${n.toString(36)}`)
  const inFolder = cut < 0 ? temporary : Buffer.concat([name.subarray(0, cut + 1), temporary])
  return pathBelow(baseOf(journal, change.base), inFolder)
}

/** As the user interfaces show them; `all` tells what was undone since. */
export function describeJournal(journal: Journal, all: readonly Journal[]): RestoreJournalInfo {
  const isUndone = wasUndone(journal.id, all)
  const state = isUndone ? 'undone' : journal.phase === 'complete' ? 'complete' : 'unfinished'
  return {
    restoreId: journal.id,
    startedAtMs: journal.startedMs,
    kind: journal.kind,
    checkpoint: journal.checkpoint,
    title: journal.title,
    root: journal.root,
    state,
    written: journal.written,
    keptBytes: journal.keptBytes,
    safety: journal.safety,
    canResume: state === 'unfinished',
    canUndo: !isUndone,
    keptUntilMs: isOver(journal) ? journal.startedMs + keptForMs : null,
  }
}

/** True if an undo of it is complete, and was not itself undone. */
function wasUndone(id: string, all: readonly Journal[]): boolean {
  return all.some(({ undoOf, phase, id: by }) => undoOf === id && phase === 'complete' && !wasUndone(by, all))
}
