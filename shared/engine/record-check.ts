/**
 * Reads what a record stands for, and finds everything that is wrong with it. A finding is a value; nothing here
 * throws because of what lies on the disk, and nothing writes.
 */
import { createHash } from 'node:crypto'
import type { CheckpointRecord, FramePlace, StreamRecord } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'
import { displayTreePath } from '../core/tree-name.ts'
import { type TreeManifest, treeManifestSchema } from '../core/work-tree.ts'
import type { PackProblem, PackReader } from './pack-reader.ts'
import { packsOfManifest } from './record-packs.ts'

export type FindingCode =
  | PackProblem['code']
  | 'record-damaged'
  | 'record-missing'
  | 'record-unreadable'
  | 'record-newer'
  | 'place-outside'
  | 'stream-damaged'
  | 'manifest-damaged'
  | 'pack-unlisted'
  | 'unexpected-entry'
  | 'store-unreadable'

/** One thing that is wrong. */
export interface Finding {
  readonly code: FindingCode
  /** `damage` puts a checkpoint in doubt; a `note` does not. */
  readonly severity: 'damage' | 'note'
  readonly sessionId: SessionId | null
  readonly seq: number | null
  readonly pack: string | null
  /** In words, with the path or the stream. */
  readonly message: string
}

/** A piece of content as it is recorded somewhere. */
export interface FrameReference {
  readonly pack: string
  readonly place: FramePlace
  readonly sha256: string
  /** What it is, for people. */
  readonly label: string
}

/** What an index beyond a list of packs stands for: a name that no pack has, so that it is found missing like any other. */
export const noPack = '0'.repeat(64)

/** Name of the pack that a place in a record lies in. */
export function packOf(record: CheckpointRecord, place: FramePlace): string {
  return record.packs[place[0]] ?? noPack
}

type Where = Pick<CheckpointRecord, 'session' | 'seq'>

export function damage(where: Where | null, code: FindingCode, message: string, pack: string | null = null): Finding {
  return { code, severity: 'damage', sessionId: where?.session ?? null, seq: where?.seq ?? null, pack, message }
}

export function packDamage(where: Where | null, problem: PackProblem, what: string): Finding {
  return damage(where, problem.code, `${what}: ${problem.message}`, problem.pack)
}

/**
 * Everything that is wrong with one record: its packs, its places, and with `readData` all bytes it stands for.
 * Whether the record itself is undamaged was decided when it was read.
 */
export function checkRecord(reader: PackReader, record: CheckpointRecord, readData: boolean): readonly Finding[] {
  const findings = [...checkPlaces(reader, record)]
  if (findings.length > 0) return findings
  const tree = readManifest(reader, record)
  if (!tree.ok) findings.push(tree.finding)
  else if (tree.manifest) findings.push(...checkTree(reader, record, tree.manifest, readData))
  if (readData) {
    for (const stream of record.streams) {
      const read = readSegments(reader, record, stream, () => {})
      if (!read.ok) findings.push(read.finding)
    }
  }
  return findings
}

/** Packs that are missing, and places of streams and manifest that lie outside their pack. */
export function checkPlaces(reader: PackReader, record: CheckpointRecord): readonly Finding[] {
  const missing = record.packs.flatMap(pack => {
    const problem = reader.check(pack, [0, 0, 0, 0])
    return problem ? [packDamage(record, problem, 'A pack it needs')] : []
  })
  if (missing.length > 0) return missing
  const outside = (place: FramePlace, what: string) => {
    const pack = record.packs[place[0]]
    if (pack === undefined)
      return [damage(record, 'place-outside', `${what} lies in pack ${place[0]}, which it does not list`)]
    const problem = reader.check(pack, place)
    return problem ? [packDamage(record, problem, what)] : []
  }
  const ofStreams = record.streams.flatMap(stream => [
    ...stream.segments.flatMap(place => outside(place, `Stream ${stream.name}`)),
    ...wrongLength(record, stream),
  ])
  const unlisted = record.tree?.packs.some(index => record.packs[index] === undefined)
    ? [damage(record, 'place-outside', 'The work tree lies in a pack that the record does not list')]
    : []
  return [...ofStreams, ...(record.tree ? outside(record.tree.place, 'The manifest') : []), ...unlisted]
}

function wrongLength(record: CheckpointRecord, stream: StreamRecord): readonly Finding[] {
  const sum = stream.segments.reduce((total, place) => total + place[3], 0)
  if (sum === stream.bytes) return []
  return [damage(record, 'stream-damaged', `Stream ${stream.name} has ${stream.bytes} bytes, its segments ${sum}`)]
}

/** The packs of unpushed commits, in the order in which they are applied. */
export function pinsOf({ basePin }: TreeManifest) {
  return basePin === null ? [] : [...(basePin.earlier ?? []), basePin]
}

