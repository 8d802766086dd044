/**
 * Gives files and transcripts back into their own place, so that it cannot hurt.
 *
 * Invariants; tests cite the numbers:
 * 1. Everything that will be written over is kept first, durably, byte for byte, whatever checkpoints hold.
 * 2. All new content lies whole and verified beside its place before the first name changes.
 * 3. A path is changed only if it is then as it was when it was looked at; else it is left, and that is said.
 * 4. Nothing is deleted, but by an undo what the restore itself had created and nobody has changed since.
 * 5. No link is followed below a base, and no name leads out of it.
 * 6. After a crash at any step each path has its old content or its new one; resuming finishes, undoing puts back.
 */
import { randomBytes } from 'node:crypto'
import type { CheckpointRecord } from '../core/checkpoint.ts'
import { type CheckpointId, checkpointId } from '../core/checkpoint-id.ts'
import type {
  RestoreAmount,
  RestoreLeftOut,
  RestoreRefusalCode,
  RestoreRules,
  TranscriptPlan,
} from '../core/restore.ts'
import { displayTreePath } from '../core/tree-name.ts'
import { type Committed, commitChanges } from './committed-changes.ts'
import { failureOf, removeQuietly } from './durable-file.ts'
import type { HeadForm } from './head-forms.ts'
import type { PlannedPath } from './in-place-plan.ts'
import { createStep, type LongWorkOptions, type Step } from './long-work.ts'
import type { Ports } from './ports.ts'
import { type FileState, isSameState, presentAt } from './present-files.ts'
import type { RestorableTree } from './restorable-tree.ts'
import { makeFolders, missingFolders, notAFolder, removeEmptyFolders, syncNames } from './restore-folders.ts'
import { baseOf, type Change, isOver, type Journal, type JournalStore, temporaryOf } from './restore-journal.ts'
import type { PlannedEntry } from './restore-plan.ts'
import { tooSmallDisk } from './restore-room.ts'
import { type ContentSource, keepPresent, type NewContent, stageContents } from './staged-changes.ts'
import type { TranscriptWork } from './transcript-restore.ts'
import { nameOfKey, treePathBytes, treePathOf } from './tree-path.ts'

export interface InPlaceProgress {
  readonly what: 'keeping' | 'preparing' | 'writing'
  readonly done: number
  readonly total: number
}

export interface InPlaceOptions extends LongWorkOptions<InPlaceProgress> {}

/** What is to be done, as planned: files of the tree below `root`, and a transcript. */
export interface InPlaceWork {
  readonly record: CheckpointRecord
  readonly root: string | null
  readonly paths: readonly PlannedPath[]
  readonly tree: RestorableTree
  readonly transcript: TranscriptWork | null
  readonly safety: CheckpointId | null
}

export type InPlaceDone =
  | {
      readonly ok: true
      readonly journal: Journal
      readonly written: RestoreAmount
      readonly failures: readonly RestoreLeftOut[]
    }
  | { readonly ok: false; readonly code: RestoreRefusalCode; readonly message: string; readonly remedy: string }

type Failed = Extract<InPlaceDone, { ok: false }>

export interface InPlaceRestorer {
  /** @param reader for the frames that the paths need */
  apply(work: InPlaceWork, source: ContentSource, options?: InPlaceOptions): Promise<InPlaceDone>
  /** Finishes one that was cut short after everything had been laid ready; any other is given up, and that is said. */
  resume(id: string, options?: InPlaceOptions): Promise<InPlaceDone>
  /** Puts back what was there. Of one that was cut short too: then what was not yet changed is left as it is. */
  undo(id: string, conflicts: RestoreRules['conflicts'], options?: InPlaceOptions): Promise<InPlaceDone>
}

interface NewChange {
  readonly change: Change
  readonly content: NewContent | null
}

