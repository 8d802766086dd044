import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../../shared/core/settings.ts'
import { changesTo, planChange } from '../../shared/core/settings-change.ts'
import { presetIn, presetNames, presets } from '../../shared/core/settings-presets.ts'
import { idOf } from '../support/core-values.ts'

describe('planChange', () => {
  it('sets the keys of the change and keeps all else, a newer version’s keys too', () => {
    const file = { thresholds: { timeHours: 3, moonPhase: 1 }, colour: 'red' }
    expect(planChange(file, { 'thresholds.activityFiles': 5, language: 'de' })).toEqual({
      ok: true,
      file: { thresholds: { timeHours: 3, moonPhase: 1, activityFiles: 5 }, colour: 'red', language: 'de' },
      settings: {
        ...defaultSettings,
        thresholds: { ...defaultSettings.thresholds, timeHours: 3, activityFiles: 5 },
        language: 'de',
      },
    })
    expect(file).toEqual({ thresholds: { timeHours: 3, moonPhase: 1 }, colour: 'red' })
  })

  it('takes a key out for null, and the group that is empty then', () => {
    const file = { thresholds: { timeHours: 3 }, weights: { idle: 1, time: 1 }, intervalMinutes: 9 }
    expect(planChange(file, { 'thresholds.timeHours': null, 'weights.idle': null, intervalMinutes: null })).toEqual({
      ok: true,
      file: { weights: { time: 1 } },
      settings: { ...defaultSettings, weights: { ...defaultSettings.weights, time: 1 } },
    })
  })

  it('changes nothing when one value is bad, and says which', () => {
    expect(planChange({}, { 'thresholds.timeHours': 0, intervalMinutes: 3 })).toEqual({
      ok: false,
      problems: [
        { key: 'thresholds.timeHours', message: 'thresholds.timeHours must be a number from 0.05 to 720 hours, not 0' },
      ],
    })
  })

  it('names the override that is wrong', () => {
    expect(planChange({}, { projects: [{ path: '/a' }, { path: 'b' }] })).toEqual({
      ok: false,
      problems: [{ key: 'projects.1', message: 'projects.1.path must be an absolute path' }],
    })
  })

  it('is not held up by a wrong value that stood there before', () => {
    expect(planChange({ cooldownMinutes: 'x' }, { intervalMinutes: 3 })).toEqual({
      ok: true,
      file: { cooldownMinutes: 'x', intervalMinutes: 3 },
      settings: { ...defaultSettings, intervalMinutes: 3 },
    })
  })

  it.each(['thresholds', 'colour', '__proto__', 'thresholds.constructor', ''])('knows no setting %j', key => {
    expect(planChange({}, { [key]: 1, intervalMinutes: 3 })).toEqual({
      ok: false,
      problems: [{ key, message: `there is no setting ${key}` }],
    })
  })

  it.each([null, 7, [], 'text'])('begins anew where the file holds %j', file => {
    expect(planChange(file, { intervalMinutes: 3 })).toEqual({
      ok: true,
      file: { intervalMinutes: 3 },
      settings: { ...defaultSettings, intervalMinutes: 3 },
    })
  })
})

describe('changesTo', () => {
  it('makes any settings of any file', () => {
    const settings = {
      ...defaultSettings,
      thresholds: { timeHours: 1, activityFiles: 2, contextPercent: 3, idleMinutes: 4 },
      notifications: {
        failures: false,
        silence: true,
        disk: false,
        collisions: true,
        quietHours: { from: '22:00', to: '07:00' },
        mutedSessions: [idOf(1)],
      },
      language: 'de' as const,
      snapshot: { includeIgnored: ['.env'] },
      extraRoots: ['/srv/claude'],
      projects: [{ path: '/a', excluded: true }],
    }
    expect(planChange({ intervalMinutes: 9, weights: { time: 9 } }, changesTo(settings))).toMatchObject({
      ok: true,
      settings,
    })
    expect(planChange(settings, changesTo(defaultSettings))).toMatchObject({ ok: true, settings: defaultSettings })
  })
})

describe('presets', () => {
  it.each(presetNames)('%s fits the settings and is recognised', name => {
    const planned = planChange({}, presets[name])
    expect(planned).toMatchObject({ ok: true })
    expect(planned.ok && presetIn(planned.settings)).toBe(name)
  })

  it('are none of settings that differ in one value', () => {
    expect(presetIn({ ...defaultSettings, intervalMinutes: 6 })).toBe(null)
  })
})
