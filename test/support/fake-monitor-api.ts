/**
 * A monitor that a test answers by hand: it keeps what it was asked, gives what it was told to give, and says
 * new states when the test does.
 */
import { type CallName, callNames, type MonitorApi, type MonitorCalls } from '../../shared/core/monitor-api.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'

export interface FakeMonitorApi {
  readonly api: MonitorApi
  /** Every call so far, in order, with the request as the monitor got it. */
  readonly asked: readonly { readonly call: CallName; readonly request: unknown }[]
  /** What a call does from now on; without it, it resolves to undefined. It may throw. */
  answer(call: CallName, answer: (request: unknown) => unknown): void
  /** Tells all listeners a new state. */
  tell(state: MonitorState): void
  /** How many listen. */
  listeners(): number
}

export function createFakeMonitorApi(): FakeMonitorApi {
  const asked: { readonly call: CallName; readonly request: unknown }[] = []
  const answers = new Map<CallName, (request: unknown) => unknown>()
  const listeners = new Set<(state: MonitorState) => void>()
  const take = (call: CallName) => (request: unknown) => {
    asked.push({ call, request })
    return answers.get(call)?.(request) as Promise<never>
  }
  const calls = Object.fromEntries(callNames.map(call => [call, take(call)])) as unknown as MonitorCalls
  const api: MonitorApi = {
    ...calls,
    getState: take('getState'),
    runCycle: take('runCycle'),
    requestCheckpoint: take('requestCheckpoint'),
    listCheckpoints: take('listCheckpoints'),
    pause: take('pause'),
    resume: take('resume'),
    changeSettings: take('changeSettings'),
    getHistory: take('getHistory'),
    onState: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    api,
    asked,
    answer: (call, answer) => void answers.set(call, answer),
    tell: state => {
      for (const listener of listeners) listener(state)
    },
    listeners: () => listeners.size,
  }
}
