/**
 * A record as text: pretty-printed JSON whose last line is the checksum of everything before it.
 *
 * A reader by hand needs nothing but `cat`; `head -n -2 <file> | sha256sum` gives the checksum. Later versions of
 * the format keep this frame (`v` and `sum`), so that they can be told from damage. Pure: no disk.
 */
import { createHash } from 'node:crypto'
import { type CheckpointRecord, checkpointRecordSchema } from '../core/checkpoint.ts'
import type { SessionId } from '../core/session.ts'

export interface RecordProblem {
  /** `newer`: whole, but of a later format; it is left alone. */
  readonly kind: 'missing' | 'damaged' | 'newer' | 'unreadable'
  readonly sessionId: SessionId
  readonly seq: number
  /** In words. */
  readonly message: string
}

export type RecordRead =
  | { readonly ok: true; readonly record: CheckpointRecord }
  | { readonly ok: false; readonly problem: RecordProblem }

/** Highest number that a file name holds. */
export const maxSeq = 99_999_999

export function recordFileName(seq: number): string {
  return `${String(seq).padStart(8, '0')}.json`
}

/** The number in a record's file name, or null if it is none. */
export function seqOfFileName(name: string): number | null {
  const digits = /^([0-9]{8})\.json$/.exec(name)?.[1]
  return digits === undefined || Number(digits) === 0 ? null : Number(digits)
}

export interface EncodedRecord {
  readonly record: CheckpointRecord
  readonly bytes: Buffer
}

/** @param content everything but `sum`; the order of its fields is the order in the file */
export function encodeRecord(content: Readonly<Record<string, unknown>>): EncodedRecord {
  const body = `${prettyJson(content).slice(0, -2)},\n`
  const sum = sumOf(Buffer.from(body))
  const record = { ...content, sum } as CheckpointRecord
  return { record, bytes: Buffer.from(`${body}  "sum": "${sum}"\n}\n`) }
}

/** The record in `bytes`, if they are undamaged and it is the one that its file name says. */
export function decodeRecord(bytes: Buffer, sessionId: SessionId, seq: number): RecordRead {
  const bad = (kind: RecordProblem['kind'], why: string): RecordRead => ({
    ok: false,
    problem: { kind, sessionId, seq, message: `Checkpoint ${sessionId}/${seq} ${why}` },
  })
  if (!hasRightSum(bytes)) return bad('damaged', 'is damaged: its checksum is missing or wrong')
  const json = parseJson(bytes)
  if (isNewer(json)) return bad('newer', 'was written by a newer version of this program')
  const parsed = checkpointRecordSchema.safeParse(json)
  if (!parsed.success) return bad('damaged', `is not a record: ${firstIssue(parsed.error)}`)
  const record = parsed.data
  if (record.session !== sessionId || record.seq !== seq) {
    return bad('damaged', `holds the record of ${record.session}/${record.seq}`)
  }
  return { ok: true, record }
}

/** `  "sum": "<64 digits>"\n}\n` */
const tailBytes = 78

function hasRightSum(bytes: Buffer): boolean {
  const body = bytes.subarray(0, Math.max(0, bytes.byteLength - tailBytes))
  const tail = bytes.toString('latin1', body.byteLength)
  return tail === `  "sum": "${sumOf(body)}"\n}\n`
}

function sumOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

function isNewer(json: unknown): boolean {
  const v = json !== null && typeof json === 'object' && 'v' in json ? json.v : null
  return typeof v === 'number' && v > 1
}

function firstIssue(error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0]
  return issue ? `${issue.path.map(String).join('.') || 'it'}: ${issue.message}` : 'unknown'
}

/**
 * JSON with two spaces, and lists of numbers on one line. Inside a JSON string a line end is always escaped, so
 * the pattern, which needs real ones, never reaches into a string.
 */
function prettyJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /\[\n\s+([\d\s,]+)\n\s+\]/g,
    (_list, numbers: string) => `[${numbers.replaceAll(/\s+/g, ' ')}]`,
  )
}
