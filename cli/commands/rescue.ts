/** `session-monitor rescue`: sessions that died, stalled, were lost or forgotten, and the way back to each. */
import { count, formatAge, formatBytes, oneLine } from '../../shared/core/format.ts'
import type { RescueCase, RescueKind, RescueList } from '../../shared/core/rescue.ts'
import type { CommandContext } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { withMonitor } from '../host.ts'
import { renderPairs } from '../print-table.ts'
import { titleOf } from '../session-words.ts'
import { type Style, safeJson, type Terminal } from '../terminal.ts'

export interface RescueOptions {
  readonly brief?: boolean
  readonly json?: boolean
}

export async function rescue(context: CommandContext, options: RescueOptions): Promise<ExitCode> {
  const { terminal } = context
  const { json } = options
  return withMonitor(context, json ? { json } : {}, async monitor => {
    const list = await monitor.listRescue({})
    if (json) terminal.print(safeJson({ v: 1, ...list }))
    else for (const line of renderRescue(list, options.brief ?? false, context.nowMs(), terminal)) terminal.print(line)
    return exitCodes.fine
  })
}

const styles: Readonly<Record<RescueKind, Style>> = { died: 'red', lost: 'red', stalled: 'yellow', forgotten: 'cyan' }

export function renderRescue(
  { cases, more }: RescueList,
  withBrief: boolean,
  nowMs: number,
  terminal: Terminal,
): readonly string[] {
  if (cases.length === 0) return ['Nothing to rescue: no session died, stalled, was lost or forgotten.']
  return [
    ...cases.flatMap((one, at) => [...(at === 0 ? [] : ['']), ...caseLines(one, withBrief, nowMs, terminal)]),
    ...(more > 0 ? ['', `… and ${count(more, 'session')} more; --json tells of the first ${cases.length}`] : []),
  ]
}

function caseLines(one: RescueCase, withBrief: boolean, nowMs: number, terminal: Terminal): readonly string[] {
  const head = `${terminal.paint(styles[one.kind], one.kind)}  ${terminal.paint('bold', titleOf(one))}`
  const pairs = renderPairs(casePairs(one, nowMs), terminal.width() - 2, text => terminal.paint('dim', text))
  return [
    head,
    `  ${oneLine(one.why, 400)}`,
    ...pairs.map(line => `  ${line}`),
    ...(withBrief && one.brief !== null
      ? ['', ...one.brief.split('\n').map(line => `    ${oneLine(line, 2_000)}`), '']
      : []),
    ...one.next.flatMap(({ command, words }) => [`  ${command}`, `      ${words}`]),
  ]
}

function casePairs(one: RescueCase, nowMs: number) {
  const { checkpoint, checkpointAtMs, root, branch, lastPrompt, openTodos, uncommitted, unsaved } = one
  const [first, ...others] = openTodos
  const unsavedParts = [
    unsaved.messages > 0 ? count(unsaved.messages, 'message') : '',
    unsaved.files > 0 ? count(unsaved.files, 'file') : '',
  ].filter(part => part !== '')
  return [
    ['project', `${oneLine(root ?? 'none', 400)}${branch === null ? '' : ` on ${oneLine(branch, 100)}`}`],
    ['checkpoint', checkpoint === null ? 'none' : `${checkpoint}, ${formatAge(checkpointAtMs ?? nowMs, nowMs)}`],
    ...(uncommitted.files === 0
      ? []
      : [['uncommitted', `${count(uncommitted.files, 'file')}, ${formatBytes(uncommitted.bytes)}, saved`] as const]),
    ...(unsavedParts.length === 0 ? [] : [['not saved', unsavedParts.join(', ')] as const]),
    ...(lastPrompt === null ? [] : [['asked last', oneLine(lastPrompt, 200)] as const]),
    ...(first === undefined
      ? []
      : [['open', `${oneLine(first.text, 120)}${others.length === 0 ? '' : ` and ${others.length} more`}`] as const]),
  ] as const
}
