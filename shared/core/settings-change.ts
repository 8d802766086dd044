/**
 * Changing settings: new values by key on top of what the file says, checked as a whole. What the file holds besides
 * (a newer version's keys, a value that is wrong already) is kept as it is. Pure.
 */
import { parseSettings, type Settings, type SettingsProblem } from './settings.ts'
import { settingFields } from './settings-fields.ts'

/** New values by dotted key; null takes a key out, so that its default holds. */
export type SettingsChanges = Readonly<Record<string, unknown>>

/** Keys that hold more than one control can show. */
const listKeys = ['projects', 'notifications.mutedSessions'] as const

/** Every key that a change may name, in the order of the forms. */
export const changeableKeys: readonly string[] = [...settingFields.map(({ key }) => key), ...listKeys]

const changeable: ReadonlySet<string> = new Set(changeableKeys)

export type SettingsChanged =
  | { readonly ok: true; readonly settings: Settings }
  /** Nothing was changed: each problem names the key that it belongs to. */
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] }

export type PlannedChange =
  | { readonly ok: true; readonly file: Record<string, unknown>; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] }

/** @param file what the settings file holds now, parsed; anything but an object counts as empty */
export function planChange(file: unknown, changes: SettingsChanges): PlannedChange {
  let next = isRecord(file) ? file : {}
  const unknown = Object.keys(changes).filter(key => !changeable.has(key))
  if (unknown.length > 0) {
    return { ok: false, problems: unknown.map(key => ({ key, message: `there is no setting ${key.slice(0, 80)}` })) }
  }
  for (const [key, value] of Object.entries(changes)) next = withValue(next, key.split('.'), value)
  const { settings, problems } = parseSettings(next)
  const isOurs = ({ key }: SettingsProblem) => Object.keys(changes).some(k => key === k || key.startsWith(`${k}.`))
  const ours = problems.filter(isOurs)
  return ours.length > 0 ? { ok: false, problems: ours } : { ok: true, file: next, settings }
}

/** The changes that make `settings` of any other settings: for an import or a reset of everything. */
export function changesTo(settings: Settings): SettingsChanges {
  return Object.fromEntries(changeableKeys.map(key => [key, valueAt(settings, key.split('.'))]))
}

/** `record` with a value where its key says; a group that is no object is replaced, since nothing in it was taken. */
function withValue(
  record: Record<string, unknown>,
  [head = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const { [head]: old, ...others } = record
  if (rest.length === 0) return value === null ? others : { ...record, [head]: value }
  const group = withValue(isRecord(old) ? old : {}, rest, value)
  return Object.keys(group).length === 0 ? others : { ...record, [head]: group }
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
