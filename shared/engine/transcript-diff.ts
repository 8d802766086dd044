/** What a conversation went on by, from one saved state to another or to its file as it is. Reads only. */
import { createHash } from 'node:crypto'
import type { TranscriptDifference } from '../core/checkpoint-diff.ts'
import { applyToStream, emptyStream } from '../core/stream-fold.ts'
import { createRecordReader } from './record-reader.ts'

/** One state of a main transcript; null where there is none. */
export interface TranscriptState {
  readonly bytes: number
  /** Hands over its bytes in order. False if they cannot all be read. */
  read(take: (chunk: Uint8Array) => void): boolean
}

/** A line above this is not looked into. */
const longestLine = 67_108_864
const lineEnd = 0x0a

/** Null if one of the two cannot be read. */
export function diffTranscripts(
  before: TranscriptState & { readonly sha256: string },
  after: TranscriptState | null,
): TranscriptDifference | null {
  if (after === null) return { ...nothing, kind: 'gone' }
  const beginning = createHash('sha256')
  const lines = createLineFold()
  let done = 0
  const whole = after.read(chunk => {
    const old = chunk.subarray(0, Math.max(0, before.bytes - done))
    if (old.byteLength > 0) beginning.update(old)
    if (old.byteLength < chunk.byteLength) lines.take(chunk.subarray(old.byteLength))
    done += chunk.byteLength
  })
  if (!whole) return null
  const grew = done >= before.bytes && beginning.digest('hex') === before.sha256
  if (!grew) return { ...rewritten(after), addedBytes: after.bytes - before.bytes }
  if (done === before.bytes) return nothing
  return { kind: 'grew', addedBytes: done - before.bytes, ...lines.counts() }
}

const nothing: TranscriptDifference = {
  kind: 'same',
  addedBytes: 0,
  prompts: 0,
  replies: 0,
  toolCalls: 0,
  lastPrompts: [],
}

/** Of what is no continuation all of it is told. */
function rewritten(after: TranscriptState): TranscriptDifference {
  const lines = createLineFold()
  after.read(lines.take)
  return { ...nothing, kind: 'rewritten', ...lines.counts() }
}

function createLineFold() {
  const reader = createRecordReader()
  const fold = emptyStream(true)
  let rest: Buffer[] = []
  let restBytes = 0
  let at = 0
  const put = (line: Buffer) => {
    at += line.length
    if (line.length <= longestLine) applyToStream(fold, reader.read(line, 0, line.length - 1, true), at)
  }
  return {
    take(chunk: Uint8Array): void {
      const bytes = Buffer.from(chunk)
      let start = 0
      for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
        const line = bytes.subarray(start, end + 1)
        put(restBytes === 0 ? line : Buffer.concat([...rest, line]))
        rest = []
        restBytes = 0
        start = end + 1
      }
      if (start === bytes.length) return
      rest.push(bytes.subarray(start))
      restBytes += bytes.length - start
    },
    counts() {
      const { prompts, replies, lastPrompts } = fold.thread ?? { prompts: 0, replies: 0, lastPrompts: [] }
      return { prompts, replies, toolCalls: fold.toolCalls, lastPrompts: [...lastPrompts] }
    },
  }
}
