/** The hook's program as it came with this installation: beside the built command line, or built from a checkout. */
import { fileURLToPath } from 'node:url'
import { readBounded } from '../shared/engine/durable-file.ts'
import type { FileSystem } from '../shared/engine/ports.ts'
import { type Either, exitCodes, fine, stop } from './exit-codes.ts'

const places = ['../hook/hook.cjs', '../dist/hook/hook.cjs']
const sizeLimit = 1_048_576

export function shippedHook(files: FileSystem): Either<Uint8Array> {
  for (const place of places) {
    const read = readBounded(files, fileURLToPath(new URL(place, import.meta.url)), sizeLimit)
    if (read.ok) return fine(read.bytes)
  }
  return stop({ what: 'the hook is not built', remedy: 'run "npm run build"', exitCode: exitCodes.failed })
}
