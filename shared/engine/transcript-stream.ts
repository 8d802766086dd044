/**
 * Takes one file of a transcript into a checkpoint: what it has grown by as one frame, or all of it again as a new
 * generation when what was stored is no longer, byte for byte, how the file begins.
 *
 * The whole prefix is hashed every time (1.9 GB/s): only that proves that stored bytes plus new bytes are the file.
 * Works in pieces, whatever the file's size, and never stores a torn last line. Reads only.
 */
import { createHash, type Hash } from 'node:crypto'
import { type CheckpointRecord, type FramePlace, type StreamRecord, streamNameSchema } from '../core/checkpoint.ts'
import type { TranscriptStream } from '../core/session.ts'
import { errorCode, type Failure, failureOf, readFully } from './durable-file.ts'
import type { FrameSink } from './frame-sink.ts'
import { largeBytes } from './pack-writer.ts'
import type { FileStat, FileSystem, OpenFile } from './ports.ts'
import { carryStream, type PackTable } from './record-packs.ts'

export interface StreamSource {
  /** As the detector saw it last; what has been appended since is left for the next checkpoint. */
  readonly stream: TranscriptStream
  /** The session's last record, whose streams are what may be carried on; null for the first checkpoint. */
  readonly older: Pick<CheckpointRecord, 'packs' | 'streams' | 'tree'> | null
  /** False when the packs of `older` are not to be relied on: the whole file is taken, as a new generation. Default true. */
  readonly mayCarry?: boolean
  /** The draft's list of packs. */
  readonly table: PackTable
  readonly sink: FrameSink
}

export type StreamSaved =
  | {
      readonly ok: true
      /** Its segments point into the draft's list of packs. */
      readonly stream: StreamRecord
      /** True if it holds bytes that the older record does not, or no longer holds some that it does. */
      readonly changed: boolean
    }
  | ({ readonly ok: false } & Failure)

/** A frame holds at most this many bytes of a transcript: what restore and check have in memory at once. */
const frameBytes = 8_388_608

/** Reading goes on in pieces of this size. */
const chunkBytes = 1_048_576

/** What is only hashed is read into here, time and again: nothing that is begun in it outlives a call. */
const scratch = Buffer.allocUnsafeSlow(chunkBytes)

/** A stream of this many segments is taken together: small frames compress badly and each makes the record longer. */
const maxSegments = 64

/** Segments from the start that are this large stay as they are when a stream is taken together. */
const largeSegmentBytes = 4_194_304

/** A file that changes under every one of this many readings is given up until the next cycle. */
const readings = 3

/**
 * Brings a stream into the sink as far as the older record does not have it.
 *
 * @returns `transcript-missing` if the file is gone: then `carryStream` keeps what there is
 */
export function saveStream(files: FileSystem, source: StreamSource): StreamSaved {
  const { stream, older, table, sink } = source
  if (!streamNameSchema.safeParse(stream.name).success) return badName(stream)
  const carried = older && carryStream(older, stream.name, table)
  const before = { carried, mayCarry: source.mayCarry ?? true }
  try {
    for (let reading = 1; reading <= readings; reading++) {
      const saved = readOnce(files, before, stream, sink)
      if (saved) return saved
    }
    return unsteady(stream)
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? missing(stream)
      : { ok: false, ...failureOf(error, `Reading ${stream.path}`) }
  }
}

interface Before {
  readonly carried: StreamRecord | null
  readonly mayCarry: boolean
}

/** Null if the file was not the same file, or not the same bytes, after it was read. */
function readOnce(files: FileSystem, past: Before, stream: TranscriptStream, sink: FrameSink): StreamSaved | null {
  const { carried, mayCarry } = past
  const file = files.open(stream.path, 'read')
  try {
    const before = file.stat()
    if (before.kind !== 'file') return notAFile(stream)
    const saved = saveBytes(file, past, stream, sink, before.size)
    if (saved === null || !isSteady(files, file, stream, before)) return null
    // Something was written meanwhile: fine if it was appended, and only another look can tell.
    if (file.stat().ctimeNs !== before.ctimeNs && !stillHolds(file, stream, saved)) return null
    const changed =
      !mayCarry || saved.bytes !== (carried?.bytes ?? 0) || saved.sha256 !== (carried?.sha256 ?? saved.sha256)
    return { ok: true, stream: saved, changed }
  } finally {
    file.close()
  }
}

/** The same file under the same name, and not shorter than before. */
function isSteady(files: FileSystem, file: OpenFile, stream: TranscriptStream, before: FileStat): boolean {
  const now = files.lstat(stream.path)
  return now.ino === before.ino && now.dev === before.dev && file.stat().size >= before.size
}

/** The saved bytes are what the file begins with, and end where a line does. */
function stillHolds(file: OpenFile, stream: TranscriptStream, { bytes, sha256 }: StreamRecord): boolean {
  return hashPrefix(file, bytes)?.digest('hex') === sha256 && lineEndBefore(file, stream.path, bytes) === bytes
}

