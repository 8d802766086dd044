/**
 * Forks: a new file that begins with all records of another session, uuids, message ids and stamps kept.
 */
import type { SessionId } from '../../shared/core/session.ts'
import { type Effect, says } from './ground-truth.ts'
import { editCall } from './tool-calls.ts'
import { writeTurn } from './transcript-builder.ts'
import { emit, type JsonObject, type TranscriptWriter } from './transcript-writer.ts'

export interface ForkPlan {
  readonly sessionId: SessionId
  /** `/branch` says on each copied record where it came from; `--fork-session` does not. */
  readonly saysSo: boolean
}

/** Copies the main file of `source`, which must have kept its log, and goes on with a turn of its own. */
export function replayFork(writer: TranscriptWriter, source: TranscriptWriter, fork: ForkPlan): void {
  for (const { record, effects } of source.log) {
    const told = fork.saysSo && 'uuid' in record
    emit(writer, copied(record, writer.sessionId, told ? fork.sessionId : null), [
      ...effects,
      ...(told ? [toldBy(fork)] : []),
    ])
  }
  source.log.length = 0
  writer.main.tip = source.main.tip
  writer.nowMs = source.nowMs + 5000
  writer.cwd = source.cwd
  writer.branch = source.branch
  writer.model = source.model
  writer.contextTokens = source.contextTokens
  writer.customTitle = source.customTitle
  writer.lastPrompt = source.lastPrompt
  writer.toolsUsed = source.toolsUsed
  // Lines after a fork keep the old id under another name: a reader must not take it for theirs.
  if (!fork.saysSo) writer.sourceFork = fork.sessionId
  writeTurn(
    writer,
    writer.filler.prompt(),
    [[editCall(writer, `${writer.cwd}/forked.ts`, 100)]],
    writer.filler.prose(80),
  )
}

const toldBy = (fork: ForkPlan): Effect => says.forkedFrom(fork.sessionId)

function copied(record: JsonObject, sessionId: SessionId, from: SessionId | null): JsonObject {
  const own = 'sessionId' in record ? { ...record, sessionId } : record
  return from === null ? own : { ...own, forkedFrom: { sessionId: from, messageUuid: record['uuid'] } }
}
