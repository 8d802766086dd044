/** `session-monitor logs`: the last lines of the running monitor's log, and with `-f` each further one. Reads only. */
import { isAtLeast, type LogLevel, logLevels, parseLogLine } from '../../shared/core/log-line.ts'
import { dataFolder, dataPaths } from '../../shared/engine/data-folder.ts'
import { followLog, lastLogLines } from '../../shared/engine/log-reader.ts'
import { nodeClock, nodeFiles } from '../../shared/engine/node-ports.ts'
import { type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes, usageProblem } from '../exit-codes.ts'
import { safeJson } from '../terminal.ts'

export interface LogsOptions {
  readonly follow?: boolean
  readonly lines?: string
  readonly level?: string
  readonly json?: boolean
}

const lookEveryMs = 250
const mostLines = 100_000

export async function logs(context: CommandContext, options: LogsOptions): Promise<ExitCode> {
  const wanted = Number(options.lines ?? 50)
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > mostLines) {
    return fail(
      context,
      usageProblem(`--lines must be a whole number from 0 to ${mostLines}`, 'for instance --lines 200'),
    )
  }
  const level = logLevels.find(one => one === (options.level ?? 'debug'))
  if (level === undefined) return fail(context, usageProblem('no such level', `give one of ${logLevels.join(', ')}`))
  const folder = dataPaths(dataFolder(context.environment)).logs
  const show = (lines: readonly string[]) => {
    for (const line of lines) if (isShown(line, level)) context.terminal.print(options.json ? jsonOf(line) : line)
  }
  const follower = followLog(nodeFiles, folder)
  const lines = lastLogLines(nodeFiles, folder, wanted)
  if (lines.length === 0 && !options.json && !options.follow) context.terminal.note(`No log yet in ${folder}.`)
  show(lines)
  if (options.follow) await follow(context, () => show(follower.next()))
  return exitCodes.fine
}

async function follow({ interrupted, terminal }: CommandContext, look: () => void): Promise<void> {
  const over = AbortSignal.any([interrupted, terminal.gone])
  while (!over.aborted) {
    look()
    await nodeClock.sleep(lookEveryMs, over)
  }
}

/** What is no line of ours is shown whatever the level. */
function isShown(line: string, least: LogLevel): boolean {
  const entry = parseLogLine(line)
  return entry === null || isAtLeast(entry.level, least)
}

function jsonOf(line: string): string {
  return safeJson({ v: 1, ...(parseLogLine(line) ?? { atMs: null, level: null, message: line }) }, 0)
}
