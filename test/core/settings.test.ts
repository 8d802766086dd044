import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkField,
  checkNumber,
  defaultSettings,
  type ProjectOverride,
  parseSettings,
  policyFor,
  type Settings,
  settingsJsonSchema,
} from '../../shared/core/settings.ts'
import { type NumberField, numberFields, settingFields } from '../../shared/core/settings-fields.ts'
import { defaultPolicy } from '../support/core-values.ts'

/** Written out: a default that changes must fail here. */
const documentedDefaults: Settings = {
  thresholds: { timeHours: 2, activityFiles: 15, contextPercent: 75, idleMinutes: 30 },
  weights: { time: 0.3, activity: 0.4, context: 0.5, idle: 0.2 },
  cooldownMinutes: 30,
  intervalMinutes: 5,
  lockWaitSeconds: 60,
  checkpointTimeoutSeconds: 300,
  limits: { fileMegabytes: 32, snapshotFiles: 50_000, snapshotMegabytes: 1_024, freeDiskPercent: 5 },
  snapshot: { includeIgnored: [] },
  retention: { allHours: 24, hourlyDays: 2, dailyDays: 30, weeklyDays: 365 },
  storeBudgetGigabytes: 10,
  storeBudgetPercent: 10,
  testRestoresPerDay: 3,
  notifications: {
    failures: true,
    silence: true,
    disk: true,
    collisions: true,
    quietHours: null,
    mutedSessions: [],
  },
  language: 'system',
  appearance: 'system',
  logLevel: 'info',
  extraRoots: [],
  projects: [],
}

/** No value of it is a default. */
const everythingSet: Settings = {
  thresholds: { timeHours: 1.5, activityFiles: 4, contextPercent: 60, idleMinutes: 12 },
  weights: { time: 0, activity: 0.1, context: 0.25, idle: 10 },
  cooldownMinutes: 0,
  intervalMinutes: 1,
  lockWaitSeconds: 3_600,
  checkpointTimeoutSeconds: 5,
  limits: { fileMegabytes: 0.1, snapshotFiles: 1_000_000, snapshotMegabytes: 65_536, freeDiskPercent: 50 },
  snapshot: { includeIgnored: ['.env', 'config/**/*.key'] },
  retention: { allHours: 8_760, hourlyDays: 0, dailyDays: 7.5, weeklyDays: 36_500 },
  storeBudgetGigabytes: 0.01,
  storeBudgetPercent: 90,
  testRestoresPerDay: 0,
  notifications: {
    failures: false,
    silence: false,
    disk: false,
    collisions: false,
    quietHours: { from: '22:00', to: '07:30' },
    mutedSessions: ['00000000-0000-4000-8000-000000000001'],
  },
  language: 'de',
  appearance: 'dark',
  logLevel: 'debug',
  extraRoots: ['/srv/claude', 'D:\\claude'],
  projects: [
    { path: '/home/ann/shop', excluded: false, thresholds: { timeHours: 1 }, weights: { idle: 0 } },
    { path: '\\\\nas\\work', excluded: true },
  ],
}

const number = (key: string, text: string) => ({ key, message: `${key} must be a ${text}` })

