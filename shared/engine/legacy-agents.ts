/**
 * Finds out whose a sub-agent's file is that older versions of Claude Code wrote beside the sessions' own files: its
 * records name the parent's session id. Reads no more than a file's beginning, and each file once.
 */
import type { SessionId } from '../core/session.ts'
import { errorCode, readFully } from './durable-file.ts'
import type { FileSystem, OpenFile } from './ports.ts'
import { createRecordReader, type RecordReader } from './record-reader.ts'
import type { FoundFile } from './session-files.ts'

export interface LegacyOwners {
  /** Null if the file does not say, yet or at all, or cannot be read. */
  ownerOf(file: FoundFile): SessionId | null
}

/** The first record names the owner; a damaged or very long one before it may be passed over. */
const headBytes = 262_144
const keepAtMost = 100_000

export function createLegacyOwners(files: FileSystem): LegacyOwners {
  const reader = createRecordReader()
  const known = new Map<string, SessionId>()
  return {
    ownerOf: ({ path, stat }) => {
      const key = `${stat.dev}:${stat.ino}:${path}`
      const owner = known.get(key) ?? readOwner(files, reader, path)
      if (known.size >= keepAtMost) known.clear()
      if (owner !== null) known.set(key, owner)
      return owner
    },
  }
}

function readOwner(files: FileSystem, reader: RecordReader, path: string): SessionId | null {
  try {
    const file = files.open(path, 'read')
    try {
      return ownerIn(readHead(file), reader)
    } finally {
      file.close()
    }
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

function readHead(file: OpenFile): Buffer {
  const head = Buffer.alloc(Math.min(headBytes, file.stat().size))
  return head.subarray(0, readFully(file, head, 0))
}

function ownerIn(head: Buffer, reader: RecordReader): SessionId | null {
  let lineAt = 0
  for (let end = head.indexOf(0x0a); end !== -1; end = head.indexOf(0x0a, lineAt)) {
    const event = reader.read(head, lineAt, end, true)
    if ('envelope' in event && event.envelope.sessionId !== null) return event.envelope.sessionId
    lineAt = end + 1
  }
  return null
}
