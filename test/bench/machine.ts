/** What kind of machine measured: enough to compare runs, nothing that names it. */
import { execFileSync } from 'node:child_process'
import os from 'node:os'

/** Cores, memory and versions, such as "2 cores, 24 GB, linux x64, node 24.21.0, git 2.39.5". */
export function machineClass(): string {
  const gigabytes = Math.round(os.totalmem() / 2 ** 30)
  const versions = `node ${process.versions.node}, git ${gitVersion()}`
  return `${os.availableParallelism()} cores, ${gigabytes} GB, ${process.platform} ${process.arch}, ${versions}`
}

function gitVersion(): string {
  try {
    return execFileSync('git', ['--version'], { encoding: 'utf8' })
      .replace(/^git version /, '')
      .trim()
  } catch {
    return 'none'
  }
}

/** Programs that wanted a core in the last minute: well above the number of cores, times are of little use. */
export function loadAverage(): string {
  return (os.loadavg()[0] ?? 0).toFixed(1)
}
