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
  readFully,
  removeQuietly,
  renameDurably,
  sealFile,
  temporaryPath,
} from './durable-file.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import type { FrameSink } from './frame-sink.ts'
import { packPath } from './pack-reader.ts'
import type { FileSystem, OpenFile, Ports } from './ports.ts'

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

interface OpenPack {
  readonly path: string
  readonly file: OpenFile
  readonly hash: Hash
}

export function openPackWriter(ports: Pick<Ports, 'clock' | 'files' | 'processes'>, folders: PackFolders): PackWriter {
  const { files } = ports
  const frames = new Map<string, Frame>()
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
  /** Runs what may fail; the first failure is kept and ends all writing. */
  const attempt = (doing: string, work: () => void) => {
    if (failed) return
    try {
      work()
    } catch (error) {
      discard()
      failed = failureOf(error, doing)
    }
  }
  const write = (stored: Uint8Array) => {
    const path = open?.path ?? temporaryPath(ports, folders.temporary)
    open ??= { path, file: files.open(path, 'create'), hash: createHash('sha256') }
    open.file.append(stored)
    open.hash.update(stored)
  }

  return {
    add(content, sha256) {
      if (over) throw new Error('the pack is finished')
      const known = frames.get(sha256)
      if (known) return known.place
      if (failed) return [0, offset, 0, content.byteLength]
      const stored = encodeFrame(content)
      attempt('Writing a pack', () => write(stored))
      const place: FramePlace = [0, offset, stored.byteLength, content.byteLength]
      offset += stored.byteLength
      frames.set(sha256, { place, sha256 })
      return place
    },
    bytes: () => offset,
    failure: () => failed,
    finish() {
      over = true
      if (failed) return { ok: false, ...failed }
      if (!open) return { ok: true, pack: null }
      const finished = open
      open = null
      return publish(files, folders, finished, [...frames.values()])
    },
    abandon() {
      over = true
      discard()
    },
  }
}

function publish(files: FileSystem, folders: PackFolders, open: OpenPack, frames: readonly Frame[]): PackFinish {
  try {
    const pack = { sha256: open.hash.digest('hex'), bytes: frames.reduce((sum, { place }) => sum + place[2], 0) }
    sealAndClose(files, open, pack.bytes)
    // Replaces a pack of the same name, which by its name has the same bytes; if it is damaged, this mends it.
    renameDurably(files, open.path, packPath(folders.packs, pack.sha256))
    return readsBack(files, folders, pack, frames) ? { ok: true, pack } : unequal(pack)
  } catch (error) {
    return { ok: false, ...failureOf(error, 'Saving a pack') }
  }
}

function sealAndClose(files: FileSystem, open: OpenPack, bytes: number): void {
  try {
    try {
      sealFile(open.file, bytes)
    } finally {
      open.file.close()
    }
  } catch (error) {
    removeQuietly(files, open.path)
    throw error
  }
}

/** Whether every frame is as it was handed in (invariant 4). */
function readsBack(files: FileSystem, folders: PackFolders, pack: FinishedPack, frames: readonly Frame[]): boolean {
  const file = files.open(packPath(folders.packs, pack.sha256), 'read')
  try {
    return isAsWritten(file, pack, frames)
  } finally {
    file.close()
  }
}

function isAsWritten(file: OpenFile, pack: FinishedPack, frames: readonly Frame[]): boolean {
  const hash = createHash('sha256')
  for (const { place, sha256 } of frames) {
    const [, offset, storedBytes, bytes] = place
    const stored = Buffer.allocUnsafe(storedBytes)
    if (readFully(file, stored, offset) !== storedBytes) return false
    hash.update(stored)
    const decoded = decodeFrame(stored, bytes)
    if (!decoded.ok || createHash('sha256').update(decoded.content).digest('hex') !== sha256) return false
  }
  return hash.digest('hex') === pack.sha256
}

function unequal(pack: FinishedPack): PackFinish {
  return {
    ok: false,
    code: 'verification',
    message: `Pack ${pack.sha256} does not read back as it was written`,
    remedy: 'Check the disk; nothing refers to this pack, and it is tried again at the next cycle.',
  }
}
