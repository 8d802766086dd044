/** Small caches as plain JSON: replaced as a whole, and rebuilt by their owners when they do not parse. */
import type { z } from 'zod'
import { failureOf, readBounded, replaceFile } from './durable-file.ts'
import type { Ports } from './ports.ts'

/** Larger files are no cache of ours. Bytes. */
const sizeLimit = 4_194_304

/** Null if it is missing, unreadable, or not what `schema` says: all the same for a cache. */
export function loadCache<T>({ files }: Pick<Ports, 'files'>, at: string, schema: z.ZodType<T>): T | null {
  const read = readBounded(files, at, sizeLimit)
  if (!read.ok) return null
  try {
    return schema.safeParse(JSON.parse(read.bytes.toString('utf8'))).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** A cache that cannot be written costs time, not data: it is logged and nothing more. */
export function saveCache(ports: Ports, at: string, value: unknown): void {
  try {
    replaceFile(ports, at, Buffer.from(`${JSON.stringify(value)}\n`))
  } catch (error) {
    ports.log('warn', failureOf(error, `Writing ${at}`).message)
  }
}
