/** Which sessions need help, and why in a sentence. Pure: time comes in as a value. */
import { count, formatDuration } from './format.ts'
import type { RescueKind } from './rescue.ts'
import { isLive, type LiveState } from './session.ts'

export interface TriageFacts {
  readonly live: LiveState
  /** Whether its transcript is where Claude Code keeps it. */
  readonly hasTranscript: boolean
  readonly lastActivityMs: number | null
  /** Uncommitted files in its newest checkpoint, and files changed since then. */
  readonly uncommitted: number
  readonly unsavedFiles: number
  readonly unsavedMessages: number
  /** It was the last one to be at work in its project, and nobody is there now. */
  readonly isLastOfProject: boolean
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Claude Code itself removes transcripts that nobody touched for 30 days: what is gone before was deleted. */
const sweptAfterMs = 30 * dayMs
const stalledAfterMs = { busy: hourMs, shell: 12 * hourMs, waiting: 2 * hourMs } as const
const forgottenAfterMs = { open: dayMs, ended: 12 * hourMs } as const

/** Null for a session that needs none. */
export function triage(facts: TriageFacts, nowMs: number): { readonly kind: RescueKind; readonly why: string } | null {
  const { live, hasTranscript, lastActivityMs } = facts
  const agoMs = lastActivityMs === null ? 0 : Math.max(0, nowMs - lastActivityMs)
  const ago = formatDuration(agoMs)
  if (agoMs > sweptAfterMs) return null
  if (!hasTranscript) return { kind: 'lost', why: `Its transcript is gone; it was last at work ${ago} ago.` }
  if (live.status === 'ended-abruptly') {
    return { kind: 'died', why: `Its process ended without a word; it was last at work ${ago} ago.` }
  }
  const limitMs = live.status in stalledAfterMs ? stalledAfterMs[live.status as keyof typeof stalledAfterMs] : null
  if (limitMs !== null && agoMs >= limitMs) return { kind: 'stalled', why: stalledWords(live, ago) }
  return isForgotten(facts, agoMs) ? { kind: 'forgotten', why: forgottenWords(facts, ago) } : null
}

function stalledWords({ status, waitingFor }: LiveState, ago: string): string {
  if (status === 'waiting') return `It has been waiting for ${ago}${waitingFor === null ? '' : `: ${waitingFor}`}.`
  const what = status === 'busy' ? 'It is busy' : 'A command of it is still running'
  return `${what}, and nothing has come for ${ago}.`
}

function isForgotten({ live, isLastOfProject, ...facts }: TriageFacts, agoMs: number): boolean {
  if (isLive(live)) return agoMs >= forgottenAfterMs.open
  const hasWork = facts.uncommitted + facts.unsavedFiles + facts.unsavedMessages > 0
  return isLastOfProject && hasWork && agoMs >= forgottenAfterMs.ended
}

function forgottenWords({ live, uncommitted, unsavedFiles }: TriageFacts, ago: string): string {
  if (isLive(live)) return `It has been open and untouched for ${ago}.`
  const files = Math.max(uncommitted, unsavedFiles)
  const what = files > 0 ? `${count(files, 'file')} not committed` : 'work that is in no checkpoint'
  return `It ended ${ago} ago and left ${what}.`
}
