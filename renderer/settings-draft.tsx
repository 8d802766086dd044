/**
 * What the user has changed in the settings and not saved yet: only the keys that differ from what holds, so that a
 * change by another process shows everywhere else. It outlives the view: leaving it loses nothing.
 */
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { defaultSettings, parseSettings, type Settings, type SettingsProblem } from '../shared/core/settings.ts'
import { changesTo, planChange, type SettingsChanges } from '../shared/core/settings-change.ts'
import { useMonitorState } from './page-context.tsx'

export interface SettingsDraft {
  /** What holds now. */
  readonly current: Settings
  /** What would hold after saving. Where a value is wrong: what holds now. */
  readonly candidate: Settings
  readonly changes: SettingsChanges
  readonly isChanged: boolean
  readonly problems: readonly SettingsProblem[]
  /** The value that a control shows. */
  value(key: string): unknown
  problem(key: string): string | null
  /** What another process made of a key since it was edited here; undefined if it did not. */
  elsewhere(key: string): unknown
  set(changes: SettingsChanges): void
  discard(): void
}

/** A value as it was edited, and what held when the editing began. */
interface Edit {
  readonly value: unknown
  readonly from: unknown
}
type Edits = Readonly<Record<string, Edit>>

const DraftContext = createContext<SettingsDraft | null>(null)

export function SettingsDraftProvider({ children }: { readonly children: ReactNode }) {
  const [edits, setEdits] = useState<Edits>({})
  const current = useMonitorState(state => state.settings, defaultSettings)
  const draft = useMemo(() => createDraft(current, edits, setEdits), [current, edits])
  return <DraftContext value={draft}>{children}</DraftContext>
}

/** @throws {Error} outside of a `SettingsDraftProvider`. */
export function useSettingsDraft(): SettingsDraft {
  const draft = useContext(DraftContext)
  if (draft === null) throw new Error('there is no SettingsDraftProvider around this view')
  return draft
}

export function createDraft(current: Settings, edits: Edits, setEdits: (edits: Edits) => void): SettingsDraft {
  const now = changesTo(current)
  const changed = Object.entries(edits).filter(([key, { value }]) => !isSame(value, now[key]))
  const changes = Object.fromEntries(changed.map(([key, { value }]) => [key, value]))
  const planned = planChange(current, changes)
  const problems = planned.ok ? [] : planned.problems
  return {
    current,
    candidate: planned.ok ? planned.settings : current,
    changes,
    isChanged: changed.length > 0,
    problems,
    value: key => (edits[key] === undefined ? now[key] : edits[key].value),
    problem: key => problems.find(problem => problem.key === key || problem.key.startsWith(`${key}.`))?.message ?? null,
    elsewhere: key => {
      const edit = edits[key]
      return edit === undefined || isSame(edit.from, now[key]) || isSame(edit.value, now[key]) ? undefined : now[key]
    },
    set: more => {
      const added = Object.entries(more).map(([key, value]) => [key, { value, from: edits[key]?.from ?? now[key] }])
      setEdits({ ...edits, ...Object.fromEntries(added) })
    },
    discard: () => setEdits({}),
  }
}

/** The values before, of the keys of a change: what undoes it. */
export function undoOf(changes: SettingsChanges, before: Settings): SettingsChanges {
  const values = changesTo(before)
  return Object.fromEntries(Object.keys(changes).map(key => [key, values[key] ?? null]))
}

/** A file that was exported, as changes; null if it is none. Values that are wrong in it are left out and counted. */
export function readImport(text: string): { readonly changes: SettingsChanges; readonly wrong: number } | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const { settings, problems } = parseSettings(value)
    return { changes: changesTo(settings), wrong: problems.length }
  } catch {
    return null
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return (a ?? null) === (b ?? null) || JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}
