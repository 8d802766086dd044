/**
 * The slowest honest reader of a transcript: whole file, every line through JSON.parse, no cleverness.
 *
 * It knows only what is plain from the bytes, to check the corpus against; the product has its own reader.
 */
import fs from 'node:fs'

export interface PlainFacts {
  readonly lines: number
  /** Complete lines that are no JSON object. */
  readonly damagedLines: number
  readonly toolCalls: number
  readonly compactions: number
  readonly firstStampMs: number | null
  readonly lastStampMs: number | null
  /** Stamps of records that a fast reader skips are left out here. */
  readonly firstReadStampMs: number | null
  readonly lastReadStampMs: number | null
  readonly firstCwd: string | null
  readonly lastCwd: string | null
  /** Bytes up to and with the last line end. */
  readonly completeBytes: number
  readonly tornBytes: number
  readonly longestLine: number
}

type Parsed = Readonly<Record<string, unknown>>

export function readPlainly(files: readonly string[]): PlainFacts {
  const all = files.map(file => splitLines(fs.readFileSync(file)))
  const lines = all.flatMap(({ complete }) => complete)
  const records = lines.flatMap(asRecord)
  const read = records.filter(record => !isSkippable(record))
  const main = (all[0]?.complete ?? []).flatMap(asRecord).filter(record => record['isSidechain'] !== true)
  const cwds = main.flatMap(record => (typeof record['cwd'] === 'string' ? [record['cwd']] : []))
  return {
    lines: lines.length,
    damagedLines: lines.length - records.length,
    toolCalls: records.reduce((sum, record) => sum + countToolCalls(record), 0),
    compactions: records.filter(record => record['subtype'] === 'compact_boundary').length,
    firstStampMs: extreme(records, Math.min),
    lastStampMs: extreme(records, Math.max),
    firstReadStampMs: extreme(read, Math.min),
    lastReadStampMs: extreme(read, Math.max),
    firstCwd: cwds[0] ?? null,
    lastCwd: cwds.at(-1) ?? null,
    completeBytes: lines.reduce((sum, line) => sum + line.length + 1, 0),
    tornBytes: all.reduce((sum, { torn }) => sum + torn.length, 0),
    longestLine: lines.reduce((longest, line) => Math.max(longest, line.length), 0),
  }
}

export function splitLines(bytes: Buffer): { readonly complete: readonly Buffer[]; readonly torn: Buffer } {
  const complete: Buffer[] = []
  let from = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    complete.push(bytes.subarray(from, end))
    from = end + 1
  }
  return { complete, torn: bytes.subarray(from) }
}

const asRecord = (line: Buffer): readonly Parsed[] => {
  const record = parse(line)
  return record === null ? [] : [record]
}

/** Null unless the line is a JSON object. */
export function parse(line: Buffer): Parsed | null {
  try {
    const value: unknown = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Parsed) : null
  } catch {
    return null
  }
}

function countToolCalls(record: Parsed): number {
  if (record['type'] !== 'assistant') return 0
  const { content } = record['message'] as { content?: readonly { type?: string }[] }
  return (content ?? []).filter(block => block.type === 'tool_use').length
}

/** The tool's own records, which hold most bytes and nothing about the session. */
function isSkippable(record: Parsed): boolean {
  const attachment = record['attachment'] as Parsed | undefined
  const heavy = ['prompt_snapshot', 'skill_listing', 'deferred_tools_delta', 'agent_listing_delta', 'instructions']
  return String(record['type']).startsWith('api-request') || heavy.includes(String(attachment?.['type']))
}

function extreme(records: readonly Parsed[], choose: (a: number, b: number) => number): number | null {
  const stamps = records.flatMap(record =>
    typeof record['timestamp'] === 'string' ? [Date.parse(record['timestamp'])] : [],
  )
  return stamps.length === 0 ? null : stamps.reduce((a, b) => choose(a, b))
}
