/**
 * Damages transcripts and registry files at random, from a seed, and looks at what the readers make of them: nothing
 * may throw, every line must be counted, no whole record may be called damaged, and what is kept must stay small.
 */

import fs from 'node:fs'
import path from 'node:path'
import { emptyFold, factsOf, foldText, type SessionFold, streamOf } from '../../shared/core/session-fold.ts'
import { applyToStream } from '../../shared/core/stream-fold.ts'
import { liveStateOf, readLiveRegistry } from '../../shared/engine/live-registry.ts'
import { nodeFiles, nodeProcesses } from '../../shared/engine/node-ports.ts'
import {
  createScanner,
  type OnEvent,
  startOfFile,
  type TranscriptScanner,
} from '../../shared/engine/transcript-scanner.ts'
import { fileInMemory } from './file-in-memory.ts'
import type { Random } from './random.ts'

export interface FuzzResult {
  readonly transcripts: number
  readonly registryFiles: number
  readonly bytes: number
  readonly lines: number
  readonly damagedLines: number
  /** Of what is kept of one transcript, as JSON. */
  readonly largestFoldBytes: number
  readonly slowestMs: number
  /** What was not as promised, in words. */
  readonly failures: readonly string[]
}

const sessionId = '0ecf3a5a-7992-4668-9faf-374392f83408'
/** Far above what any fold of these transcripts needs. */
const foldLimit = 4_000_000
const longestLine = 200_000

/** @param folder Where registry files are written; must be there. */
export function fuzzDetector(
  random: Random,
  transcripts: readonly Buffer[],
  registryFiles: readonly Buffer[],
  options: { readonly folder: string; readonly count: number },
): FuzzResult {
  const failures: string[] = []
  const total = { transcripts: 0, registryFiles: 0, bytes: 0, lines: 0, damagedLines: 0 }
  let [largestFoldBytes, slowestMs] = [0, 0]
  for (let i = 0; i < options.count; i++) {
    const fromMs = performance.now()
    const isRegistry = i % 5 === 4
    const bytes = mutate(random, random.pick(isRegistry ? registryFiles : transcripts), isRegistry ? 3 : 12)
    total.bytes += bytes.length
    try {
      if (isRegistry) {
        total.registryFiles += 1
        failures.push(...tryRegistry(bytes, options.folder))
      } else {
        total.transcripts += 1
        const read = tryTranscript(bytes, random)
        failures.push(...read.failures)
        total.lines += read.lines
        total.damagedLines += read.damagedLines
        largestFoldBytes = Math.max(largestFoldBytes, read.foldBytes)
      }
    } catch (error) {
      failures.push(`number ${i} threw ${error instanceof Error ? error.stack : String(error)}`)
    }
    slowestMs = Math.max(slowestMs, performance.now() - fromMs)
  }
  return { ...total, largestFoldBytes, slowestMs, failures }
}

const spices = [
  Buffer.from('\n'),
  Buffer.from('\0'),
  Buffer.from('"'),
  Buffer.from('\\'),
  Buffer.from('{'),
  Buffer.from('}'),
  Buffer.from('['.repeat(5_000)),
  Buffer.from('{"a":'.repeat(3_000)),
  Buffer.from('1e999999'),
  Buffer.from('"__proto__":{"type":"user"},'),
  Buffer.from('"constructor":1,'),
  Buffer.from('\\ud800'),
  Buffer.from([0xff, 0xfe, 0xc0]),
  Buffer.from('"timestamp":"+275760-09-13T00:00:00.001Z",'),
  Buffer.from('"type":"assistant","type":"user",'),
  Buffer.from('x'.repeat(longestLine + 1)),
]

/** Some random damage, at most `most` times. */
export function mutate(random: Random, source: Buffer, most: number): Buffer {
  let bytes: Buffer = Buffer.from(source)
  for (let left = random.int(1, most); left > 0; left--) bytes = damage(random, bytes)
  return bytes
}

