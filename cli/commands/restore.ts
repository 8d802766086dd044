/**
 * `session-monitor restore`: a checkpoint into a new folder, verified, and what to do with it next; or into its own
 * place (`restore-here.ts`).
 */
import path from 'node:path'
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import { checkpointId } from '../../shared/core/checkpoint-id.ts'
import { count, formatAge, formatBytes, oneLine } from '../../shared/core/format.ts'
import type { RestoreSelection } from '../../shared/core/restore.ts'
import { shellWord } from '../../shared/core/shell-word.ts'
import { createGit } from '../../shared/engine/git-command.ts'
import type { FileSystem } from '../../shared/engine/ports.ts'
import {
  type RestoreProgress,
  type RestoreReport,
  restoreSide,
  type SideRestored,
} from '../../shared/engine/restore-side.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes, usageProblem } from '../exit-codes.ts'
import { renderPairs } from '../print-table.ts'
import { createProgress, noProgress } from '../progress.ts'
import { titleOf } from '../session-words.ts'
import { findCheckpoint, openStoreFor } from '../stored.ts'
import { safeJson, type Terminal } from '../terminal.ts'
import { type RestoreHereOptions, restoreHere, selectionOf } from './restore-here.ts'

export interface RestoreCommandOptions extends RestoreHereOptions {
  readonly to?: string
  readonly inPlace?: boolean
}

export async function restore(
  context: CommandContext,
  name: string,
  options: RestoreCommandOptions,
): Promise<ExitCode> {
  const { to, inPlace, yes, replaceConflicts, keepDeleted } = options
  if (to !== undefined && (inPlace || replaceConflicts || keepDeleted)) {
    return fail(context, usageProblem('a new folder and the own place exclude each other', 'leave one of them out'))
  }
  if (yes && to === undefined && !inPlace) {
    return fail(context, usageProblem('it is not clear where to', 'add --in-place, or --to <folder>'))
  }
  const selection = selectionOf(options)
  if (!selection.ok) return fail(context, selection.problem)
  return to === undefined
    ? restoreHere(context, name, selection.value, options)
    : restoreBeside(context, name, selection.value, to, options)
}

async function restoreBeside(
  context: CommandContext,
  name: string,
  selection: RestoreSelection,
  to: string,
  options: RestoreCommandOptions,
): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { ports, store } = opened.value
  const found = findCheckpoint(store, name)
  if (!found.ok) return fail(context, found.problem)
  const record = found.value
  const { terminal, interrupted, environment } = context
  const progress = options.json || options.quiet ? noProgress : createProgress(terminal, ports.clock)
  const git = createGit(ports.commands, environment.env)
  const restored = await restoreSide({ ports, git, store }, record, path.resolve(to), {
    parts: selection.what === 'paths' ? 'files' : selection.what,
    paths: selection.what === 'paths' ? selection.paths : undefined,
    signal: interrupted,
    onProgress: ({ what, done, total }) => progress.show({ task: tasks[what], done, total }),
  })
  progress.show(null)
  if (options.json) terminal.print(safeJson({ v: 1, ...restored }))
  if (!restored.ok) return fail(context, { ...problemOf(restored), exitCode: exitCodeOf(restored) })
  if (options.json || options.quiet) return exitCodes.fine
  const lostTranscript = transcriptPathIfGone(record, ports.files)
  for (const line of renderRestored(record, restored.report, lostTranscript, context.nowMs(), terminal))
    terminal.print(line)
  return exitCodes.fine
}

const tasks: Readonly<Record<RestoreProgress['what'], string>> = {
  files: 'Restoring files',
  transcript: 'Restoring the transcript',
}

type Failed = Extract<SideRestored, { ok: false }>

function problemOf({ message, remedy }: Failed) {
  return { what: bare(message), remedy: bare(remedy) }
}

