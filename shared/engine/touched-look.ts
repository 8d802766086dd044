/**
 * A look at only those sessions that a watcher saw change: cheap enough for every line that Claude Code writes.
 *
 * Neither work trees nor the store are looked at: what the last whole look found of them, and what this monitor has
 * saved since, stands until the next one.
 */

import type { DetectedSession, SessionId } from '../core/session.ts'
import type { CheckpointHistory } from './checkpoint-history.ts'
import { isDeepStrictEqual } from './node-util.ts'
import type { LookOptions, Overview, SessionEntry } from './overview.ts'
import type { Clock } from './ports.ts'
import type { Detector } from './transcript-detector.ts'

export interface TouchedLookParts {
  readonly clock: Clock
  readonly detector: Detector
  readonly history: Pick<CheckpointHistory, 'last'>
  readonly overview: Overview
}

export interface TouchedLook {
  /** Sessions that are different now. */
  readonly changed: readonly DetectedSession[]
  readonly gone: ReadonlySet<SessionId>
  /** True if a session began, ended, or a process took or left one: what only a look at all of them can judge. */
  readonly livesChanged: boolean
}

export function createTouchedLook({ clock, detector, history, overview }: TouchedLookParts) {
  return { look, entryOf }

  /** @param paths Null for a look at everything. */
  async function look(
    paths: readonly string[] | null,
    entries: ReadonlyMap<SessionId, SessionEntry>,
  ): Promise<TouchedLook> {
    const touched = paths === null ? null : await detector.refreshPaths(paths)
    const found = touched?.sessions ?? (await detector.refresh())
    const changed = found.filter(session => isDifferent(entries.get(session.facts.sessionId)?.session, session))
    const livesChanged = changed.some(session => {
      const before = entries.get(session.facts.sessionId)?.session
      return !isDeepStrictEqual(before?.live, session.live) || before?.project?.root !== session.project?.root
    })
    return { changed, livesChanged, gone: touched === null ? missing(entries, found) : new Set(touched.gone) }
  }

  function entryOf(session: DetectedSession, before: SessionEntry | undefined, options: LookOptions): SessionEntry {
    const last = before === undefined ? history.last(session.facts.sessionId) : before.last
    return overview.entryOf(session, last, before?.tree ?? null, clock.nowMs(), options)
  }
}

function isDifferent(before: DetectedSession | undefined, now: DetectedSession): boolean {
  // The detector hands out the same facts as long as nothing was read.
  return (
    before === undefined ||
    before.facts !== now.facts ||
    !isDeepStrictEqual(before.live, now.live) ||
    !isDeepStrictEqual(before.streams, now.streams) ||
    !isDeepStrictEqual(before.problems, now.problems) ||
    before.project?.root !== now.project?.root
  )
}

function missing(
  entries: ReadonlyMap<SessionId, SessionEntry>,
  found: readonly DetectedSession[],
): ReadonlySet<SessionId> {
  const present = new Set(found.map(session => session.facts.sessionId))
  return new Set([...entries.keys()].filter(id => !present.has(id)))
}
