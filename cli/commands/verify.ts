/** `session-monitor verify`: whether everything saved can be given back. Reads only. */
import { checkpointId } from '../../shared/core/checkpoint-id.ts'
import { count, formatBytes, oneLine } from '../../shared/core/format.ts'
import type { Finding } from '../../shared/engine/record-check.ts'
import { type StoreReport, type VerifyProgress, verifyStore } from '../../shared/engine/verify-store.ts'
import { type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { wrapText } from '../print-table.ts'
import { createProgress, noProgress } from '../progress.ts'
import { openStoreFor } from '../stored.ts'
import { safeJson, type Terminal } from '../terminal.ts'

export interface VerifyOptions {
  readonly readData?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function verify(context: CommandContext, options: VerifyOptions): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { store, ports, paths } = opened.value
  const { terminal, interrupted } = context
  const readData = options.readData ?? false
  const progress = options.json || options.quiet ? noProgress : createProgress(terminal, ports.clock)
  const report = await verifyStore(store, ports.clock, {
    readData,
    signal: interrupted,
    onProgress: ({ what, done, total }) => progress.show({ task: tasks[what], done, total }),
  })
  progress.show(null)
  if (options.json) terminal.print(safeJson({ v: 1, readData, storeFolder: paths.store, ...report }))
  else for (const line of renderReport(report, readData, terminal, options.quiet ?? false)) terminal.print(line)
  if (!report.complete) return exitCodes.interrupted
  return report.findings.some(isDamage) ? exitCodes.failed : exitCodes.fine
}

const tasks: Readonly<Record<VerifyProgress['what'], string>> = {
  packs: 'Reading packs',
  sessions: 'Checking sessions',
}

/** Findings first, the worst before the notes; then what was checked. Quiet: damage only. */
export function renderReport(
  report: StoreReport,
  readData: boolean,
  terminal: Terminal,
  quiet: boolean,
): readonly string[] {
  const damages = report.findings.filter(isDamage)
  const notes = report.findings.filter(finding => !isDamage(finding))
  const lines = damages.map(finding => `${terminal.paint('red', 'damage')}  ${findingWords(finding)}`)
  if (quiet) return lines
  const scope = readData ? 'every byte was read and hashed' : 'places were checked, not every byte: --read-data does'
  const stopped = report.complete ? '' : ' Stopped early.'
  const checked = `Checked ${count(report.checkpoints, 'checkpoint')} of ${count(report.sessions, 'session')} in ${count(report.packs, 'pack')} (${formatBytes(report.packBytes)}); ${scope}.${stopped}`
  return [
    ...lines,
    ...notes.map(finding => `${terminal.paint('yellow', 'note')}    ${findingWords(finding)}`),
    ...wrapText(checked, terminal.width()),
    ...(damages.length === 0
      ? [terminal.paint('green', 'No damage found.')]
      : wrapText(`Damage found in ${count(damages.length, 'place')}. ${damageRemedy}`, terminal.width())),
  ]
}

const damageRemedy =
  'Nothing was changed and the other checkpoints still serve. Look after the disk, and save what is still there anew with "session-monitor checkpoint".'

function findingWords({ sessionId, seq, message }: Finding): string {
  const words = oneLine(message, 4_000)
  if (sessionId === null) return words
  const name = seq === null ? sessionId : checkpointId(sessionId, seq)
  return words.includes(name) ? words : `${name}: ${words}`
}

function isDamage({ severity }: Finding): boolean {
  return severity === 'damage'
}
