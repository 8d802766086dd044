/**
 * What a hook of Claude Code or git tells the monitor: one small value, left as a file where the monitor finds it.
 *
 * Pure, and imports nothing: the hook's own program carries this and must start at once.
 */

/** Known by every version of Claude Code since 1.0.85: an unknown name may cost a user all settings of a file. */
export const hookEvents = ['SessionStart', 'PreCompact', 'SessionEnd', 'Stop', 'Notification'] as const
export type HookEvent = (typeof hookEvents)[number]

/** What git tells after a commit. */
export const commitEvent = 'post-commit'

const wordEvents = [...hookEvents, commitEvent] as const

export interface HookWord {
  readonly v: 1
  readonly event: (typeof wordEvents)[number]
  /** Epoch ms. */
  readonly atMs: number
  /** Lower-case UUID; null for a commit. */
  readonly sessionId: string | null
  /** Absolute; null if it was not told. */
  readonly cwd: string | null
  /** Of Claude Code, if it said so. */
  readonly pid: number | null
  /** What the event says of itself: a SessionEnd's reason, a PreCompact's trigger, a Notification's type; at most 100 characters. */
  readonly detail: string | null
}

/** The word that `payload` (what the hook got on its standard input) makes; null if it names no session. */
export function wordOfPayload(
  event: HookEvent,
  payload: unknown,
  now: { readonly atMs: number; readonly pid: number | null },
): HookWord | null {
  const told = recordOf(payload)
  const sessionId = idOf(told['session_id'])
  if (sessionId === null) return null
  const detail = told['reason'] ?? told['trigger'] ?? told['notification_type'] ?? told['source']
  return { v: 1, event, sessionId, cwd: textOf(told['cwd'], 4_096), detail: textOf(detail, 100), ...now }
}

export function wordOfCommit(cwd: string, atMs: number): HookWord {
  return { v: 1, event: commitEvent, sessionId: null, cwd, detail: null, pid: null, atMs }
}

/** One file per session and event: a later word of the same kind takes the place of the one before. */
export function wordFileName({ event, sessionId, cwd }: HookWord): string {
  return `${sessionId ?? `commit-${hashOf(cwd ?? '')}`}.${event}.json`
}

/** Whether a name in the spool can be a word's. */
export function isWordFileName(name: string): boolean {
  return /^[0-9a-z-]{1,60}\.[A-Za-z-]{1,20}\.json$/.test(name)
}

/** Null for anything that is not a word, such as a file that is torn or somebody else's. */
export function parseHookWord(value: unknown): HookWord | null {
  const { v, event, atMs, sessionId, cwd, pid, detail } = recordOf(value)
  const known = wordEvents.find(one => one === event)
  const id = idOf(sessionId)
  if (v !== 1 || known === undefined || typeof atMs !== 'number' || !Number.isFinite(atMs)) return null
  if (id === null && known !== commitEvent) return null
  const isPid = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0
  return {
    v: 1,
    event: known,
    atMs,
    sessionId: id,
    cwd: textOf(cwd, 4_096),
    pid: isPid ? pid : null,
    detail: textOf(detail, 100),
  }
}

/** Name of the file that holds the last briefs of a project. Readable, and its own for each folder. */
export function briefFileName(root: string): string {
  return `${root.replace(/[^A-Za-z0-9]+/g, '-').slice(-60)}-${hashOf(root)}.json`
}

/** FNV-1a, 64 bits, in hex: no more than a name that differs where the text does. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'string' ? value.toLowerCase() : ''
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : null
}

function textOf(value: unknown, limit: number): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= limit ? value : null
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
