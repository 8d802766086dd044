/** States that follow each other as a monitor's do, with rows kept, changed, moved, come and gone. */
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { viewOf } from './core-values.ts'
import type { Random } from './random.ts'

export function nextRandomState(random: Random, before: MonitorState): MonitorState {
  const revision = before.revision + random.int(1, 3)
  const fields: Partial<MonitorState> = {
    atMs: before.atMs + random.int(0, 1_000),
    phase: random.pick(['idle', 'scanning', 'checkpointing'] as const),
    ...(random.chance(0.3) ? { paused: random.chance(0.5) ? { untilMs: revision } : null } : {}),
    ...(random.chance(0.1) ? { watch: { mode: 'watching', reason: null } } : {}),
  }
  const sessions = random.chance(0.7) ? nextRows(random, before.sessions) : before.sessions
  return { ...before, ...fields, revision, sessions }
}

function nextRows(random: Random, before: readonly SessionView[]): readonly SessionView[] {
  const kept = before.filter(() => random.chance(0.95))
  const changed = kept.map(view => (random.chance(0.1) ? { ...view, title: random.hex(6) } : view))
  const known = new Set(before.map(view => view.sessionId))
  const fresh = Array.from({ length: random.int(0, random.chance(0.1) ? 250 : 3) }, () =>
    viewOf(random.int(0, 999_999)),
  )
  const came = [...new Map(fresh.map(view => [view.sessionId, view])).values()].filter(v => !known.has(v.sessionId))
  const all = [...changed, ...came]
  if (random.chance(0.2)) return random.shuffle(all)
  const [from, to] = [random.int(0, all.length), random.int(0, all.length)]
  const moved = all.splice(from, 1)
  return [...all.slice(0, to), ...moved, ...all.slice(to)]
}
