/** `session-monitor diff`: what differs between a checkpoint and now, or another checkpoint. Writes nothing. */

import type {
  CheckpointDiff,
  DiffHunk,
  DiffRefusal,
  DiffSide,
  FileDiff,
  FileDifference,
  FileVersion,
  TranscriptDifference,
} from '../../shared/core/checkpoint-diff.ts'
import { checkpointId } from '../../shared/core/checkpoint-id.ts'
import { count, formatAge, formatBytes, oneLine, printable } from '../../shared/core/format.ts'
import type { MonitorCalls } from '../../shared/core/monitor-api.ts'
import { mostPerPage } from '../../shared/core/page.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { withMonitor } from '../host.ts'
import { renderPairs } from '../print-table.ts'
import { findCheckpoint, openStoreFor } from '../stored.ts'
import { type Style, safeJson, type Terminal } from '../terminal.ts'

export interface DiffOptions {
  /** Shown line by line. */
  readonly file?: readonly string[]
  /** Every changed file line by line. */
  readonly patch?: boolean
  readonly json?: boolean
}

/** Files of one answer that are shown line by line. */
const mostPatches = 200

export async function diff(
  context: CommandContext,
  name: string,
  other: string | undefined,
  options: DiffOptions,
): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const { store } = opened.value
  const first = findCheckpoint(store, name)
  if (!first.ok) return fail(context, first.problem)
  const second = other === undefined ? null : findCheckpoint(store, other)
  if (second?.ok === false) return fail(context, second.problem)
  const from = checkpointId(first.value.session, first.value.seq)
  const to: DiffSide = second === null ? 'now' : checkpointId(second.value.session, second.value.seq)
  const { json, file: named = [], patch } = options
  return withMonitor(context, json ? { json } : {}, async monitor => {
    const made = await monitor.diffCheckpoint({ from, to, offset: 0, limit: mostPerPage })
    if (!made.ok) return refusedDiff(context, made, json ?? false)
    const changed = made.diff.files.items.filter(({ change }) => change !== 'mode').map(({ path }) => path)
    const wanted = named.length > 0 ? named : patch ? changed.slice(0, mostPatches) : []
    const files = await readDiffs(monitor, from, to, wanted)
    const lacking = files.find(each => !each.ok)
    if (lacking?.ok === false) return refusedDiff(context, lacking, json ?? false)
    const diffs = files.flatMap(each => (each.ok ? [each.diff] : []))
    const { terminal } = context
    if (json) terminal.print(safeJson({ v: 1, ok: true, diff: made.diff, files: diffs }))
    else
      for (const line of renderDiff(made.diff, diffs, named.length > 0, context.nowMs(), terminal)) terminal.print(line)
    return exitCodes.fine
  })
}

async function readDiffs(
  monitor: Pick<MonitorCalls, 'diffFile'>,
  from: string,
  to: DiffSide,
  paths: readonly string[],
) {
  const found: Awaited<ReturnType<MonitorCalls['diffFile']>>[] = []
  for (const path of paths) found.push(await monitor.diffFile({ from, to, path }))
  return found
}

function refusedDiff(context: CommandContext, refusal: DiffRefusal, json: boolean): ExitCode {
  if (json) context.terminal.print(safeJson({ v: 1, ...refusal }))
  const exitCode = refusal.code === 'unknown' ? exitCodes.usage : exitCodes.failed
  return fail(context, { what: bare(refusal.message), remedy: bare(refusal.remedy), exitCode })
}

const marks = { added: ['A', 'green'], changed: ['M', 'yellow'], gone: ['D', 'red'], mode: ['P', 'dim'] } as const

export function renderDiff(
  diff: CheckpointDiff,
  files: readonly FileDiff[],
  filesOnly: boolean,
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  const patches = files.flatMap(each => ['', ...renderFileDiff(each, terminal)])
  if (filesOnly) return patches.slice(1)
  const more = diff.files.total - diff.files.items.length
  return [
    ...renderPairs(diffPairs(diff, nowMs), terminal.width(), text => terminal.paint('bold', text)),
    ...(diff.files.total === 0 ? [] : ['']),
    ...diff.files.items.map(each => differenceLine(each, terminal)),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...diff.notes.map(note => terminal.paint('yellow', oneLine(note, 2_000))),
    ...patches,
  ]
}

