/**
 * How things stand, for commands that only tell it: from the monitor that runs, from what the last look found where
 * nothing has changed since, or by a look of its own. The engine is loaded for the last of these alone.
 */
import about from '../package.json' with { type: 'json' }
import { formatAge } from '../shared/core/format.ts'
import type { MonitorState } from '../shared/core/monitor-state.ts'
import { type SettingValues, withSettingValues } from '../shared/core/setting-values.ts'
import { claudeRoots } from '../shared/engine/claude-roots.ts'
import { dataFolder } from '../shared/engine/data-folder.ts'
import { readKeptLook, stateOfKept } from '../shared/engine/kept-look.ts'
import type { MonitorIdentity } from '../shared/engine/local-handshake.ts'
import { nodeFiles, nodeProcesses } from '../shared/engine/node-ports.ts'
import { type CommandContext, fail } from './context.ts'
import type { ExitCode } from './exit-codes.ts'
import { settingValuesOf } from './flags.ts'
import type { MonitorNeeds } from './host.ts'
import { placeOf } from './place.ts'

export interface Seen {
  readonly state: MonitorState
  /** When work trees were looked at, epoch ms; null if none counts. */
  readonly workTreesAtMs: number | null
  /** The monitor that was asked; null where none runs. */
  readonly running: MonitorIdentity | null
}

export interface LookNeeds extends MonitorNeeds {
  /** The size of the store is wanted too. */
  readonly measured?: boolean
}

export async function withLook(
  context: CommandContext,
  needs: LookNeeds,
  tell: (seen: Seen) => Promise<ExitCode>,
): Promise<ExitCode> {
  const values = settingValuesOf(needs)
  if (!values.ok) return fail(context, values.problem)
  const hasFlags = Object.keys(values.value).length > 0
  // The settings of flags are of this command alone: the monitor that runs has its own.
  const mayAsk = !hasFlags && mayRun(context)
  const asked = mayAsk ? await ask(context, needs, tell) : null
  if (asked !== null) return asked
  const kept = await readKept(context, values.value, needs)
  if (kept !== null) return tell(kept)
  const { openMonitor, workWith } = await import('./host.ts')
  const opened = await openMonitor(context, values.value, hasFlags ? {} : { keepLookFor: about.version })
  if (!opened.ok) return fail(context, opened.problem)
  return workWith(context, needs, opened.value, async monitor => {
    const looked = await monitor.refresh()
    const state = needs.measured ? await monitor.measureStore() : looked
    return tell({ state, workTreesAtMs: state.atMs, running: null })
  })
}

/** Null if nobody runs after all. */
async function ask(context: CommandContext, needs: LookNeeds, tell: (seen: Seen) => Promise<ExitCode>) {
  const { askRunning, findRunning } = await import('./host.ts')
  const running = await findRunning(context)
  if (running === null) return null
  return askRunning(context, needs, running, async monitor => {
    const state = await monitor.refresh()
    return tell({ state, workTreesAtMs: state.lastCycle?.startedMs ?? null, running: running.identity })
  })
}

/** A monitor has left its socket, or where that is no file its key. */
function mayRun(context: CommandContext): boolean {
  const { socketFolder, address, keyFile } = placeOf(context)
  try {
    nodeFiles.peek(socketFolder === null ? keyFile : address)
    return true
  } catch {
    return false
  }
}

async function readKept(context: CommandContext, values: SettingValues, { measured }: LookNeeds): Promise<Seen | null> {
  const { environment, nowMs } = context
  const clock = { nowMs, monotonicMs: () => performance.now(), sleep: async () => {} }
  const ports = { files: nodeFiles, processes: nodeProcesses(), clock }
  const place = { dataFolder: dataFolder(environment), roots: claudeRoots(environment), version: about.version }
  const look = await readKeptLook(ports, place)
  if (look === null || (measured && look.storeUse === null)) return null
  const state = stateOfKept(ports, look, withSettingValues(look.settings, values))
  return { state, workTreesAtMs: look.workTreesAtMs, running: null }
}

/** Less than this is now. Ms. */
const freshMs = 5_000

/** "Work trees as of 4 min ago.", or nothing where they are told as they are. */
export function workTreeLines({ state, workTreesAtMs }: Seen): readonly string[] {
  if (workTreesAtMs === null || state.sessions.length === 0 || state.atMs - workTreesAtMs < freshMs) return []
  return [`Work trees as of ${formatAge(workTreesAtMs, state.atMs)}.`]
}
