/** What one cycle came to, in numbers. Pure. */
import type { CheckpointCause, CheckpointOutcome } from '../core/checkpoint.ts'
import type { CycleSummary } from '../core/monitor-state.ts'
import type { SessionEntry } from './overview.ts'

/** A due session counts under each factor that made it due; under `total` when only the weighted sum did. */
export function summariseCycle(
  looked: readonly SessionEntry[],
  outcomes: readonly CheckpointOutcome[],
  time: { readonly startedMs: number; readonly tookMs: number },
): CycleSummary {
  const due = looked.flatMap(({ decision }) => (decision.action === 'checkpoint' ? [decision.cause] : []))
  const saved = outcomes.filter(outcome => outcome.kind === 'saved')
  const held = looked.flatMap(({ decision }) => (decision.action === 'hold' ? [decision.reason.kind] : []))
  const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0)
  return {
    ...time,
    found: looked.length,
    due: due.length,
    dueBy: tally(due.flatMap(dueWords)),
    created: saved.length,
    heldBy: tally(held),
    notDone: tally(outcomes.map(o => o.kind).filter(kind => kind !== 'saved' && kind !== 'failed')),
    failed: outcomes.filter(outcome => outcome.kind === 'failed').length,
    averageMs: saved.length === 0 ? null : sum(saved.map(o => o.tookMs)) / saved.length,
    addedBytes: sum(saved.map(o => o.addedBytes)),
  }
}

function dueWords(cause: CheckpointCause): readonly string[] {
  return cause.kind === 'due' && cause.factors.length > 0 ? cause.factors : ['total']
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
