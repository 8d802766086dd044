/**
 * What a new session is told of the last ones in its project: made for the shelf by the monitor, and put into words
 * by the hook. Pure, and imports nothing: the hook's own program carries this.
 */

/** A session as it lies on the shelf, with its newest checkpoint's brief. */
export interface ShelvedSession {
  readonly sessionId: string
  readonly title: string
  /** Last activity, epoch ms. */
  readonly atMs: number
  /** The process that held it open when this was written; null if none did. */
  readonly pid: number | null
  /** What is not finished, in words, such as "3 open items"; empty when nothing is. */
  readonly unfinished: readonly string[]
  readonly brief: string
}

/** One project's shelf; the newest session first. */
export interface BriefShelf {
  readonly v: 1
  readonly root: string
  readonly sessions: readonly ShelvedSession[]
}

export interface BriefRequest {
  /** The new session's own. */
  readonly sessionId: string
  readonly root: string
  readonly nowMs: number
  readonly isAlive: (pid: number) => boolean
}

/** What is older is no news. */
const newsMs = 7 * 24 * 3_600_000
/** Claude Code cuts what is longer than 10,000 characters down to a preview. */
const pageLimit = 9_000

/** The page for a new session; null when there is nothing worth its while. */
export function briefPage(shelf: unknown, request: BriefRequest): string | null {
  const sessions = sessionsOf(shelf, request).filter(one => one.unfinished.length > 0)
  const [last, ...others] = sessions
  if (last === undefined) return null
  const also = others.map(
    one => `- ${one.title} (${ageOf(one, request)}; ${one.unfinished.join(', ')}): claude --resume ${one.sessionId}`,
  )
  const head = [
    `From Active Session Monitor, as background and not as a request: the last session in this project ended ${ageOf(last, request)} with ${last.unfinished.join(', ')}.`,
    'Its resume brief follows. Go by it only if the user wants to go on with that work.',
  ].join('\n')
  const tail = also.length === 0 ? '' : `\n\nUnfinished too:\n${also.join('\n')}`
  const room = pageLimit - head.length - tail.length - 4
  return `${head}\n\n${cut(last.brief.trim(), room)}${tail}\n`
}

/** Of this project, not the new session itself, not open in another window, and not stale. */
function sessionsOf(value: unknown, { sessionId, root, nowMs, isAlive }: BriefRequest): readonly ShelvedSession[] {
  const shelf = (typeof value === 'object' && value !== null ? value : {}) as Partial<BriefShelf>
  if (shelf.v !== 1 || shelf.root !== root || !Array.isArray(shelf.sessions)) return []
  return shelf.sessions.filter(isShelved).filter(one => {
    const isOpen = one.pid !== null && isAlive(one.pid)
    return one.sessionId !== sessionId && !isOpen && Math.abs(nowMs - one.atMs) < newsMs
  })
}

function isShelved(value: unknown): value is ShelvedSession {
  if (typeof value !== 'object' || value === null) return false
  const { sessionId, title, atMs, pid, unfinished, brief } = value as Partial<Record<keyof ShelvedSession, unknown>>
  const isText = [sessionId, title, brief].every(text => typeof text === 'string')
  const isList = Array.isArray(unfinished) && unfinished.every(text => typeof text === 'string')
  return isText && isList && typeof atMs === 'number' && (pid === null || typeof pid === 'number')
}

function ageOf({ atMs }: ShelvedSession, { nowMs }: BriefRequest): string {
  const minutes = Math.max(0, Math.round((nowMs - atMs) / 60_000))
  if (minutes < 2) return 'just now'
  if (minutes < 120) return `${minutes} minutes ago`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours ago` : `${Math.round(minutes / 1440)} days ago`
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, Math.max(0, limit - 2)).trimEnd()}\n…`
}
