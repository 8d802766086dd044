/** Single settings by their dotted keys, as flags and forms give them. Pure. */
import { parseSettings, type Settings } from './settings.ts'

/** `{ 'thresholds.timeHours': 1 }`. */
export type SettingValues = Readonly<Record<string, unknown>>

/** `settings` with these values; one that is out of its range gets its default, as in a file. */
export function withSettingValues(settings: Settings, values: SettingValues): Settings {
  return parseSettings(Object.entries(values).reduce(withValue, settings as unknown)).settings
}

/** Any value with the one at a dotted key of at most two parts replaced. Checks nothing. */
export function withValue(settings: unknown, [key, value]: readonly [key: string, value: unknown]): unknown {
  const [group = '', leaf] = key.split('.')
  const all = settings as Record<string, Record<string, unknown>>
  return leaf === undefined ? { ...all, [group]: value } : { ...all, [group]: { ...all[group], [leaf]: value } }
}