/** After the last line end in the first `limit` bytes; `limit` itself for a file that is not lines. */
function lineEndBefore(file: OpenFile, path: string, limit: number): number {
  if (!path.endsWith('.jsonl')) return limit
  const chunk = Buffer.allocUnsafe(65_536)
  for (let end = limit; end > 0; ) {
    const start = Math.max(0, end - chunk.byteLength)
    const read = readFully(file, chunk.subarray(0, end - start), start)
    const lineEnd = chunk.subarray(0, read).lastIndexOf(0x0a)
    if (lineEnd >= 0) return start + lineEnd + 1
    end = start
  }
  return 0
}

/** Null if the file became shorter than `size` under the reading. */
function saveBytes(
  file: OpenFile,
  { carried, mayCarry }: Before,
  stream: TranscriptStream,
  sink: FrameSink,
  size: number,
): StreamRecord | null {
  const { name, path } = stream
  // Where the detector said, unless the file has been cut or rewritten since.
  const completed = lineEndBefore(file, path, Math.min(stream.completeBytes, size))
  const prefix = carried && mayCarry && carried.bytes <= size ? hashPrefix(file, carried.bytes) : null
  if (!carried || prefix?.copy().digest('hex') !== carried.sha256) {
    const stored = store(file, { hash: createHash('sha256'), segments: [], start: 0, end: completed }, sink)
    return stored && { name, path, generation: (carried?.generation ?? 0) + 1, bytes: completed, ...stored }
  }
  // Another process's look may have been later than ours.
  const end = Math.max(completed, carried.bytes)
  const many = carried.bytes < end && carried.segments.length >= maxSegments
  const segments = many ? largeSegments(carried.segments) : carried.segments
  const start = segments.reduce((sum, place) => sum + place[3], 0)
  const hash = start === carried.bytes ? prefix : hashPrefix(file, start)
  const stored = hash && store(file, { hash, segments, start, end }, sink)
  return stored && { ...carried, name, path, bytes: end, ...stored }
}

/** The first segments that are large enough to stay when a stream is taken together. */
function largeSegments(segments: readonly FramePlace[]): readonly FramePlace[] {
  const small = segments.findIndex(place => place[3] < largeSegmentBytes)
  return small < 0 ? segments : segments.slice(0, small)
}

interface Part {
  /** Of the bytes before `start`. */
  readonly hash: Hash
  readonly segments: readonly FramePlace[]
  readonly start: number
  readonly end: number
}

/** Adds the bytes from `start` to `end` in frames; null if there are not that many. */
function store(file: OpenFile, part: Part, sink: FrameSink): Pick<StreamRecord, 'segments' | 'sha256'> | null {
  const { hash, segments, start, end } = part
  const all = [...segments]
  for (let at = start; at < end; ) {
    const content = Buffer.allocUnsafe(Math.min(frameBytes, end - at))
    if (readFully(file, content, at) !== content.byteLength) return null
    hash.update(content)
    // The hash of a frame that is all there is, is the stream's.
    const sha256 = at === 0 ? hash.copy().digest('hex') : createHash('sha256').update(content).digest('hex')
    all.push(addFrame(sink, content, sha256))
    at += content.byteLength
  }
  return { sha256: hash.digest('hex'), segments: all }
}

function addFrame(sink: FrameSink, content: Buffer, sha256: string): FramePlace {
  return sink.addLater && content.byteLength >= largeBytes ? sink.addLater(content, sha256) : sink.add(content, sha256)
}

/** Hash of the first `end` bytes, or null if there are not that many. */
function hashPrefix(file: OpenFile, end: number): Hash | null {
  const hash = createHash('sha256')
  const chunk = scratch.subarray(0, Math.max(1, end))
  for (let at = 0; at < end; ) {
    const read = readFully(file, chunk.subarray(0, Math.min(chunk.byteLength, end - at)), at)
    if (read === 0) return null
    hash.update(chunk.subarray(0, read))
    at += read
  }
  return hash
}

function missing({ path }: TranscriptStream): StreamSaved {
  const message = `The transcript file ${path} is gone`
  return { ok: false, code: 'transcript-missing', message, remedy: 'What was saved of it before can be restored.' }
}

function unsteady({ path }: TranscriptStream): StreamSaved {
  const message = `${path} was rewritten each of the ${readings} times it was read`
  return {
    ok: false,
    code: 'io-error',
    message,
    remedy: 'Nothing needs to be done; it is tried again at the next cycle.',
  }
}

function notAFile({ path }: TranscriptStream): StreamSaved {
  const message = `${path} is not a regular file`
  return { ok: false, code: 'io-error', message, remedy: 'Move it out of the folder of transcripts.' }
}

function badName({ name, path }: TranscriptStream): StreamSaved {
  const message = `${path} cannot be saved under the name ${JSON.stringify(name)}`
  return { ok: false, code: 'internal', message, remedy: 'Please report this name.' }
}
