/**
 * The other direction of a snapshot, as plainly as can be: a manifest written out to an empty folder, and a folder
 * as a value that can be compared. Independent of the product's own restore. Names are bytes throughout.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { FramePlace } from '../../shared/core/checkpoint.ts'
import type { TreeManifest, TreePath } from '../../shared/core/work-tree.ts'
import { gitEnv } from './repositories.ts'

export type ReadPlace = (place: FramePlace, packs: readonly string[]) => Buffer

/**
 * HEAD's files raw, then what is gone removed, then what was saved written over it, then the same for what is nested.
 *
 * @throws {Error} if a place is missing or a content has another hash than the manifest says
 */
export function materialise(manifest: TreeManifest, read: ReadPlace, target: string): void {
  fs.mkdirSync(target, { recursive: true })
  if (manifest.head !== null && manifest.degraded !== 'no-head') writeHead(manifest.root, manifest.head, target)
  for (const name of manifest.gone) fs.rmSync(below(target, bytesOf(name)), { recursive: true, force: true })
  for (const file of manifest.files) {
    if (file.place === null) throw new Error('a survey cannot be materialised')
    const content = read(file.place, manifest.packs)
    const sha256 = createHash('sha256').update(content).digest('hex')
    if (sha256 !== file.sha256 || content.length !== file.bytes) throw new Error(`wrong content of ${file.path}`)
    writeEntry(target, bytesOf(file.path), file.kind === 'link' ? 'link' : file.mode, content)
  }
  for (const { path: name, manifest: inner } of manifest.nested) {
    materialise(inner, read, path.join(target, bytesOf(name).toString()))
  }
}

function writeHead(root: string, commit: string, target: string): void {
  const git = (args: readonly string[], input?: string) =>
    execFileSync('git', ['--git-dir', path.join(root, '.git'), ...args], {
      env: gitEnv(root),
      maxBuffer: 1e9,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    })
  const listing = git(['ls-tree', '-r', '-z', commit])
  for (let at = 0; at < listing.length; at = listing.indexOf(0, at) + 1) {
    const tab = listing.indexOf(9, at)
    const [mode = '', type, object = ''] = listing.toString('latin1', at, tab).split(' ')
    if (type !== 'blob') continue
    const name = listing.subarray(tab + 1, listing.indexOf(0, at))
    const kind = mode === '120000' ? 'link' : mode === '100755' ? 0o755 : 0o644
    writeEntry(target, name, kind, git(['cat-file', 'blob', object]))
  }
}

function writeEntry(target: string, name: Buffer, kind: 'link' | number, content: Buffer): void {
  const at = below(target, name)
  fs.mkdirSync(at.subarray(0, at.lastIndexOf(0x2f)), { recursive: true })
  fs.rmSync(at, { recursive: true, force: true })
  if (kind === 'link') fs.symlinkSync(content, at)
  else {
    fs.writeFileSync(at, content, { flag: 'wx' })
    fs.chmodSync(at, kind)
  }
}

export interface ContentOptions {
  /** Also what lies in `.git` folders. Default false. */
  readonly withGit?: boolean
  /** Also modification times. Default false. */
  readonly withTimes?: boolean
  /** Paths to leave out, with all below them. */
  readonly except?: readonly string[]
}

/** Path → kind, mode, size and hash of everything below a folder but folders. Path bytes as Latin-1 characters. */
export function folderContent(folder: string, options: ContentOptions = {}): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const visit = (relative: Buffer) => {
    const names = fs.readdirSync(relative.length === 0 ? folder : below(folder, relative), { encoding: 'buffer' })
    for (const name of names.sort(Buffer.compare)) {
      if (!options.withGit && name.equals(Buffer.from('.git'))) continue
      const inner = relative.length === 0 ? name : Buffer.concat([relative, Buffer.from('/'), name])
      if (options.except?.includes(inner.toString())) continue
      const at = below(folder, inner)
      const stat = fs.lstatSync(at, { bigint: true })
      if (stat.isDirectory()) visit(inner)
      else found[inner.toString('latin1')] = describe(at, stat, options.withTimes ?? false)
    }
  }
  visit(Buffer.alloc(0))
  return found
}

function describe(at: Buffer, stat: fs.BigIntStats, withTimes: boolean): string {
  const time = withTimes ? ` ${stat.mtimeNs} ${stat.ino}` : ''
  if (stat.isSymbolicLink()) return `link ${fs.readlinkSync(at, { encoding: 'buffer' }).toString('latin1')}${time}`
  if (!stat.isFile()) return `special${time}`
  const hash = createHash('sha256').update(fs.readFileSync(at)).digest('hex').slice(0, 16)
  return `file ${(Number(stat.mode) & 0o7777).toString(8)} ${stat.size} ${hash}${time}`
}

function below(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name])
}

function bytesOf(name: TreePath): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : Buffer.from(name.b64, 'base64')
}
