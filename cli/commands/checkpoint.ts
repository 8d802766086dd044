/** `session-monitor checkpoint`: now, for chosen sessions, for all that are due, or for all with something new. */
import type { CheckpointOutcome } from '../../shared/core/checkpoint.ts'
import { explainOutcome } from '../../shared/core/explain.ts'
import { oneLine } from '../../shared/core/format.ts'
import type { CheckpointTarget } from '../../shared/core/monitor-api.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { type CommandContext, fail, printNotices } from '../context.ts'
import { type Either, type ExitCode, exitCodeOf, fine, stop, usageProblem } from '../exit-codes.ts'
import type { SettingFlags } from '../flags.ts'
import { withMonitor } from '../host.ts'
import { resolveSession } from '../resolve.ts'
import { titleOf } from '../session-words.ts'
import { type Style, safeJson } from '../terminal.ts'

export interface CheckpointOptions extends SettingFlags {
  readonly due?: boolean
  readonly all?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function checkpoint(
  context: CommandContext,
  names: readonly string[],
  options: CheckpointOptions,
): Promise<ExitCode> {
  const wrong = checkChoice(names, options)
  if (wrong !== null) return fail(context, wrong)
  return withMonitor(context, options, async monitor => {
    // A look of its own, for the names alone: the request looks again.
    const known = names.length === 0 ? await monitor.getState({}) : await monitor.refresh()
    const target = targetOf(names, options, known)
    if (!target.ok) return fail(context, target.problem)
    const outcomes = await monitor.requestCheckpoint(target.value)
    report(context, outcomes, await monitor.getState({}), options)
    return exitCodeOf(outcomes)
  })
}

/** Exactly one of names, `--due` and `--all`. */
function checkChoice(names: readonly string[], { due, all }: CheckpointOptions) {
  const chosen = [names.length > 0, due === true, all === true].filter(Boolean).length
  if (chosen === 1) return null
  const what = chosen === 0 ? 'no session is named' : 'sessions, --due and --all exclude each other'
  return usageProblem(what, 'name sessions, or give --due for all that are due, or --all for all with something new')
}

export function targetOf(
  names: readonly string[],
  options: Pick<CheckpointOptions, 'due' | 'all'>,
  state: MonitorState,
): Either<CheckpointTarget> {
  if (names.length === 0) return fine({ which: options.all ? 'changed' : 'due' })
  const ids = new Set<string>()
  for (const name of names) {
    const found = resolveSession(name, state.sessions)
    if (!found.ok) return stop(found.problem)
    ids.add(found.value)
  }
  return fine({ sessionIds: [...ids] })
}

const outcomeStyles: Readonly<Record<CheckpointOutcome['kind'], Style>> = {
  saved: 'green',
  unchanged: 'dim',
  'cooling-down': 'dim',
  'locked-elsewhere': 'yellow',
  'put-off': 'yellow',
  failed: 'red',
}

function report(
  { terminal }: CommandContext,
  outcomes: readonly CheckpointOutcome[],
  state: MonitorState,
  options: CheckpointOptions,
): void {
  if (options.json) terminal.print(safeJson({ v: 1, outcomes }))
  else if (outcomes.length === 0 && !options.quiet) {
    terminal.print(options.all ? 'Nothing has changed since the last checkpoints.' : 'Nothing is due.')
  }
  for (const { outcome, line } of outcomeLines(outcomes, state)) {
    if (outcome.kind === 'failed' || outcome.kind === 'locked-elsewhere') terminal.note(`session-monitor: ${line}`)
    else if (!options.json && !options.quiet) terminal.print(terminal.paint(outcomeStyles[outcome.kind], line))
  }
  printNotices(terminal, state)
}

/** "Fix the login (3f2a9c1e-…): Saved as number 3, 12 kB added in 40 ms." */
export function outcomeLines(outcomes: readonly CheckpointOutcome[], state: MonitorState) {
  const byId = new Map(state.sessions.map(view => [view.sessionId, view]))
  return outcomes.map(outcome => {
    const view = byId.get(outcome.sessionId)
    const name = view ? `${titleOf(view)} (${outcome.sessionId})` : outcome.sessionId
    return { outcome, line: `${name}: ${oneLine(explainOutcome(outcome, state.atMs), 4_000)}` }
  })
}