export function createInPlaceRestorer(ports: Ports, journals: JournalStore): InPlaceRestorer {
  const { files } = ports

  async function apply(work: InPlaceWork, source: ContentSource, options: InPlaceOptions = {}): Promise<InPlaceDone> {
    const changes = [...changesOfTree(work), ...changesOfTranscript(work)]
    return perform(newJournal(work), changes, source, options)
  }

  function newJournal({ record, root, transcript, safety }: InPlaceWork): Journal {
    const bases = [root ?? '', ...(transcript === null ? [] : [transcript.base])]
    return {
      ...emptyJournal(ports),
      kind: 'restore',
      undoOf: null,
      checkpoint: checkpointId(record.session, record.seq),
      title: record.title,
      bases,
      root,
      safety,
      transcript: transcript?.plan ?? null,
    }
  }

  /** From nothing to a journal that is over, or to nothing. */
  async function perform(
    begun: Journal,
    wanted: readonly NewChange[],
    source: ContentSource,
    options: InPlaceOptions,
  ): Promise<InPlaceDone> {
    const changes = wanted.map(({ change }) => change)
    const small = tooSmallDisk(files, journals, begun, changes)
    if (small !== null) {
      return failed('disk-full', `Too little of the disk that holds ${small} is free`, remedies['disk-full'] ?? '')
    }
    let journal = begun
    try {
      journals.saveChanges(journal.id, changes)
      const kept = await keepPresent(files, journals, journal, changes, stepFor(options, 'keeping', changes.length))
      if (kept !== null) return refuse(journal, changes, kept.code, kept.message)
      const keptBytes = changes.reduce((sum, { before }) => sum + (before?.bytes ?? 0), 0)
      const swapped = notAFolder(files, journal, changes)
      if (swapped !== null) return refuse(journal, changes, 'changed-since-plan', swapped)
      journal = { ...journal, keptBytes, folders: missingFolders(files, journal, changes).map(treePathOf) }
      journals.save(journal)
      makeFolders(files, journal)
      const step = stepFor(options, 'preparing', changes.length)
      const contents = wanted.map(({ content }) => content)
      const staged = await stageContents(files, journal, changes, contents, source, step)
      if ('code' in staged) return refuse(journal, changes, staged.code, staged.message)
      syncNames(files, journal, changes)
      journals.saveChanges(journal.id, staged.changes)
      journal = { ...journal, phase: 'committing' }
      journals.save(journal)
      return await commit(journal, staged.changes, staged.lost, options)
    } catch (error) {
      const { code, message } = failureOf(error, 'Preparing the restore')
      return refuse(journal, changes, refusalOf(code), message)
    }
  }

  /** The disk's refusal in the middle leaves a journal to go on from. */
  async function commit(
    journal: Journal,
    changes: readonly Change[],
    lost: ReadonlyMap<number, string>,
    options: InPlaceOptions,
  ): Promise<InPlaceDone> {
    try {
      return await commitAll(journal, changes, lost, options)
    } catch (error) {
      const { code, message } = failureOf(error, 'Restoring')
      return failed(refusalOf(code), message, waysOn(journal))
    }
  }

  async function commitAll(
    journal: Journal,
    changes: readonly Change[],
    lost: ReadonlyMap<number, string>,
    options: InPlaceOptions,
  ): Promise<InPlaceDone> {
    const step = stepFor(options, 'writing', changes.length)
    const committed = await commitChanges(ports, journal, changes, lost, step)
    if (committed.stopped) {
      return failed('stopped', 'The restore was stopped half-way', waysOn(journal))
    }
    if (journal.kind === 'undo') removeEmptyFolders(files, foldersOf(journals, journal.undoOf))
    const over: Journal = {
      ...journal,
      phase: committed.failures.length === 0 ? 'complete' : 'incomplete',
      written: { files: committed.files, bytes: committed.bytes },
    }
    journals.save(over)
    journals.sweep(ports.clock.nowMs())
    return { ok: true, journal: over, written: over.written, failures: failuresOf(committed) }
  }

  /** Nothing was changed: nothing stays. */
  function refuse(journal: Journal, changes: readonly Change[], code: RestoreRefusalCode, message: string): Failed {
    giveUp(journal, changes)
    const remedy = code === 'changed-since-plan' ? 'Plan it again.' : remedies[code]
    return failed(code, message, remedy ?? 'Nothing was changed.')
  }

  function giveUp(journal: Journal, changes: readonly Change[]): void {
    clearAway(journal, changes)
    removeEmptyFolders(files, journal.folders)
    syncNames(files, journal, changes)
    journals.forget(journal.id)
  }

  function clearAway(journal: Journal, changes: readonly Change[]): void {
    for (const [n, change] of changes.entries()) removeQuietly(files, temporaryOf(journal, change, n))
    syncNames(files, journal, changes)
  }

  async function resume(id: string, options: InPlaceOptions = {}): Promise<InPlaceDone> {
    const journal = journals.read(id)
    const changes = journal && journals.changes(id)
    if (!journal || !changes) return unknown(id)
    if (journal.phase === 'complete') return { ok: true, journal, written: journal.written, failures: [] }
    if (journal.phase === 'preparing') {
      giveUp(journal, changes)
      return failed('changed-since-plan', 'It was cut short before anything was changed', 'Restore again.')
    }
    return commit(journal, changes, new Map(), options)
  }

  async function undo(
    id: string,
    conflicts: RestoreRules['conflicts'],
    options: InPlaceOptions = {},
  ): Promise<InPlaceDone> {
    const journal = journals.read(id)
    const changes = journal && journals.changes(id)
    if (!journal || !changes) return unknown(id)
    if (journal.phase === 'preparing') {
      giveUp(journal, changes)
      return { ok: true, journal, written: { files: 0, bytes: 0 }, failures: [] }
    }
    clearAway(journal, changes)
    if (!isOver(journal)) journals.save({ ...journal, phase: 'incomplete' })
    const back = changes.flatMap((change, n) => reversed(journal, change, n, conflicts))
    const { checkpoint, title, bases, root } = journal
    const begun: Journal = { ...emptyJournal(ports), kind: 'undo', undoOf: id, checkpoint, title, bases, root }
    const done = await perform(
      begun,
      back.flatMap(each => ('change' in each ? [each] : [])),
      { reader: noReader, record: null, trees: [] },
      options,
    )
    if (!done.ok) return done
    const left = back.flatMap(each => ('left' in each ? [each.left] : []))
    return { ...done, failures: [...done.failures, ...left] }
  }

  /** How one path goes back; nothing for one that is as it was. */
  function reversed(
    journal: Journal,
    change: Change,
    n: number,
    conflicts: RestoreRules['conflicts'],
  ): (NewChange | { readonly left: RestoreLeftOut })[] {
    const present = presentAt(files, baseOf(journal, change.base), treePathBytes(change.name))
    if (isSameState(present, change.before)) return []
    const isOurs = isSameState(present, change.after)
    const now: FileState | null = present.present === 'file' ? stateOf(present) : null
    if (!isOurs && (conflicts === 'keep' || (present.present !== 'file' && present.present !== 'absent'))) {
      const reason = 'it has changed since it was restored, and was left as it is'
      return [{ left: { path: displayTreePath(change.name), reason } }]
    }
    const content = change.before === null ? null : ({ from: 'kept', at: journals.keptPath(journal.id, n) } as const)
    // What somebody wrote where nothing was is not ours to delete.
    if (!isOurs && change.before === null) {
      const reason = 'somebody else wrote it where nothing was, so it was left'
      return present.present === 'absent' ? [] : [{ left: { path: displayTreePath(change.name), reason } }]
    }
    return [{ change: { ...change, before: now, after: change.before }, content }]
  }

  function stepFor(options: InPlaceOptions, what: InPlaceProgress['what'], total: number): Step<number> {
    const step = createStep<InPlaceProgress>(ports.clock, options)
    return done => step(done === undefined ? undefined : { what, done, total })
  }

  return { apply, resume, undo }
}

