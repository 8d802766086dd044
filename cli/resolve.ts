/** What a person types for a session or a checkpoint, made into the one that is meant. Pure. */
import { checkpointId, parseCheckpointId } from '../shared/core/checkpoint-id.ts'
import { count, oneLine } from '../shared/core/format.ts'
import { parseSessionId, type SessionId } from '../shared/core/session.ts'
import { type Either, fine, stop, usageProblem } from './exit-codes.ts'

export interface SessionName {
  readonly sessionId: SessionId
  readonly title: string
}

/** Fewer characters than this are a mistake more often than an id. */
const shortestPrefix = 4
const shownMatches = 5

/** A session by its id, the beginning of its id (4 characters or more), or its whole title, in this order. */
export function resolveSession(text: string, sessions: readonly SessionName[]): Either<SessionId> {
  const wanted = text.trim().toLowerCase()
  const byId = sessions.filter(({ sessionId }) => sessionId === parseSessionId(wanted))
  const byPrefix = isPrefix(wanted) ? sessions.filter(({ sessionId }) => sessionId.startsWith(wanted)) : []
  const byTitle = sessions.filter(({ title }) => wanted !== '' && oneLine(title, 2_000).toLowerCase() === wanted)
  const matches = [byId, byPrefix, byTitle].find(found => found.length > 0) ?? []
  const [only, ...others] = matches
  if (only === undefined) return stop(unknownSession(text, sessions))
  return others.length === 0 ? fine(only.sessionId) : stop(ambiguous(text, matches))
}

/** A checkpoint: `<session>/<number>`, or a session alone for its newest; the session as for {@link resolveSession}. */
export function resolveCheckpoint(
  text: string,
  sessions: readonly SessionName[],
): Either<{ readonly sessionId: SessionId; readonly seq: number | null }> {
  // Only what ends in a number can be one: a title may hold a slash itself.
  const [, name, number] = /^(.*)\/([1-9][0-9]{0,7})$/s.exec(text.trim()) ?? []
  if (name !== undefined) {
    const session = resolveSession(name, sessions)
    const id = session.ok ? parseCheckpointId(checkpointId(session.value, Number(number))) : null
    if (id !== null) return fine(id)
    const whole = resolveSession(text, sessions)
    return whole.ok ? fine({ sessionId: whole.value, seq: null }) : (session as Either<never>)
  }
  const session = resolveSession(text, sessions)
  return session.ok ? fine({ sessionId: session.value, seq: null }) : session
}

/**
 * For each session the shortest beginning of its id that is no other's, 8 characters or more: what tables show and
 * {@link resolveSession} takes.
 */
export function shortIds(sessions: readonly SessionName[]): ReadonlyMap<SessionId, string> {
  const sorted = sessions.map(session => session.sessionId).sort()
  return new Map(
    sorted.map((id, i) => {
      const shared = Math.max(sharedLength(id, sorted[i - 1]), sharedLength(id, sorted[i + 1]))
      return [id, id.slice(0, Math.max(8, shared + 1))]
    }),
  )
}

function sharedLength(a: string, b: string | undefined): number {
  if (b === undefined || a === b) return 0
  let length = 0
  while (a[length] === b[length]) length++
  return length
}

function isPrefix(text: string): boolean {
  return text.length >= shortestPrefix && /^[0-9a-f-]+$/.test(text)
}

function unknownSession(text: string, sessions: readonly SessionName[]) {
  const what = `there is no session "${oneLine(text, 80)}"`
  const tooShort = /^[0-9a-f]{1,3}$/i.test(text.trim())
  if (tooShort) return usageProblem(what, `give at least ${shortestPrefix} characters of its id, or its whole title`)
  const known = sessions.length === 0 ? 'no session is known yet' : '"session-monitor list" shows ids and titles'
  return usageProblem(what, known)
}

function ambiguous(text: string, matches: readonly SessionName[]) {
  const ids = shortIds(matches)
  const shown = matches.slice(0, shownMatches).map(({ sessionId, title }) => {
    return `${ids.get(sessionId) ?? sessionId} "${oneLine(title, 40)}"`
  })
  const more = matches.length > shownMatches ? `, … (${count(matches.length, 'session')} in all)` : ''
  return usageProblem(`"${oneLine(text, 80)}" may be ${shown.join(', ')}${more}`, 'give more of the id')
}
