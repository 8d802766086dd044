/** The user's settings as values, made from any JSON by the one description in `settings-fields.ts`. Pure. */

import { cutText } from './format.ts'
import { checkPattern } from './ignored-patterns.ts'
import { type FactorName, factorNames, type PerFactor, type ScoringPolicy } from './scoring.ts'
import { parseSessionId, type SessionId } from './session.ts'
import {
  choiceFields,
  extraRootsField,
  includeIgnoredField,
  type ListField,
  type NumberField,
  numberFields,
  quietHoursField,
  type SettingField,
  settingFields,
  toggleFields,
} from './settings-fields.ts'

/** Settings for one folder and all below it. The nearest ancestor wins, value by value. */
export interface ProjectOverride {
  /** Absolute path. */
  readonly path: string
  /** Never checkpoint what lies here, unless asked by hand. */
  readonly excluded?: boolean
  readonly thresholds?: Partial<Thresholds>
  readonly weights?: Partial<PerFactor>
}

export interface Thresholds {
  readonly timeHours: number
  readonly activityFiles: number
  readonly contextPercent: number
  readonly idleMinutes: number
}

/** What may pop up on the desktop. */
export interface NotificationSettings {
  readonly failures: boolean
  readonly silence: boolean
  readonly disk: boolean
  readonly collisions: boolean
  readonly quietHours: QuietHours | null
  /** Sessions that nothing is told about. */
  readonly mutedSessions: readonly SessionId[]
}

/** `HH:MM` of the local day, from 00:00 to 23:59. `from` after `to` reaches over midnight; equal means all day. */
export interface QuietHours {
  readonly from: string
  readonly to: string
}

/** Units and ranges are those of `settings-fields.ts`. */
export interface Settings {
  readonly thresholds: Thresholds
  readonly weights: PerFactor
  readonly cooldownMinutes: number
  readonly intervalMinutes: number
  readonly lockWaitSeconds: number
  readonly checkpointTimeoutSeconds: number
  readonly limits: {
    readonly fileMegabytes: number
    readonly snapshotFiles: number
    readonly snapshotMegabytes: number
    readonly freeDiskPercent: number
  }
  readonly snapshot: {
    /** Files that git ignores and that are saved all the same: see `ignored-patterns.ts`. They often hold secrets. */
    readonly includeIgnored: readonly string[]
  }
  readonly retention: {
    readonly allHours: number
    readonly hourlyDays: number
    readonly dailyDays: number
    readonly weeklyDays: number
  }
  readonly storeBudgetGigabytes: number
  readonly storeBudgetPercent: number
  readonly testRestoresPerDay: number
  readonly notifications: NotificationSettings
  readonly language: 'system' | 'en' | 'de'
  readonly appearance: 'system' | 'light' | 'dark'
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Claude Code config folders besides the standard ones, absolute. */
  readonly extraRoots: readonly string[]
  readonly projects: readonly ProjectOverride[]
}

/** Each threshold's key in `Settings.thresholds` by factor. */
export const thresholdKeys = {
  time: 'timeHours',
  activity: 'activityFiles',
  context: 'contextPercent',
  idle: 'idleMinutes',
} as const satisfies Record<FactorName, keyof Thresholds>

export const defaultSettings: Settings = parseSettings({}).settings

/** A value that was not taken. `key` is the dotted path; `message` says what it must be. */
export interface SettingsProblem {
  readonly key: string
  readonly message: string
}

/**
 * Settings from any value, such as a parsed file. What is missing gets its default; what is wrong gets
 * its default and a problem. Never throws. Unknown keys are ignored: they may be a newer version's.
 */
