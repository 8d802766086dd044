/** `session-monitor restore` in place: the plan, and with `--yes` the deed. Nothing is written without it. */
import { checkpointId } from '../../shared/core/checkpoint-id.ts'
import { count, formatAge, formatBytes, oneLine } from '../../shared/core/format.ts'
import type { MonitorCalls } from '../../shared/core/monitor-api.ts'
import { mostPerPage } from '../../shared/core/page.ts'
import {
  type RestoreAction,
  type RestoreDone,
  type RestoreEntry,
  type RestorePlan,
  type RestoreRefusal,
  type RestoreRequest,
  type RestoreSelection,
  restoreActions,
} from '../../shared/core/restore.ts'
import { bare, type CommandContext, fail } from '../context.ts'
import { type Either, type ExitCode, exitCodes, fine, stop, usageProblem } from '../exit-codes.ts'
import { withMonitor } from '../host.ts'
import { renderPairs } from '../print-table.ts'
import { findCheckpoint, openStoreFor } from '../stored.ts'
import { type Style, safeJson, type Terminal } from '../terminal.ts'

export interface RestoreHereOptions {
  readonly files?: boolean
  readonly transcript?: boolean
  readonly only?: readonly string[]
  readonly replaceConflicts?: boolean
  readonly keepDeleted?: boolean
  readonly yes?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export function selectionOf({ files, transcript, only = [] }: RestoreHereOptions): Either<RestoreSelection> {
  const named = [files, transcript, only.length > 0].filter(Boolean).length
  if (named > 1) {
    return stop(usageProblem('--files, --transcript and --only exclude each other', 'leave all but one out'))
  }
  if (only.length > 0) return fine({ what: 'paths', paths: only })
  return fine({ what: files ? 'files' : transcript ? 'transcript' : 'whole' })
}

export async function restoreHere(
  context: CommandContext,
  name: string,
  selection: RestoreSelection,
  options: RestoreHereOptions,
): Promise<ExitCode> {
  const opened = openStoreFor(context)
  if (!opened.ok) return fail(context, opened.problem)
  const found = findCheckpoint(opened.value.store, name)
  if (!found.ok) return fail(context, found.problem)
  const request: RestoreRequest = {
    checkpoint: checkpointId(found.value.session, found.value.seq),
    selection,
    target: { kind: 'in-place' },
    rules: {
      conflicts: options.replaceConflicts ? 'replace' : 'keep',
      deleted: options.keepDeleted ? 'keep' : 'restore',
    },
  }
  const { terminal } = context
  const { json, quiet } = options
  const looks = { ...(json ? { json } : {}), ...(quiet ? { quiet } : {}), onInterrupt: stopRestore }
  return withMonitor(context, looks, async monitor => {
    await monitor.refresh()
    const planned = await monitor.planRestore(request)
    if (!planned.ok) return refused(context, planned, json ?? false)
    const { plan } = planned
    if (!options.yes) {
      const entries = await entriesOf(monitor, plan, json ?? false)
      if (json) terminal.print(safeJson({ v: 1, ok: true, plan: { ...plan, entries } }))
      else for (const line of renderPlan(plan, entries, context.nowMs(), terminal)) terminal.print(line)
      return exitCodes.fine
    }
    const done = await monitor.applyRestore({ ...request, planId: null })
    if (!done.ok) return refused(context, done, json ?? false)
    if (json) terminal.print(safeJson({ v: 1, ...done }))
    else if (!quiet) for (const line of renderDone(done, terminal)) terminal.print(line)
    return done.kind === 'complete' ? exitCodes.fine : exitCodes.failed
  })
}

/** On Ctrl-C: the monitor may be another process, which would go on alone. */
export async function stopRestore(monitor: Pick<MonitorCalls, 'cancelRestore'>): Promise<boolean> {
  return (await monitor.cancelRestore({})).stopped > 0
}

/** All of them, or of each action but `same` the first few. */
async function entriesOf(
  monitor: Pick<MonitorCalls, 'planEntries'>,
  { planId, counts }: RestorePlan,
  all: boolean,
): Promise<readonly RestoreEntry[]> {
  const found: RestoreEntry[] = []
  for (const action of restoreActions.filter(one => counts[one] > 0 && (all || one !== 'same'))) {
    const wanted = all ? counts[action] : Math.min(counts[action], shownPerAction)
    for (let offset = 0; offset < wanted; offset += mostPerPage) {
      const limit = Math.min(mostPerPage, wanted - offset)
      found.push(...(await monitor.planEntries({ planId, actions: [action], offset, limit })).items)
    }
  }
  return found
}

export function refused(context: CommandContext, refusal: RestoreRefusal, json: boolean): ExitCode {
  if (json) context.terminal.print(safeJson({ v: 1, ...refusal }))
  const exitCode = refusalCodes[refusal.code] ?? exitCodes.failed
  return fail(context, { what: bare(refusal.message), remedy: bare(refusal.remedy), exitCode })
}

const refusalCodes: Readonly<Partial<Record<RestoreRefusal['code'], ExitCode>>> = {
  unknown: exitCodes.usage,
  'target-taken': exitCodes.usage,
  'nothing-saved': exitCodes.usage,
  'locked-elsewhere': exitCodes.locked,
  stopped: exitCodes.interrupted,
}

const marks: Readonly<Record<RestoreAction, readonly [mark: string, style: Style]>> = {
  conflict: ['!', 'red'],
  overwrite: ['~', 'yellow'],
  create: ['+', 'green'],
  blocked: ['x', 'red'],
  leave: ['.', 'dim'],
  same: ['=', 'dim'],
}

/** Said of each action once, with the number of paths. */
function countWords({ rules }: RestoreRequest): Readonly<Record<RestoreAction, string>> {
  return {
    conflict:
      rules.conflicts === 'keep'
        ? 'in conflict: what is there now is in no checkpoint. Will be left; --replace-conflicts replaces them'
        : 'in conflict: what is there now is in no checkpoint. Will be replaced, and kept for an undo',
    overwrite: 'will be replaced: what is there now is in a checkpoint or in git',
    create:
      rules.deleted === 'restore'
        ? 'not there now: will be written. --keep-deleted leaves them deleted'
        : 'deleted by now, and left so',
    blocked: 'cannot be written',
    leave: 'not in the checkpoint: never touched',
    same: 'as they were',
  }
}

const shownPerAction = 20

export function renderPlan(
  plan: RestorePlan,
  entries: readonly RestoreEntry[],
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  const bold = (text: string) => terminal.paint('bold', text)
  const words = countWords(plan.request)
  const actions = (Object.keys(marks) as RestoreAction[]).filter(action => plan.counts[action] > 0)
  return [
    `${bold('Plan')}: nothing has been written yet`,
    ...renderPairs(planPairs(plan, nowMs), terminal.width(), bold),
    '',
    ...actions.map(action => {
      const [mark, style] = marks[action]
      return `${terminal.paint(style, `${mark} ${count(plan.counts[action], 'file')}`)} ${words[action]}`
    }),
    ...entryLines(plan, entries, terminal),
    ...plan.atWork.map(({ title, status }) => {
      return terminal.paint(
        'yellow',
        `A session is open here (${status}): ${oneLine(title, 80)}. Better let it rest first.`,
      )
    }),
    ...plan.warnings.map(warning => terminal.paint('yellow', oneLine(warning, 2_000))),
    ...leftOutLines(plan.leftOut, plan.leftOutMore, 'Not in the checkpoint'),
    '',
    ...closing(plan),
  ]
}

function planPairs(plan: RestorePlan, nowMs: number) {
  const { root, transcript, writes, keeps, request } = plan
  return [
    ['checkpoint', `${request.checkpoint}, taken ${formatAge(plan.takenAtMs, nowMs)}`],
    ...(root === null ? [] : [['project', oneLine(root, 4_000)] as const]),
    ...(root === null
      ? []
      : [
          [
            'files',
            writes.files === 0
              ? 'nothing to write'
              : `${count(writes.files, 'file')} to write, ${formatBytes(writes.bytes)}; ${formatBytes(keeps.bytes)} kept for an undo`,
          ] as const,
        ]),
    ...(transcript === null
      ? []
      : [
          ['transcript', oneLine(transcript.why, 400)] as const,
          ...(transcript.action === 'same' ? [] : [['  goes to', oneLine(transcript.file, 4_000)] as const]),
        ]),
  ] as const
}

function entryLines({ counts }: RestorePlan, shown: readonly RestoreEntry[], terminal: Terminal): readonly string[] {
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0) - counts.same
  if (shown.length === 0) return []
  const more = all - shown.length
  return [
    '',
    ...shown.map(entry => entryLine(entry, terminal)),
    ...(more > 0 ? [`  … and ${more} more; --json tells of all`] : []),
  ]
}

