/**
 * Reads frames out of packs by their place, with every check that the place and the caller allow.
 * Whatever lies in a pack, nothing throws: a problem is a value. Never writes and never follows a link.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { FramePlace } from '../core/checkpoint.ts'
import { errorCode, readFully } from './durable-file.ts'
import { decodeFrame, maxStoredBytes } from './frame.ts'
import type { FileSystem, OpenFile } from './ports.ts'

export interface PackProblem {
  readonly code: 'pack-missing' | 'pack-unreadable' | 'pack-truncated' | 'pack-damaged' | 'frame-damaged'
  /** Name of the pack. */
  readonly pack: string
  /** In words. */
  readonly message: string
}

export type FrameRead =
  | { readonly ok: true; readonly content: Buffer }
  | { readonly ok: false; readonly problem: PackProblem }

export interface PackReader {
  /** Null if the pack is there and the place lies inside it, by the size that the pack had when first asked. */
  check(pack: string, place: FramePlace): PackProblem | null
  /** The content at `place`; its hash is compared if one is given. */
  frame(pack: string, place: FramePlace, sha256: string | null): FrameRead
  /** Null if the pack's bytes have the hash that is its name. */
  checkWhole(pack: string): PackProblem | null
  /** Closes the file that is kept open between two calls on the same pack. */
  close(): void
}

const packName = /^[0-9a-f]{64}$/

/** @throws {RangeError} if `name` is not a hash: names never come from anywhere else (invariant 6). */
export function packPath(folder: string, name: string): string {
  if (!packName.test(name)) throw new RangeError(`not the name of a pack: ${name}`)
  return path.join(folder, `${name}.pack`)
}

/** The pack's name if `fileName` is one that {@link packPath} gives, else null. */
export function packOfFileName(fileName: string): string | null {
  const name = fileName.endsWith('.pack') ? fileName.slice(0, -5) : ''
  return packName.test(name) ? name : null
}

interface Opened {
  readonly pack: string
  readonly file: OpenFile
  readonly size: number
}

export function openPackReader(files: FileSystem, folder: string): PackReader {
  let current: Opened | null = null
  const sizes = new Map<string, number>()
  const close = () => {
    const closing = current
    current = null
    try {
      closing?.file.close()
    } catch (error) {
      // Every byte that was asked for has been read and judged by then.
      if (errorCode(error) === null) throw error
    }
  }
  /** Runs `read` on the open pack; whatever the disk says against it becomes a problem. */
  const withPack = <T>(pack: string, read: (opened: Opened) => T): T | PackProblem => {
    try {
      if (current?.pack !== pack) {
        close()
        current = openPack(files, folder, pack)
      }
      return read(current)
    } catch (error) {
      return problemOf(error, pack)
    }
  }
  return {
    check(pack, place) {
      try {
        const size = sizes.get(pack) ?? packSize(files, folder, pack)
        sizes.set(pack, size)
        return boundsProblem({ pack, size }, place)
      } catch (error) {
        return problemOf(error, pack)
      }
    },
    frame(pack, place, sha256) {
      const read = withPack(pack, opened => readFrame(opened, place, sha256))
      return 'code' in read ? { ok: false, problem: read } : read
    },
    checkWhole: pack => withPack(pack, wholeProblem),
    close,
  }
}

function packSize(files: FileSystem, folder: string, pack: string): number {
  const { kind, size } = files.lstat(packPath(folder, pack))
  if (kind !== 'file') throw notAFile()
  return size
}

function openPack(files: FileSystem, folder: string, pack: string): Opened {
  const file = files.open(packPath(folder, pack), 'read')
  const { kind, size } = file.stat()
  if (kind === 'file') return { pack, file, size }
  file.close()
  throw notAFile()
}

function notAFile(): Error {
  return Object.assign(new Error('it is not a regular file'), { code: 'EISDIR' })
}

function problemOf(error: unknown, pack: string): PackProblem {
  const code = errorCode(error)
  if (code === null) throw error
  if (code === 'ENOENT') return { code: 'pack-missing', pack, message: `Pack ${pack} is missing` }
  return { code: 'pack-unreadable', pack, message: `Pack ${pack} cannot be read: ${(error as Error).message}` }
}

function boundsProblem(
  { pack, size }: Pick<Opened, 'pack' | 'size'>,
  [, offset, storedBytes]: FramePlace,
): PackProblem | null {
  if (offset + storedBytes <= size) return null
  const message = `Pack ${pack} has ${size} bytes, but a frame ends at ${offset + storedBytes}`
  return { code: 'pack-truncated', pack, message }
}

function readFrame(opened: Opened, place: FramePlace, sha256: string | null): FrameRead {
  const [, offset, storedBytes, bytes] = place
  const outside = boundsProblem(opened, place)
  if (outside) return { ok: false, problem: outside }
  if (storedBytes > maxStoredBytes) return damaged(opened.pack, offset, `${storedBytes} bytes are above the limit`)
  const stored = Buffer.allocUnsafe(storedBytes)
  if (readFully(opened.file, stored, offset) !== storedBytes) return damaged(opened.pack, offset, 'it ends too early')
  const decoded = decodeFrame(stored, bytes)
  if (!decoded.ok) return damaged(opened.pack, offset, decoded.message)
  if (sha256 !== null && createHash('sha256').update(decoded.content).digest('hex') !== sha256) {
    return damaged(opened.pack, offset, 'its content does not have the recorded hash')
  }
  return decoded
}

function damaged(pack: string, offset: number, why: string): FrameRead {
  const message = `The frame at byte ${offset} of pack ${pack} is damaged: ${why}`
  return { ok: false, problem: { code: 'frame-damaged', pack, message } }
}

function wholeProblem({ pack, file, size }: Opened): PackProblem | null {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(Math.min(1_048_576, Math.max(1, size)))
  for (let at = 0; ; ) {
    const read = readFully(file, chunk, at)
    if (read === 0) break
    hash.update(chunk.subarray(0, read))
    at += read
  }
  if (hash.digest('hex') === pack) return null
  return { code: 'pack-damaged', pack, message: `Pack ${pack} does not have the hash that is its name` }
}
