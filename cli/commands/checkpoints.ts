/** `session-monitor checkpoints <session>` and `show <checkpoint>`: what lies in the store, in words. Reads only. */
import type { CheckpointRecord } from '../../shared/core/checkpoint.ts'
import { checkpointId } from '../../shared/core/checkpoint-id.ts'
import { factorTitles } from '../../shared/core/explain.ts'
import { count, formatAge, formatBytes, formatNumber, oneLine } from '../../shared/core/format.ts'
import { displayTreePath } from '../../shared/core/tree-name.ts'
import type { TreeManifest } from '../../shared/core/work-tree.ts'
import type { RecordRead } from '../../shared/engine/record-file.ts'
import { type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Column, renderPairs, renderTable, wrapText } from '../print-table.ts'
import { plainWords, timeStamp, titleOf } from '../session-words.ts'
import { findCheckpoint, findStoredSession, openStoreFor, storeProblem } from '../stored.ts'
import { problemLine, safeJson, type Terminal } from '../terminal.ts'

export interface ReadOptions {
  readonly json?: boolean
}

export async function checkpoints(context: CommandContext, name: string, options: ReadOptions): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { store } = opened.value
  const session = findStoredSession(store, name)
  if (!session.ok) return fail(context, session.problem)
  const listed = store.list(session.value)
  if (!listed.ok) return fail(context, storeProblem(listed))
  const reads = listed.records.toReversed()
  const records = reads.flatMap(read => (read.ok ? [read.record] : []))
  const { terminal } = context
  if (options.json)
    terminal.print(safeJson({ v: 1, checkpoints: records.map(withoutBulk), problems: problemsOf(reads) }))
  else for (const line of renderHistory(records, context.nowMs(), terminal)) terminal.print(line)
  for (const { message } of problemsOf(reads)) {
    terminal.note(problemLine({ what: oneLine(message, 2_000), remedy: 'run "session-monitor verify"' }))
  }
  return records.length < reads.length ? exitCodes.failed : exitCodes.fine
}

function problemsOf(reads: readonly RecordRead[]) {
  return reads.flatMap(read => (read.ok ? [] : [read.problem]))
}

/** A record without its long parts, with its id. */
function withoutBulk({ brief, streams, packs, ...rest }: CheckpointRecord) {
  const transcriptBytes = streams.reduce((all, stream) => all + stream.bytes, 0)
  return { id: checkpointId(rest.session, rest.seq), ...rest, transcriptBytes }
}

export function renderHistory(
  records: readonly CheckpointRecord[],
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  const newest = records[0]
  if (newest === undefined) return ['No checkpoint that can be read.']
  const columns: readonly Column<CheckpointRecord>[] = [
    { title: 'NO', cell: record => String(record.seq), align: 'right' },
    { title: 'TIME', cell: record => timeStamp(record.at) },
    { title: 'AGE', cell: record => formatAge(record.at, nowMs), drop: 3 },
    { title: 'MESSAGES', cell: record => String(record.counts.messages), align: 'right', drop: 2 },
    { title: 'TRANSCRIPT', cell: transcriptWords, align: 'right' },
    { title: 'FILES', cell: record => String(record.tree?.files ?? '–'), align: 'right' },
    { title: 'WHY', cell: record => record.why, min: 28 },
  ]
  const table = renderTable(columns, records, {
    width: terminal.width(),
    paintHeader: text => terminal.paint('dim', text),
  })
  return [terminal.paint('bold', titleOf(newest)), `${newest.session}`, '', ...table]
}

function transcriptWords(record: CheckpointRecord): string {
  return formatBytes(record.streams.reduce((all, stream) => all + stream.bytes, 0))
}

export async function show(context: CommandContext, name: string, options: ReadOptions): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { store } = opened.value
  const found = findCheckpoint(store, name)
  if (!found.ok) return fail(context, found.problem)
  const record = found.value
  const read = store.readManifest(record)
  const manifest = read.ok ? read.manifest : null
  const { terminal } = context
  if (options.json) terminal.print(safeJson({ v: 1, id: checkpointId(record.session, record.seq), record, manifest }))
  else for (const line of renderRecord(record, manifest, context.nowMs(), terminal)) terminal.print(line)
  if (read.ok) return exitCodes.fine
  return fail(context, {
    what: oneLine(read.finding.message, 2_000),
    remedy: 'run "session-monitor verify"; older checkpoints may be whole',
    exitCode: exitCodes.failed,
  })
}