function diffPairs({ from, to, fromAtMs, toAtMs, root, counts, transcript }: CheckpointDiff, nowMs: number) {
  const total = counts.added + counts.changed + counts.gone + counts.mode
  const parts = [
    counts.changed > 0 ? `${counts.changed} changed` : '',
    counts.added > 0 ? `${counts.added} added` : '',
    counts.gone > 0 ? `${counts.gone} gone` : '',
    counts.mode > 0 ? `${counts.mode} with other permissions` : '',
  ]
  const files = parts.filter(part => part !== '').join(', ')
  return [
    ['from', `${from}, ${formatAge(fromAtMs, nowMs)}`],
    ['to', to === 'now' ? 'now' : `${to}, ${formatAge(toAtMs, nowMs)}`],
    ...(root === null ? [] : [['project', oneLine(root, 4_000)] as const]),
    ['files', root === null ? 'no work tree was saved' : total === 0 ? 'no difference' : files],
    ['conversation', transcript === null ? 'cannot be compared' : transcriptWords(transcript)],
    ...(transcript?.lastPrompts ?? []).map(({ text }) => ['  asked', oneLine(text, 200)] as const),
  ] as const
}

function transcriptWords({ kind, addedBytes, prompts, replies, toolCalls }: TranscriptDifference): string {
  if (kind === 'same') return 'nothing new'
  if (kind === 'gone') return 'the transcript is not there any more'
  const turns = `${count(prompts, 'prompt')}, ${count(replies, 'reply', 'replies')}, ${count(toolCalls, 'tool call')}`
  return kind === 'grew' ? `${turns} since, ${formatBytes(addedBytes)}` : `it was rewritten: ${turns} in all`
}

function differenceLine({ change, path, before, after }: FileDifference, terminal: Terminal): string {
  const [mark, style] = marks[change]
  const words =
    change === 'mode'
      ? `${octal(before)} → ${octal(after)}`
      : [sizeOf(before), sizeOf(after)].filter(Boolean).join(' → ')
  return `${terminal.paint(style, mark)} ${oneLine(path, 4_000)}${words === '' ? '' : `  (${words})`}`
}

function sizeOf(version: FileVersion | null): string {
  return version === null || version.bytes === null ? '' : formatBytes(version.bytes)
}

function octal(version: FileVersion | null): string {
  return (version?.mode ?? 0).toString(8)
}

export function renderFileDiff(diff: FileDiff, terminal: Terminal): readonly string[] {
  const name = terminal.paint('bold', oneLine(diff.path, 4_000))
  if (diff.kind === 'opaque') {
    return [
      `${name}: ${oneLine(diff.why, 400)}`,
      ...[['before', diff.before] as const, ['after', diff.after] as const].map(([side, version]) =>
        versionLine(side, version),
      ),
    ]
  }
  return [
    name,
    ...diff.hunks.flatMap(hunk => hunkLines(hunk, terminal)),
    ...(diff.cut ? ['… there is more than is shown'] : []),
  ]
}

function versionLine(side: string, version: FileVersion | null): string {
  if (version === null) return `  ${side.padEnd(6)}  not there`
  const size = version.bytes === null ? '' : formatBytes(version.bytes)
  return `  ${side.padEnd(6)}  ${[version.kind, size, octal(version), version.sha256 ?? ''].filter(Boolean).join(', ')}`
}

const lineStyles: Readonly<Record<string, Style>> = { '+': 'green', '-': 'red' }

/** As `diff -u` writes it: of no line, the one before. */
function place(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`
}

function hunkLines({ beforeStart, beforeLines, afterStart, afterLines, lines }: DiffHunk, terminal: Terminal) {
  return [
    terminal.paint('cyan', `@@ -${place(beforeStart, beforeLines)} +${place(afterStart, afterLines)} @@`),
    ...lines.map(line => {
      const style = lineStyles[line.charAt(0)]
      const safe = printable(line)
      return style === undefined ? safe : terminal.paint(style, safe)
    }),
  ]
}
