/**
 * What hooks tell of a session's live state, for a Claude Code that keeps no list of live sessions. Where there is
 * such a list it knows better, and nothing here is used. Pure.
 */
import type { HookWord } from './hook-word.ts'
import type { LiveState } from './session.ts'

/** The last word of a session's hooks, and whether the process that it came from still lives. */
export interface LiveHint {
  readonly word: HookWord
  readonly isAlive: boolean
}

const note = 'Told by its hook: this Claude Code keeps no list of live sessions.'

export function sharpenLive(live: LiveState, hint: LiveHint | undefined): LiveState {
  if (hint === undefined || live.status !== 'unknown') return live
  const { word, isAlive } = hint
  const told = { waitingFor: null, pid: null, sinceMs: word.atMs, note }
  if (word.event === 'SessionEnd' || !isAlive) return { ...told, status: 'ended' }
  if (word.event === 'Notification' && word.detail === 'permission_prompt') {
    return { ...told, status: 'waiting', waitingFor: 'permission', pid: word.pid }
  }
  return { ...told, status: 'idle', pid: word.pid }
}
