/** What is answered to whoever asked for a restore: outcomes, and refusals with their remedy. Pure. */
import type { CheckpointRecord } from '../core/checkpoint.ts'
import type {
  NextStep,
  RestoreDone,
  RestoreLeftOut,
  RestoreOutcome,
  RestorePlan,
  RestoreRefusal,
} from '../core/restore.ts'
import { type DetectedSession, isLive, type SessionId } from '../core/session.ts'
import type { InPlaceDone } from './restore-in-place.ts'
import type { Journal } from './restore-journal.ts'
import { refuse } from './restore-planner.ts'

const mostListed = 100

export const changed: RestoreRefusal = {
  ok: false,
  code: 'changed-since-plan',
  message: 'Things have changed since this was planned',
  remedy: 'Look at the plan again.',
}

export const stoppedBefore: RestoreRefusal = {
  ok: false,
  code: 'stopped',
  message: 'The restore was stopped',
  remedy: 'Nothing was changed.',
}

export function unfinished({ id }: Journal): RestoreRefusal {
  const remedy = `Finish it with \`session-monitor undo --resume ${id}\`, or take it back with \`session-monitor undo ${id}\`.`
  return refuse('unfinished-restore', 'An earlier restore of this project was cut short', remedy)
}

export function lockedBy(owner: string): RestoreRefusal {
  return refuse('locked-elsewhere', `Another checkpointer is at work: ${owner}`, 'Nothing was changed. Try again.')
}

/** The checkpoint's own session, else one that is at work in its project. */
export function sessionFor(
  { session, tree }: CheckpointRecord,
  sessions: readonly DetectedSession[],
): SessionId | null {
  if (sessions.some(({ facts }) => facts.sessionId === session)) return session
  const there = sessions.filter(({ project }) => tree !== null && project?.root === tree.root)
  const best = there.find(({ live }) => isLive(live)) ?? there[0]
  return best?.facts.sessionId ?? null
}

export function outcomeOf(done: InPlaceDone, plan: Omit<RestorePlan, 'entries'> | null): RestoreOutcome {
  if (!done.ok) return done
  const { journal, written, failures } = done
  return {
    ok: true,
    kind: journal.phase === 'complete' ? 'complete' : 'incomplete',
    restoreId: journal.id,
    safety: journal.safety,
    folder: journal.root,
    written,
    kept: plan === null ? 0 : keptBy(plan),
    ...listed(failures),
    transcript: journal.transcript,
    next: nextSteps(journal),
  }
}

/** What the rules left as it is. */
function keptBy({ counts, writes }: Omit<RestorePlan, 'entries'>): number {
  return counts.conflict + counts.overwrite + counts.create - writes.files
}

export function listed(failures: readonly RestoreLeftOut[]): Pick<RestoreDone, 'failures' | 'failuresMore'> {
  return { failures: failures.slice(0, mostListed), failuresMore: Math.max(0, failures.length - mostListed) }
}

function nextSteps({ id, kind, phase, transcript }: Journal): readonly NextStep[] {
  const undo = kind === 'undo' ? 'restores again what was undone' : 'puts everything back as it was'
  const resume = { command: `session-monitor undo --resume ${id}`, words: 'tries again what could not be written' }
  return [
    ...(transcript === null ? [] : [transcript.next]),
    ...(phase === 'complete' ? [] : [resume]),
    { command: `session-monitor undo ${id}`, words: undo },
  ]
}