const noReader: ContentSource['reader'] = {
  check: () => null,
  frame: pack => ({ ok: false, problem: { code: 'pack-missing', pack, message: 'An undo reads no pack' } }),
  checkWhole: () => null,
  close: () => {},
}

function emptyJournal(ports: Ports) {
  return {
    v: 1 as const,
    id: randomBytes(8).toString('hex'),
    startedMs: ports.clock.nowMs(),
    phase: 'preparing' as const,
    folders: [],
    safety: null,
    written: { files: 0, bytes: 0 },
    keptBytes: 0,
    transcript: null as TranscriptPlan | null,
  }
}

function stateOf({ kind, mode, bytes, sha256 }: FileState): FileState {
  return { kind, mode, bytes, sha256 }
}

function changesOfTree({ paths }: InPlaceWork): readonly NewChange[] {
  return paths.flatMap(({ willWrite, entry, form, mode, present }): NewChange[] => {
    if (!willWrite || entry === null) return []
    const before = present.present === 'file' ? stateOf(present) : null
    const { content, ...known } = newContentOf(entry, form)
    const after = { kind: entry.kind, mode, ...known }
    return [{ change: { base: 0, name: treePathOf(nameOfKey(entry.key)), before, after }, content }]
  })
}

/** Git tells size and hash only with the content. */
function newContentOf(
  { source }: PlannedEntry,
  form: HeadForm | null,
): Pick<FileState, 'bytes' | 'sha256'> & { readonly content: NewContent } {
  if (source.from === 'store') return { bytes: source.place[3], sha256: source.sha256, content: source }
  if (form === null) return { bytes: 0, sha256: '', content: source }
  if (form.kind === 'unknown') throw new Error('a plan never writes what is not known')
  const { bytes, sha256 } = form
  return { bytes, sha256, content: form.kind === 'lfs' ? { from: 'lfs', at: form.at } : { ...source, crlf: true } }
}

function changesOfTranscript({ transcript }: InPlaceWork): readonly NewChange[] {
  const changes = transcript?.changes ?? []
  return changes.map(({ name, before, after, content }) => ({ change: { base: 1, name, before, after }, content }))
}

function failuresOf({ failures }: Committed): readonly RestoreLeftOut[] {
  return failures.map(({ change, reason }) => ({ path: displayTreePath(change.name), reason }))
}

const remedies: Readonly<Partial<Record<RestoreRefusalCode, string>>> = {
  damaged: 'Nothing was changed. Restore an older checkpoint, or only the part that is whole.',
  stopped: 'Nothing was changed.',
  'disk-full': 'Nothing was changed. Free disk space and restore again.',
  permission: 'Nothing was changed. Make the folder writable for you, or restore to another one.',
}

function refusalOf(code: string): RestoreRefusalCode {
  return code === 'disk-full' || code === 'permission' ? code : 'io-error'
}

function failed(code: RestoreRefusalCode, message: string, remedy: string): Failed {
  return { ok: false, code, message, remedy }
}

function waysOn({ id }: Journal): string {
  return `Finish it with \`session-monitor undo --resume ${id}\`, or take it back with \`session-monitor undo ${id}\`.`
}

function unknown(id: string): Failed {
  return failed('unknown', `There is no restore ${id} that can be read`, '`session-monitor undo` lists them.')
}

function foldersOf(journals: JournalStore, id: string | null): Journal['folders'] {
  return (id === null ? null : journals.read(id))?.folders ?? []
}
