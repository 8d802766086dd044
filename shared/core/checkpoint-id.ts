/** Names of checkpoints. Apart from the record, so that who only names one loads no checks of records. Pure. */
import { parseSessionId, type SessionId } from './session.ts'

/** `<session id>/<seq>`, seq counting up from 1. */
export type CheckpointId = string

export function checkpointId(sessionId: SessionId, seq: number): CheckpointId {
  return `${sessionId}/${seq}`
}

/** `null` unless `text` is a checkpoint id. */
export function parseCheckpointId(text: string): { readonly sessionId: SessionId; readonly seq: number } | null {
  const match = /^([^/]+)\/([1-9][0-9]{0,7})$/.exec(text)
  const sessionId = parseSessionId(match?.[1])
  return sessionId === null ? null : { sessionId, seq: Number(match?.[2]) }
}
