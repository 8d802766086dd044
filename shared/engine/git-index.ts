/**
 * Reads from the user's index what `git status` does not say: submodules, and entries that git was told not to
 * look at (assume-unchanged, skip-worktree). Parses versions 2 to 4 in place; for a split index it asks git.
 *
 * Never writes, never trusts: a damaged index gives null, and names are checked where they are used.
 */
export interface IndexEntry {
  readonly path: Buffer
  /** File type and permission as git keeps them, such as 0o100644. */
  readonly mode: number
  /** Hash of the blob or commit, lower-case hex. */
  readonly object: string
  /** Left out of a sparse checkout: that it is not on disk is no deletion. */
  readonly sparse: boolean
}

export interface IndexScan {
  /** Submodules (and embedded repositories that were added). */
  readonly links: readonly IndexEntry[]
  /** Entries that `git status` passes over, whatever lies on disk. */
  readonly hidden: readonly IndexFolder[]
}

/** Entries side by side: a sparse checkout leaves out whole folders, which then need one look and not thousands. */
export interface IndexFolder {
  /** Null for the top. */
  readonly path: Buffer | null
  readonly entries: readonly IndexEntry[]
}

export type IndexParse =
  | { readonly kind: 'scan'; readonly scan: IndexScan }
  /** Part of the entries lies in a shared index. */
  | { readonly kind: 'split' }
  | { readonly kind: 'damaged' }

export const emptyScan: IndexScan = { links: [], hidden: [] }

const linkMode = 0o160000
const sparseFolderMode = 0o040000
const assumeUnchanged = 0x8000
const extended = 0x4000
const stageMask = 0x3000
const skipWorktree = 0x4000

/** @param hashBytes 20 for SHA-1, 32 for SHA-256 repositories */
export function parseIndex(bytes: Buffer, hashBytes: 20 | 32): IndexParse {
  try {
    return parseEntries(bytes, hashBytes)
  } catch (error) {
    // Node's own range check: the entries end before their count does.
    if (error instanceof RangeError) return { kind: 'damaged' }
    throw error
  }
}

function parseEntries(bytes: Buffer, hashBytes: 20 | 32): IndexParse {
  const links: IndexEntry[] = []
  const hidden: IndexEntry[] = []
  const kind = walkEntries(bytes, hashBytes, ({ at, mode, flags, more }, path) => {
    const isLink = mode === linkMode
    const isHidden = (flags & assumeUnchanged) !== 0 || (more & skipWorktree) !== 0
    if (!(isLink || isHidden) || mode === sparseFolderMode || (flags & stageMask) !== 0) return
    const object = bytes.toString('hex', at + 40, at + 40 + hashBytes)
    const entry = { path: Buffer.from(path()), mode, object, sparse: (more & skipWorktree) !== 0 }
    ;(isLink ? links : hidden).push(entry)
  })
  return kind === 'whole' ? { kind: 'scan', scan: { links, hidden: byFolder(hidden) } } : { kind }
}

interface RawEntry {
  /** Where it begins. */
  readonly at: number
  readonly mode: number
  readonly flags: number
  readonly more: number
}

/** @throws {RangeError} when the entries end before their count does */
function walkEntries(
  bytes: Buffer,
  hashBytes: 20 | 32,
  visit: (entry: RawEntry, path: () => Buffer) => void,
): 'whole' | 'split' | 'damaged' {
  const version = bytes.readUInt32BE(4)
  if (bytes.toString('latin1', 0, 4) !== 'DIRC' || version < 2 || version > 4) return 'damaged'
  const end = bytes.length - hashBytes
  let at = 12
  let path: Buffer = Buffer.alloc(0)
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const flagsAt = at + 40 + hashBytes
    const flags = bytes.readUInt16BE(flagsAt)
    const more = (flags & extended) !== 0 ? bytes.readUInt16BE(flagsAt + 2) : 0
    const nameAt = flagsAt + ((flags & extended) !== 0 ? 4 : 2)
    const name = nameIn(bytes, nameAt, end, version === 4 ? path : null)
    if (version === 4) path = name.path()
    visit({ at, mode: bytes.readUInt32BE(at + 24), flags, more }, name.path)
    at = version === 4 ? name.next : at + Math.ceil((name.next - at) / 8) * 8
  }
  return hasExtension(bytes, at, end, 'link') ? 'split' : 'whole'
}