describe('parseSettings', () => {
  it('gives the documented defaults for an empty object', () => {
    expect(parseSettings({})).toEqual({ settings: documentedDefaults, problems: [] })
    expect(defaultSettings).toEqual(documentedDefaults)
  })

  it('takes every setting as given, and what it gave out before, unchanged', () => {
    expect(parseSettings(everythingSet)).toEqual({ settings: everythingSet, problems: [] })
    expect(parseSettings(JSON.parse(JSON.stringify(defaultSettings)))).toEqual({
      settings: defaultSettings,
      problems: [],
    })
  })

  it('keeps every good value beside a bad one', () => {
    const given = { ...everythingSet, thresholds: { ...everythingSet.thresholds, timeHours: 0 } }
    expect(parseSettings(given)).toEqual({
      settings: { ...everythingSet, thresholds: { ...everythingSet.thresholds, timeHours: 2 } },
      problems: [number('thresholds.timeHours', 'number from 0.05 to 720 hours, not 0')],
    })
  })

  it('ignores what it does not know: a newer version may', () => {
    expect(parseSettings({ colour: 'red', thresholds: { moon: 1 }, projects: [{ path: '/a', moon: 1 }] })).toEqual({
      settings: { ...documentedDefaults, projects: [{ path: '/a' }] },
      problems: [],
    })
  })

  it.each([null, 7, 'text', [], true])('gives the defaults and one problem for %j', value => {
    expect(parseSettings(value)).toEqual({
      settings: documentedDefaults,
      problems: [{ key: '', message: 'settings must be a JSON object' }],
    })
  })

  it.each<[string, unknown, { key: string; message: string }]>([
    [
      'a text for a number',
      { cooldownMinutes: '5' },
      number('cooldownMinutes', 'number from 0 to 1440 minutes, not "5"'),
    ],
    [
      'a number below its range',
      { intervalMinutes: 0 },
      number('intervalMinutes', 'number from 1 to 60 minutes, not 0'),
    ],
    ['a number above its range', { weights: { idle: 11 } }, number('weights.idle', 'number from 0 to 10, not 11')],
    [
      'a fraction of a file',
      { thresholds: { activityFiles: 1.5 } },
      number('thresholds.activityFiles', 'whole number from 1 to 10000 files, not 1.5'),
    ],
    [
      'a word for a switch',
      { notifications: { silence: 'yes' } },
      { key: 'notifications.silence', message: 'notifications.silence must be true or false, not "yes"' },
    ],
    [
      'a choice that is not offered',
      { language: 'fr' },
      { key: 'language', message: 'language must be one of system, en, de, not "fr"' },
    ],
    [
      'an hour that no day has',
      { notifications: { quietHours: { from: '24:00', to: '07:00' } } },
      {
        key: 'notifications.quietHours',
        message: 'notifications.quietHours must be null or { "from": "22:00", "to": "07:00" }, not an object',
      },
    ],
    [
      'a muted session without an id',
      { notifications: { mutedSessions: ['main'] } },
      { key: 'notifications.mutedSessions', message: 'notifications.mutedSessions must be a list of session ids' },
    ],
    ['null', { lockWaitSeconds: null }, number('lockWaitSeconds', 'number from 0 to 3600 seconds, not null')],
    ['NaN', { weights: { time: Number.NaN } }, number('weights.time', 'number from 0 to 10, not NaN')],
    ['a bigint', { weights: { time: 1n } }, number('weights.time', 'number from 0 to 10, not 1')],
    [
      'a list for a number',
      { cooldownMinutes: [1] },
      number('cooldownMinutes', 'number from 0 to 1440 minutes, not a list'),
    ],
    [
      'an object for a number',
      { cooldownMinutes: {} },
      number('cooldownMinutes', 'number from 0 to 1440 minutes, not an object'),
    ],
    [
      'a relative root',
      { extraRoots: ['/a', 'b'] },
      { key: 'extraRoots', message: 'extraRoots must be a list of absolute paths' },
    ],
    [
      'a text for a list',
      { extraRoots: '/srv/claude' },
      { key: 'extraRoots', message: 'extraRoots must be a list of absolute paths' },
    ],
    [
      'one pattern for a list of them',
      { snapshot: { includeIgnored: '.env' } },
      {
        key: 'snapshot.includeIgnored',
        message: 'snapshot.includeIgnored must be a list of at most 50 patterns such as ".env"',
      },
    ],
    [
      'a folder among patterns',
      { snapshot: { includeIgnored: ['.env', 'secrets/'] } },
      {
        key: 'snapshot.includeIgnored',
        message: 'snapshot.includeIgnored, pattern 2, must name files, not a folder',
      },
    ],
    [
      'overrides that are no list',
      { projects: {} },
      { key: 'projects', message: 'projects must be a list of { path, excluded, thresholds, weights }' },
    ],
    [
      'an override without a path',
      { projects: [{}] },
      { key: 'projects.0', message: 'projects.0.path must be an absolute path' },
    ],
    [
      'an override of a relative path',
      { projects: [{ path: 'shop' }] },
      { key: 'projects.0', message: 'projects.0.path must be an absolute path' },
    ],
  ])('gives the default and says why for %s', (_title, value, problem) => {
    expect(parseSettings(value)).toEqual({ settings: documentedDefaults, problems: [problem] })
  })

  it.each<[string, object, { key: string; message: string }]>([
    [
      'an exclusion that is no yes or no',
      { excluded: 'yes' },
      { key: 'projects.0.excluded', message: 'projects.0.excluded must be true or false' },
    ],
    [
      'a group that is none',
      { weights: 1 },
      { key: 'projects.0.weights', message: 'projects.0.weights must be a JSON object' },
    ],
  ])('keeps an override without %s, and says so', (_title, bad, problem) => {
    expect(parseSettings({ projects: [{ path: '/a', ...bad }] })).toEqual({
      settings: { ...documentedDefaults, projects: [{ path: '/a' }] },
      problems: [problem],
    })
  })

  it('keeps the good values of an override beside a bad one', () => {
    const projects = [{ path: '/a' }, { path: '/b', thresholds: { timeHours: 1, idleMinutes: 0 } }]
    expect(parseSettings({ projects })).toEqual({
      settings: { ...documentedDefaults, projects: [{ path: '/a' }, { path: '/b', thresholds: { timeHours: 1 } }] },
      problems: [
        {
          key: 'projects.1.thresholds.idleMinutes',
          message: 'projects.1.thresholds.idleMinutes must be a number from 1 to 10080 minutes, not 0',
        },
      ],
    })
  })

  it('cuts a long wrong text short in its message', () => {
    const [problem] = parseSettings({ cooldownMinutes: 'x'.repeat(5_000) }).problems
    expect(problem?.message).toBe(`cooldownMinutes must be a number from 0 to 1440 minutes, not "${'x'.repeat(59)}…"`)
  })

  it('takes nothing that a prototype holds', () => {
    const inherited = Object.create({ cooldownMinutes: 7 })
    expect(parseSettings(inherited)).toEqual({ settings: documentedDefaults, problems: [] })
  })

  it('survives a value that refers to itself', () => {
    const round: Record<string, unknown> = {}
    round['cooldownMinutes'] = round
    expect(parseSettings(round).settings).toEqual(documentedDefaults)
  })

  it.each([61, 62, 63])('never throws, and every number that it gives is within its range (seed %i)', seed => {
    fc.assert(
      fc.property(fc.oneof(anySettings, fc.jsonValue(), fc.anything()), value => {
        const { settings, problems } = parseSettings(value)
        expect(numberFields.map(field => checkNumber(field, numberAt(settings, field))).filter(Boolean)).toEqual([])
        expect(problems.filter(({ message }) => message === '')).toEqual([])
        expect(parseSettings(settings)).toEqual({ settings, problems: [] })
      }),
      { seed, numRuns: 300 },
    )
  })
})