export function parseSettings(value: unknown): {
  readonly settings: Settings
  readonly problems: readonly SettingsProblem[]
} {
  const problems: SettingsProblem[] = []
  const one = <T>(field: SettingField): T => {
    const given = valueAt(value, field.key)
    const message = given === undefined ? null : checkField(field, given)
    if (message !== null) problems.push({ key: field.key, message })
    return (given === undefined || message !== null ? field.default : given) as T
  }
  const number = (key: string) => one<number>(fieldOf(numberFields, key))
  const toggle = (key: string) => one<boolean>(fieldOf(toggleFields, key))
  const choice = <T extends string>(key: string) => one<T>(fieldOf(choiceFields, key))
  const list = (field: ListField): readonly string[] => {
    const given = valueAt(value, field.key) ?? field.default
    const wrong = listProblems(field, given)
    problems.push(...wrong)
    return wrong.length === 0 ? (given as readonly string[]) : field.default
  }
  if (!isRecord(value)) problems.push({ key: '', message: 'settings must be a JSON object' })
  const settings: Settings = {
    thresholds: {
      timeHours: number('thresholds.timeHours'),
      activityFiles: number('thresholds.activityFiles'),
      contextPercent: number('thresholds.contextPercent'),
      idleMinutes: number('thresholds.idleMinutes'),
    },
    weights: {
      time: number('weights.time'),
      activity: number('weights.activity'),
      context: number('weights.context'),
      idle: number('weights.idle'),
    },
    cooldownMinutes: number('cooldownMinutes'),
    intervalMinutes: number('intervalMinutes'),
    lockWaitSeconds: number('lockWaitSeconds'),
    checkpointTimeoutSeconds: number('checkpointTimeoutSeconds'),
    limits: {
      fileMegabytes: number('limits.fileMegabytes'),
      snapshotFiles: number('limits.snapshotFiles'),
      snapshotMegabytes: number('limits.snapshotMegabytes'),
      freeDiskPercent: number('limits.freeDiskPercent'),
    },
    snapshot: { includeIgnored: list(includeIgnoredField) },
    retention: {
      allHours: number('retention.allHours'),
      hourlyDays: number('retention.hourlyDays'),
      dailyDays: number('retention.dailyDays'),
      weeklyDays: number('retention.weeklyDays'),
    },
    storeBudgetGigabytes: number('storeBudgetGigabytes'),
    storeBudgetPercent: number('storeBudgetPercent'),
    testRestoresPerDay: number('testRestoresPerDay'),
    notifications: {
      failures: toggle('notifications.failures'),
      silence: toggle('notifications.silence'),
      disk: toggle('notifications.disk'),
      collisions: toggle('notifications.collisions'),
      quietHours: one<QuietHours | null>(quietHoursField),
      mutedSessions: parseSessions(value, 'notifications.mutedSessions', problems),
    },
    language: choice<Settings['language']>('language'),
    appearance: choice<Settings['appearance']>('appearance'),
    logLevel: choice<Settings['logLevel']>('logLevel'),
    extraRoots: list(extraRootsField),
    projects: parseOverrides(valueAt(value, 'projects'), problems),
  }
  return { settings, problems }
}

/** What is wrong with `value` for this field, in words; null if nothing is. */
export function checkNumber(found: NumberField, value: unknown): string | null {
  const unit = found.unit === '' ? '' : ` ${found.unit}`
  const range = `a ${found.whole ? 'whole ' : ''}number from ${found.min} to ${found.max}${unit}`
  const good =
    typeof value === 'number' && value >= found.min && value <= found.max && (!found.whole || Number.isInteger(value))
  return good ? null : `${found.key} must be ${range}, not ${inWords(value)}`
}

/** What is wrong with `value` for this field, in words; null if nothing is. */
export function checkField(field: SettingField, value: unknown): string | null {
  if (field.kind === 'number') return checkNumber(field, value)
  if (field.kind === 'toggle') {
    return typeof value === 'boolean' ? null : `${field.key} must be true or false, not ${inWords(value)}`
  }
  if (field.kind === 'choice') {
    const isOne = typeof value === 'string' && field.choices.includes(value)
    return isOne ? null : `${field.key} must be one of ${field.choices.join(', ')}, not ${inWords(value)}`
  }
  if (field.kind === 'list') return listProblems(field, value)[0]?.message ?? null
  return value === null || isQuietHours(value)
    ? null
    : `${field.key} must be null or { "from": "22:00", "to": "07:00" }, not ${inWords(value)}`
}

function isQuietHours(value: unknown): boolean {
  return isRecord(value) && [value['from'], value['to']].every(time => typeof time === 'string' && timeOfDay.test(time))
}

const timeOfDay = /^([01][0-9]|2[0-3]):[0-5][0-9]$/

/** The policy and exclusion that hold for a project: the nearest override above or at `root` wins, value by value. */
export function policyFor(
  settings: Settings,
  root: string | null,
): { readonly policy: ScoringPolicy; readonly excluded: boolean } {
  if (settings.projects.length === 0) return { policy: policyOf(settings), excluded: false }
  const overrides = settings.projects
    .filter(override => root !== null && isAtOrBelow(root, override.path))
    .sort((a, b) => comparable(a.path).length - comparable(b.path).length)
  const thresholds: Thresholds = Object.assign({}, settings.thresholds, ...overrides.map(o => o.thresholds ?? {}))
  const weights: PerFactor = Object.assign({}, settings.weights, ...overrides.map(o => o.weights ?? {}))
  const excluded = overrides.reduce((now, o) => o.excluded ?? now, false)
  return { policy: policyOf({ thresholds, weights }), excluded }
}

function policyOf({ thresholds, weights }: Pick<Settings, 'thresholds' | 'weights'>): ScoringPolicy {
  const { timeHours, activityFiles, contextPercent, idleMinutes } = thresholds
  return {
    thresholds: { time: timeHours, activity: activityFiles, context: contextPercent, idle: idleMinutes },
    weights,
  }
}

/** The `properties` of the settings file in JSON Schema (draft 2020-12), for editors and for the file's own library. */
export function settingsJsonSchema(): Record<string, unknown> {
  const properties: Record<string, unknown> = {}
  for (const f of settingFields) {
    const [group, leaf] = f.key.split('.') as [string, string?]
    const schema = schemaOf(f)
    if (leaf === undefined) properties[group] = schema
    else {
      properties[group] ??= { type: 'object', properties: {} }
      ;(properties[group] as { properties: Record<string, unknown> }).properties[leaf] = schema
    }
  }
  const texts = { type: 'array', items: { type: 'string' } }
  ;(properties['notifications'] as { properties: Record<string, unknown> }).properties['mutedSessions'] = texts
  return {
    ...properties,
    projects: { type: 'array', items: { type: 'object' } },
  }
}

