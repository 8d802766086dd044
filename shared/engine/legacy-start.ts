/**
 * What is taken over from the older monitor when this one starts: its thresholds as long as there are no settings
 * of our own, and its checkpoint times, which count for the cooldown and never for protection. Writes nothing.
 */
import { formatNumber } from '../core/format.ts'
import type { Notice } from '../core/monitor-state.ts'
import type { SessionId } from '../core/session.ts'
import { parseSettings, type Settings } from '../core/settings.ts'
import { type LegacySettings, readLegacyFiles } from './legacy-import.ts'
import type { FileSystem } from './ports.ts'
import type { LoadedSettings } from './settings-file.ts'

export interface LegacyStart {
  readonly settings: Settings
  /** What a settings file of our own begins with, so that saving one value loses none that was taken over. */
  readonly seed: Record<string, unknown>
  /** Epoch ms of the newest checkpoint per session. */
  readonly checkpointMs: ReadonlyMap<SessionId, number>
  readonly notices: readonly Notice[]
}

/** @param loaded our own settings: where there is a file, it wins as a whole */
export function startFromLegacy(files: FileSystem, roots: readonly string[], loaded: LoadedSettings): LegacyStart {
  const found = roots.map(root => readLegacyFiles(files, root)).filter(legacy => legacy.found)
  const checkpointMs = new Map<SessionId, number>()
  for (const [id, atMs] of found.flatMap(legacy => [...legacy.lastCheckpoints])) {
    checkpointMs.set(id, Math.max(atMs, checkpointMs.get(id) ?? 0))
  }
  const [first] = loaded.exists ? [] : found
  const settings = first ? withLegacy(first.settings) : loaded.settings
  const problems = found.flatMap(legacy => legacy.problems)
  return {
    settings,
    seed: first ? { thresholds: settings.thresholds, intervalMinutes: settings.intervalMinutes } : {},
    checkpointMs,
    notices: [...(first ? [importedNotice(settings)] : []), ...problems.map(problemNotice)],
  }
}

function withLegacy({ thresholds, intervalMinutes }: LegacySettings): Settings {
  return parseSettings({ thresholds, ...(intervalMinutes === undefined ? {} : { intervalMinutes }) }).settings
}

function importedNotice({ thresholds, intervalMinutes }: Settings): Notice {
  const values = [
    `${formatNumber(thresholds.timeHours)} h`,
    `${thresholds.activityFiles} files`,
    `${formatNumber(thresholds.idleMinutes)} min idle`,
    `every ${formatNumber(intervalMinutes)} min`,
  ]
  return {
    id: 'legacy-imported',
    level: 'info',
    message: `The thresholds of the older monitor are used: ${values.join(', ')}. Its checkpoints hold no content, so they protect nothing`,
    remedy: 'Save settings of your own to replace them.',
  }
}

function problemNotice(message: string, index: number): Notice {
  return {
    id: `legacy-problem-${index}`,
    level: 'warn',
    message,
    remedy: 'What could be read of the older monitor is used; nothing needs to be done.',
  }
}