describe('the description', () => {
  it('has a default of each setting within its range, and no key twice', () => {
    expect(settingFields.map(field => checkField(field, field.default)).filter(Boolean)).toEqual([])
    expect(new Set(settingFields.map(({ key }) => key)).size).toBe(settingFields.length)
  })

  it('describes every number of the settings and nothing else', () => {
    expect(numberFields.map(({ key }) => key)).toEqual(numberKeys(documentedDefaults))
  })
})

describe('checkNumber', () => {
  const field: NumberField = {
    kind: 'number',
    section: 'policy',
    key: 'k',
    label: '',
    unit: 'eggs',
    min: 1,
    max: 9,
    default: 2,
    whole: true,
    help: '',
  }

  it.each([
    [1, null],
    [9, null],
    [0, 'k must be a whole number from 1 to 9 eggs, not 0'],
    [10, 'k must be a whole number from 1 to 9 eggs, not 10'],
    [2.5, 'k must be a whole number from 1 to 9 eggs, not 2.5'],
    [Number.POSITIVE_INFINITY, 'k must be a whole number from 1 to 9 eggs, not Infinity'],
    [undefined, 'k must be a whole number from 1 to 9 eggs, not undefined'],
  ])('of %j says %j', (value, message) => {
    expect(checkNumber(field, value)).toBe(message)
  })
})