/** Everything in a manifest that was saved, nested ones included, with the packs by name. */
export function framesOfTree(holder: string, manifest: TreeManifest, prefix = ''): readonly FrameReference[] {
  const reference = (place: FramePlace, sha256: string, label: string): FrameReference => ({
    pack: place[0] === 0 ? holder : (manifest.packs[place[0] - 1] ?? noPack),
    place,
    sha256,
    label: `${prefix}${label}`,
  })
  const entries = [...manifest.files, ...manifest.staged].flatMap(entry =>
    entry.place === null ? [] : [reference(entry.place, entry.sha256, displayTreePath(entry.path))],
  )
  const pins = pinsOf(manifest).map(pin => reference(pin.place, pin.sha256, 'unpushed commits'))
  const nested = manifest.nested.flatMap(each =>
    framesOfTree(holder, each.manifest, `${prefix}${displayTreePath(each.path)}/`),
  )
  return [...entries, ...pins, ...nested]
}

/**
 * Checks what a manifest points to.
 *
 * @param good frames that were found right before; they are passed over, and new ones are added
 */
export function checkTree(
  reader: PackReader,
  record: CheckpointRecord,
  manifest: TreeManifest,
  readData: boolean,
  good: Set<string> = new Set(),
): readonly Finding[] {
  const holder = holderOf(record)
  const listed = new Set([holder, ...(record.tree?.packs ?? []).map(index => record.packs[index])])
  const unlisted = packsOfManifest(manifest).filter(pack => !listed.has(pack))
  const findings = unlisted.map(pack =>
    damage(record, 'pack-unlisted', `The work tree needs pack ${pack}, which the record does not list`, pack),
  )
  for (const frame of framesOfTree(holder, manifest)) {
    const key = `${frame.pack}:${frame.place.slice(1).join(':')}:${frame.sha256}`
    const problem = good.has(key) ? null : checkFrame(reader, frame, readData)
    if (problem) findings.push(packDamage(record, problem, frame.label))
    else good.add(key)
  }
  return findings
}

function checkFrame(
  reader: PackReader,
  { pack, place, sha256 }: FrameReference,
  readData: boolean,
): PackProblem | null {
  if (!readData) return reader.check(pack, place)
  const read = reader.frame(pack, place, sha256)
  return read.ok ? null : read.problem
}

/** The pack that holds the record's manifest. */
export function holderOf(record: CheckpointRecord): string {
  return record.tree ? packOf(record, record.tree.place) : noPack
}

/** The work tree of a record, or null if it has none; its bytes are checked against the recorded hash. */
export function readManifest(reader: PackReader, record: CheckpointRecord) {
  if (record.tree === null) return { ok: true, manifest: null } as const
  const { place, manifestSha256 } = record.tree
  const read = reader.frame(holderOf(record), place, manifestSha256)
  if (!read.ok) return { ok: false, finding: packDamage(record, read.problem, 'The manifest') } as const
  const manifest = parseManifest(read.content)
  if (manifest) return { ok: true, manifest } as const
  return {
    ok: false,
    finding: damage(record, 'manifest-damaged', 'The manifest is not one', holderOf(record)),
  } as const
}

function parseManifest(content: Buffer): TreeManifest | null {
  try {
    return treeManifestSchema.safeParse(JSON.parse(content.toString('utf8'))).data ?? null
  } catch (error) {
    // Not JSON, or nested so deep (RangeError) that nobody of ours has written it.
    if (error instanceof SyntaxError || error instanceof RangeError) return null
    throw error
  }
}

export type StreamRead = { readonly ok: true } | { readonly ok: false; readonly finding: Finding }

/** Hands the bytes of the stream called `name` to `take`, segment by segment; ok only if all of them are right. */
export function readStream(
  reader: PackReader,
  record: CheckpointRecord,
  name: string,
  take: (chunk: Uint8Array) => void,
): StreamRead {
  const stream = record.streams.find(each => each.name === name)
  if (stream) return readSegments(reader, record, stream, take)
  return { ok: false, finding: damage(record, 'stream-damaged', `There is no stream called ${name}`) }
}

function readSegments(
  reader: PackReader,
  record: CheckpointRecord,
  stream: StreamRecord,
  take: (chunk: Uint8Array) => void,
): StreamRead {
  const hash = createHash('sha256')
  for (const place of stream.segments) {
    const read = reader.frame(packOf(record, place), place, null)
    if (!read.ok) return { ok: false, finding: packDamage(record, read.problem, `Stream ${stream.name}`) }
    hash.update(read.content)
    take(read.content)
  }
  if (hash.digest('hex') === stream.sha256) return { ok: true }
  return {
    ok: false,
    finding: damage(record, 'stream-damaged', `Stream ${stream.name} does not have its recorded hash`),
  }
}
