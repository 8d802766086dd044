/**
 * The settings that hold: read at the start, changed by this process or by any other, and applied at once.
 *
 * Invariants
 * 1. A change is checked as a whole before anything is written; one bad value changes nothing.
 * 2. Only the keys of the change are set, on what the file holds at that moment: what another process changed, and
 *    what a newer version put there, stays.
 * 3. A file that cannot be read or does not parse while we run changes nothing and is left as it is: it may be half
 *    written. What held before holds on, and a notice says so until the file is good again.
 */
import path from 'node:path'
import { watch } from 'chokidar'
import type { Notice } from '../core/monitor-state.ts'
import { parseSettings, type Settings, type SettingsProblem } from '../core/settings.ts'
import { planChange, type SettingsChanged, type SettingsChanges } from '../core/settings-change.ts'
import { makeFolderDurably } from './durable-file.ts'
import type { Ports } from './ports.ts'
import { readSettingsFile, settingsFileKey, writeSettingsFile } from './settings-file.ts'

export interface SettingsDeskParts {
  readonly ports: Ports
  /** Absolute. */
  readonly file: string
  /** What a file that is not there yet begins with: what was taken over from elsewhere. */
  readonly seed: Record<string, unknown>
  /** Over what the file says, such as the flags of this run. */
  readonly override: (settings: Settings) => Settings
  /** Told of new settings, by whomever they were changed. */
  readonly onSettings: (settings: Settings, problems: readonly SettingsProblem[]) => void
  /** A notice to show, or to take back. */
  readonly onNotice: (notice: Notice | { readonly id: string; readonly gone: true }) => void
}

export interface SettingsDesk {
  change(changes: SettingsChanges): SettingsChanged
  /** Takes over what others wrote, if the file is another one than at the last look. */
  look(): void
  /** Looks whenever the system tells of a change. Returns the way to stop. */
  watch(): () => Promise<void>
}

const noticeId = 'settings-file'

export function createSettingsDesk(parts: SettingsDeskParts): SettingsDesk {
  const { ports, file, override } = parts
  let seenKey = settingsFileKey(ports, file)

  return { change, look, watch: watchFile }

  function change(changes: SettingsChanges): SettingsChanged {
    const read = readSettingsFile(ports, file)
    if (read.kind === 'unreadable' || read.kind === 'broken') return refused(`${file}: ${read.message}`)
    const planned = planChange(read.kind === 'read' ? read.file : parts.seed, changes)
    if (!planned.ok) return planned
    const failure = write(planned.file)
    if (failure !== null) return refused(failure)
    apply(planned.file)
    return { ok: true, settings: override(planned.settings) }
  }

  function write(content: Record<string, unknown>): string | null {
    makeFolderDurably(ports.files, path.dirname(file))
    const failure = writeSettingsFile(ports, file, content)
    seenKey = settingsFileKey(ports, file)
    return failure && `${failure.message}. ${failure.remedy}`
  }

  function apply(content: unknown): void {
    const { settings, problems } = parseSettings(content)
    parts.onNotice({ id: noticeId, gone: true })
    parts.onSettings(override(settings), problems)
  }

  function look(): void {
    const key = settingsFileKey(ports, file)
    if (key === seenKey) return
    seenKey = key
    const read = readSettingsFile(ports, file)
    if (read.kind === 'read') apply(read.file)
    else if (read.kind === 'missing') apply(parts.seed)
    else parts.onNotice(brokenNotice(file, read.message))
  }

  function watchFile(): () => Promise<void> {
    const watcher = watch(file, { ignoreInitial: true, followSymlinks: false, ignorePermissionErrors: true })
    watcher.on('all', look)
    watcher.on('error', error => ports.log('warn', 'the settings file is not watched', { message: String(error) }))
    return () => watcher.close()
  }
}

function refused(message: string): SettingsChanged {
  return { ok: false, problems: [{ key: '', message }] }
}

function brokenNotice(file: string, message: string): Notice {
  return {
    id: noticeId,
    level: 'warn',
    message: `The settings file cannot be used as it is now (${message}); the settings from before are in force`,
    remedy: `Mend ${file}.`,
  }
}