function damage(random: Random, bytes: Buffer): Buffer {
  const at = random.int(0, bytes.length)
  const length = random.int(0, random.chance(0.9) ? 40 : 4_000)
  const [before, slice, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)]
  return random.pick<() => Buffer>([
    () => before,
    () => Buffer.concat([before, after]),
    () => Buffer.concat([before, slice, slice, after]),
    () => Buffer.concat([before, random.pick(spices), bytes.subarray(at)]),
    () => Buffer.concat([after, before]),
    () => Buffer.concat([before, slice.map(byte => (random.chance(0.2) ? random.int(0, 255) : byte)), after]),
    () => Buffer.concat([before, Buffer.from(slice).reverse(), after]),
  ])()
}

function tryTranscript(bytes: Buffer, random: Random) {
  const whole = foldOfEvents(createScanner({ longestLine }), bytes)
  const cuts = Array.from({ length: random.int(0, 3) }, () => random.int(0, bytes.length)).sort((a, b) => a - b)
  const chunkBytes = random.pick([64, 1_000, 262_144])
  const inParts = foldOf(createScanner({ longestLine, chunkBytes }), bytes, [...cuts, bytes.length])
  const { counts } = factsOf(whole)
  const lines = linesOf(bytes)
  const overlong = lines.filter(line => line.length > longestLine).length
  const broken = lines.filter(line => line.length <= longestLine && !isRecord(line)).length
  const foldBytes = foldText(whole).length
  const promises: readonly (readonly [string, boolean])[] = [
    ['reading in parts gives something else', foldText(whole) === foldText(inParts)],
    [`${counts.lines} lines instead of ${lines.length}`, counts.lines === lines.length],
    [`${counts.overlongLines} long lines instead of ${overlong}`, counts.overlongLines === overlong],
    [`${counts.damagedLines} damaged lines, but only ${broken} are`, counts.damagedLines <= broken],
    [`a fold of ${foldBytes} bytes`, foldBytes <= foldLimit],
  ]
  const failures = promises.flatMap(([what, kept]) => (kept ? [] : [what]))
  return { lines: counts.lines, damagedLines: counts.damagedLines, foldBytes, failures }
}

/** Line by line, each as an event. */
function foldOfEvents(scanner: TranscriptScanner, bytes: Buffer): SessionFold {
  const fold = emptyFold(sessionId)
  const part = streamOf(fold, 'main')
  const onEvent: OnEvent = (event, endByte) => applyToStream(part, event, endByte)
  for (const _ of scanner.scan(fileInMemory(bytes), startOfFile, bytes.length, onEvent));
  return fold
}

/** As the detector reads a file that grows. */
function foldOf(scanner: TranscriptScanner, bytes: Buffer, sizes: readonly number[]): SessionFold {
  const fold = emptyFold(sessionId)
  const part = streamOf(fold, 'main')
  let position = startOfFile
  for (const size of sizes) {
    for (const next of scanner.fold(fileInMemory(bytes), position, size, part)) position = next
  }
  return fold
}

function linesOf(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  let from = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end))
    from = end + 1
  }
  return lines
}

function isRecord(line: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const statuses: readonly string[] = ['busy', 'waiting', 'idle', 'shell', 'ended', 'ended-abruptly', 'unknown']

function tryRegistry(bytes: Buffer, root: string): readonly string[] {
  const folder = path.join(root, 'sessions')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, '4711.json'), bytes)
  const registry = readLiveRegistry(nodeFiles, [root])
  const processes = nodeProcesses()
  const ids = [...registry.entries.keys(), sessionId]
  return ids.flatMap(id => {
    const clues = { sessionId: id, root, version: '2.1.330', saidGoodbye: false }
    const { status, pid } = liveStateOf(registry, processes, clues)
    const isSane = statuses.includes(status) && (pid === null || Number.isSafeInteger(pid))
    return isSane ? [] : [`live state ${status} of process ${pid}`]
  })
}
