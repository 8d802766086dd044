/**
 * Reads files of a work tree that other programs, or somebody hostile, may be changing at the same time.
 *
 * 1. No link is ever followed, neither as the last part of a name nor above it: a folder that is replaced by a
 *    link between listing and reading does not lead out of the root.
 * 2. Content is whole as of one moment (same size and times before and after), or it is marked `torn`.
 * 3. Never blocks: a FIFO, socket or device is told apart before it is opened, and opened without waiting.
 */
import type { Clock, FileStat, FileSystem } from './ports.ts'
import { statKeyOf } from './stat-key.ts'
import { byteKey, pathBelow } from './tree-path.ts'

/** What lies at a name, without reading it. */
export type Look = { readonly kind: 'file' | 'link' | 'folder' | 'special'; readonly stat: FileStat } | NotSeen

type NotSeen =
  /** Nothing, or something that only a link would lead to. */
  { readonly kind: 'absent' } | { readonly kind: 'unreadable'; readonly code: string }

export interface ReadContent {
  readonly kind: 'file' | 'link'
  /** Of a link: its text. */
  readonly content: Buffer
  readonly stat: FileStat
  /** It moved each time: the bytes may mix two versions. */
  readonly torn: boolean
}

export type Unread =
  | { readonly kind: 'absent' | 'special' | 'unstable' }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'unreadable'; readonly code: string }

export type Reading = ReadContent | Unread

export interface TreeReader {
  /** Remembers which folders are folders: use one reader per listing. */
  look(name: Buffer): Look
  /** Remembers nothing. Tries three times when what it reads moves. */
  read(name: Buffer, mostBytes: number): Promise<Reading>
  /** A reader of what lies below the folder `name`, under the same rules from the same root. */
  below(name: Buffer): TreeReader
}

const tries = 3
const pauseMs = 15

/** @param root absolute; what lies above it is trusted */
export function createTreeReader(
  ports: { readonly files: FileSystem; readonly clock: Clock },
  root: string,
): TreeReader {
  return readerBelow(ports, root, null)
}

function readerBelow(
  ports: { readonly files: FileSystem; readonly clock: Clock },
  root: string,
  prefix: Buffer | null,
): TreeReader {
  const { files, clock } = ports
  const folders = new Map<string, NotSeen | null>()
  const inRoot = (name: Buffer) => (prefix === null ? name : Buffer.concat([prefix, Buffer.from('/'), name]))

  /** Null if everything above is a folder. What the system does not let us see is not thereby absent. */
  function troubleAbove(name: Buffer): NotSeen | null {
    const cut = name.lastIndexOf(0x2f)
    if (cut < 0) return null
    const parent = name.subarray(0, cut)
    const key = byteKey(parent)
    const known = folders.get(key)
    if (known !== undefined) return known
    const found = troubleAbove(parent) ?? troubleIn(lookAt(files, root, parent))
    folders.set(key, found)
    return found
  }

  function troubleIn(look: Look): NotSeen | null {
    if (look.kind === 'folder') return null
    return look.kind === 'unreadable' ? look : { kind: 'absent' }
  }

  return {
    look: name => troubleAbove(inRoot(name)) ?? lookAt(files, root, inRoot(name)),
    read: async (name, mostBytes) => {
      for (let left = tries - 1; ; left--) {
        const reading = readOnce(files, root, inRoot(name), mostBytes)
        const isDone = reading.kind !== 'unstable' && !('torn' in reading && reading.torn)
        if (isDone || left === 0) return reading
        await clock.sleep(pauseMs)
      }
    },
    below: name => readerBelow(ports, root, inRoot(name)),
  }
}

function lookAt(files: FileSystem, root: string, name: Buffer): Look {
  try {
    const stat = files.lstat(pathBelow(root, name))
    return { kind: stat.kind === 'other' ? 'special' : stat.kind, stat }
  } catch (error) {
    return troubleOf(error)
  }
}

function readOnce(files: FileSystem, root: string, name: Buffer, mostBytes: number): Reading {
  try {
    const above = foldersAbove(files, root, name)
    if (above === null) return { kind: 'absent' }
    const reading = readEntry(files, root, name, mostBytes)
    // The folders must be the same ones afterwards: else what was read may lie anywhere, and is dropped.
    return foldersAbove(files, root, name) === above ? reading : { kind: 'unstable' }
  } catch (error) {
    // ELOOP: it became a link after the look.
    return codeOf(error) === 'ELOOP' ? { kind: 'unstable' } : troubleOf(error)
  }
}

function readEntry(files: FileSystem, root: string, name: Buffer, mostBytes: number): Reading {
  const at = pathBelow(root, name)
  const seen = files.lstat(at)
  if (seen.kind === 'other') return { kind: 'special' }
  if (seen.kind === 'folder') return { kind: 'absent' }
  if (seen.size > mostBytes) return { kind: 'too-large', bytes: seen.size }
  if (seen.kind === 'link') {
    const content = files.readLink(at)
    return { kind: 'link', content, stat: seen, torn: statKeyOf(files.lstat(at)) !== statKeyOf(seen) }
  }
  const file = files.open(at, 'read')
  try {
    const before = file.stat()
    if (before.dev !== seen.dev || before.ino !== seen.ino || before.kind !== 'file') return { kind: 'unstable' }
    if (before.size > mostBytes) return { kind: 'too-large', bytes: before.size }
    const content = Buffer.allocUnsafe(before.size)
    const bytes = readAll((into, position) => file.read(into, position), content)
    const torn = bytes !== before.size || statKeyOf(file.stat()) !== statKeyOf(before)
    return { kind: 'file', content: content.subarray(0, bytes), stat: before, torn }
  } finally {
    file.close()
  }
}

function readAll(read: (into: Uint8Array, position: number) => number, into: Buffer): number {
  let bytes = 0
  while (bytes < into.length) {
    const got = read(into.subarray(bytes), bytes)
    if (got === 0) break
    bytes += got
  }
  return bytes
}

/** Identity of every folder between the root and `name`; null if one of them is not a folder. */
function foldersAbove(files: FileSystem, root: string, name: Buffer): string | null {
  const identities: string[] = []
  for (let cut = name.indexOf(0x2f); cut >= 0; cut = name.indexOf(0x2f, cut + 1)) {
    const { kind, dev, ino } = files.lstat(pathBelow(root, name.subarray(0, cut)))
    if (kind !== 'folder') return null
    identities.push(`${dev}:${ino}`)
  }
  return identities.join('/')
}

function troubleOf(error: unknown): { kind: 'absent' } | { kind: 'unreadable'; code: string } {
  const code = codeOf(error)
  if (code === null) throw error
  return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'absent' } : { kind: 'unreadable', code }
}

/** The system's error code; null for a bug. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}
