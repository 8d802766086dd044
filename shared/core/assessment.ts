/**
 * What a session would lose now: its facts measured against its last checkpoint. Gather first, then this, then
 * `judgement.ts`; pure arithmetic on values, so that list, decision and coordinator cannot disagree.
 */
import { type CheckpointRecord, summariseCheckpoint } from './checkpoint.ts'
import type { SessionFindings } from './judgement.ts'
import type { UnsavedWork } from './monitor-state.ts'
import { type DetectedSession, isLive } from './session.ts'

/** The work tree now against the session's last checkpoint. */
export interface TreeNow {
  readonly fingerprint: string
  /** Absolute paths whose content, mode or presence differs from that checkpoint's. */
  readonly changedPaths: readonly string[]
}

export interface Assessment {
  readonly unsaved: UnsavedWork
  /** Nothing new since the last checkpoint, or nothing to save yet. */
  readonly unchanged: boolean
}

/**
 * @param last The newest verified checkpoint, or null.
 * @param tree The project's work tree, or null where it was not looked at or cannot be read.
 */
export function assess(session: DetectedSession, last: CheckpointRecord | null, tree: TreeNow | null): Assessment {
  const { facts } = session
  const unsavedBytes = unsavedTranscriptBytes(session, last)
  const transcriptChanged = unsavedBytes !== 0
  const treeCounts = tree !== null && last !== null && treeBelongsTo(session, transcriptChanged)
  const treeChanged = treeCounts && last?.tree?.fingerprint !== tree.fingerprint
  const filesChanged = countChangedFiles(session, last, treeChanged ? tree.changedPaths : [])
  return {
    unsaved: {
      messages: Math.max(0, facts.counts.messages - (last?.counts.messages ?? 0)),
      transcriptBytes: Math.max(0, unsavedBytes),
      files: filesChanged,
    },
    unchanged: last === null ? facts.counts.messages === 0 : !transcriptChanged && !treeChanged,
  }
}

/**
 * Whether a change of the work tree is this session's to lose.
 *
 * Of a live session it is. An ended one owns what its own new records came with; what others do to the same
 * files later is theirs, or every old session of a busy repository would be checkpointed again and again.
 */
export function treeBelongsTo(session: DetectedSession, transcriptChanged: boolean): boolean {
  return transcriptChanged || isLive(session.live)
}

/** Complete bytes that are in no checkpoint; negative if the files are shorter than what is saved (a rewrite: also a change). */
export function unsavedTranscriptBytes(session: DetectedSession, last: CheckpointRecord | null): number {
  const saved = new Map(last?.streams.map(stream => [stream.name, stream.bytes]))
  let grown = 0
  let shrunk = 0
  for (const stream of session.streams) {
    const more = stream.completeBytes - (saved.get(stream.name) ?? 0)
    if (more > 0) grown += more
    else shrunk += more
  }
  return grown > 0 ? grown : shrunk
}

/** By the transcript or in the work tree. */
function countChangedFiles(session: DetectedSession, last: CheckpointRecord | null, inTree: readonly string[]): number {
  if (last === null) return session.facts.changedFiles
  return new Set([...filesNamedSince(session, last), ...inTree]).size
}

/** Paths that the transcript says were changed beyond the checkpoint's position. */
function filesNamedSince(session: DetectedSession, last: CheckpointRecord): readonly string[] {
  const saved = new Map(last.streams.map(stream => [stream.name, stream.bytes]))
  // The lists of an old session may lie on a disk: asked for only where something may be in them.
  if (session.streams.every(({ name, completeBytes }) => completeBytes === saved.get(name))) return []
  // A file that is shorter than what is saved of it was rewritten: no position in it is the checkpoint's.
  for (const { name, completeBytes } of session.streams) if (completeBytes < (saved.get(name) ?? 0)) saved.delete(name)
  return session.facts.filesChanged.filter(file => file.endByte > (saved.get(file.stream) ?? 0)).map(file => file.path)
}

/** The row of a session as it was found, whatever the hour and the settings say of it. */
export function findingsOf(
  { facts, live, project, problems, streams, partial }: DetectedSession,
  last: CheckpointRecord | null,
  unsaved: UnsavedWork,
): SessionFindings {
  return {
    sessionId: facts.sessionId,
    title: facts.title,
    project,
    cwd: facts.cwd,
    branch: facts.branch,
    model: facts.model,
    version: facts.version,
    live,
    counts: facts.counts,
    contextTokens: facts.context?.tokens ?? null,
    contextWindowTokens: facts.context?.windowTokens ?? null,
    contextPercent: facts.context?.percent ?? null,
    compaction: facts.compaction,
    filesChanged: facts.changedFiles,
    firstActivityMs: facts.firstActivityMs,
    lastActivityMs: facts.lastActivityMs,
    transcriptBytes: streams.reduce((sum, stream) => sum + stream.completeBytes, 0),
    unsaved,
    lastCheckpoint: last && summariseCheckpoint(last),
    problems,
    ...(partial ? { partial } : {}),
  }
}
