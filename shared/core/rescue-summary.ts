/** How many sessions may need help, and which of them last, from the rows of the list alone. Pure. */
import type { SessionView } from './monitor-state.ts'
import type { RescueHint, RescueSummary } from './rescue.ts'
import { triage } from './rescue-triage.ts'
import { isLive, type LiveState, type SessionId } from './session.ts'

const mostHints = 5

/**
 * Those whose transcript is lost are not in it: only the store knows of them, and `listRescue` asks it.
 *
 * @param before what was told last: given back where nothing else is to be told
 */
export function summariseRescue(
  views: readonly SessionView[],
  nowMs: number,
  before: RescueSummary | undefined,
): RescueSummary {
  const last = lastOfProjects(views.map(placeOf))
  const counts = { died: 0, stalled: 0, forgotten: 0 }
  const hints: RescueHint[] = []
  for (const view of views) {
    const { sessionId, title, lastActivityMs, unsaved, lastCheckpoint } = view
    const found = triage(
      {
        live: view.live,
        hasTranscript: true,
        lastActivityMs,
        uncommitted: lastCheckpoint?.treeFiles ?? 0,
        unsavedFiles: unsaved.files,
        unsavedMessages: unsaved.messages,
        isLastOfProject: last.has(sessionId),
      },
      nowMs,
    )
    if (found === null || found.kind === 'lost') continue
    counts[found.kind]++
    hints.push({ sessionId, kind: found.kind, title, lastActivityMs })
  }
  const newest = hints.sort(byActivity).slice(0, mostHints)
  return before && isSame(before, { counts, newest }) ? before : { counts, newest }
}

function placeOf({ sessionId, project, live, lastActivityMs }: SessionView): ProjectPlace {
  return { sessionId, root: project?.root ?? null, live, lastActivityMs }
}

function byActivity(a: RescueHint, b: RescueHint): number {
  return (b.lastActivityMs ?? 0) - (a.lastActivityMs ?? 0) || (a.sessionId < b.sessionId ? -1 : 1)
}

function isSame(a: RescueSummary, b: RescueSummary): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

export interface ProjectPlace {
  readonly sessionId: SessionId
  readonly root: string | null
  readonly live: LiveState
  readonly lastActivityMs: number | null
}

/** Of each project where nobody is at work, the session that was there last. */
export function lastOfProjects(places: readonly ProjectPlace[]): ReadonlySet<SessionId> {
  const last = new Map<string, ProjectPlace | null>()
  for (const place of places) {
    const { root, live, lastActivityMs } = place
    const before = root === null ? null : last.get(root)
    if (root === null || before === null) continue
    if (isLive(live)) last.set(root, null)
    else if (!before || (lastActivityMs ?? 0) > (before.lastActivityMs ?? 0)) last.set(root, place)
  }
  return new Set([...last.values()].flatMap(place => (place === null ? [] : [place.sessionId])))
}
