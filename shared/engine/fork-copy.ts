/**
 * Makes a transcript that of another session: in each record the value of its own `sessionId` is replaced, and not a
 * byte more. This is what Claude Code's `--fork-session` writes: uuids, times and all other ids stay.
 */
import { createHash } from 'node:crypto'
import type { SessionId } from '../core/session.ts'
import { closeObject, colon, comma, openObject, quote, skipValue, stringEnd } from './json-bytes.ts'

const lineEnd = 0x0a
const key = Buffer.from('sessionId')

export interface ForkWriter {
  /** Takes the original in pieces of any size; gives whole lines on. */
  write(chunk: Uint8Array): void
  /** Gives on what remains: a last line without an end. */
  end(): void
}

/** @param put gets the copy in order; keep nothing of what it gets */
export function createForkWriter(from: SessionId, to: SessionId, put: (bytes: Uint8Array) => void): ForkWriter {
  let rest: Buffer[] = []
  const oldId = Buffer.from(from)
  const newId = Buffer.from(to)
  const putLine = (line: Buffer) => {
    const at = ownIdIn(line, oldId)
    if (at !== null) newId.copy(line, at)
    put(line)
  }
  return {
    write(chunk) {
      const bytes = Buffer.from(chunk)
      let start = 0
      for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
        const line = bytes.subarray(start, end + 1)
        putLine(rest.length === 0 ? line : Buffer.concat([...rest, line]))
        rest = []
        start = end + 1
      }
      if (start < bytes.length) rest.push(bytes.subarray(start))
    },
    end() {
      if (rest.length > 0) putLine(Buffer.concat(rest))
      rest = []
    },
  }
}

/** Where the id stands that a record calls its own; null if it has none, or another one. */
function ownIdIn(line: Buffer, id: Buffer): number | null {
  if (!line.includes(id)) return null
  if (line[0] !== openObject) return null
  for (let at = 1; at < line.length && line[at] === quote; at++) {
    const nameEnd = stringEnd(line, at + 1, line.length)
    if (nameEnd < 0 || line[nameEnd + 1] !== colon) return null
    const value = nameEnd + 2
    if (line.subarray(at + 1, nameEnd).equals(key)) return isId(line, value, id) ? value + 1 : null
    at = skipValue(line, value, line.length)
    if (at < 0 || line[at] === closeObject || line[at] !== comma) return null
  }
  return null
}

function isId(line: Buffer, at: number, id: Buffer): boolean {
  return (
    line[at] === quote && line.subarray(at + 1, at + 1 + id.length).equals(id) && line[at + 1 + id.length] === quote
  )
}

/**
 * The id of a copy: the same one for the same checkpoint, so that restoring twice makes one copy.
 *
 * @param count from 0: the next one is taken when a session of that name went on
 */
export function forkIdOf(session: SessionId, mainSha256: string, count: number): SessionId {
  const hex = createHash('sha256').update(`fork of ${session}\n${mainSha256}\n${count}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
