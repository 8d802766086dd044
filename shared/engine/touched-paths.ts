/** Which sessions a change of some paths is about. Looks at names only. */
import path from 'node:path'
import { parseSessionId, type SessionId } from '../core/session.ts'

export interface Touched {
  /** The paths of each session that changed. */
  readonly sessions: ReadonlyMap<SessionId, readonly string[]>
  /** True if the list of live sessions changed. */
  readonly registry: boolean
}

/** @returns null if only a look at everything can tell: a file that may be of any session changed. */
export function touchedBy(roots: readonly string[], paths: readonly string[]): Touched | null {
  const sessions = new Map<SessionId, string[]>()
  let registry = false
  for (const at of paths) {
    const place = placeOf(roots, at)
    if (place === 'any') return null
    if (place === 'registry') registry = true
    else if (place !== 'none') sessions.set(place.sessionId, [...(sessions.get(place.sessionId) ?? []), at])
  }
  return { sessions, registry }
}

type Place = 'any' | 'registry' | 'none' | { readonly sessionId: SessionId }

function placeOf(roots: readonly string[], at: string): Place {
  for (const root of roots) {
    const way = path.relative(root, at)
    if (way.startsWith('..') || path.isAbsolute(way)) continue
    const [top, , name, ...below] = way.split(path.sep)
    if (top === 'sessions') return 'registry'
    if (top !== 'projects' || name === undefined) continue
    const isLines = below.length === 0 && name.endsWith('.jsonl')
    const sessionId = parseSessionId(isLines ? name.slice(0, -'.jsonl'.length) : name)
    if (sessionId !== null) return { sessionId }
    return isLines && name.startsWith('agent-') ? 'any' : 'none'
  }
  return 'none'
}
