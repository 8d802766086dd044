/** Ready-made policies, as changes of the settings that they name; all else stays. Values of the older monitor's three. Pure. */
import type { Settings } from './settings.ts'
import type { SettingsChanges } from './settings-change.ts'

export const presetNames = ['aggressive', 'default', 'conservative'] as const
export type PresetName = (typeof presetNames)[number]

export const presets: { readonly [K in PresetName]: SettingsChanges } = {
  aggressive: presetOf(3, 1, 5, 15),
  default: presetOf(5, 2, 15, 30),
  conservative: presetOf(10, 4, 25, 60),
}

function presetOf(intervalMinutes: number, timeHours: number, files: number, idleMinutes: number): SettingsChanges {
  return {
    intervalMinutes,
    'thresholds.timeHours': timeHours,
    'thresholds.activityFiles': files,
    'thresholds.idleMinutes': idleMinutes,
  }
}

/** The preset whose every value the settings have, or null. */
export function presetIn({ intervalMinutes, thresholds }: Settings): PresetName | null {
  const now: SettingsChanges = {
    intervalMinutes,
    'thresholds.timeHours': thresholds.timeHours,
    'thresholds.activityFiles': thresholds.activityFiles,
    'thresholds.idleMinutes': thresholds.idleMinutes,
  }
  const isNow = (name: PresetName) => Object.entries(presets[name]).every(([key, value]) => now[key] === value)
  return presetNames.find(isNow) ?? null
}
