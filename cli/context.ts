/** What every command is given, and how it tells its problems. Loads nothing of the engine. */
import { oneLine } from '../shared/core/format.ts'
import type { MonitorState, Notice } from '../shared/core/monitor-state.ts'
import type { HostEnvironment } from '../shared/engine/data-folder.ts'
import type { Log } from '../shared/engine/ports.ts'
import type { ExitCode, Problem } from './exit-codes.ts'
import { problemLine, type Terminal } from './terminal.ts'

/** What a command is given: the world as the entry point found it. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly environment: HostEnvironment
  /** Aborted by SIGINT, SIGTERM or SIGHUP. */
  readonly interrupted: AbortSignal
  readonly log: Log
  nowMs(): number
}

export function fail({ terminal }: CommandContext, problem: Problem): ExitCode {
  terminal.note(problemLine(problem))
  return problem.exitCode
}

/** Lasting conditions and settings that were not taken, to standard error. */
export function printNotices(terminal: Terminal, state: MonitorState): void {
  for (const line of [...state.notices.map(noticeLine), ...settingsProblemLines(state)]) terminal.note(line)
}

export function noticeLine({ message, remedy }: Notice): string {
  return problemLine({ what: bare(message), remedy: bare(remedy) })
}

export function settingsProblemLines(state: MonitorState): readonly string[] {
  return state.settingsProblems.map(({ message }) => {
    return problemLine({ what: `settings: ${bare(message)}`, remedy: 'the default is used until it is mended' })
  })
}

/** A sentence of the engine as a part of ours: without its full stop, and its first word as inside a sentence. */
export function bare(text: string): string {
  return oneLine(text, 4_000)
    .replace(/\.$/, '')
    .replace(/^[A-Z](?=[a-z]* )/, letter => letter.toLowerCase())
}
