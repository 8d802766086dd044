/** What a page in a browser may call. A call that is new to the contract is not among them until it is named here. */
import { type CallName, callNames } from '../../shared/core/monitor-api.ts'

/** Looks, checkpoints and pauses: nothing of it changes a setting, or writes outside our own store. */
const harmless: readonly CallName[] = [
  'getState',
  'runCycle',
  'requestCheckpoint',
  'listCheckpoints',
  'pause',
  'resume',
  'planRestore',
  'planEntries',
  'listRestores',
  'diffCheckpoint',
  'diffFile',
  'showCheckpoint',
  'listRescue',
  'getHistory',
]

/** @param changes With those that change settings, give work back or write files too. */
export function dashboardCalls(changes: boolean): readonly CallName[] {
  return changes ? callNames : harmless
}
