/**
 * The one contract between the monitor and every user interface. JSON values only; times are epoch ms.
 *
 * `callNames` is the list of what may be called; `monitor-requests.ts` checks what arrives. This file holds no
 * checks, so that a page carries the contract and not the library that checks it.
 */
import type { CheckpointOutcome, CheckpointSummary } from './checkpoint.ts'
import type { CycleSummary, MonitorState } from './monitor-state.ts'
import { type RestoreCalls, restoreCalls } from './restore-calls.ts'
import type { SessionHistory } from './score-history.ts'
import type { SettingsChanged, SettingsChanges } from './settings-change.ts'

export type CheckpointTarget =
  /** `urgent`: what a hook saw coming; without it the request is by hand. */
  | { readonly sessionIds: readonly string[]; readonly urgent?: 'before-compaction' | 'session-ended' }
  /** `due`: what the policy asks for now; `changed`: all with something new, whatever the score. */
  | { readonly which: 'due' | 'changed' }

/** Everything that a user interface may ask of the monitor. */
export interface MonitorCalls extends RestoreCalls {
  /** The whole current state. */
  getState(request: Record<string, never>): Promise<MonitorState>
  /** Look at everything now and checkpoint what is due. A cycle that already runs is joined. */
  runCycle(request: Record<string, never>): Promise<CycleSummary>
  /** Checkpoint now. Resolves when every outcome is known: durable, or with the reason it was not taken. */
  requestCheckpoint(request: CheckpointTarget): Promise<readonly CheckpointOutcome[]>
  /** All checkpoints of a session, newest first. */
  listCheckpoints(request: { readonly sessionId: string }): Promise<readonly CheckpointSummary[]>
  /** Stop automatic checkpoints until then, or until resumed (`null`). By hand still works. */
  pause(request: { readonly untilMs: number | null }): Promise<void>
  resume(request: Record<string, never>): Promise<void>
  /** Checks new values by dotted key, writes them to the settings file and applies them at once; or changes nothing. */
  changeSettings(request: { readonly changes: SettingsChanges }): Promise<SettingsChanged>
  /** How a session's score and context went. Empty for one that nothing was recorded of. */
  getHistory(request: { readonly sessionId: string }): Promise<SessionHistory>
}

export type CallName = keyof MonitorCalls

/** The calls, and the state whenever it has changed. */
export interface MonitorApi extends MonitorCalls {
  /** Calls `listener` with each new state; returns the way to stop. */
  onState(listener: (state: MonitorState) => void): () => void
}

const everyCall: Readonly<Record<CallName, true>> = {
  getState: true,
  runCycle: true,
  requestCheckpoint: true,
  listCheckpoints: true,
  pause: true,
  resume: true,
  ...restoreCalls,
  changeSettings: true,
  getHistory: true,
}

/** All of the contract. A name that is left out here does not compile. */
export const callNames = Object.keys(everyCall) as readonly CallName[]

/** True only for a name of the contract; `toString` and the like are none. */
export function isCallName(name: unknown): name is CallName {
  return typeof name === 'string' && Object.hasOwn(everyCall, name)
}