describe('policyFor', () => {
  const settings: Settings = {
    ...defaultSettings,
    projects: [
      { path: '/home/ann/shop/api', thresholds: { timeHours: 0.5 }, excluded: false },
      { path: '/home/ann', thresholds: { timeHours: 8, idleMinutes: 60 }, weights: { idle: 0 }, excluded: true },
      { path: '/home/ann/shop/', thresholds: { timeHours: 4 } },
    ],
  }
  const policy = (thresholds: object, weights: object) => ({
    thresholds: { ...defaultPolicy.thresholds, ...thresholds },
    weights: { ...defaultPolicy.weights, ...weights },
  })

  it.each<[string, string | null, object, object, boolean]>([
    ['the settings themselves where there is no project', null, {}, {}, false],
    ['the settings themselves elsewhere', '/home/bob/shop', {}, {}, false],
    ['an override at the folder itself', '/home/ann', { time: 8, idle: 60 }, { idle: 0 }, true],
    ['an override above it', '/home/ann/garden', { time: 8, idle: 60 }, { idle: 0 }, true],
    ['the nearer of two, value by value', '/home/ann/shop', { time: 4, idle: 60 }, { idle: 0 }, true],
    [
      'the nearest of three, which takes the exclusion back',
      '/home/ann/shop/api/v2',
      { time: 0.5, idle: 60 },
      { idle: 0 },
      false,
    ],
    ['no override of a folder that only begins alike', '/home/anna', {}, {}, false],
  ])('is %s', (_title, root, thresholds, weights, excluded) => {
    expect(policyFor(settings, root)).toEqual({ policy: policy(thresholds, weights), excluded })
  })

  it.each([
    ['the root of all', '/', '/home/ann', true],
    ['the root itself', '/', '/', true],
    ['a drive', 'C:\\', 'C:\\work\\shop', true],
    ['a Windows folder whatever its case and slashes', 'c:/Work', 'C:\\work\\shop', true],
    ['a share', '\\\\nas\\work\\', '\\\\NAS\\work\\shop', true],
    ['no other drive', 'C:\\', 'D:\\work', false],
    ['no folder of another case where case counts', '/home/Ann', '/home/ann', false],
    ['no name with a backslash where that is a letter', '/home', '/home\\ann', false],
  ])('holds an exclusion of %s', (_title, path, root, excluded) => {
    expect(policyFor({ ...defaultSettings, projects: [{ path, excluded: true }] }, root).excluded).toBe(excluded)
  })

  it('is not misled by slashes at the end of a path', () => {
    const projects = [
      { path: '/a/b', excluded: false },
      { path: '/a/////', excluded: true },
    ]
    expect(policyFor({ ...defaultSettings, projects }, '/a/b/c').excluded).toBe(false)
  })

  it.each([64, 65])(
    'takes each value from the nearest ancestor that states it, in whatever order they stand (seed %i)',
    seed => {
      fc.assert(
        fc.property(anyOverrides, anyFolder, (projects, root) => {
          const stated = <T>(pick: (override: ProjectOverride) => T | undefined): T | undefined => {
            const above = ancestors(root).flatMap(path => projects.filter(override => override.path === path))
            return above.map(pick).find(value => value !== undefined)
          }
          const found = policyFor({ ...defaultSettings, projects }, root)
          expect({
            time: found.policy.thresholds.time,
            idle: found.policy.weights.idle,
            excluded: found.excluded,
          }).toEqual({
            time: stated(override => override.thresholds?.timeHours) ?? 2,
            idle: stated(override => override.weights?.idle) ?? 0.2,
            excluded: stated(override => override.excluded) ?? false,
          })
        }),
        { seed, numRuns: 300 },
      )
    },
  )
})

