/**
 * How a measured script speaks to `measure.ts`: JSON lines on file descriptor 3.
 *
 * Importing this refuses to run anywhere but in scratch folders, so that no script of a benchmark can be pointed at
 * the user's own sessions by accident.
 */
import fs from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { assertScratchEnvironment } from '../support/scratch.ts'

assertScratchEnvironment(process.env, tmpdir(), userInfo().homedir)

/** What the process had used when its result stood. */
export interface Usage {
  /** User and system time of all threads. */
  readonly cpuMs: number
  readonly peakBytes: number
}

export type ChildWord =
  | { readonly kind: 'done'; readonly usage: Usage }
  | { readonly kind: 'result'; readonly value: unknown }

/** The result stands: the clock stops here. What follows, such as checking it, is not measured. */
export function sayDone(): void {
  speak({ kind: 'done', usage: usageNow() })
}

/** @param value JSON. */
export function sayResult(value: unknown): void {
  speak({ kind: 'result', value })
}

export function usageNow(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1000, peakBytes: peakBytes() }
}

function speak(word: ChildWord): void {
  fs.writeSync(3, `${JSON.stringify(word)}\n`)
}

/** Not `maxRSS` where it can be avoided: on Linux that also counts what the starter's pages weighed before exec. */
function peakBytes(): number {
  return peakIn('/proc/self/status') ?? process.resourceUsage().maxRSS * 1024
}

/** The high-water mark of resident memory in a Linux status file; null if there is none. */
export function peakIn(statusFile: string): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync(statusFile, 'utf8'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}
