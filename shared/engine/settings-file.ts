/**
 * Settings on disk. At the start a file that does not parse is set aside under another name and said, never silently
 * replaced; values out of range get their defaults one by one and are said too. Written as a whole, durably.
 */
import path from 'node:path'
import type { Notice } from '../core/monitor-state.ts'
import { parseSettings, type Settings, type SettingsProblem } from '../core/settings.ts'
import { type Failure, failureOf, replaceFile } from './durable-file.ts'
import type { Ports } from './ports.ts'
import { statKeyOf } from './stat-key.ts'

export interface LoadedSettings {
  /** False if there is no settings file at all: this may be the first run. */
  readonly exists: boolean
  readonly settings: Settings
  /** Single values that were not taken. */
  readonly problems: readonly SettingsProblem[]
  /** Set when the whole file could not be used. */
  readonly notice: Notice | null
}

/** A settings file above this is not one. Bytes. */
const sizeLimit = 4_194_304

export type SettingsRead =
  | { readonly kind: 'read'; readonly file: unknown }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string }
  /** Not JSON. */
  | { readonly kind: 'broken'; readonly message: string }

/** What the file holds now, as it is. Never throws, never touches it. */
export function readSettingsFile(ports: Pick<Ports, 'files'>, file: string): SettingsRead {
  const text = readText(ports, file)
  if (text.kind !== 'text') return text
  try {
    return { kind: 'read', file: JSON.parse(text.text) }
  } catch (error) {
    return { kind: 'broken', message: (error as Error).message }
  }
}

/** Reads `file`; a missing one means defaults. Never throws. */
export function loadSettings(ports: Ports, file: string): LoadedSettings {
  const read = readSettingsFile(ports, file)
  if (read.kind === 'missing') return { exists: false, ...parseSettings({}), notice: null }
  if (read.kind === 'unreadable') return withDefaults('settings-unreadable', read.message, 'Make it readable for you')
  if (read.kind === 'broken') return setAside(ports, file, read.message)
  return { exists: true, ...parseSettings(read.file), notice: null }
}

/** Replaces the file. Null when that was done, durably. */
export function writeSettingsFile(ports: Ports, file: string, content: Record<string, unknown>): Failure | null {
  try {
    replaceFile(ports, file, Buffer.from(`${JSON.stringify(content, null, 2)}\n`))
    return null
  } catch (error) {
    return failureOf(error, 'Writing the settings file')
  }
}

/** Changes whenever the file does; null if there is none that can be looked at. */
export function settingsFileKey(ports: Pick<Ports, 'files'>, file: string): string | null {
  try {
    return statKeyOf(ports.files.stat(file))
  } catch {
    return null
  }
}

function setAside(ports: Ports, file: string, why: string): LoadedSettings {
  const stamp = new Date(ports.clock.nowMs()).toISOString().replaceAll(/[:.]/g, '-')
  const aside = path.join(path.dirname(file), `settings.broken-${stamp}.json`)
  try {
    ports.files.rename(file, aside)
  } catch (error) {
    const message = `${file} is not valid JSON (${why}) and could not be set aside: ${(error as Error).message}`
    return withDefaults('settings-broken', message, 'Mend or move the file')
  }
  ports.log('warn', 'settings file set aside', { file, aside, why })
  return withDefaults(
    'settings-broken',
    `The settings file was not valid JSON (${why}). It was kept as ${aside}`,
    `Mend it and move it back to ${file}`,
  )
}

function withDefaults(id: string, message: string, remedy: string): LoadedSettings {
  const notice: Notice = { id, level: 'warn', message, remedy: `${remedy}; the defaults are used until then.` }
  return { exists: true, settings: parseSettings({}).settings, problems: [], notice }
}

type Text =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string }

function readText(ports: Pick<Ports, 'files'>, file: string): Text {
  try {
    const handle = ports.files.open(file, 'read')
    try {
      const { size } = handle.stat()
      if (size > sizeLimit) return { kind: 'unreadable', message: `${file} is too large to be a settings file` }
      const into = Buffer.alloc(size)
      return { kind: 'text', text: into.toString('utf8', 0, handle.read(into, 0)) }
    } finally {
      handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' }
    return { kind: 'unreadable', message: `${file} cannot be read: ${(error as Error).message}` }
  }
}
