/**
 * `session-monitor test`: what a check would find and save just now, and nothing of it done. Writes nothing where
 * anything of the user's or of ours lies: the look is taken from a copy of what it needs, which is removed again.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { count } from '../../shared/core/format.ts'
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { type CommandContext, fail, printNotices } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type SettingFlags, settingValuesOf } from '../flags.ts'
import { openOwnMonitor } from '../own-monitor.ts'
import { renderPairs } from '../print-table.ts'
import { titleOf } from '../session-words.ts'
import { safeJson } from '../terminal.ts'

export interface TestOptions extends SettingFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function test(context: CommandContext, options: TestOptions): Promise<ExitCode> {
  const values = settingValuesOf(options)
  if (!values.ok) return fail(context, values.problem)
  const copy = copyWhatALookNeeds(dataFolder(context.environment))
  try {
    const env = { ...context.environment.env, SESSION_MONITOR_HOME: copy }
    const own = await openOwnMonitor({ ...context, environment: { ...context.environment, env } }, values.value)
    if (!own.ok) return fail(context, own.problem)
    const state = await own.value.monitor.refresh()
    await own.value.close()
    report(context, options, state)
    return exitCodes.fine
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** Settings, index and each session's newest record: no content of what is saved. */
function copyWhatALookNeeds(folder: string): string {
  const [from, to] = [
    dataPaths(folder),
    dataPaths(mkdtempSync(path.join(realpathSync(os.tmpdir()), 'session-monitor-look-'))),
  ]
  for (const one of ['settings', 'index'] as const) copyIfThere(from[one], to[one])
  copyIfThere(path.join(from.store, 'FORMAT'), path.join(to.store, 'FORMAT'))
  const records = path.join(from.store, 'checkpoints')
  for (const session of namesIn(records)) {
    const newest = namesIn(path.join(records, session))
      .filter(name => /^\d+\.json$/.test(name))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .at(-1)
    if (newest !== undefined) {
      copyIfThere(path.join(records, session, newest), path.join(to.store, 'checkpoints', session, newest))
    }
  }
  return to.folder
}

function copyIfThere(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 })
  try {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function report({ terminal }: CommandContext, options: TestOptions, state: MonitorState): void {
  const due = state.sessions.filter(({ decision }) => decision.action === 'checkpoint')
  if (options.json) {
    terminal.print(safeJson({ v: 1, found: state.sessions.length, due: due.map(dueJson), roots: state.roots }))
  } else if (!options.quiet) {
    const pairs = [
      ['found', count(state.sessions.length, 'session')],
      ['would be saved', String(due.length)],
      ['looked in', state.roots.join(', ') || 'no Claude Code folder yet'],
    ] as const
    for (const line of renderPairs(pairs, terminal.width(), text => terminal.paint('bold', text))) terminal.print(line)
    for (const view of due) terminal.print(`  ${titleOf(view)}: ${view.why}`)
    terminal.print('Nothing was saved or changed.')
  }
  if (!options.quiet) printNotices(terminal, state)
}

function dueJson({ sessionId, title, score, why }: SessionView) {
  return { sessionId, title, score, why }
}
