/**
 * What has changed between two states, in pieces small enough that no single one holds up whoever receives it. Pure.
 *
 * Rows are compared by identity: whoever makes states keeps the rows that did not change, and so does `applyPieces`.
 */
import type { MonitorState, SessionView } from './monitor-state.ts'
import type { SessionId } from './session.ts'

/** One of `parts` messages that together lead from one state to another. JSON. */
export interface StatePiece {
  readonly engine: string
  /** The revision that it changes; null where it needs none, because it is the whole state. */
  readonly base: number | null
  readonly revision: number
  /** From 0 to `parts` - 1. */
  readonly part: number
  readonly parts: number
  /** Of the first part: all but the sessions, as far as it changed. */
  readonly fields: Partial<StateFields>
  /** Of the first part. */
  readonly gone: readonly SessionId[]
  /** Rows that changed, came or moved, by growing place. */
  readonly rows: readonly PlacedRow[]
}

export type StateFields = Omit<MonitorState, 'engine' | 'revision' | 'sessions'>

/** A row at its place in the new list; of one that only moved its id. */
export type PlacedRow = readonly [at: number, row: SessionView | SessionId]

/** A row is one or two kB: so many are copied in a millisecond or two. */
export const rowsPerPiece = 100

/** @param base What the other side has; null if it has nothing that can be built on. */
export function piecesBetween(base: MonitorState | null, next: MonitorState): readonly StatePiece[] {
  const from = base !== null && base.engine === next.engine && hasNoFewerFields(base, next) ? base : null
  const fields = changedFields(from, next)
  const { rows, gone } = changedRows(from?.sessions ?? [], next.sessions)
  const parts = Math.max(1, Math.ceil(rows.length / rowsPerPiece))
  const head = { engine: next.engine, base: from?.revision ?? null, revision: next.revision, parts }
  return Array.from({ length: parts }, (_, part) => ({
    ...head,
    part,
    fields: part === 0 ? fields : {},
    gone: part === 0 ? gone : [],
    rows: rows.slice(part * rowsPerPiece, (part + 1) * rowsPerPiece),
  }))
}

/** An optional field that is gone cannot be said in a change. */
function hasNoFewerFields(base: MonitorState, next: MonitorState): boolean {
  return Object.keys(base).every(name => Object.hasOwn(next, name))
}

function changedFields(base: MonitorState | null, next: MonitorState): Partial<StateFields> {
  const { engine, revision, sessions, ...fields } = next
  if (base === null) return fields
  const names = Object.keys(fields) as (keyof StateFields)[]
  return Object.fromEntries(names.filter(name => base[name] !== next[name]).map(name => [name, next[name]]))
}

/** Rows that stand in the same order as before are left out: every other one is put where it belongs. */
function changedRows(before: readonly SessionView[], now: readonly SessionView[]) {
  if (before === now) return { rows: [], gone: [] }
  const { head, tail } = sameEnds(before, now)
  const places = new Map(before.slice(head, before.length - tail).map((view, i) => [view.sessionId, head + i]))
  const rows: PlacedRow[] = []
  let last = -1
  for (const [i, view] of now.slice(head, now.length - tail).entries()) {
    const place = places.get(view.sessionId)
    places.delete(view.sessionId)
    if (place === undefined || before[place] !== view) rows.push([head + i, view])
    else if (place < last) rows.push([head + i, view.sessionId])
    else last = place
  }
  return { rows, gone: [...places.keys()] }
}

/** How many rows are the same at either end: where one of thousands changed, nearly all of them. */
function sameEnds(before: readonly SessionView[], now: readonly SessionView[]): { head: number; tail: number } {
  const shorter = Math.min(before.length, now.length)
  let head = 0
  while (head < shorter && before[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1
  return { head, tail }
}

/**
 * The state that all pieces of an update lead to.
 *
 * @param base The state they were made from; may be null if they need none.
 * @param pieces All of them, in order.
 * @returns null if they do not fit
 */
export function applyPieces(base: MonitorState | null, pieces: readonly StatePiece[]): MonitorState | null {
  const [first] = pieces
  if (first === undefined) return null
  const from = first.base === null ? null : base
  if (first.base !== null && from?.revision !== first.base) return null
  const sessions = withRows(
    from?.sessions ?? [],
    new Set(first.gone),
    pieces.flatMap(piece => piece.rows),
  )
  if (sessions === null) return null
  const { engine, revision, fields } = first
  // A whole state says every field; a change rests on one that did.
  return { ...from, ...fields, engine, revision, sessions } as MonitorState
}

function withRows(
  before: readonly SessionView[],
  gone: ReadonlySet<SessionId>,
  rows: readonly PlacedRow[],
): readonly SessionView[] | null {
  if (gone.size === 0 && rows.length === 0) return before
  if (gone.size + rows.length <= fewRows) return withFewRows(before, gone, rows)
  const placed = new Set(rows.map(([, row]) => idOf(row)))
  const kept = before.filter(({ sessionId }) => !placed.has(sessionId) && !gone.has(sessionId))
  const moved = new Map(before.map(view => [view.sessionId, view]))
  const views: SessionView[] = []
  let taken = 0
  for (const [at, row] of rows) {
    const view = typeof row === 'string' ? moved.get(row) : row
    const between = kept.slice(taken, taken + at - views.length)
    views.push(...between)
    taken += between.length
    if (view === undefined || views.length !== at) return null
    views.push(view)
  }
  return views.concat(kept.slice(taken))
}

/** Up to so many rows are looked for one by one: cheaper than a table of all, which a long list would need at each change. */
const fewRows = 8

/** As {@link withRows}. */
function withFewRows(
  before: readonly SessionView[],
  gone: ReadonlySet<SessionId>,
  rows: readonly PlacedRow[],
): readonly SessionView[] | null {
  const views = before.slice()
  const taken = new Map<SessionId, SessionView>()
  for (const id of [...gone, ...rows.map(([, row]) => idOf(row))]) {
    const at = views.findIndex(({ sessionId }) => sessionId === id)
    for (const view of at === -1 ? [] : views.splice(at, 1)) taken.set(id, view)
  }
  for (const [at, row] of rows) {
    const view = typeof row === 'string' ? taken.get(row) : row
    if (view === undefined || at > views.length) return null
    views.splice(at, 0, view)
  }
  return views
}

function idOf(row: SessionView | SessionId): SessionId {
  return typeof row === 'string' ? row : row.sessionId
}

/** True for what may be a {@link StatePiece}; of a foreign message nothing more is believed. */
export function isPiece(value: object): value is StatePiece {
  const piece = value as Partial<Record<keyof StatePiece, unknown>>
  const { base, part, parts } = piece
  return (
    typeof piece.engine === 'string' &&
    Number.isFinite(piece.revision) &&
    (base === null || Number.isFinite(base)) &&
    Number.isInteger(part) &&
    Number.isInteger(parts) &&
    (part as number) >= 0 &&
    (part as number) < (parts as number) &&
    typeof piece.fields === 'object' &&
    piece.fields !== null &&
    Array.isArray(piece.gone) &&
    Array.isArray(piece.rows) &&
    piece.rows.every(isPlacedRow)
  )
}

function isPlacedRow(value: unknown): value is PlacedRow {
  if (!Array.isArray(value)) return false
  const [at, row] = value as readonly unknown[]
  return (
    Number.isInteger(at) && (typeof row === 'string' || (typeof row === 'object' && row !== null && 'sessionId' in row))
  )
}
