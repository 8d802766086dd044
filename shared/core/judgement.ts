/**
 * What the facts of a session mean at one instant: its score, the decision, the protection and the sentence. Pure.
 *
 * The only place that says so, so that a look and a list that is told from an earlier look cannot disagree.
 */
import type { BackOff } from './back-off.ts'
import type { CheckpointOutcome, UrgentEvent } from './checkpoint.ts'
import { type Decision, decide } from './decision.ts'
import { explainDecision } from './explain.ts'
import type { Protection, SessionView } from './monitor-state.ts'
import { isDue, type SessionScore, type SessionSignals, scoreSession } from './scoring.ts'
import { policyFor, type Settings } from './settings.ts'

/** A row without what depends on the hour, on the settings and on what became of requests. */
export type SessionFindings = Omit<SessionView, 'protection' | 'score' | 'decision' | 'why' | 'lastOutcome'>

export type Judgement = Pick<SessionView, 'protection' | 'score' | 'decision' | 'why'>

/** One session as it was found. */
export interface Judged {
  readonly findings: SessionFindings
  /** Nothing new since the last checkpoint, or nothing to save yet. */
  readonly unchanged: boolean
  /** Epoch ms of the last checkpoint that counts for the cooldown (an imported one does), or null. */
  readonly cooldownFromMs: number | null
}

export interface JudgedBy {
  readonly nowMs: number
  readonly settings: Settings
  /** Null when not paused; Infinity until resumed. */
  readonly pausedUntilMs: number | null
  readonly urgent: UrgentEvent | null
  readonly backOff: BackOff | null
  readonly lastOutcome: CheckpointOutcome | null
}

/** What is measured for the score. A clock that was set back makes no time negative. */
export function signalsAt(findings: SessionFindings, nowMs: number): SessionSignals {
  const { lastCheckpoint, counts, unsaved, contextPercent, live, lastActivityMs } = findings
  const idleMs = Math.max(0, nowMs - (lastActivityMs ?? nowMs))
  return {
    hoursSinceCheckpoint: lastCheckpoint === null ? null : Math.abs(nowMs - lastCheckpoint.atMs) / 3_600_000,
    messages: counts.messages,
    filesChanged: unsaved.files,
    contextPercent: contextPercent ?? 0,
    idleMinutes: live.status === 'busy' ? 0 : idleMs / 60_000,
  }
}

export function judge({ findings, unchanged, cooldownFromMs }: Judged, by: JudgedBy): Judgement {
  const { settings, nowMs, lastOutcome } = by
  const { policy, excluded } = policyFor(settings, findings.project?.root ?? findings.cwd)
  const score = scoreSession(signalsAt(findings, nowMs), policy)
  const decision = decide({
    nowMs,
    score,
    excluded,
    pausedUntilMs: by.pausedUntilMs,
    unchanged,
    cooldownFromMs,
    cooldownMs: settings.cooldownMinutes * 60_000,
    idleRuns: findings.live.status !== 'busy',
    urgent: by.urgent,
    backOff: by.backOff,
    isPartial: findings.partial ?? false,
  })
  const protection = findings.partial ? 'changed' : protectionOf({ unchanged, decision, score, excluded, lastOutcome })
  return { protection, score, decision, why: explainDecision(decision, score, nowMs) }
}

interface Verdict {
  readonly unchanged: boolean
  readonly decision: Decision
  readonly score: SessionScore
  readonly excluded: boolean
  readonly lastOutcome: CheckpointOutcome | null
}

function protectionOf({ unchanged, decision, score, excluded, lastOutcome }: Verdict): Protection {
  if (excluded) return 'excluded'
  if (lastOutcome?.kind === 'failed' && !unchanged) return 'failing'
  if (unchanged) return 'protected'
  return isOverdue(decision, score) ? 'at-risk' : 'changed'
}

/** Due now, or kept from it only by a pause: a cooldown is within the policy, a pause is the user's risk. */
function isOverdue(decision: Decision, score: SessionScore): boolean {
  return decision.action === 'checkpoint' || (decision.reason.kind === 'paused' && isDue(score))
}