function entryLine({ action, path, bytes, currentBytes, note }: RestoreEntry, terminal: Terminal): string {
  const [mark, style] = marks[action]
  const size =
    currentBytes === null
      ? sizeWords(bytes)
      : bytes === null
        ? ''
        : `${formatBytes(currentBytes)} → ${formatBytes(bytes)}`
  const words = [size, note ?? ''].filter(text => text !== '').join(', ')
  return `  ${terminal.paint(style, mark)} ${oneLine(path, 4_000)}${words === '' ? '' : `  (${oneLine(words, 400)})`}`
}

function sizeWords(bytes: number | null): string {
  return bytes === null ? '' : formatBytes(bytes)
}

function closing({ writes, transcript, request }: RestorePlan): readonly string[] {
  if (writes.files === 0 && (transcript === null || transcript.writes.files === 0)) return ['There is nothing to do.']
  return [
    'Next:',
    `  session-monitor restore ${request.checkpoint} --in-place --yes`,
    '      does this; a safety checkpoint is taken first, and it can be undone',
    `  session-monitor restore ${request.checkpoint} --to <folder>`,
    '      gives everything back into a new folder instead',
  ]
}

export function leftOutLines(
  leftOut: readonly { readonly path: string; readonly reason: string }[],
  more: number,
  title: string,
): readonly string[] {
  if (leftOut.length === 0) return []
  const shown = leftOut.slice(0, shownPerAction)
  const rest = leftOut.length - shown.length + more
  return [
    '',
    title,
    ...shown.map(each => `  ${oneLine(each.path, 4_000)}: ${oneLine(each.reason, 400)}`),
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
  ]
}

