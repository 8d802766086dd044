/**
 * Removes packs that no record names, by invariants 2, 3 and 5 of `store-gc.ts`: aside first, a second look at the
 * records, and only then for good. Ends too what a crash left aside. Never touches a record.
 */
import type { SessionId } from '../core/session.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { errorCode, type Failure } from './durable-file.ts'
import { packPath } from './pack-reader.ts'
import type { FileSystem, Ports } from './ports.ts'
import type { RecordProblem, RecordRead } from './record-file.ts'
import { asidePath, type StoreSurvey, type SurveyedRecord } from './store-survey.ts'

/** Younger packs may belong to a checkpoint that is being made. By the files' own times; one from the future is young. */
export const graceMs = 3_600_000

export interface Sweep {
  readonly ports: Pick<Ports, 'clock' | 'files'>
  readonly store: CheckpointStore
  /** Packs and records as they were before any record went. */
  readonly found: StoreSurvey
  /** Records that are still there. */
  readonly kept: readonly SurveyedRecord[]
  /** Asked before each pack; false ends the sweep. */
  readonly goOn: (done: number, total: number) => Promise<boolean>
}

export type Swept =
  | { readonly whole: boolean; readonly removed: number; readonly waiting: number; readonly bytes: number }
  | { readonly problems: readonly RecordProblem[] }

export async function sweepPacks(sweep: Sweep): Promise<Swept> {
  const { ports, store, found, kept, goOn } = sweep
  const { files } = ports
  const before = named(store, {
    packs: new Set(kept.flatMap(record => record.packs)),
    seen: new Set(found.records.map(record => `${record.sessionId}/${record.seq}`)),
  })
  if ('problems' in before) return before
  const { old, young } = unnamedPacks(sweep, before.packs)
  const aside: string[] = []
  for (const pack of old) {
    if (!(await goOn(aside.length, old.length))) break
    if (renameIfThere(files, packPath(store.paths.packs, pack), asidePath(store.paths.packs, pack))) aside.push(pack)
  }
  const after = aside.length > 0 ? named(store, before) : before
  const gone = 'problems' in after ? [] : aside.filter(pack => !after.packs.has(pack))
  settle(files, store, aside, new Set(gone))
  if ('problems' in after) return after
  const bytes = gone.reduce((sum, pack) => sum + (found.packs.get(pack)?.bytes ?? 0), 0)
  return { whole: aside.length === old.length, removed: gone.length, waiting: young.length, bytes }
}

/** Ends what a crash left half done. True if a pack is back that a record needs. */
export function settleAsides(files: FileSystem, store: CheckpointStore, { asides, records }: StoreSurvey): boolean {
  const needed = new Set(records.flatMap(record => record.packs))
  const gone = new Set(asides.filter(pack => !needed.has(pack)))
  settle(files, store, asides, gone)
  return gone.size < asides.length
}

/** For when it cannot be told which are needed. */
export function putBackAll(files: FileSystem, store: CheckpointStore, asides: readonly string[]): void {
  settle(files, store, asides, new Set())
}

/** Removes those of `asides` that are `gone` and puts the others back. */
function settle(
  files: FileSystem,
  { paths }: CheckpointStore,
  asides: readonly string[],
  gone: ReadonlySet<string>,
): void {
  for (const pack of asides) {
    const at = asidePath(paths.packs, pack)
    if (gone.has(pack)) unlinkIfThere(files, at)
    // Over a pack of the same name, which has the same bytes, if one was written meanwhile.
    else renameIfThere(files, at, packPath(paths.packs, pack))
  }
  if (asides.length > 0) files.syncFolder(paths.packs)
}

interface Named {
  readonly packs: ReadonlySet<string>
  /** Records that are accounted for, as `session/seq`. */
  readonly seen: ReadonlySet<string>
}

/** `known` and every pack that a record names which has come since. */
function named(store: CheckpointStore, known: Named): Named | { readonly problems: readonly RecordProblem[] } {
  const packs = new Set(known.packs)
  const seen = new Set(known.seen)
  const listed = store.sessions()
  if (!listed.ok) return { problems: [unlisted('', listed)] }
  const problems: RecordProblem[] = []
  for (const sessionId of listed.sessions) {
    const numbers = store.numbers(sessionId)
    if (!numbers.ok) problems.push(unlisted(sessionId, numbers))
    for (const seq of numbers.ok ? numbers.seqs : []) {
      if (seen.has(`${sessionId}/${seq}`)) continue
      seen.add(`${sessionId}/${seq}`)
      const read = readOrWitness(store, sessionId, seq)
      if (read.ok) for (const pack of read.record.packs) packs.add(pack)
      else if (read.problem.kind !== 'missing') problems.push(read.problem)
    }
  }
  return problems.length > 0 ? { problems } : { packs, seen }
}

/** Of a record that is gone, what its second name holds: it may be put back, and then needs its packs. */
function readOrWitness(store: CheckpointStore, sessionId: SessionId, seq: number): RecordRead {
  const read = store.read(sessionId, seq)
  return read.ok || read.problem.kind !== 'missing' ? read : store.readWitness(sessionId, seq)
}

function unlisted(sessionId: SessionId, { message }: Failure): RecordProblem {
  return { kind: 'unreadable', sessionId, seq: 0, message }
}

/** Packs that nothing names: those that may go, and those that are too young. */
export function unnamedPacks({ ports, found }: Pick<Sweep, 'ports' | 'found'>, names: ReadonlySet<string>) {
  const nowMs = ports.clock.nowMs()
  const free = [...found.packs].filter(([name]) => !names.has(name))
  const isOld = ([, { modifiedMs }]: (typeof free)[number]) => nowMs - modifiedMs > graceMs
  return {
    old: free.filter(isOld).map(([name]) => name),
    young: free.filter(pack => !isOld(pack)).map(([name]) => name),
  }
}

function renameIfThere(files: FileSystem, from: string, to: string): boolean {
  try {
    files.rename(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

export function unlinkIfThere(files: FileSystem, at: string): void {
  try {
    files.unlink(at)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
