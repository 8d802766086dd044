/**
 * Checks a whole store: that every record is sound and finds what it needs, and with `readData` every byte.
 *
 * Frames that many checkpoints share are read once. Never throws because of what lies on the disk, changes
 * nothing, and lets others run in between.
 */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { createStep, type LongWorkOptions, type Step } from './long-work.ts'
import type { PackReader } from './pack-reader.ts'
import type { Clock } from './ports.ts'
import { checkPlaces, checkTree, damage, type Finding, holderOf, packDamage, readManifest } from './record-check.ts'
import type { RecordProblem } from './record-file.ts'
import { checkStreams } from './stream-check.ts'

export interface VerifyProgress {
  readonly what: 'packs' | 'sessions'
  readonly done: number
  readonly total: number
}

/** When the signal is aborted, what was found so far is returned with `complete` false. */
export interface VerifyOptions extends LongWorkOptions<VerifyProgress> {
  /** False: structure only. True: every pack, frame, stream and file is read and hashed. */
  readonly readData: boolean
}

export interface StoreReport {
  /** False if it was stopped early. */
  readonly complete: boolean
  readonly findings: readonly Finding[]
  readonly sessions: number
  readonly checkpoints: number
  readonly packs: number
  /** Size of all packs. */
  readonly packBytes: number
}

interface Verification {
  readonly store: CheckpointStore
  readonly reader: PackReader
  readonly options: VerifyOptions
  readonly findings: Finding[]
  /** Frames, and whole work trees, that were found right. */
  readonly good: Set<string>
  readonly step: Step<VerifyProgress>
}

export async function verifyStore(store: CheckpointStore, clock: Clock, options: VerifyOptions): Promise<StoreReport> {
  const reader = store.packReader()
  const step = createStep(clock, options)
  const run: Verification = { store, reader, options, findings: [], good: new Set(), step }
  try {
    const packs = await verifyPacks(run)
    const records = await verifySessions(run)
    return { complete: options.signal?.aborted !== true, findings: run.findings, ...packs, ...records }
  } finally {
    reader.close()
  }
}

async function verifyPacks(run: Verification) {
  const listed = run.store.packs()
  if (!listed.ok) {
    run.findings.push(damage(null, 'store-unreadable', listed.message))
    return { packs: 0, packBytes: 0 }
  }
  const { packs, unexpected } = listed
  run.findings.push(
    ...unexpected.map(name => note('unexpected-entry', `packs/${name} is none of ours; it is left alone`)),
  )
  for (const [done, pack] of packs.entries()) {
    if (!run.options.readData || !(await run.step({ what: 'packs', done, total: packs.length }))) break
    const problem = run.reader.checkWhole(pack.sha256)
    if (problem) run.findings.push(packDamage(null, problem, 'A pack'))
  }
  return { packs: packs.length, packBytes: packs.reduce((sum, pack) => sum + pack.bytes, 0) }
}

async function verifySessions(run: Verification) {
  const listed = run.store.sessions()
  if (!listed.ok) {
    run.findings.push(damage(null, 'store-unreadable', listed.message))
    return { sessions: 0, checkpoints: 0 }
  }
  let checkpoints = 0
  for (const [done, sessionId] of listed.sessions.entries()) {
    if (!(await run.step({ what: 'sessions', done, total: listed.sessions.length }))) break
    checkpoints += await verifySession(run, sessionId)
  }
  return { sessions: listed.sessions.length, checkpoints }
}

/** Returns how many checkpoints the session has, good or bad. */
async function verifySession(run: Verification, sessionId: SessionId): Promise<number> {
  const listed = run.store.list(sessionId)
  if (!listed.ok) {
    run.findings.push({ ...damage(null, 'store-unreadable', listed.message), sessionId })
    return 0
  }
  run.findings.push(...listed.records.flatMap(read => (read.ok ? [] : [problemFinding(run.store, read.problem)])))
  const placed = listed.records.flatMap(read => (read.ok && verifyPlaces(run, read.record) ? [read.record] : []))
  for (const record of placed) {
    if (!(await run.step())) return listed.records.length
    verifyTree(run, record)
  }
  if (run.options.readData) run.findings.push(...(await checkStreams(run.reader, placed, () => run.step())))
  return listed.records.length
}

function problemFinding(store: CheckpointStore, problem: RecordProblem): Finding {
  const where = { session: problem.sessionId, seq: problem.seq }
  if (problem.kind === 'missing') return damage(where, 'record-missing', lostWords(store, problem))
  if (problem.kind === 'newer') return { ...damage(where, 'record-newer', problem.message), severity: 'note' }
  return damage(where, problem.kind === 'damaged' ? 'record-damaged' : 'record-unreadable', problem.message)
}

/** Of a record that nobody here removed (invariant 7 of `checkpoint-store.ts`). */
function lostWords(store: CheckpointStore, { sessionId, seq }: RecordProblem): string {
  const held = store.readWitness(sessionId, seq).ok
  const rest = held
    ? 'its second name still holds it; `session-monitor gc` puts it back'
    : 'what its second name, in the folder `witness`, holds is damaged too'
  return `The record of this checkpoint is gone, and it was not removed by this program; ${rest}`
}

function note(code: Finding['code'], message: string): Finding {
  return { ...damage(null, code, message), severity: 'note' }
}

function verifyPlaces(run: Verification, record: CheckpointRecord): boolean {
  const findings = checkPlaces(run.reader, record)
  run.findings.push(...findings)
  return findings.length === 0
}

function verifyTree({ reader, options, findings, good }: Verification, record: CheckpointRecord): void {
  if (record.tree === null) return
  const packs = record.tree.packs.map(index => record.packs[index])
  const key = [holderOf(record), ...record.tree.place.slice(1), record.tree.manifestSha256, ...packs].join(':')
  if (good.has(key)) return
  const read = readManifest(reader, record)
  const found = read.ok
    ? read.manifest && checkTree(reader, record, read.manifest, options.readData, good)
    : [read.finding]
  findings.push(...(found ?? []))
  if (found?.length === 0) good.add(key)
}
