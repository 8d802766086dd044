import { describe, expect, it } from 'vitest'
import { settingsFromFlags } from '../../cli/flags.ts'
import { defaultSettings, parseSettings } from '../../shared/core/settings.ts'
import { numberFields } from '../../shared/core/settings-fields.ts'

const saved = parseSettings({
  thresholds: { timeHours: 9, contextPercent: 50 },
  extraRoots: ['/srv/claude'],
  projects: [{ path: '/srv/shop', excluded: true }],
}).settings

describe('settingsFromFlags', () => {
  it.each([
    ['--interval', { interval: '10' }, { ...saved, intervalMinutes: 10 }],
    ['--time-hours', { timeHours: '0.5' }, { ...saved, thresholds: { ...saved.thresholds, timeHours: 0.5 } }],
    ['--activity-files', { activityFiles: '3' }, { ...saved, thresholds: { ...saved.thresholds, activityFiles: 3 } }],
    ['--idle-minutes', { idleMinutes: '5' }, { ...saved, thresholds: { ...saved.thresholds, idleMinutes: 5 } }],
    [
      '--context-percent',
      { contextPercent: '80' },
      { ...saved, thresholds: { ...saved.thresholds, contextPercent: 80 } },
    ],
    ['nothing', {}, saved],
  ])('%s alone changes its own setting and no other', (_flag, flags, expected) => {
    const change = settingsFromFlags(flags)
    expect(change).toMatchObject({ ok: true })
    expect((change as { value: (of: typeof saved) => unknown }).value(saved)).toEqual(expected)
  })

  it('takes several at once', () => {
    const change = settingsFromFlags({ timeHours: '1', idleMinutes: '7' }) as { value: (of: typeof saved) => unknown }
    expect(change.value(defaultSettings)).toMatchObject({ thresholds: { timeHours: 1, idleMinutes: 7 } })
  })

  it.each([
    ['--interval', { interval: '0' }, 'intervalMinutes', 'not 0'],
    ['--time-hours', { timeHours: '-1' }, 'thresholds.timeHours', 'not -1'],
    ['--activity-files', { activityFiles: '2.5' }, 'thresholds.activityFiles', 'not 2.5'],
    ['--idle-minutes', { idleMinutes: 'soon' }, 'thresholds.idleMinutes', 'not "soon"'],
    ['--context-percent', { contextPercent: '' }, 'thresholds.contextPercent', 'not ""'],
    ['--time-hours', { timeHours: 'Infinity' }, 'thresholds.timeHours', 'not "Infinity"'],
  ])('refuses a bad %s %o with the range of its setting', (flag, flags, key, given) => {
    const field = numberFields.find(each => each.key === key)
    const change = settingsFromFlags(flags)
    expect(change).toMatchObject({ ok: false, problem: { exitCode: 2 } })
    const { what } = (change as { problem: { what: string } }).problem
    expect(what.startsWith(`${flag} must be a`)).toBe(true)
    expect(what).toContain(`from ${field?.min} to ${field?.max} ${field?.unit}, ${given}`)
  })
})
