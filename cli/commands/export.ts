/** `session-monitor export` and `import`: a checkpoint as one file that stands alone, and back. */
import path from 'node:path'
import { count, formatBytes, oneLine } from '../../shared/core/format.ts'
import { shellWord } from '../../shared/core/shell-word.ts'
import { exportCheckpoint } from '../../shared/engine/export-checkpoint.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import { importCheckpoint } from '../../shared/engine/import-checkpoint.ts'
import { type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { createProgress, noProgress } from '../progress.ts'
import { findCheckpoint, openStoreFor } from '../stored.ts'
import { safeJson } from '../terminal.ts'
import { refused } from './restore-here.ts'

export interface ExportOptions {
  readonly to: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function exportTo(context: CommandContext, name: string, options: ExportOptions): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { ports, store } = opened.value
  const found = findCheckpoint(store, name)
  if (!found.ok) return fail(context, found.problem)
  const { terminal, environment, interrupted } = context
  const progress = options.json || options.quiet ? noProgress : createProgress(terminal, ports.clock)
  const git = createGit(ports.commands, environment.env)
  const done = await exportCheckpoint({ ports, git, store }, found.value, path.resolve(options.to), {
    signal: interrupted,
    onProgress: step => progress.show({ task: 'Exporting', ...step }),
  })
  progress.show(null)
  if (!done.ok) return refused(context, done, options.json ?? false)
  if (options.json) terminal.print(safeJson({ v: 1, ...done }))
  if (options.json || options.quiet) return exitCodes.fine
  terminal.print(`${terminal.paint('green', 'Exported')}: ${count(done.files, 'file')}, ${formatBytes(done.bytes)}`)
  terminal.print(`  ${oneLine(done.file, 4_000)}`)
  for (const note of done.notes) terminal.print(terminal.paint('yellow', oneLine(note, 2_000)))
  const top = `${found.value.session}-${found.value.seq}`
  terminal.print()
  terminal.print('Next:')
  terminal.print(`  session-monitor import ${shellWord(path.basename(done.file))}`)
  terminal.print('      on the other machine, with --project <folder> if the project lies elsewhere there')
  terminal.print(`  tar --zstd -xf ${shellWord(done.file)} && (cd ${top} && sha256sum -c --quiet SHA256SUMS)`)
  terminal.print('      unpacks and checks it without us')
  return exitCodes.fine
}

export interface ImportOptions {
  readonly project?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export async function importFrom(context: CommandContext, file: string, options: ImportOptions): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { ports, store } = opened.value
  const { terminal, interrupted } = context
  const progress = options.json || options.quiet ? noProgress : createProgress(terminal, ports.clock)
  const done = await importCheckpoint(ports, store, path.resolve(file), {
    root: options.project === undefined ? undefined : path.resolve(options.project),
    signal: interrupted,
    onProgress: bytes => progress.show({ task: 'Importing', done: bytes.bytes, total: bytes.total }),
  })
  progress.show(null)
  if (!done.ok) return refused(context, done, options.json ?? false)
  if (options.json) terminal.print(safeJson({ v: 1, ...done }))
  if (options.json || options.quiet) return exitCodes.fine
  terminal.print(
    `${terminal.paint('green', 'Imported and verified')}: ${oneLine(done.title, 200)}, ${count(done.files, 'file')}`,
  )
  for (const note of done.notes) terminal.print(terminal.paint('yellow', oneLine(note, 2_000)))
  terminal.print()
  terminal.print('Next:')
  terminal.print(`  session-monitor restore ${done.checkpoint}`)
  terminal.print('      what giving it back would do here')
  return exitCodes.fine
}
