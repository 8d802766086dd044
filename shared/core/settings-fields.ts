/**
 * Every setting, described once: from this come defaults, checks, the JSON schema of the file, the command line's
 * words and every form. Nothing else in the project states a default or a range. Pure.
 */

import { mostPatterns } from './ignored-patterns.ts'

/** Where a form shows it. */
export const settingSections = ['policy', 'schedule', 'snapshot', 'store', 'notifications', 'app'] as const
export type SettingSection = (typeof settingSections)[number]

interface FieldBase {
  /** Dotted path in the settings file. */
  readonly key: string
  readonly section: SettingSection
  readonly label: string
  readonly help: string
}

export interface NumberField extends FieldBase {
  readonly kind: 'number'
  readonly unit: string
  readonly min: number
  readonly max: number
  readonly default: number
  /** True if only whole numbers make sense. */
  readonly whole: boolean
}

export interface ToggleField extends FieldBase {
  readonly kind: 'toggle'
  readonly default: boolean
}

export interface ChoiceField extends FieldBase {
  readonly kind: 'choice'
  readonly choices: readonly string[]
  readonly default: string
}

/** Null, or from and to as `HH:MM` of the local day; it may reach over midnight. */
export interface HoursField extends FieldBase {
  readonly kind: 'hours'
  readonly default: null
}

/** Texts, each checked by what it is. One that is wrong and none is taken: half of what was meant would look like all of it. */
export interface ListField extends FieldBase {
  readonly kind: 'list'
  /** `pattern`: see `ignored-patterns.ts`; `folder`: an absolute path. */
  readonly item: 'pattern' | 'folder'
  readonly most: number
  readonly default: readonly string[]
}

export type SettingField = NumberField | ToggleField | ChoiceField | HoursField | ListField

const section = (name: SettingSection, ...fields: readonly NumberParts[]): readonly NumberField[] =>
  fields.map(parts => ({ ...parts, section: name }))

type NumberParts = Omit<NumberField, 'section'>

const field = (
  key: string,
  label: string,
  unit: string,
  range: readonly [min: number, initial: number, max: number],
  help: string,
  whole = false,
): NumberParts => ({ kind: 'number', key, label, unit, min: range[0], default: range[1], max: range[2], whole, help })

/** Every number that a user may set, in the order in which forms show them. */
export const numberFields: readonly NumberField[] = [
  ...section(
    'policy',
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
    field(
      'weights.activity',
      'Weight of files changed',
      '',
      [0, 0.4, 10],
      'Share of the activity factor in the total.',
    ),
    field('weights.context', 'Weight of context fill', '', [0, 0.5, 10], 'Share of the context factor in the total.'),
    field('weights.idle', 'Weight of idle time', '', [0, 0.2, 10], 'Share of the idle factor in the total.'),
  ),
  ...section(
    'schedule',
    field(
      'cooldownMinutes',
      'Cooldown',
      'minutes',
      [0, 30, 1_440],
      'Least time between two checkpoints of one session.',
    ),
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
  ),
  ...section(
    'snapshot',
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
  ),
  ...section(
    'store',
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
  ),
]

const toggle = (key: string, label: string, help: string, initial = true): ToggleField => ({
  kind: 'toggle',
  section: 'notifications',
  key,
  label,
  help,
  default: initial,
})

export const toggleFields: readonly ToggleField[] = [
  toggle('notifications.failures', 'Failed checkpoints', 'Tell when a checkpoint fails, once for each cause.'),
  toggle('notifications.silence', 'Silence', 'Tell when no check has succeeded for three intervals.'),
  toggle('notifications.disk', 'Disk budget', 'Tell when the store is above its budget, or the disk is nearly full.'),
  toggle('notifications.collisions', 'Shared work trees', 'Tell when two sessions begin to work on the same files.'),
]

export const choiceFields: readonly ChoiceField[] = [
  {
    kind: 'choice',
    section: 'app',
    key: 'language',
    label: 'Language',
    choices: ['system', 'en', 'de'],
    default: 'system',
    help: 'Of the window.',
  },
  {
    kind: 'choice',
    section: 'app',
    key: 'appearance',
    label: 'Appearance',
    choices: ['system', 'light', 'dark'],
    default: 'system',
    help: 'Of the window. High contrast follows the system.',
  },
  {
    kind: 'choice',
    section: 'app',
    key: 'logLevel',
    label: 'Log level',
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    help: 'What is written to the log file: this level and what is graver.',
  },
]

export const quietHoursField: HoursField = {
  kind: 'hours',
  section: 'notifications',
  key: 'notifications.quietHours',
  label: 'Quiet hours',
  default: null,
  help: 'Nothing pops up in these hours; what happened is in the activity list.',
}

export const includeIgnoredField: ListField = {
  kind: 'list',
  section: 'snapshot',
  key: 'snapshot.includeIgnored',
  label: 'Ignored files to save all the same',
  item: 'pattern',
  most: mostPatterns,
  default: [],
  help:
    'Files that git ignores and that are saved all the same, such as ".env" or "config/*.key". They often hold secrets:' +
    ' whoever can read the store can then read them.',
}

export const extraRootsField: ListField = {
  kind: 'list',
  section: 'snapshot',
  key: 'extraRoots',
  label: 'More folders of Claude Code',
  item: 'folder',
  most: 50,
  default: [],
  help: 'Config folders besides the standard ones, absolute; their sessions are found too.',
}

/** Every setting that one control of a form can show, in the order in which forms show them. */
export const settingFields: readonly SettingField[] = [
  ...numberFields,
  includeIgnoredField,
  extraRootsField,
  ...toggleFields,
  quietHoursField,
  ...choiceFields,
]
