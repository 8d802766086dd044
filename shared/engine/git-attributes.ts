/**
 * The attributes that a checkpoint's files had, asked of git in a folder of ours that holds nothing but the
 * checkpoint's own `.gitattributes`: what lies in the project by now has no say, and nothing of it is run.
 */
import path from 'node:path'
import { errorCode, writeNewFile } from './durable-file.ts'
import type { Git, GitCall } from './git-command.ts'
import type { Attributes } from './git-conversion.ts'
import { readRegularFile } from './git-repository.ts'
import type { FileSystem } from './ports.ts'
import { pathBelow } from './tree-path.ts'

export interface AttributesFile {
  /** From the top level of its repository. Must be safe. */
  readonly name: Buffer
  readonly content: Buffer
}

export interface AttributesSource {
  readonly ofTree: readonly AttributesFile[]
  /** Of the repository alone and of the user, where there are such. Absolute. */
  readonly infoFile: string | null
  readonly userFile: string | null
}

const mostBytes = 4_194_304
const timeoutMs = 60_000

/**
 * @param scratch a folder of ours that does not exist yet; the caller removes it
 * @returns those that have any, by the bytes of their name; null if git does not tell
 * @throws {FileSystemError} if our own folder cannot be written
 */
export async function readAttributes(
  files: FileSystem,
  git: Git,
  scratch: string,
  source: AttributesSource,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Attributes> | null> {
  const info = contentOf(files, source.infoFile)
  const own = contentOf(files, source.userFile)
  if (source.ofTree.length === 0 && info === null && own === null) return new Map()
  const gitDir = path.join(scratch, 'git')
  const tree = path.join(scratch, 'tree')
  for (const folder of ['refs', 'objects', 'info']) files.makeFolder(path.join(gitDir, folder))
  files.makeFolder(tree)
  const userFile = path.join(scratch, 'attributes')
  writeNewFile(
    files,
    path.join(gitDir, 'config'),
    Buffer.from('[core]\n\trepositoryformatversion = 0\n\tbare = false\n'),
  )
  writeNewFile(files, path.join(gitDir, 'HEAD'), Buffer.from('ref: refs/heads/none\n'))
  if (info !== null) writeNewFile(files, path.join(gitDir, 'info', 'attributes'), info)
  if (own !== null) writeNewFile(files, userFile, own)
  if (!source.ofTree.every(file => wasWritten(files, tree, file))) return null
  const call: GitCall = { gitDir, timeoutMs, signal, env: { GIT_WORK_TREE: tree } }
  const input = Buffer.concat(names.flatMap(name => [name, Buffer.from([0])]))
  const asked = ['-c', `core.attributesFile=${userFile}`, 'check-attr', '-a', '-z', '--stdin']
  const result = await git.run(asked, { ...call, input })
  return result.code === 0 ? parseAttributes(result.stdout) : null
}

function contentOf(files: FileSystem, file: string | null): Buffer | null {
  return file === null ? null : readRegularFile(files, file, mostBytes)
}

/** False where this disk has no room for the name beside the others: it is too long, or one of them but for case. */
function wasWritten(files: FileSystem, folder: string, { name, content }: AttributesFile): boolean {
  try {
    writeBelow(files, folder, name, content)
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === null || !['EEXIST', 'ENAMETOOLONG', 'ENOTDIR', 'EINVAL'].includes(code)) throw error
    return false
  }
}

function writeBelow(files: FileSystem, folder: string, name: Buffer, content: Buffer): void {
  const cut = name.lastIndexOf(0x2f)
  if (cut > 0) files.makeFolder(pathBelow(folder, name.subarray(0, cut)))
  const file = files.open(pathBelow(folder, name), 'create')
  try {
    file.append(content)
  } finally {
    file.close()
  }
}

/** `<path> NUL <attribute> NUL <value> NUL`, again and again. */
export function parseAttributes(output: Buffer): ReadonlyMap<string, Attributes> {
  const found = new Map<string, Map<string, string>>()
  const fields = output.toString('latin1').split('\0')
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [name = '', attribute = '', value = ''] = fields.slice(at, at + 3)
    const known = found.get(name) ?? new Map<string, string>()
    found.set(name, known.set(attribute, value))
  }
  return found
}
