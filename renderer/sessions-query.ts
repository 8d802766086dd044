/** Which sessions the list shows, in which order and groups. Pure. */
import type { HoldReason } from '../shared/core/decision.ts'
import type { Protection, SessionView } from '../shared/core/monitor-state.ts'
import { type FactorName, factorNames } from '../shared/core/scoring.ts'
import { isLive } from '../shared/core/session.ts'

/** `urgency`: the monitor's own order, most urgent first. */
export const sortKeys = [
  'urgency',
  'protection',
  'title',
  'project',
  'state',
  ...factorNames,
  'total',
  'unsaved',
  'last',
  'next',
] as const
export type SortKey = (typeof sortKeys)[number]

export interface SessionsQuery {
  readonly search: string
  /** Empty: all. */
  readonly protections: readonly Protection[]
  readonly live: 'all' | 'live' | 'ended'
  readonly unsavedOnly: boolean
  readonly sort: SortKey
  readonly descending: boolean
  readonly grouped: boolean
  /** Keys of the groups that are folded. */
  readonly folded: ReadonlySet<string>
}

export const initialQuery: SessionsQuery = {
  search: '',
  protections: [],
  live: 'all',
  unsavedOnly: false,
  sort: 'urgency',
  descending: false,
  grouped: false,
  folded: new Set(),
}

export interface GroupRow {
  readonly kind: 'group'
  /** The project's root; empty for sessions without one. */
  readonly key: string
  /** Null for sessions without a project. */
  readonly name: string | null
  readonly sessions: number
  /** The most urgent protection in it. */
  readonly worst: Protection
  readonly folded: boolean
}

export interface SessionRow {
  readonly kind: 'session'
  readonly view: SessionView
}

export type Row = GroupRow | SessionRow

/** True when something is left out besides what is folded. */
export function isFiltered(query: SessionsQuery): boolean {
  return query.search.trim() !== '' || query.protections.length > 0 || query.live !== 'all' || query.unsavedOnly
}

/** The sessions that the query lets through, in its order. @param language For the order of names. */
export function sessionsFor(
  sessions: readonly SessionView[],
  query: SessionsQuery,
  language: string,
): readonly SessionView[] {
  const words = query.search.toLocaleLowerCase(language).split(/\s+/).filter(Boolean)
  const isShown = (view: SessionView) =>
    (query.protections.length === 0 || query.protections.includes(view.protection)) &&
    (query.live === 'all' || isLive(view.live) === (query.live === 'live')) &&
    (!query.unsavedOnly || hasUnsavedWork(view)) &&
    words.every(word => searchText(view).includes(word))
  const shown = isFiltered(query) ? sessions.filter(isShown) : sessions
  if (query.sort === 'urgency') return query.descending ? shown.toReversed() : shown
  const compare = comparison(query.sort, language)
  const sign = query.descending ? -1 : 1
  return shown.toSorted((a, b) => sign * compare(a, b))
}

/** The rows of the list: the sessions, below a row for each project if the query groups them. */
export function rowsOf(sessions: readonly SessionView[], query: SessionsQuery): readonly Row[] {
  if (!query.grouped) return sessions.map(rowOf)
  const groups = Map.groupBy(sessions, groupKey)
  return [...groups].flatMap(([key, views]) => {
    const folded = query.folded.has(key)
    const group: GroupRow = {
      kind: 'group',
      key,
      name: views[0]?.project?.name ?? views[0]?.cwd ?? null,
      sessions: views.length,
      worst: worstOf(views),
      folded,
    }
    return folded ? [group] : [group, ...views.map(rowOf)]
  })
}

const rows = new WeakMap<SessionView, SessionRow>()

/** The same row for the same view: of 10,000 a change makes one anew. */
function rowOf(view: SessionView): SessionRow {
  const known = rows.get(view)
  if (known !== undefined) return known
  const row: SessionRow = { kind: 'session', view }
  rows.set(view, row)
  return row
}

