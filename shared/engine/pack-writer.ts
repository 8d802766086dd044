/**
 * Writes one pack: frames one after the other, in a file named by its own hash. Nothing of it is visible before
 * {@link PackWriter.finish}, and what that returns is durable and has been read back (invariants 1, 2 and 4 of
 * `checkpoint-store.ts`). Never writes to a pack again.
 */
import { createHash, type Hash } from 'node:crypto'
import type { FramePlace } from '../core/checkpoint.ts'
import {
  closeQuietly,
  type Failure,
  failureOf,
  mustBeDurable,
  mustHold,
  readFully,
  removeQuietly,
  renameOrRemove,
  temporaryPath,
} from './durable-file.ts'
import { decodeFrame, decodeFrameLater, encodeFrame, encodeFrameLater, type FrameDecoded } from './frame.ts'
import type { FrameSink } from './frame-sink.ts'
import { packPath } from './pack-reader.ts'
import type { FileSystem, OpenFile, Ports } from './ports.ts'
import { runAtOnce, runTogether, type SyncSteps } from './sync-steps.ts'

/** A pack that is durable and was read back. */
export interface FinishedPack {
  readonly sha256: string
  readonly bytes: number
}

export type PackFinish =
  /** `pack` is null when nothing was added: then nothing was written. */
  { readonly ok: true; readonly pack: FinishedPack | null } | ({ readonly ok: false } & Failure)

export interface PackWriter extends FrameSink {
  /** Bytes written so far; the difference around a piece of work is its share. */
  bytes(): number
  /** What went wrong with an earlier `add`, if anything did: then going on is a waste. */
  failure(): Failure | null
  /** To be called once, and nothing after it. After a failure nothing is left behind. */
  finish(): PackFinish
  /** The same while others run. */
  finishTogether(): Promise<PackFinish>
  /** Resolves when few enough frames wait for their compression that more may be added. */
  room(): Promise<void>
  /** Gives up and removes what was written. Fine after `finish`, where it does nothing. */
  abandon(): void
}

export interface PackFolders {
  readonly packs: string
  readonly temporary: string
}

/** A frame as it was handed in. */
interface Frame {
  readonly place: FramePlace
  readonly sha256: string
}

/** One that is being compressed in another thread. */
interface Waiting {
  readonly place: FramePlace
  readonly content: Uint8Array
  /** Null until it is done. */
  stored: Buffer | null
  readonly done: Promise<void>
}

interface OpenPack {
  readonly path: string
  readonly file: OpenFile
  readonly hash: Hash
}

/** What is to be read back. */
interface Finished {
  readonly files: FileSystem
  readonly folders: PackFolders
  readonly pack: FinishedPack
  readonly frames: readonly Frame[]
}

/** From this size on, a frame is worth a thread of its own, bytes. */
export const largeBytes = 65_536

/** Frames that are decoded at the same time, at most. */
const decodedTogether = 8

/** Content that may wait for its compression before `room` makes callers wait, bytes. */
const waitingBytes = 33_554_432

export function openPackWriter(ports: Pick<Ports, 'clock' | 'files' | 'processes'>, folders: PackFolders): PackWriter {
  const { files } = ports
  const frames = new Map<string, Frame>()
  /** In the order in which they were added, which is the order in which they are written. */
  let waiting: Waiting[] = []
  let open: OpenPack | null = null
  let offset = 0
  let failed: Failure | null = null
  let over = false

  const discard = () => {
    if (open) {
      closeQuietly(open.file)
      removeQuietly(files, open.path)
    }
    open = null
  }
  const write = (stored: Uint8Array) => {
    const path = open?.path ?? temporaryPath(ports, folders.temporary)
    open ??= { path, file: files.open(path, 'create'), hash: createHash('sha256') }
    open.file.append(stored)
    open.hash.update(stored)
  }
  /** Appends a frame and fills in where; the first failure is kept and ends all writing. */
  const append = (stored: Uint8Array, place: FramePlace) => {
    place[1] = offset
    place[2] = stored.byteLength
    offset += stored.byteLength
    if (failed) return
    try {
      write(stored)
    } catch (error) {
      discard()
      failed = failureOf(error, 'Writing a pack')
    }
  }
  /** Writes what is compressed, as far as nothing before it is still in work. */
  const appendDone = () => {
    for (let first = waiting[0]; first?.stored; first = waiting[0]) {
      append(first.stored, first.place)
      waiting.shift()
    }
  }
  /** The place of content that is there already, or what makes a new one. */
  const added = (content: Uint8Array, sha256: string, make: (place: FramePlace) => void): FramePlace => {
    if (over) throw new Error('the pack is finished')
    const known = frames.get(sha256)
    if (known) return known.place
    const place: FramePlace = [0, offset, 0, content.byteLength]
    if (failed) return place
    make(place)
    frames.set(sha256, { place, sha256 })
    return place
  }
  const compressLater = (content: Uint8Array, place: FramePlace) => {
    const done = encodeFrameLater(content).then(stored => {
      one.stored = stored
      if (!over) appendDone()
    })
    // Who finishes the pack is told; one that is given up needs nobody to be.
    done.catch(() => {})
    const one: Waiting = { place, content, stored: null, done }
    waiting.push(one)
  }
  /** For whoever writes a place down as soon as it is given: it must say where the content lies, not where it may lie. */
  const writeNow = (place: FramePlace) => {
    const one = waiting.find(each => each.place === place)
    if (!one) return
    waiting = waiting.filter(each => each !== one)
    append(one.stored ?? encodeFrame(one.content), place)
  }
  const steps = function* (): SyncSteps<PackFinish> {
    const written = open
    open = null
    if (failed) return { ok: false, ...failed }
    return written ? yield* publish(files, folders, written, offset) : { ok: true, pack: null }
  }

  /** In the order in which the frames lie in the pack. */
  const finished = (pack: FinishedPack): Finished => {
    const inOrder = [...frames.values()].sort((a, b) => a.place[1] - b.place[1])
    return { files, folders, pack, frames: inOrder }
  }

  return {
    add(content, sha256) {
      const place = added(content, sha256, making => append(encodeFrame(content), making))
      writeNow(place)
      return place
    },
    addLater: (content, sha256) => added(content, sha256, place => compressLater(content, place)),
    room: async () => {
      const bytes = () => waiting.reduce((sum, { content }) => sum + content.byteLength, 0)
      while (bytes() > waitingBytes) await waiting[0]?.done
    },
    bytes: () => offset,
    failure: () => failed,
    finish() {
      over = true
      for (const { stored, content, place } of waiting.splice(0)) append(stored ?? encodeFrame(content), place)
      const finish = runAtOnce(files, steps())
      return finish.ok && finish.pack ? readBack(finished(finish.pack)) : finish
    },
    async finishTogether() {
      over = true
      await Promise.all(waiting.map(({ done }) => done))
      appendDone()
      const finish = await runTogether(files, steps())
      return finish.ok && finish.pack ? readBackLater(finished(finish.pack)) : finish
    },
    abandon() {
      over = true
      waiting = []
      discard()
    },
  }
}

