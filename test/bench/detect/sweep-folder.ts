/** A bare look at every file below a folder, synchronous as the product's: the least that noticing a change can cost. */
import fs from 'node:fs'
import path from 'node:path'

/** @returns the files that are not empty. */
export function sweepFolder(folder: string): number {
  let seen = 0
  for (const name of fs.readdirSync(folder)) {
    const at = path.join(folder, name)
    const stat = fs.lstatSync(at)
    if (stat.isDirectory()) seen += sweepFolder(at)
    else if (stat.size > 0) seen += 1
  }
  return seen
}