function schemaOf(field: SettingField): Record<string, unknown> {
  if (field.kind === 'toggle') return { type: 'boolean', description: field.help }
  if (field.kind === 'choice') return { enum: field.choices, description: field.help }
  if (field.kind === 'hours') return { type: ['object', 'null'], description: field.help }
  if (field.kind === 'list') return { type: 'array', items: { type: 'string' }, description: field.help }
  const { whole, min, max, unit, help } = field
  const description = unit === '' ? help : `${help} (${unit})`
  return { type: whole ? 'integer' : 'number', minimum: min, maximum: max, description }
}

function fieldOf<T extends SettingField>(fields: readonly T[], key: string): T {
  const found = fields.find(field => field.key === key)
  if (!found) throw new Error(`no setting ${key}`)
  return found
}

function parseSessions(value: unknown, key: string, problems: SettingsProblem[]): readonly SessionId[] {
  const given = valueAt(value, key)
  if (given === undefined) return []
  const ids = Array.isArray(given) ? given.map(item => parseSessionId(item)) : [null]
  if (ids.every(id => id !== null)) return ids
  problems.push({ key, message: `${key} must be a list of session ids` })
  return []
}

function listProblems({ key, item, most }: ListField, given: unknown): readonly SettingsProblem[] {
  if (!Array.isArray(given) || given.length > most) {
    const what = item === 'pattern' ? `a list of at most ${most} patterns such as ".env"` : 'a list of absolute paths'
    return [{ key, message: `${key} must be ${what}` }]
  }
  if (item === 'folder') {
    const areGood = given.every(path => typeof path === 'string' && isAbsolute(path))
    return areGood ? [] : [{ key, message: `${key} must be a list of absolute paths` }]
  }
  return given.flatMap((pattern, at) => {
    const message = checkPattern(pattern)
    return message === null ? [] : [{ key, message: `${key}, pattern ${at + 1}, ${message}` }]
  })
}

function valueAt(value: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), value)
}

function parseOverrides(given: unknown, problems: SettingsProblem[]): readonly ProjectOverride[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) {
    problems.push({ key: 'projects', message: 'projects must be a list of { path, excluded, thresholds, weights }' })
    return []
  }
  return given.flatMap((item, index) => parseOverride(item, `projects.${index}`, problems) ?? [])
}

function parseOverride(item: unknown, key: string, problems: SettingsProblem[]): ProjectOverride | null {
  if (!isRecord(item) || typeof item['path'] !== 'string' || !isAbsolute(item['path'])) {
    problems.push({ key, message: `${key}.path must be an absolute path` })
    return null
  }
  const thresholds = parseSome<Thresholds>(item, 'thresholds', Object.values(thresholdKeys), key, problems)
  const weights = parseSome<PerFactor>(item, 'weights', factorNames, key, problems)
  if (item['excluded'] !== undefined && typeof item['excluded'] !== 'boolean') {
    problems.push({ key: `${key}.excluded`, message: `${key}.excluded must be true or false` })
  }
  return {
    path: item['path'],
    ...(typeof item['excluded'] === 'boolean' ? { excluded: item['excluded'] } : {}),
    ...(thresholds ? { thresholds } : {}),
    ...(weights ? { weights } : {}),
  }
}

function parseSome<T>(
  item: Record<string, unknown>,
  group: 'thresholds' | 'weights',
  leaves: readonly string[],
  key: string,
  problems: SettingsProblem[],
): Partial<T> | null {
  const given = item[group]
  if (given === undefined) return null
  if (!isRecord(given)) {
    problems.push({ key: `${key}.${group}`, message: `${key}.${group} must be a JSON object` })
    return null
  }
  const taken: Record<string, unknown> = {}
  for (const leaf of leaves.filter(name => given[name] !== undefined)) {
    const message = checkNumber(fieldOf(numberFields, `${group}.${leaf}`), given[leaf])
    if (message === null) taken[leaf] = given[leaf]
    else problems.push({ key: `${key}.${group}.${leaf}`, message: `${key}.${message}` })
  }
  return taken as Partial<T>
}

function isAtOrBelow(folder: string, ancestor: string): boolean {
  return comparable(folder).startsWith(comparable(ancestor))
}

/** With one '/' at its end; a Windows path in lower case and with '/' throughout, as that system compares them. */
function comparable(path: string): string {
  const text = /^([A-Za-z]:|\\\\)/.test(path) ? path.replaceAll('\\', '/').toLowerCase() : path
  return `${text.replace(/\/+$/, '')}/`
}

function isAbsolute(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path)
}

/** A wrong value in a message: short, and made without calling anything of it. */
function inWords(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cutText(value, 60))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return String(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
