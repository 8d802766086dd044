/** The monitor that runs already, in the tray or as a daemon, asked over its local socket. Loads nothing of the engine. */
import type { MonitorState } from '../shared/core/monitor-state.ts'
import { connectLocal, type LocalAttempt, type LocalMonitor } from '../shared/engine/local-client.ts'
import type { Monitor } from '../shared/engine/monitor.ts'
import { nodeFiles } from '../shared/engine/node-ports.ts'
import type { CommandContext } from './context.ts'
import { placeOf } from './place.ts'

/** What commands may ask of a monitor, whether it is one of their own or the one that runs. */
export type CommandMonitor = Omit<Monitor, 'stop'>

/** Whoever does not answer within this is left alone. */
const answerMs = 1_000

/** The user's number, or null where the system has none. */
export function ownUid(): number | null {
  return process.getuid?.() ?? null
}

export function connectRunning(
  context: Pick<CommandContext, 'environment'>,
  timeoutMs = answerMs,
): Promise<LocalAttempt> {
  return connectLocal(nodeFiles, placeOf(context), { timeoutMs, uid: ownUid() })
}

/** It keeps its state up to date by itself, so a look is what it knows now, once its first one is through. */
export function asCommandMonitor(running: LocalMonitor, nowMs: () => number): CommandMonitor {
  const { monitor } = running
  // Ages are told as of now, not as of its last change.
  const now = async (state: Promise<MonitorState>) => ({ ...(await state), atMs: nowMs() })
  const getState = () => now(monitor.getState({}))
  return { ...monitor, getState, refresh: () => now(settledState(running)), measureStore: getState }
}

function isSettled({ phase, lastCycle }: MonitorState): boolean {
  return lastCycle !== null || (phase !== 'starting' && phase !== 'scanning')
}

async function settledState({ monitor, onClosed }: LocalMonitor): Promise<MonitorState> {
  const settled = Promise.withResolvers<MonitorState>()
  const take = (state: MonitorState) => {
    if (isSettled(state)) settled.resolve(state)
  }
  const stops = [monitor.onState(take), onClosed(reason => settled.reject(new Error(reason)))]
  try {
    take(await monitor.getState({}))
    return await settled.promise
  } finally {
    for (const stop of stops) stop()
  }
}
