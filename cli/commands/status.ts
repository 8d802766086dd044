/** `session-monitor status`: how things stand, on one screen. Looks, checkpoints nothing. */
import { count, formatAge, formatBytes, formatDuration, oneLine } from '../../shared/core/format.ts'
import {
  countByProtection,
  type MonitorState,
  type ProofState,
  protections,
  type SessionView,
  type StoreUse,
  summarise,
} from '../../shared/core/monitor-state.ts'
import { isLive } from '../../shared/core/session.ts'
import { type CommandContext, printNotices } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { SettingFlags } from '../flags.ts'
import { type Seen, withLook, workTreeLines } from '../look.ts'
import { shortIds } from '../resolve.ts'
import { plainWords, protectionStyles, titleOf, unsavedWords } from '../session-words.ts'
import type { Column, Layout } from '../table-layout.ts'
import { tellLines } from '../tell-lines.ts'
import { safeJson, type Terminal } from '../terminal.ts'

export interface StatusOptions extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

export function status(context: CommandContext, options: StatusOptions): Promise<ExitCode> {
  const { terminal } = context
  return withLook(context, { ...options, measured: true }, async seen => {
    if (options.json) terminal.print(safeJson(statusJson(seen)))
    else for (const line of await tellLines(layout => renderStatus(seen, terminal, layout))) terminal.print(line)
    if (!options.quiet) printNotices(terminal, seen.state)
    return exitCodes.fine
  })
}

/** `running`: the tray app or the daemon that was asked; null where none runs. */
export function statusJson({ state, workTreesAtMs, running }: Seen) {
  const last = lastCheckpointed(state.sessions)
  return {
    v: 1,
    atMs: state.atMs,
    workTreesAtMs,
    running,
    summary: summarise(state),
    sessions: state.sessions.length,
    live: liveCount(state),
    byProtection: countByProtection(state.sessions),
    lastCheckpoint: last?.lastCheckpoint ?? null,
    storeFolder: state.storeFolder,
    storeUse: state.storeUse,
    lastProof: state.lastProof,
    roots: state.roots,
    paused: state.paused,
    notices: state.notices,
    settingsProblems: state.settingsProblems,
  }
}

/** At most this many sessions at risk are named. */
const namedAtRisk = 5

export function renderStatus(seen: Seen, terminal: Terminal, layout: Layout): readonly string[] {
  const { state } = seen
  const { sessions, roots, storeFolder, atMs } = state
  const by = countByProtection(sessions)
  const counts = protections
    .filter(protection => by[protection] > 0)
    .map(protection => terminal.paint(protectionStyles[protection], `${by[protection]} ${plainWords(protection)}`))
  const pairs = layout.renderPairs(
    [
      ['sessions', `${sessions.length}, ${liveCount(state)} live${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`],
      ['last checkpoint', lastWords(sessions, atMs)],
      ['monitor', runningWords(seen)],
      ['store', oneLine(storeFolder, 2_000)],
      ...storeLines(state),
      ['watching', roots.map(root => oneLine(root, 2_000)).join(', ') || 'no Claude Code folder yet'],
      ...(state.paused === null ? [] : [['paused', pausedWords(state.paused.untilMs, atMs)] as const]),
    ],
    terminal.width(),
    text => terminal.paint('bold', text),
  )
  return [...pairs, ...workTreeLines(seen), ...urgentLines(sessions, terminal, layout)]
}

/** "session-monitor run (process 4711), version 1.2.0, since 3 h ago" */
function runningWords({ running, state }: Seen): string {
  if (running === null) return 'none runs: "session-monitor run" starts one'
  const { name, pid, version, startedMs } = running
  return `${oneLine(name, 60)} (process ${pid}), version ${oneLine(version, 20)}, started ${formatAge(startedMs, state.atMs)}`
}

/** At most this many projects are named with what they take. */
const namedProjects = 3