/** What git last knew of a tracked file that lay in the work tree as it should. */
export interface IndexedFile {
  readonly object: string
  /** Of the file in the work tree, when git last took it for equal to `object`; 0 where git does not vouch for it. */
  readonly bytes: number
  readonly sparse: boolean
}

/**
 * What an index says of the files in `wanted`, by the bytes of their path: empty where it cannot be read in one piece.
 *
 * @param hashBytes 20 for SHA-1, 32 for SHA-256 repositories
 */
export function indexedFiles(
  bytes: Buffer,
  hashBytes: 20 | 32,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, IndexedFile> {
  const found = new Map<string, IndexedFile>()
  try {
    const kind = walkEntries(bytes, hashBytes, ({ at, flags, more }, path) => {
      if ((flags & stageMask) !== 0) return
      const key = path().toString('latin1')
      if (!wanted.has(key)) return
      const object = bytes.toString('hex', at + 40, at + 40 + hashBytes)
      found.set(key, { object, bytes: bytes.readUInt32BE(at + 36), sparse: (more & skipWorktree) !== 0 })
    })
    return kind === 'whole' ? found : new Map()
  } catch (error) {
    if (error instanceof RangeError) return new Map()
    throw error
  }
}

/** Name at `start`, up to its NUL; in version 4 it says how much of the name before it to keep. */
function nameIn(bytes: Buffer, start: number, end: number, before: Buffer | null) {
  let from = start
  let keep = 0
  if (before !== null) {
    const strip = offsetNumber(bytes, start)
    from = strip.next
    keep = before.length - strip.value
  }
  const nul = bytes.indexOf(0, from)
  if (nul < 0 || nul > end || keep < 0) throw new RangeError('name without an end')
  const own = bytes.subarray(from, nul)
  return { next: nul + 1, path: () => (before === null ? own : Buffer.concat([before.subarray(0, keep), own])) }
}

/** The variable-width number of pack offsets: seven bits a byte, and each continued byte adds one. */
function offsetNumber(bytes: Buffer, start: number): { readonly value: number; readonly next: number } {
  let at = start
  let byte = bytes.readUInt8(at++)
  let value = byte & 0x7f
  while ((byte & 0x80) !== 0) {
    byte = bytes.readUInt8(at++)
    value = (value + 1) * 128 + (byte & 0x7f)
  }
  return { value, next: at }
}

function hasExtension(bytes: Buffer, start: number, end: number, wanted: string): boolean {
  for (let at = start; at + 8 <= end; at += 8 + bytes.readUInt32BE(at + 4)) {
    if (bytes.toString('latin1', at, at + 4) === wanted) return true
  }
  return false
}

/** Parses `git ls-files --stage -v -z`: the whole index, split or not. */
export function parseStageListing(output: Buffer): IndexScan {
  const links: IndexEntry[] = []
  const hidden: IndexEntry[] = []
  for (let at = 0, end = output.indexOf(0); end >= 0; at = end + 1, end = output.indexOf(0, at)) {
    const tab = output.indexOf(9, at)
    const [tag = '', mode = '', object = '', stage] = output.toString('latin1', at, tab).split(' ')
    if (tab < 0 || tab > end || stage !== '0') continue
    const path = Buffer.from(output.subarray(tab + 1, end))
    const entry = { path, mode: Number.parseInt(mode, 8), object, sparse: /s/i.test(tag) }
    if (entry.mode === linkMode) links.push(entry)
    // Lower case: assume-unchanged; S: skip-worktree.
    else if (/[a-zS]/.test(tag) && entry.mode !== sparseFolderMode) hidden.push(entry)
  }
  return { links, hidden: byFolder(hidden) }
}

function byFolder(entries: readonly IndexEntry[]): readonly IndexFolder[] {
  const folders = new Map<string, IndexEntry[]>()
  for (const entry of entries) {
    const folder = entry.path.toString('latin1', 0, Math.max(0, entry.path.lastIndexOf(0x2f)))
    const known = folders.get(folder)
    if (known) known.push(entry)
    else folders.set(folder, [entry])
  }
  return [...folders].map(([folder, inside]) => ({
    path: folder === '' ? null : Buffer.from(folder, 'latin1'),
    entries: inside,
  }))
}
