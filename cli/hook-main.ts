/**
 * Entry point of the hook: a program of one small file that `hooks install` copies into the data folder, so that it
 * stays where it is whatever becomes of the installation. It lies in `<data>/hooks`, and so knows the data folder.
 */
import fs from 'node:fs'
import path from 'node:path'
import { inputLimit, runHook } from './hook-run.ts'

const chunkBytes = 65_536

/** All of standard input. @throws {RangeError} if there is more than a payload can have. */
function readInput(): string {
  const chunks: Buffer[] = []
  let bytes = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const read = readSome(chunk)
    if (read === 0) return Buffer.concat(chunks).toString('utf8')
    bytes += read
    if (bytes > inputLimit) throw new RangeError('too much input')
    chunks.push(chunk.subarray(0, read))
  }
}

/** Bytes read, 0 at the end. A pipe that is set to not block, and has nothing yet, is asked again. */
function readSome(into: Buffer): number {
  for (;;) {
    try {
      return fs.readSync(0, into)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}

runHook(process.argv[2], {
  dataFolder: path.dirname(path.dirname(path.resolve(process.argv[1] ?? ''))),
  env: process.env,
  cwd: process.cwd(),
  nowMs: Date.now(),
  input: readInput,
  print: text => fs.writeSync(1, text),
})