function storeLines({ storeUse, lastProof, atMs }: MonitorState): readonly (readonly [string, string])[] {
  return [
    ...(storeUse === null ? [] : [['store size', sizeWords(storeUse)] as const]),
    ...(lastProof === null ? [] : [['test restores', proofWords(lastProof, atMs)] as const]),
  ]
}

/** "31 MB of at most 10 GB: shop 20 MB, blog 9 MB, 4 others 2 MB" */
function sizeWords({ bytes, budgetBytes, projects }: StoreUse): string {
  const rest = projects.slice(namedProjects)
  const named = projects
    .slice(0, namedProjects)
    .map(project => `${projectName(project.root)} ${formatBytes(project.bytes)}`)
  const others = rest.reduce((sum, project) => sum + project.bytes, 0)
  const all = rest.length === 0 ? named : [...named, `${count(rest.length, 'other')} ${formatBytes(others)}`]
  const head = `${formatBytes(bytes)} of at most ${formatBytes(budgetBytes)}`
  return all.length === 0 ? head : `${head}: ${all.join(', ')}`
}

/** Last part of the path, whichever system's it is. */
function projectName(root: string | null): string {
  return root === null ? 'no project' : oneLine(root.split(/[\\/]/).findLast(part => part !== '') ?? root, 60)
}

function proofWords({ atMs, checked, failures }: ProofState, nowMs: number): string {
  const last = `${checked} in a day, the last ${formatAge(atMs, nowMs)}`
  return failures.length === 0 ? `${last}: all came back whole` : `${last}: ${failures.length} failed`
}

/** The sessions that stand to lose something now, with how much. */
function urgentLines(sessions: readonly SessionView[], terminal: Terminal, { renderTable }: Layout): readonly string[] {
  const urgent = sessions.filter(({ protection }) => protection === 'failing' || protection === 'at-risk')
  if (urgent.length === 0) return []
  const ids = shortIds(sessions)
  const table = renderTable(urgentColumns(ids, terminal), urgent.slice(0, namedAtRisk), {
    width: terminal.width() - 2,
    paintHeader: text => text,
  })
  const lines = table.slice(1).map(line => `  ${line}`)
  const more = urgent.length > namedAtRisk ? [`  … and ${urgent.length - namedAtRisk} more: session-monitor list`] : []
  return ['', ...lines, ...more, '', '"session-monitor check" saves what is due.']
}

function urgentColumns(ids: ReadonlyMap<string, string>, terminal: Terminal): readonly Column<SessionView>[] {
  return [
    {
      title: '',
      cell: view => plainWords(view.protection),
      paint: (text, view) => terminal.paint(protectionStyles[view.protection], text),
    },
    { title: '', cell: view => ids.get(view.sessionId) ?? view.sessionId, paint: text => terminal.paint('dim', text) },
    { title: '', cell: titleOf, min: 16, max: 60 },
    { title: '', cell: view => `${unsavedWords(view.unsaved)} unsaved` },
  ]
}

function lastCheckpointed(sessions: readonly SessionView[]): SessionView | null {
  const saved = sessions.filter(view => view.lastCheckpoint !== null)
  return saved.sort((a, b) => (b.lastCheckpoint?.atMs ?? 0) - (a.lastCheckpoint?.atMs ?? 0))[0] ?? null
}

function lastWords(sessions: readonly SessionView[], nowMs: number): string {
  const last = lastCheckpointed(sessions)
  if (!last?.lastCheckpoint) return 'never'
  return `${formatAge(last.lastCheckpoint.atMs, nowMs)}, ${oneLine(titleOf(last), 60)} (${last.lastCheckpoint.id})`
}

function liveCount(state: MonitorState): number {
  return state.sessions.filter(view => isLive(view.live)).length
}

function pausedWords(untilMs: number | null, nowMs: number): string {
  return untilMs === null ? 'until resumed' : `for another ${formatDuration(untilMs - nowMs)}`
}
