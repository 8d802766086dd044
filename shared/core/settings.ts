/**
 * The user's settings: one description from which defaults, checks, the JSON schema on disk and every
 * form are made. Nothing else in the project states a default or a range.
 */
import { cutText } from './format.ts'
import { type FactorName, factorNames, type PerFactor, type ScoringPolicy } from './scoring.ts'

export interface NumberField {
  readonly key: string
  readonly label: string
  readonly unit: string
  readonly min: number
  readonly max: number
  readonly default: number
  /** True if only whole numbers make sense. */
  readonly whole: boolean
  readonly help: string
}

const field = (
  key: string,
  label: string,
  unit: string,
  range: readonly [min: number, initial: number, max: number],
  help: string,
  whole = false,
): NumberField => ({ key, label, unit, min: range[0], default: range[1], max: range[2], whole, help })

/** Every number that a user may set, in the order in which forms show them. */
export const numberFields: readonly NumberField[] = [
  field(
    'thresholds.timeHours',
    'Time since checkpoint',
    'hours',
    [0.05, 2, 720],
    'Checkpoint when the last one is this old.',
  ),
  field(
    'thresholds.activityFiles',
    'Files changed',
    'files',
    [1, 15, 10_000],
    'Checkpoint when this many files changed.',
    true,
  ),
  field(
    'thresholds.contextPercent',
    'Context fill',
    'percent',
    [1, 75, 100],
    'Checkpoint when the context is this full.',
  ),
  field(
    'thresholds.idleMinutes',
    'Idle time',
    'minutes',
    [1, 30, 10_080],
    'Checkpoint after this long without activity.',
  ),
  field('weights.time', 'Weight of time', '', [0, 0.3, 10], 'Share of the time factor in the total.'),
  field('weights.activity', 'Weight of files changed', '', [0, 0.4, 10], 'Share of the activity factor in the total.'),
  field('weights.context', 'Weight of context fill', '', [0, 0.5, 10], 'Share of the context factor in the total.'),
  field('weights.idle', 'Weight of idle time', '', [0, 0.2, 10], 'Share of the idle factor in the total.'),
  field('cooldownMinutes', 'Cooldown', 'minutes', [0, 30, 1_440], 'Least time between two checkpoints of one session.'),
  field('intervalMinutes', 'Check interval', 'minutes', [1, 5, 60], 'How often all sessions are checked.'),
  field(
    'lockWaitSeconds',
    'Wait for the lock',
    'seconds',
    [0, 60, 3_600],
    'How long to wait for another checkpointer.',
  ),
  field(
    'checkpointTimeoutSeconds',
    'Checkpoint time limit',
    'seconds',
    [5, 300, 3_600],
    'A checkpoint that takes longer has failed.',
  ),
  field('limits.fileMegabytes', 'Largest file', 'MB', [0.1, 32, 1_024], 'Larger files are listed, not saved.'),
  field(
    'limits.snapshotFiles',
    'Most files per snapshot',
    'files',
    [1, 50_000, 1_000_000],
    'What exceeds it is listed, not saved.',
    true,
  ),
  field(
    'limits.snapshotMegabytes',
    'Most bytes per snapshot',
    'MB',
    [1, 1_024, 65_536],
    'What exceeds it is listed, not saved.',
  ),
  field(
    'limits.freeDiskPercent',
    'Free disk to keep',
    'percent',
    [1, 5, 50],
    'Below this nothing is saved any more; an alert says so.',
  ),
  field('retention.allHours', 'Keep every checkpoint for', 'hours', [1, 24, 8_760], 'Younger ones are all kept.'),
  field('retention.hourlyDays', 'Keep one an hour for', 'days', [0, 2, 365], 'Of each hour the newest is kept.'),
  field('retention.dailyDays', 'Keep one a day for', 'days', [0, 30, 3_650], 'Of each day the newest is kept.'),
  field(
    'retention.weeklyDays',
    'Keep one a week for',
    'days',
    [0, 365, 36_500],
    'Of each week the newest is kept; after that only the newest of each session.',
  ),
  field(
    'storeBudgetGigabytes',
    'Disk budget',
    'GB',
    [0.01, 10, 100_000],
    'Above this the oldest and largest checkpoints go, never the newest of a session.',
  ),
  field(
    'storeBudgetPercent',
    'Disk budget, share of free space',
    'percent',
    [0.1, 10, 90],
    'The budget is never more than this share of what would be free without the store.',
  ),
  field(
    'testRestoresPerDay',
    'Test restores',
    'per day',
    [0, 3, 100],
    'So many newest checkpoints a day are restored into a temporary folder and compared; 0 turns it off.',
    true,
  ),
]

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