function exitCodeOf({ code }: Failed): ExitCode {
  if (code === 'target-taken' || code === 'nothing-saved') return exitCodes.usage
  return code === 'stopped' ? exitCodes.interrupted : exitCodes.failed
}

/** Where the transcript lay, if nothing lies there now; null if something does, or none was saved. */
function transcriptPathIfGone(record: CheckpointRecord, files: FileSystem): string | null {
  const main = record.streams.find(stream => stream.name === 'main')
  if (!main) return null
  try {
    files.lstat(main.path)
    return null
  } catch {
    return main.path
  }
}

const shownLeftOut = 20

export function renderRestored(
  record: CheckpointRecord,
  report: RestoreReport,
  lostTranscript: string | null,
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  const id = checkpointId(record.session, record.seq)
  const left = report.leftOut.map(each => `  ${oneLine(each.path, 4_000)}: ${oneLine(each.reason, 400)}`)
  const more = left.length > shownLeftOut ? [`  … and ${left.length - shownLeftOut} more, in RESTORED.json`] : []
  return [
    `${terminal.paint('green', 'Restored and verified byte for byte')}: ${terminal.paint('bold', titleOf(record))}`,
    ...renderPairs(restoredPairs(record, report, id, nowMs), terminal.width(), text => terminal.paint('bold', text)),
    ...(left.length === 0
      ? []
      : ['', terminal.paint('yellow', 'Not restored'), ...left.slice(0, shownLeftOut), ...more]),
    '',
    'Next:',
    ...nextCommands(record, report, lostTranscript).flatMap(([command, words]) => [`  ${command}`, `      ${words}`]),
  ]
}

function restoredPairs(record: CheckpointRecord, report: RestoreReport, id: string, nowMs: number) {
  const { files, links, bytes, streams, heads, gone, asKept, treeError } = report
  const linkWords = links === 0 ? '' : `, ${count(links, 'link')}`
  const transcriptBytes = streams.reduce((all, stream) => all + stream.bytes, 0)
  return [
    ['checkpoint', `${id}, taken ${formatAge(record.at, nowMs)}`],
    ['folder', oneLine(report.folder, 4_000)],
    ['files', `${count(files, 'file')}${linkWords}, ${formatBytes(bytes)}`],
    ...heads.map(
      ({ path: at, note }) => [at === '.' ? 'from git' : `  in ${oneLine(at, 200)}`, oneLine(note, 400)] as const,
    ),
    ...(asKept.length === 0
      ? []
      : [
          [
            'as git has',
            `${count(asKept.length, 'file')} that git keeps in another form: RESTORED.json says which and how`,
          ] as const,
        ]),
    ...(gone.length === 0
      ? []
      : [['deleted', `${count(gone.length, 'path')} had been deleted and stayed so`] as const]),
    ['transcript', `${count(streams.length, 'file')}, ${formatBytes(transcriptBytes)}`],
    ...(treeError === null ? [] : [['not whole', oneLine(treeError, 2_000)] as const]),
  ] as const
}

/** Commands to copy, each with what it does. */
function nextCommands(
  record: CheckpointRecord,
  report: RestoreReport,
  lostTranscript: string | null,
): readonly (readonly [command: string, words: string])[] {
  const at = (...parts: readonly string[]) => shellWord(path.join(report.folder, ...parts))
  const root = record.tree?.root
  const main = report.streams.find(stream => stream.name === 'main')
  return [
    [`less ${at('BRIEF.md')}`, 'what was being done, and where to go on'],
    ...(root === undefined || report.files === 0
      ? []
      : [[`diff -r ${shellWord(root)} ${at('files')}`, 'what differs from the project as it is now'] as const]),
    ...(lostTranscript === null || main === undefined
      ? []
      : [[`cp ${at(main.file)} ${shellWord(lostTranscript)}`, 'the transcript is gone: this brings it back'] as const]),
    [`cd ${shellWord(record.cwd ?? '.')} && claude --resume ${record.session}`, 'goes on with the conversation'],
  ]
}
