/**
 * What the older Python monitor knew: its thresholds and when it last checkpointed each session. Reads only.
 *
 * Its checkpoints hold no transcript and no file content, so its times count for the cooldown, never as protection.
 * Its times are local without a zone (Python's `datetime.now().isoformat()`), read as this machine's local time.
 */
import path from 'node:path'
import { parseSessionId, type SessionId } from '../core/session.ts'
import { checkNumber } from '../core/settings.ts'
import { numberFields } from '../core/settings-fields.ts'
import { readBounded } from './durable-file.ts'
import type { FileSystem } from './ports.ts'

/** Only what was there and lies in the ranges of our own settings. */
export interface LegacySettings {
  readonly intervalMinutes?: number
  readonly thresholds: { readonly timeHours?: number; readonly activityFiles?: number; readonly idleMinutes?: number }
}

export interface LegacyImport {
  /** False when neither file is there: then all else is empty. */
  readonly found: boolean
  readonly settings: LegacySettings
  /** Epoch ms of the newest checkpoint per session. */
  readonly lastCheckpoints: ReadonlyMap<SessionId, number>
  /** What could not be used, in words. */
  readonly problems: readonly string[]
}

interface Parsed<T> {
  readonly value: T
  readonly problems: readonly string[]
}

const maxBytes = 16 * 1_048_576

/** Reads `monitor-config.json` and `monitor-state.json` of a Claude root. Never throws for what lies there. */
export function readLegacyFiles(files: FileSystem, root: string): LegacyImport {
  const config = readLegacyText(files, path.join(root, 'monitor-config.json'))
  const state = readLegacyText(files, path.join(root, 'monitor-state.json'))
  const settings = config.value === null ? { value: noSettings, problems: [] } : parseLegacyConfig(config.value)
  const times = state.value === null ? { value: new Map(), problems: [] } : parseLegacyState(state.value)
  return {
    found: config.value !== null || state.value !== null,
    settings: settings.value,
    lastCheckpoints: times.value,
    problems: [config, settings, state, times].flatMap(part => part.problems),
  }
}

const noSettings: LegacySettings = { thresholds: {} }

/** Null without a problem when the file is not there. */
function readLegacyText(files: FileSystem, file: string): Parsed<string | null> {
  const read = readBounded(files, file, maxBytes)
  if (read.ok) return { value: decode(read.bytes), problems: [] }
  return { value: null, problems: read.reason === 'missing' ? [] : [`${file} cannot be read: ${read.message}`] }
}

/** Its installer ran in PowerShell, whose files may be UTF-16 and begin with a byte order mark. */
function decode(bytes: Buffer): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}

/** @param text of `monitor-config.json`: `{ interval, time_hours, activity_files, idle_minutes, installed_at }` */
export function parseLegacyConfig(text: string): Parsed<LegacySettings> {
  const object = parseObject(text)
  if (object === null) return { value: noSettings, problems: ['monitor-config.json is not a JSON object'] }
  const problems: string[] = []
  const number = <K extends string>(theirs: string, key: K, prefix = ''): { readonly [P in K]?: number } => {
    const value = object[theirs]
    const field = numberFields.find(one => one.key === prefix + key)
    if (value === undefined || value === null || field === undefined) return {}
    const problem = checkNumber(field, value)
    if (problem === null) return { [key]: value } as { readonly [P in K]?: number }
    problems.push(`monitor-config.json: ${theirs} is not taken over: ${problem}`)
    return {}
  }
  const value = {
    ...number('interval', 'intervalMinutes'),
    thresholds: {
      ...number('time_hours', 'timeHours', 'thresholds.'),
      ...number('activity_files', 'activityFiles', 'thresholds.'),
      ...number('idle_minutes', 'idleMinutes', 'thresholds.'),
    },
  }
  return { value, problems }
}

/**
 * @param text of `monitor-state.json`: per key `<project path>:<session id>` an object with `session_id`,
 *   `last_checkpoint_time` (null if never), `checkpoint_count` and `last_checkpoint_reason`
 */
export function parseLegacyState(text: string): Parsed<ReadonlyMap<SessionId, number>> {
  const object = parseObject(text)
  if (object === null) return { value: new Map(), problems: ['monitor-state.json is not a JSON object'] }
  const newest = new Map<SessionId, number>()
  let unusable = 0
  for (const [key, entry] of Object.entries(object)) {
    const { session_id: named, last_checkpoint_time: time } = isObject(entry) ? entry : {}
    // The path may itself hold colons.
    const sessionId = parseSessionId(named) ?? parseSessionId(key.slice(key.lastIndexOf(':') + 1))
    const atMs = parseLegacyTime(time)
    if (sessionId !== null && atMs !== null) newest.set(sessionId, Math.max(atMs, newest.get(sessionId) ?? atMs))
    else if (time !== null) unusable += 1
  }
  const problems =
    unusable === 0
      ? []
      : [`monitor-state.json: ${unusable} of ${Object.keys(object).length} entries name no session or no time`]
  return { value: newest, problems }
}

/**
 * Epoch ms of Python's `isoformat()`: local time unless it names a zone, fractions of a second as they come.
 * Null for anything else, and for a day that does not exist.
 */
export function parseLegacyTime(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(value)
  if (!match) return null
  const [, day = '', clock = '', fraction = '', zone = ''] = match
  const atMs = Date.parse(`${day}T${clock}${fraction.slice(0, 4)}${zone}`)
  const exists = new Date(`${day}T00:00:00Z`).getUTCDate() === Number(day.slice(8))
  return exists && Number.isFinite(atMs) ? atMs : null
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
