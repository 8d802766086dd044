/** A folder as a map from path to what lies there, so that two moments or two folders can be compared at once. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

export interface TreeHashOptions {
  /** Relative paths for which this is true are left out, folders with all below them. */
  readonly skip?: (relativePath: string) => boolean
  /** Also compare modification times. Default false. */
  readonly times?: boolean
}

/** Relative path → kind, mode and content. Folders are listed only by what they hold. */
export function hashTree(folder: string, options: TreeHashOptions = {}): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const visit = (relative: string) => {
    for (const name of fs.readdirSync(path.join(folder, relative)).sort()) {
      const inner = path.join(relative, name)
      if (options.skip?.(inner)) continue
      const stat = fs.lstatSync(path.join(folder, inner), { bigint: true })
      if (stat.isDirectory()) visit(inner)
      else found[inner] = describe(path.join(folder, inner), stat, options)
    }
  }
  visit('')
  return found
}

function describe(file: string, stat: fs.BigIntStats, { times = false }: TreeHashOptions): string {
  const time = times ? ` ${stat.mtimeNs}` : ''
  if (stat.isSymbolicLink()) return `link ${fs.readlinkSync(file)}${time}`
  if (!stat.isFile()) return `special${time}`
  const hash = createHash('sha256').update(fs.readFileSync(file)).digest('hex')
  return `file ${(Number(stat.mode) & 0o777).toString(8)} ${hash}${time}`
}