export function renderRecord(
  record: CheckpointRecord,
  manifest: TreeManifest | null,
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  const head = renderPairs(recordPairs(record, nowMs), terminal.width(), text => terminal.paint('bold', text))
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', terminal.paint('bold', title), ...lines.map(line => `  ${line}`)]
  return [
    terminal.paint('bold', titleOf(record)),
    ...head,
    ...section('Transcript files', record.streams.map(streamLine)),
    ...section('Work tree files', manifest === null ? [] : treeLines(manifest, '')),
    ...section('Not saved', manifest === null ? [] : skippedLines(manifest, '')),
    ...section('Resume brief', briefLines(record.brief, terminal.width() - 2)),
  ]
}

function recordPairs(record: CheckpointRecord, nowMs: number): readonly (readonly [string, string])[] {
  const { counts, tree } = record
  const scores = Object.entries(record.scores).map(
    ([name, score]) => `${scoreTitles[name] ?? name} ${formatNumber(score)}`,
  )
  const context = record.contextPercent === null ? '' : `, context ${formatNumber(record.contextPercent)} % full`
  return [
    ['checkpoint', checkpointId(record.session, record.seq)],
    ['taken', `${timeStamp(record.at)}, ${formatAge(record.at, nowMs)}`],
    ['why', oneLine(record.why, 2_000)],
    ['scores', scores.join(', ')],
    ['session', `${count(counts.messages, 'message')}, ${count(counts.compactions, 'compaction')}${context}`],
    ['model', oneLine(record.model ?? 'unknown', 200)],
    ['folder', oneLine(record.cwd ?? 'unknown', 2_000)],
    ['work tree', tree === null ? (record.treeError?.message ?? 'none') : treeWords(tree)],
    ...(tree !== null && record.treeError ? [['not whole', oneLine(record.treeError.message, 2_000)] as const] : []),
  ]
}

const scoreTitles: Readonly<Record<string, string>> = factorTitles

const baseWords: Readonly<Record<NonNullable<CheckpointRecord['tree']>['base'], string>> = {
  'on-remote': 'its commit is on a remote',
  pinned: 'unpushed commits are saved too',
  'not-pinned': 'base: not pinned (unpushed commits are not saved)',
  'no-commits': 'no commits yet',
  'no-git': 'not a git repository',
}

function treeWords(tree: NonNullable<CheckpointRecord['tree']>): string {
  const at = tree.head === null ? '' : ` at ${tree.head.slice(0, 12)}`
  const branch = tree.branch === null ? '' : `branch ${oneLine(tree.branch, 200)}${at}, `
  const doing = tree.state === 'clean' ? '' : `, in the middle of: ${tree.state}`
  const left = tree.skipped === 0 ? '' : `, ${count(tree.skipped, 'path')} left out`
  return `${branch}${count(tree.files, 'file')}, ${formatBytes(tree.bytes)}${left}${doing}; ${baseWords[tree.base]}`
}

function streamLine(stream: CheckpointRecord['streams'][number]): string {
  const rewritten = stream.generation > 1 ? `, rewritten ${count(stream.generation - 1, 'time')}` : ''
  return `${formatBytes(stream.bytes).padStart(7)}  ${oneLine(stream.name, 400)}${rewritten}`
}

function treeLines(manifest: TreeManifest, prefix: string): readonly string[] {
  const line = (status: string, mode: number | null, bytes: number | null, name: string) => {
    const size = bytes === null ? '' : formatBytes(bytes)
    return `${status.padEnd(2)}  ${(mode?.toString(8) ?? '').padStart(4)}  ${size.padStart(7)}  ${prefix}${name}`
  }
  const shown = (path: Parameters<typeof displayTreePath>[0]) => oneLine(displayTreePath(path), 4_000)
  return [
    ...manifest.files.map(file => {
      const note = file.torn ? ' (changed while it was read)' : file.kind === 'link' ? ' (link)' : ''
      return line(file.status, file.mode, file.bytes, `${shown(file.path)}${note}`)
    }),
    ...manifest.staged.map(file => line('', file.mode, file.bytes, `${shown(file.path)} (as staged)`)),
    ...manifest.gone.map(path => line('D', null, null, shown(path))),
    ...manifest.nested.flatMap(({ path, manifest: inner }) => treeLines(inner, `${prefix}${shown(path)}/`)),
  ]
}

function skippedLines(manifest: TreeManifest, prefix: string): readonly string[] {
  return [
    ...manifest.skipped.map(({ path, reason, detail }) => {
      return `${prefix}${oneLine(displayTreePath(path), 4_000)}: ${plainWords(reason)} (${oneLine(detail, 400)})`
    }),
    ...manifest.nested.flatMap(({ path, manifest: inner }) => {
      return skippedLines(inner, `${prefix}${oneLine(displayTreePath(path), 4_000)}/`)
    }),
  ]
}

/** A text of several lines, harmless, wrapped, each line with its indentation. */
function briefLines(brief: string, width: number): readonly string[] {
  const lines = brief.trimEnd().split('\n')
  return lines.flatMap(line => wrapText(line, width, /^ */.exec(line)?.[0]))
}
