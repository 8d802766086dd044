/**
 * What other settings would mean to the sessions of this moment, before they are saved. Pure: the same scoring and
 * decision as the monitor's, on the values that each row already carries.
 */
import { decide } from './decision.ts'
import type { SessionView } from './monitor-state.ts'
import { factorNames, type SessionScore, scoreSession } from './scoring.ts'
import { policyFor, type Settings } from './settings.ts'

/** One session under the settings that are being tried. */
export interface PreviewedSession {
  readonly view: SessionView
  readonly score: SessionScore
  /** It would be checkpointed now. */
  readonly isDue: boolean
  /** It is due with the settings that hold. */
  readonly wasDue: boolean
}

export interface SettingsPreview {
  /** Sessions that would be due now, the highest total first. */
  readonly due: readonly PreviewedSession[]
  /** Of those, the ones that are not due with the settings that hold. */
  readonly newlyDue: readonly PreviewedSession[]
  /** Due now, and no more with the settings that are tried. */
  readonly noLongerDue: readonly PreviewedSession[]
}

export interface PreviewOptions {
  readonly settings: Settings
  readonly nowMs: number
  /** Null when not paused; Infinity until resumed. */
  readonly pausedUntilMs: number | null
}

/** A row that is not read yet is in none of the lists. */
export function previewSettings(views: readonly SessionView[], options: PreviewOptions): SettingsPreview {
  const all = views.filter(view => view.partial === undefined).map(view => previewSession(view, options))
  const byTotal = (a: PreviewedSession, b: PreviewedSession) => b.score.total - a.score.total
  return {
    due: all.filter(({ isDue }) => isDue).sort(byTotal),
    newlyDue: all.filter(({ isDue, wasDue }) => isDue && !wasDue).sort(byTotal),
    noLongerDue: all.filter(({ isDue, wasDue }) => !isDue && wasDue).sort(byTotal),
  }
}

export function previewSession(
  view: SessionView,
  { settings, nowMs, pausedUntilMs }: PreviewOptions,
): PreviewedSession {
  const { policy, excluded } = policyFor(settings, view.project?.root ?? view.cwd)
  const score = scoreSession(signalsIn(view), policy)
  const { decision } = view
  const held = decision.action === 'hold' ? decision.reason : null
  const next = decide({
    nowMs,
    score,
    excluded,
    pausedUntilMs,
    unchanged: held?.kind === 'unchanged' || isUnchanged(view),
    cooldownFromMs: view.lastCheckpoint?.atMs ?? null,
    cooldownMs: settings.cooldownMinutes * 60_000,
    idleRuns: view.live.status !== 'busy',
    urgent: decision.action === 'checkpoint' && decision.cause.kind === 'urgent' ? decision.cause.event : null,
    backOff: null,
  })
  return { view, score, isDue: next.action === 'checkpoint', wasDue: decision.action === 'checkpoint' }
}

/** The measured values behind a row's score. */
function signalsIn({ score, counts }: SessionView) {
  const [time, activity, context, idle] = factorNames.map(name => score.factors[name].value)
  return {
    hoursSinceCheckpoint: time ?? null,
    messages: counts.messages,
    filesChanged: activity ?? 0,
    contextPercent: context ?? 0,
    idleMinutes: idle ?? 0,
  }
}

/** Under a hold that is asked about before "unchanged" (excluded, paused), the row's unsaved work tells. */
function isUnchanged({ protection, unsaved, lastCheckpoint, counts }: SessionView): boolean {
  if (protection === 'protected') return true
  if (lastCheckpoint === null) return counts.messages === 0
  return unsaved.transcriptBytes === 0 && unsaved.files === 0
}