describe('settingsJsonSchema', () => {
  it('states the range of every number, under its group', () => {
    const { thresholds, cooldownMinutes } = settingsJsonSchema()
    expect({ thresholds, cooldownMinutes }).toEqual({
      thresholds: {
        type: 'object',
        properties: {
          timeHours: {
            type: 'number',
            minimum: 0.05,
            maximum: 720,
            description: 'Checkpoint when the last one is this old. (hours)',
          },
          activityFiles: {
            type: 'integer',
            minimum: 1,
            maximum: 10_000,
            description: 'Checkpoint when this many files changed. (files)',
          },
          contextPercent: {
            type: 'number',
            minimum: 1,
            maximum: 100,
            description: 'Checkpoint when the context is this full. (percent)',
          },
          idleMinutes: {
            type: 'number',
            minimum: 1,
            maximum: 10_080,
            description: 'Checkpoint after this long without activity. (minutes)',
          },
        },
      },
      cooldownMinutes: {
        type: 'number',
        minimum: 0,
        maximum: 1_440,
        description: 'Least time between two checkpoints of one session. (minutes)',
      },
    })
  })

  it('has no empty brackets for a number without a unit', () => {
    expect(JSON.stringify(settingsJsonSchema())).not.toContain('()')
  })

  it('has an entry for every setting', () => {
    expect(Object.keys(settingsJsonSchema()).sort()).toEqual(Object.keys(documentedDefaults).sort())
  })
})

function numberAt(settings: Settings, field: NumberField): unknown {
  return field.key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], settings)
}

/** Dotted keys of all numbers in a settings value, in order. */
function numberKeys(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    if (typeof item === 'number') return [prefix + key]
    return Array.isArray(item) || typeof item !== 'object' || item === null ? [] : numberKeys(item, `${prefix}${key}.`)
  })
}

/** The folder and everything above it, nearest first. */
function ancestors(folder: string): string[] {
  const parts = folder.split('/').slice(1)
  return parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`)
}

const anyFolder = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 })
  .map(parts => `/${parts.join('/')}`)
const anyOverrides = fc.uniqueArray(
  fc
    .record(
      {
        path: anyFolder,
        excluded: fc.boolean(),
        thresholds: fc.record({ timeHours: fc.integer({ min: 3, max: 9 }) }),
        weights: fc.record({ idle: fc.integer({ min: 1, max: 9 }) }),
      },
      { requiredKeys: ['path'] },
    )
    .map(override => override as ProjectOverride),
  { selector: ({ path }) => path, maxLength: 6 },
)

/** Objects with the right keys and any values. */
const anyNumber = fc.oneof(fc.double(), fc.integer({ min: -1, max: 100 }), fc.jsonValue({ maxDepth: 1 }))
const numbersOf = (keys: readonly string[]) =>
  fc.record(Object.fromEntries(keys.map(key => [key, anyNumber])), { requiredKeys: [] })
const anySettings = fc.record(
  {
    thresholds: fc.oneof(numbersOf(['timeHours', 'activityFiles', 'contextPercent', 'idleMinutes']), anyNumber),
    weights: fc.oneof(numbersOf(['time', 'activity', 'context', 'idle']), anyNumber),
    limits: numbersOf(['fileMegabytes', 'snapshotFiles', 'snapshotMegabytes', 'freeDiskPercent']),
    retention: numbersOf(['allHours', 'hourlyDays', 'dailyDays', 'weeklyDays']),
    storeBudgetGigabytes: anyNumber,
    storeBudgetPercent: anyNumber,
    testRestoresPerDay: anyNumber,
    cooldownMinutes: anyNumber,
    intervalMinutes: anyNumber,
    lockWaitSeconds: anyNumber,
    checkpointTimeoutSeconds: anyNumber,
    extraRoots: fc.oneof(fc.array(fc.oneof(anyFolder, fc.string())), anyNumber),
    projects: fc.array(
      fc.oneof(
        fc.record(
          {
            path: fc.oneof(anyFolder, fc.string()),
            excluded: anyNumber,
            thresholds: numbersOf(['timeHours']),
            weights: anyNumber,
          },
          { requiredKeys: [] },
        ),
        anyNumber,
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
)
