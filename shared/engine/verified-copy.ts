/** Copies a file that is not of our store, in pieces, and says whether it had the content that it should have. */
import { createHash } from 'node:crypto'
import { errorCode, readFully } from './durable-file.ts'
import type { FilePath, FileSystem, OpenFile } from './ports.ts'

const chunkBytes = 1_048_576

/** @throws {FileSystemError} as the disk has it */
export function copyContent(files: FileSystem, from: FilePath, take: (chunk: Buffer) => void): void {
  const source = files.open(from, 'read')
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    for (let position = 0; ; ) {
      const read = readFully(source, chunk, position)
      if (read === 0) return
      take(chunk.subarray(0, read))
      position += read
    }
  } finally {
    source.close()
  }
}

/**
 * Into a new file, which `create` opens; it is closed again. What was written stays, whatever comes of it.
 *
 * @returns why it is not that content, in words; null if it is
 * @throws {FileSystemError} if the new file cannot be written
 */
export function copyVerified(
  files: FileSystem,
  from: FilePath,
  sha256: string,
  create: () => OpenFile,
  seal: (file: OpenFile) => void = () => {},
): string | null {
  const wrong = 'what Git LFS has of it does not have its hash; `git lfs fsck` tells more'
  if (!isReadable(files, from)) return wrong
  const hash = createHash('sha256')
  const to = create()
  try {
    copyContent(files, from, chunk => {
      hash.update(chunk)
      to.append(chunk)
    })
    seal(to)
  } finally {
    to.close()
  }
  return hash.digest('hex') === sha256 ? null : wrong
}

function isReadable(files: FileSystem, at: FilePath): boolean {
  try {
    files.open(at, 'read').close()
    return true
  } catch (error) {
    if (errorCode(error) === null) throw error
    return false
  }
}