/** @param verb what was done to files */
export function renderDone(done: RestoreDone, terminal: Terminal, verb = 'written'): readonly string[] {
  const { written, kept, safety, transcript, kind, folder } = done
  const words =
    written.files === 0
      ? 'Nothing had to be written'
      : `${count(written.files, 'file')} ${verb}, ${formatBytes(written.bytes)}`
  return [
    kind === 'complete'
      ? `${terminal.paint('green', 'Done')}: ${words}`
      : `${terminal.paint('red', 'Not all of it')}: ${words}`,
    ...renderPairs(
      [
        ...(folder === null ? [] : [['project', oneLine(folder, 4_000)] as const]),
        ...(kept === 0 ? [] : [['left', `${count(kept, 'file')} as they are`] as const]),
        ...(transcript === null ? [] : [['transcript', oneLine(transcript.why, 400)] as const]),
        ...(safety === null ? [] : [['safety', `checkpoint ${safety} holds how it was before`] as const]),
      ],
      terminal.width(),
      text => terminal.paint('bold', text),
    ),
    ...leftOutLines(done.failures, done.failuresMore, terminal.paint('yellow', 'Not written')),
    '',
    'Next:',
    ...done.next.flatMap(({ command, words: help }) => [`  ${command}`, `      ${help}`]),
  ]
}