export function hasUnsavedWork({ unsaved }: SessionView): boolean {
  return unsaved.messages > 0 || unsaved.files > 0 || unsaved.transcriptBytes > 0
}

export type NextDue =
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'now' | 'nothing' | 'paused' | 'excluded' | 'reading' | 'event' }

/** When the next checkpoint of a session is due, as the last decision had it. */
export function nextDue({ decision }: SessionView): NextDue {
  return decision.action === 'checkpoint' ? { kind: 'now' } : dueAfterHold(decision.reason)
}

function dueAfterHold(reason: HoldReason): NextDue {
  switch (reason.kind) {
    case 'excluded':
      return { kind: 'excluded' }
    case 'paused':
      return reason.untilMs === null ? { kind: 'paused' } : { kind: 'at', atMs: reason.untilMs }
    case 'unchanged':
      return { kind: 'nothing' }
    case 'reading':
      return { kind: 'reading' }
    case 'cooling-down':
    case 'backing-off':
      return { kind: 'at', atMs: reason.untilMs }
    case 'below-threshold':
      return reason.dueAtMs === null ? { kind: 'event' } : { kind: 'at', atMs: reason.dueAtMs }
    default:
      return { kind: 'nothing' } // a newer monitor's reason
  }
}

const urgencyOf: Readonly<Record<Protection, number>> = {
  failing: 0,
  'at-risk': 1,
  changed: 2,
  protected: 3,
  excluded: 4,
}

function worstOf(views: readonly SessionView[]): Protection {
  return views.reduce<Protection>(
    (worst, { protection }) => (urgencyOf[protection] < urgencyOf[worst] ? protection : worst),
    'excluded',
  )
}

function groupKey(view: SessionView): string {
  return view.project?.root ?? view.cwd ?? ''
}

const texts = new WeakMap<SessionView, string>()

/** What the search looks in: made once per view. */
function searchText(view: SessionView): string {
  const known = texts.get(view)
  if (known !== undefined) return known
  const parts = [view.title, view.project?.root, view.cwd, view.branch, view.model, view.sessionId]
  const text = parts
    .filter(part => part !== null && part !== undefined)
    .join('\n')
    .toLocaleLowerCase()
  texts.set(view, text)
  return text
}

type Comparison = (a: SessionView, b: SessionView) => number

/** Ascending; equal ones keep the monitor's order. */
function comparison(key: SortKey, language: string): Comparison {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' })
  const byText =
    (text: (view: SessionView) => string): Comparison =>
    (a, b) =>
      collator.compare(text(a), text(b))
  const byNumber =
    (number: (view: SessionView) => number): Comparison =>
    (a, b) => {
      const [x, y] = [number(a), number(b)]
      return x === y ? 0 : x - y
    }
  switch (key) {
    case 'title':
      return byText(view => view.title)
    case 'project':
      return byText(view => `${view.project?.name ?? view.cwd ?? ''}\u0000${view.branch ?? ''}`)
    case 'state':
      return byText(view => view.live.status)
    case 'protection':
      return byNumber(view => urgencyOf[view.protection])
    case 'total':
      return byNumber(view => view.score.total)
    case 'unsaved':
      return byNumber(
        view => view.unsaved.messages * 1e6 + view.unsaved.files * 1e3 + view.unsaved.transcriptBytes / 1e9,
      )
    case 'last':
      return byNumber(view => view.lastCheckpoint?.atMs ?? 0)
    case 'next':
      return byNumber(dueOrder)
    case 'urgency':
      return () => 0
    default:
      return byNumber(view => factorOrder(view, key))
  }
}

/** Never checkpointed is older than any. */
function factorOrder({ score }: SessionView, name: FactorName): number {
  const { value } = score.factors[name]
  return value ?? (score.factors[name].score > 0 ? Number.MAX_VALUE : 0)
}

function dueOrder(view: SessionView): number {
  const due = nextDue(view)
  if (due.kind === 'now') return 0
  return due.kind === 'at' ? due.atMs : Number.MAX_VALUE
}
