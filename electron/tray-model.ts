/**
 * What the tray shows, as a plain description: icon, tooltip, menu. Pure, and free of Electron.
 *
 * Texts come from the disk (titles, errors), so all of them are cut to one line here. Nothing is reachable by a
 * click on the icon only: some desktops have no such click.
 */
import { oneLine } from '../shared/core/format.ts'
import type { PageTarget } from '../shared/core/host-api.ts'
import type { CheckpointTarget } from '../shared/core/monitor-api.ts'
import { countByProtection, type MonitorState, type SessionView, summarise } from '../shared/core/monitor-state.ts'

/** Each has a shape of its own. `waiting`: nothing is known yet. */
export type TrayIcon = 'protected' | 'at-risk' | 'checkpointing' | 'failing' | 'paused' | 'waiting'

export type TrayAction =
  /** `at`: the place in the page; absent for the one where it was left. */
  | { readonly kind: 'open'; readonly at?: PageTarget }
  | { readonly kind: 'checkpoint'; readonly target: CheckpointTarget }
  /** `forMs` from the click on; null: until resumed. */
  | { readonly kind: 'pause'; readonly forMs: number | null }
  | { readonly kind: 'resume' }
  | { readonly kind: 'quit' }

export type TrayItem =
  | { readonly kind: 'separator' }
  | { readonly kind: 'text'; readonly id: string; readonly label: string }
  | { readonly kind: 'action'; readonly id: string; readonly label: string; readonly action: TrayAction }
  | {
      readonly kind: 'submenu'
      readonly id: string
      readonly label: string
      readonly enabled: boolean
      readonly items: readonly TrayItem[]
    }

export interface TrayModel {
  readonly icon: TrayIcon
  readonly toolTip: string
  readonly items: readonly TrayItem[]
}

/** The monitor as the tray sees it. */
export type TrayInput =
  | { readonly kind: 'running'; readonly state: MonitorState }
  | { readonly kind: 'starting' }
  | { readonly kind: 'broken'; readonly reason: string }

const appName = 'Active Session Monitor'
/** Windows cuts tooltips at 127 characters. */
const toolTipCharacters = 120
const lineCharacters = 80
const sessionCharacters = 40
const projectCharacters = 24
/** A menu that is longer than a screen cannot be used. */
const mostSessions = 10
const minuteMs = 60_000

export function trayModel(input: TrayInput): TrayModel {
  const status = statusLine(input)
  const state = input.kind === 'running' ? input.state : null
  return {
    icon: iconOf(input),
    toolTip: oneLine(`${appName}: ${status}`, toolTipCharacters),
    items: [
      { kind: 'text', id: 'status', label: oneLine(status, lineCharacters) },
      { kind: 'separator' },
      checkpointMenu(state),
      ...(state?.paused ? [action('resume', 'Resume', { kind: 'resume' })] : [pauseMenu(state)]),
      action('restore', 'Restore …', { kind: 'open', at: { view: 'rescue' } }),
      { kind: 'separator' },
      action('open', 'Open', { kind: 'open' }),
      action('settings', 'Settings …', { kind: 'open', at: { view: 'settings' } }),
      { kind: 'separator' },
      action('quit', 'Quit', { kind: 'quit' }),
    ],
  }
}

/** What is worst is shown; that it is paused hides a risk, never a failure. */
function iconOf(input: TrayInput): TrayIcon {
  if (input.kind !== 'running') return input.kind === 'broken' ? 'failing' : 'waiting'
  const { state } = input
  const by = countByProtection(state.sessions)
  if (by.failing > 0 || state.phase === 'stopped' || state.notices.some(({ level }) => level === 'error'))
    return 'failing'
  if (state.phase === 'checkpointing') return 'checkpointing'
  if (state.paused !== null) return 'paused'
  if (state.lastCycle === null && state.sessions.length === 0) return 'waiting'
  return by['at-risk'] > 0 ? 'at-risk' : 'protected'
}

/** Changes only with what it counts: a menu that is rebuilt every second closes under the user's hand. */
function statusLine(input: TrayInput): string {
  if (input.kind === 'starting') return 'Starting …'
  if (input.kind === 'broken') return `Stopped: ${input.reason}`
  const [worst] = input.state.notices.filter(({ level }) => level === 'error')
  return worst === undefined ? summarise(input.state) : worst.message
}

/** Never disabled by the counts: they are of the last look, and asking looks again. */
function checkpointMenu(state: MonitorState | null): TrayItem {
  const items: readonly TrayItem[] = [
    action('checkpoint-due', 'All due', { kind: 'checkpoint', target: { which: 'due' } }),
    action('checkpoint-changed', 'All changed', { kind: 'checkpoint', target: { which: 'changed' } }),
    ...sessionItems(state?.sessions ?? []),
  ]
  return { kind: 'submenu', id: 'checkpoint', label: 'Checkpoint now', enabled: state !== null, items }
}

/** One item per session that fails or is at risk, as the list sorts them; the window has the rest. */
function sessionItems(sessions: readonly SessionView[]): readonly TrayItem[] {
  const atRisk = sessions.filter(({ protection }) => protection === 'failing' || protection === 'at-risk')
  if (atRisk.length === 0) return []
  const left = atRisk.length - mostSessions
  return [
    { kind: 'separator' },
    ...atRisk.slice(0, mostSessions).map(sessionItem),
    ...(left > 0 ? [action('checkpoint-more', `${left} more …`, { kind: 'open', at: { view: 'sessions' } })] : []),
  ]
}

function sessionItem({ sessionId, title, project }: SessionView): TrayItem {
  const name = oneLine(title, sessionCharacters) || sessionId.slice(0, 8)
  const where = oneLine(project?.name ?? '', projectCharacters)
  const label = where === '' ? name : `${name} – ${where}`
  return action(`checkpoint-${sessionId}`, label, { kind: 'checkpoint', target: { sessionIds: [sessionId] } })
}

function pauseMenu(state: MonitorState | null): TrayItem {
  const items = [
    action('pause-30-min', '30 minutes', { kind: 'pause', forMs: 30 * minuteMs }),
    action('pause-2-h', '2 hours', { kind: 'pause', forMs: 120 * minuteMs }),
    action('pause', 'Until resumed', { kind: 'pause', forMs: null }),
  ]
  return { kind: 'submenu', id: 'pause-menu', label: 'Pause', enabled: state !== null, items }
}

function action(id: string, label: string, what: TrayAction): TrayItem {
  return { kind: 'action', id, label, action: what }
}