/** Units and ranges are those of {@link numberFields}. */
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
  readonly retention: {
    readonly allHours: number
    readonly hourlyDays: number
    readonly dailyDays: number
    readonly weeklyDays: number
  }
  readonly storeBudgetGigabytes: number
  readonly storeBudgetPercent: number
  readonly testRestoresPerDay: number
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
  const number = (key: string): number => {
    const found = findField(key)
    const given = valueAt(value, key)
    if (given === undefined) return found.default
    const message = checkNumber(found, given)
    if (message === null) return given as number
    problems.push({ key, message })
    return found.default
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
    retention: {
      allHours: number('retention.allHours'),
      hourlyDays: number('retention.hourlyDays'),
      dailyDays: number('retention.dailyDays'),
      weeklyDays: number('retention.weeklyDays'),
    },
    storeBudgetGigabytes: number('storeBudgetGigabytes'),
    storeBudgetPercent: number('storeBudgetPercent'),
    testRestoresPerDay: number('testRestoresPerDay'),
    extraRoots: parsePaths(value, 'extraRoots', problems),
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

/** The policy and exclusion that hold for a project: the nearest override above or at `root` wins, value by value. */
export function policyFor(
  settings: Settings,
  root: string | null,
): { readonly policy: ScoringPolicy; readonly excluded: boolean } {
  const overrides = settings.projects
    .filter(override => root !== null && isAtOrBelow(root, override.path))
    .sort((a, b) => comparable(a.path).length - comparable(b.path).length)
  const thresholds: Thresholds = Object.assign({}, settings.thresholds, ...overrides.map(o => o.thresholds ?? {}))
  const weights: PerFactor = Object.assign({}, settings.weights, ...overrides.map(o => o.weights ?? {}))
  const excluded = overrides.reduce((now, o) => o.excluded ?? now, false)
  const perFactor = Object.fromEntries(factorNames.map(name => [name, thresholds[thresholdKeys[name]]]))
  return { policy: { thresholds: perFactor as unknown as PerFactor, weights }, excluded }
}

/** The `properties` of the settings file in JSON Schema (draft 2020-12), for editors and for the file's own library. */
export function settingsJsonSchema(): Record<string, unknown> {
  const properties: Record<string, unknown> = {}
  for (const f of numberFields) {
    const [group, leaf] = f.key.split('.') as [string, string?]
    const schema = {
      type: f.whole ? 'integer' : 'number',
      minimum: f.min,
      maximum: f.max,
      description: f.unit === '' ? f.help : `${f.help} (${f.unit})`,
    }
    if (leaf === undefined) properties[group] = schema
    else {
      properties[group] ??= { type: 'object', properties: {} }
      ;(properties[group] as { properties: Record<string, unknown> }).properties[leaf] = schema
    }
  }
  const texts = { type: 'array', items: { type: 'string' } }
  return {
    ...properties,
    extraRoots: texts,
    projects: { type: 'array', items: { type: 'object' } },
  }
}

function findField(key: string): NumberField {
  const found = numberFields.find(f => f.key === key)
  if (!found) throw new Error(`no setting ${key}`)
  return found
}

function valueAt(value: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), value)
}

function parsePaths(value: unknown, key: string, problems: SettingsProblem[]): readonly string[] {
  const given = valueAt(value, key)
  if (given === undefined) return []
  if (Array.isArray(given) && given.every(item => typeof item === 'string' && isAbsolute(item)))
    return given as string[]
  problems.push({ key, message: `${key} must be a list of absolute paths` })
  return []
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
    const message = checkNumber(findField(`${group}.${leaf}`), given[leaf])
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
