/** Options that stand for settings: checked by the settings' own ranges and merged over the file's values. Pure. */
import { type SettingValues, withSettingValues, withValue } from '../shared/core/setting-values.ts'
import { parseSettings, type Settings } from '../shared/core/settings.ts'
import { type Either, fine, stop, usageProblem } from './exit-codes.ts'

/** Values as commander hands them on: the text that was typed. */
export interface SettingFlags {
  readonly interval?: string
  readonly timeHours?: string
  readonly activityFiles?: string
  readonly idleMinutes?: string
  readonly contextPercent?: string
}

/** Each flag with the setting that it stands for; the order of `--help`. */
export const settingFlags = [
  { flag: '--interval', name: 'interval', key: 'intervalMinutes', value: 'minutes' },
  { flag: '--time-hours', name: 'timeHours', key: 'thresholds.timeHours', value: 'hours' },
  { flag: '--activity-files', name: 'activityFiles', key: 'thresholds.activityFiles', value: 'files' },
  { flag: '--idle-minutes', name: 'idleMinutes', key: 'thresholds.idleMinutes', value: 'minutes' },
  { flag: '--context-percent', name: 'contextPercent', key: 'thresholds.contextPercent', value: 'percent' },
] as const

/** The values of the flags given, by the keys of the settings; or the first flag that is out of its range. */
export function settingValuesOf(flags: SettingFlags): Either<SettingValues> {
  const given = settingFlags.flatMap(({ flag, name, key }) => {
    const text = flags[name]
    return text === undefined ? [] : [{ flag, key, value: numberOrText(text) }]
  })
  const values = Object.fromEntries(given.map(({ key, value }) => [key, value]))
  const bad = parseSettings(Object.entries(values).reduce(withValue, {})).problems[0]
  if (bad === undefined) return fine(values)
  const flag = given.find(({ key }) => key === bad.key)?.flag ?? ''
  return stop(usageProblem(bad.message.replace(bad.key, flag), 'see "session-monitor --help"'))
}

/** How to change settings by the flags given, or the first flag that is out of its range. */
export function settingsFromFlags(flags: SettingFlags): Either<(settings: Settings) => Settings> {
  const values = settingValuesOf(flags)
  return values.ok ? fine(settings => withSettingValues(settings, values.value)) : values
}

/** What is no number stays a text, so that the message can show it. */
function numberOrText(text: string): number | string {
  const value = Number(text)
  return text.trim() === '' || !Number.isFinite(value) ? text : value
}