function* publish(files: FileSystem, folders: PackFolders, open: OpenPack, bytes: number): SyncSteps<PackFinish> {
  const pack = { sha256: open.hash.digest('hex'), bytes }
  try {
    yield* sealAndClose(files, open, bytes)
    // Replaces a pack of the same name, which by its name has the same bytes; if it is damaged, this mends it.
    renameOrRemove(files, open.path, packPath(folders.packs, pack.sha256))
    mustBeDurable(yield [{ folder: folders.packs }])
    return { ok: true, pack }
  } catch (error) {
    return { ok: false, ...failureOf(error, 'Saving a pack') }
  }
}

function* sealAndClose(files: FileSystem, open: OpenPack, bytes: number): SyncSteps<void> {
  try {
    try {
      mustHold(open.file, bytes)
      mustBeDurable(yield [{ file: open.file }])
    } finally {
      open.file.close()
    }
  } catch (error) {
    removeQuietly(files, open.path)
    throw error
  }
}

function readBack({ files, folders, pack, frames }: Finished): PackFinish {
  try {
    const file = files.open(packPath(folders.packs, pack.sha256), 'read')
    try {
      const hash = createHash('sha256')
      const isRight = (frame: Frame) => {
        const stored = readFrame(file, frame, hash)
        return stored !== null && isContent(decodeFrame(stored, frame.place[3]), frame)
      }
      return frames.every(isRight) && hash.digest('hex') === pack.sha256 ? { ok: true, pack } : unequal(pack)
    } finally {
      file.close()
    }
  } catch (error) {
    return { ok: false, ...failureOf(error, 'Reading a pack back') }
  }
}

/** Large frames are decoded in threads of their own. */
async function readBackLater({ files, folders, pack, frames }: Finished): Promise<PackFinish> {
  try {
    const file = files.open(packPath(folders.packs, pack.sha256), 'read')
    try {
      return (await isAsWritten(file, pack, frames)) ? { ok: true, pack } : unequal(pack)
    } finally {
      file.close()
    }
  } catch (error) {
    return { ok: false, ...failureOf(error, 'Reading a pack back') }
  }
}

/** Whether every frame is as it was handed in (invariant 4). */
async function isAsWritten(file: OpenFile, pack: FinishedPack, frames: readonly Frame[]): Promise<boolean> {
  const hash = createHash('sha256')
  const decoding: Promise<boolean>[] = []
  for (const frame of frames) {
    const bytes = frame.place[3]
    const stored = readFrame(file, frame, hash)
    if (stored === null) return false
    if (bytes < largeBytes && !isContent(decodeFrame(stored, bytes), frame)) return false
    if (bytes >= largeBytes) decoding.push(decodeFrameLater(stored, bytes).then(decoded => isContent(decoded, frame)))
    if (decoding.length >= decodedTogether && (await Promise.all(decoding.splice(0))).includes(false)) return false
  }
  return !(await Promise.all(decoding)).includes(false) && hash.digest('hex') === pack.sha256
}

/** The frame as it is stored, added to the pack's hash; null if the file ends before. */
function readFrame(file: OpenFile, { place }: Frame, hash: Hash): Buffer | null {
  const [, offset, storedBytes] = place
  const stored = Buffer.allocUnsafe(storedBytes)
  if (readFully(file, stored, offset) !== storedBytes) return null
  hash.update(stored)
  return stored
}

function isContent(decoded: FrameDecoded, { sha256 }: Frame): boolean {
  return decoded.ok && createHash('sha256').update(decoded.content).digest('hex') === sha256
}

function unequal(pack: FinishedPack): PackFinish {
  return {
    ok: false,
    code: 'verification',
    message: `Pack ${pack.sha256} does not read back as it was written`,
    remedy: 'Check the disk; nothing refers to this pack, and it is tried again at the next cycle.',
  }
}
