/**
 * Sealing: a session that has been quiet for a day gets its many small frames as few large ones, in a pack of its
 * own. That is a new record of the same instant, made like any other (written, read back, counted up), so the older
 * one and its packs stay until retention lets them go, and a session that wakes up again simply goes on from it.
 */
import { createHash } from 'node:crypto'
import type { CheckpointRecord, FramePlace, StreamRecord } from '../core/checkpoint.ts'
import type { CheckpointStore, RecordDraft } from './checkpoint-store.ts'
import type { FrameSink } from './frame-sink.ts'
import type { PackReader } from './pack-reader.ts'
import { packOf } from './record-check.ts'
import { carryPlace, carryTree, createPackTable, type PackTable } from './record-packs.ts'
import type { StoreSurvey, SurveyedRecord } from './store-survey.ts'

/** Fewer frames saved are not worth a record. */
export const fewestSaved = 7

/** As in `transcript-stream.ts`: what one frame holds at most, and what is large enough to stay as it is. */
const frameBytes = 8_388_608
const largeSegmentBytes = 4_194_304

const quietMs = 86_400_000

export type Sealed =
  | { readonly kind: 'sealed' }
  /** Something newer is there, or it is not as it was surveyed: nothing to do. */
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly message: string }

/** The newest record of each session that is worth sealing. A session with anything unreadable is left alone. */
export function sealable(survey: StoreSurvey, nowMs: number): readonly SurveyedRecord[] {
  const sessions = Map.groupBy(survey.records, record => record.sessionId)
  const damaged = new Set(survey.problems.map(problem => problem.sessionId))
  return [...sessions.values()].flatMap(records => {
    const newest = records.reduce((a, b) => (a.seq > b.seq ? a : b))
    const quiet = nowMs - newest.lastActivityMs >= quietMs
    const worth = newest.verified && newest.mergeable >= fewestSaved && !damaged.has(newest.sessionId)
    return quiet && worth ? [newest] : []
  })
}

/** @param held false once the caller's lock is lost */
export function sealRecord(store: CheckpointStore, surveyed: SurveyedRecord, held: () => boolean): Sealed {
  const { sessionId, seq } = surveyed
  const newest = store.newest(sessionId)
  if (!newest.ok || newest.record?.seq !== seq || newest.highestSeq !== seq) return { kind: 'left' }
  const opened = store.newPack()
  if (!opened.ok) return { kind: 'failed', message: opened.message }
  const reader = store.packReader()
  try {
    const draft = sealedDraft(reader, newest.record, opened.pack)
    if ('problem' in draft) return { kind: 'failed', message: draft.problem }
    const finish = opened.pack.finish()
    if (!finish.ok) return { kind: 'failed', message: finish.message }
    const [commit] = store.commit([draft], finish.pack, held)
    if (commit?.kind === 'committed') return wholeAgain(store, commit.record)
    return commit?.kind === 'failed' ? { kind: 'failed', message: commit.message } : { kind: 'left' }
  } finally {
    reader.close()
    opened.pack.abandon()
  }
}

/** The record's own content with its streams in new frames; every byte is hashed on the way. */
function sealedDraft(
  reader: PackReader,
  record: CheckpointRecord,
  sink: FrameSink,
): RecordDraft | { readonly problem: string } {
  const table = createPackTable()
  const streams: StreamRecord[] = []
  for (const stream of record.streams) {
    const sealed = sealStream(reader, record, stream, table, sink)
    if (typeof sealed === 'string') return { problem: sealed }
    streams.push({ ...stream, segments: [...sealed] })
  }
  const { v, seq, sum, packs, ...same } = record
  return { ...same, afterSeq: seq, streams, tree: carryTree(record, table), packs: table.list() }
}

/** The stream's new places; in words what is wrong with it otherwise. */
function sealStream(
  reader: PackReader,
  record: CheckpointRecord,
  { name, segments, sha256 }: StreamRecord,
  table: PackTable,
  sink: FrameSink,
): readonly FramePlace[] | string {
  const hash = createHash('sha256')
  const places: FramePlace[] = []
  for (const group of groupsOf(segments)) {
    const contents: Buffer[] = []
    for (const place of group) {
      const read = reader.frame(packOf(record, place), place, null)
      if (!read.ok) return `Stream ${name}: ${read.problem.message}`
      hash.update(read.content)
      contents.push(read.content)
    }
    places.push(group.every(isLarge) ? carryAll(record, group, table) : addOne(Buffer.concat(contents), sink))
  }
  return hash.digest('hex') === sha256 ? places : `Stream ${name} does not have its recorded hash`
}

function carryAll(record: CheckpointRecord, [place]: readonly FramePlace[], table: PackTable): FramePlace {
  if (place === undefined) throw new RangeError('an empty group of segments')
  return carryPlace(record, place, table)
}

function addOne(content: Buffer, sink: FrameSink): FramePlace {
  return sink.add(content, createHash('sha256').update(content).digest('hex'))
}

function isLarge(place: FramePlace): boolean {
  return place[3] >= largeSegmentBytes
}

/** Neighbours that become one frame; a large segment is a group of its own and stays as it is. */
function groupsOf(segments: readonly FramePlace[]): readonly (readonly FramePlace[])[] {
  const groups: FramePlace[][] = []
  let room = 0
  for (const place of segments) {
    const joins = !isLarge(place) && place[3] <= room
    if (joins) groups.at(-1)?.push(place)
    else groups.push([place])
    room = isLarge(place) ? 0 : (joins ? room : frameBytes) - place[3]
  }
  return groups
}

/** How many frames fewer the record's most scattered stream would have. */
export function mergeableSegments({ streams }: Pick<CheckpointRecord, 'streams'>): number {
  return streams.reduce((most, { segments }) => Math.max(most, segments.length - groupsOf(segments).length), 0)
}

/** Read once more from the record that is now the newest: only then may retention let the older one go. */
function wholeAgain(store: CheckpointStore, record: CheckpointRecord): Sealed {
  for (const { name } of record.streams) {
    const read = store.readStream(record, name, () => {})
    if (!read.ok) return { kind: 'failed', message: read.finding.message }
  }
  return { kind: 'sealed' }
}
