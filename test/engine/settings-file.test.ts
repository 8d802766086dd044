import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultSettings } from '../../shared/core/settings.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { loadSettings } from '../../shared/engine/settings-file.ts'

describe('loadSettings', () => {
  let folder: string
  let file: string
  const ports = nodePorts(() => {})
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'settings-'))
    file = path.join(folder, 'settings.json')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('gives the defaults, and creates nothing, when there is no file', () => {
    expect(loadSettings(ports, file)).toEqual({ exists: false, settings: defaultSettings, problems: [], notice: null })
    expect(readdirSync(folder)).toEqual([])
  })

  it('takes good values, and says which value it did not take and what it must be', () => {
    writeFileSync(file, JSON.stringify({ thresholds: { timeHours: 1, activityFiles: 1.5 }, aNewerSetting: true }))
    const loaded = loadSettings(ports, file)
    expect(loaded.settings).toEqual({ ...defaultSettings, thresholds: { ...defaultSettings.thresholds, timeHours: 1 } })
    expect(loaded.problems).toEqual([
      {
        key: 'thresholds.activityFiles',
        message: 'thresholds.activityFiles must be a whole number from 1 to 10000 files, not 1.5',
      },
    ])
  })

  it.each(['{ "thresholds": ', '', '\0\0\0', '<<<<<<< HEAD'])('sets a file aside that holds %j, and says so', text => {
    writeFileSync(file, text)
    const loaded = loadSettings(ports, file)
    const [aside] = readdirSync(folder)
    expect(aside).toMatch(/^settings\.broken-.*\.json$/)
    expect(readFileSync(path.join(folder, aside ?? ''), 'utf8')).toBe(text)
    expect(loaded.settings).toEqual(defaultSettings)
    expect(loaded.notice).toMatchObject({ id: 'settings-broken', message: expect.stringContaining(aside ?? '') })
  })

  it('leaves a file alone that it may not read, and says so', () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
    const files = {
      ...ports.files,
      open: () => {
        throw denied
      },
    }
    const loaded = loadSettings({ ...ports, files }, file)
    expect(loaded).toMatchObject({ settings: defaultSettings, notice: { id: 'settings-unreadable' } })
  })
})
