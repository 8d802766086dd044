/** What a plan shows of each path, counts of all of them, and the name that equal plans share. Pure. */
import { createHash } from 'node:crypto'
import {
  type RestoreAction,
  type RestoreAmount,
  type RestoreEntry,
  type RestoreRequest,
  restoreActions,
} from '../core/restore.ts'
import { besideForm, type FormsByName, type HeadForm } from './head-forms.ts'
import type { PlannedPath } from './in-place-plan.ts'
import { shownName } from './restorable-tree.ts'
import type { PlannedEntry } from './restore-plan.ts'
import { whyAsKept } from './restore-side.ts'

export const noActions = Object.fromEntries(restoreActions.map(action => [action, 0])) as Record<RestoreAction, number>

export function entryOf({ shown, action, willWrite, entry, form, present, note }: PlannedPath): RestoreEntry {
  const isThere = present.present === 'file' || present.present === 'as-committed'
  const currentBytes = isThere ? present.bytes : null
  const bytes = entry?.source.from === 'store' ? entry.source.place[3] : bytesOf(form)
  const kind = entry?.kind ?? (isThere ? present.kind : 'file')
  return { path: shown, action, kind, willWrite, bytes, currentBytes, note }
}

function bytesOf(form: HeadForm | null): number | null {
  return form === null || form.kind === 'unknown' ? null : form.bytes
}

export function countsOf(entries: readonly RestoreEntry[]): Record<RestoreAction, number> {
  const counts = { ...noActions }
  for (const { action } of entries) counts[action]++
  return counts
}

export function amountsOf(paths: readonly PlannedPath[]): {
  readonly writes: RestoreAmount
  readonly keeps: RestoreAmount
} {
  const writes = { files: 0, bytes: 0 }
  const keeps = { files: 0, bytes: 0 }
  for (const { willWrite, entry, form, present } of paths) {
    if (!willWrite) continue
    const now = present.present === 'file' ? present.bytes : 0
    writes.files++
    // Of HEAD's files the size is not known before they are read; what is there now is a good guess.
    writes.bytes += entry?.source.from === 'store' ? entry.source.place[3] : (bytesOf(form) ?? now)
    keeps.files += present.present === 'file' ? 1 : 0
    keeps.bytes += now
  }
  return { writes, keeps }
}

/** What cannot be told as it lay there does not take its name. */
export function sideEntry(entry: PlannedEntry, forms: FormsByName): RestoreEntry {
  const form = forms.get(entry.key) ?? null
  const bytes = entry.source.from === 'store' ? entry.source.place[3] : bytesOf(form)
  const common = { path: shownName(entry), kind: entry.kind, bytes, currentBytes: null }
  if (form?.kind !== 'unknown') return { ...common, action: 'create', willWrite: true, note: null }
  const note = whyAsKept(form)
  return besideForm(form) === null
    ? { ...common, action: 'blocked', willWrite: false, note }
    : { ...common, action: 'create', willWrite: true, note }
}

export function byActionAndPath(a: RestoreEntry, b: RestoreEntry): number {
  const rank = ({ action }: RestoreEntry) => restoreActions.indexOf(action)
  return rank(a) - rank(b) || (a.path < b.path ? -1 : Number(a.path > b.path))
}

/** What is as it should be is in it by its name alone. */
export function fingerprints(paths: readonly PlannedPath[]): readonly unknown[] {
  const isSame = ({ action }: PlannedPath) => action === 'same'
  return [...paths.filter(path => !isSame(path)).map(fingerprint), paths.filter(isSame).map(({ shown }) => shown)]
}

function fingerprint({ shown, action, willWrite, entry, form, mode, present }: PlannedPath): readonly unknown[] {
  const now = present.present === 'file' ? present.sha256 : present.present
  const source = entry?.source
  const lies = form === null ? [] : [form.kind === 'unknown' ? form.why : form.sha256]
  const content = source?.from === 'store' ? source.sha256 : (source?.objectId ?? null)
  return [shown, action, willWrite, mode, now, content, ...lies]
}

export function idOf(request: RestoreRequest, paths: readonly unknown[], more: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(request))
  for (const one of paths) hash.update(`${JSON.stringify(one)}\n`)
  return hash.update(JSON.stringify(more)).digest('hex')
}
