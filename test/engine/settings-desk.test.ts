import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultSettings, type Settings } from '../../shared/core/settings.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { createSettingsDesk } from '../../shared/engine/settings-desk.ts'

const seed = { thresholds: { timeHours: 7 } }

describe('the settings desk', () => {
  let folder: string
  let file: string
  let told: Settings[]
  let notices: unknown[]
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'settings-desk-'))
    file = path.join(folder, 'data', 'settings.json')
    told = []
    notices = []
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const deskOn = (change: Partial<Ports> = {}, override = (settings: Settings) => settings) => {
    return createSettingsDesk({
      ports: { ...nodePorts(() => {}), ...change },
      file,
      seed,
      override,
      onSettings: settings => told.push(settings),
      onNotice: notice => notices.push(notice),
    })
  }
  const write = (text: string) => {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const content = () => JSON.parse(readFileSync(file, 'utf8'))

  it('writes a change on what was taken over from elsewhere, and applies it', () => {
    expect(deskOn().change({ intervalMinutes: 3 })).toMatchObject({ ok: true })
    expect(content()).toEqual({ thresholds: { timeHours: 7 }, intervalMinutes: 3 })
    expect(told).toEqual([
      { ...defaultSettings, thresholds: { ...defaultSettings.thresholds, timeHours: 7 }, intervalMinutes: 3 },
    ])
    expect(readdirSync(path.dirname(file))).toEqual(['settings.json'])
  })

  it('writes and applies nothing of a change with one bad value (invariant 1)', () => {
    write('{"intervalMinutes": 9}')
    expect(deskOn().change({ intervalMinutes: 3, language: 'fr' })).toEqual({
      ok: false,
      problems: [{ key: 'language', message: 'language must be one of system, en, de, not "fr"' }],
    })
    expect(content()).toEqual({ intervalMinutes: 9 })
    expect(told).toEqual([])
  })

  it('keeps what another process wrote a moment ago (invariant 2)', () => {
    const [ours, theirs] = [deskOn(), deskOn()]
    theirs.change({ language: 'de', 'thresholds.timeHours': 1 })
    ours.change({ 'thresholds.activityFiles': 5 })
    expect(content()).toEqual({ language: 'de', thresholds: { timeHours: 1, activityFiles: 5 } })
  })

  it('takes over what others write, once, and puts its own override on top', () => {
    const desk = deskOn({}, settings => ({ ...settings, cooldownMinutes: 0 }))
    desk.look()
    write('{"language": "de"}')
    desk.look()
    desk.look()
    expect(told).toEqual([{ ...defaultSettings, language: 'de', cooldownMinutes: 0 }])
  })

  it('leaves a half-written file alone, says so, and goes on when it is whole (invariant 3)', () => {
    const desk = deskOn()
    write('{"language": "d')
    desk.look()
    expect(notices).toMatchObject([{ id: 'settings-file', level: 'warn', remedy: `Mend ${file}.` }])
    expect(desk.change({ intervalMinutes: 3 })).toMatchObject({ ok: false, problems: [{ key: '' }] })
    expect(readFileSync(file, 'utf8')).toBe('{"language": "d')
    write('{"language": "de"}')
    utimesSync(file, 1, 1)
    desk.look()
    expect(notices.at(-1)).toEqual({ id: 'settings-file', gone: true })
    expect(told).toEqual([{ ...defaultSettings, language: 'de' }])
  })

  it('says what to do when the file cannot be written, and changes nothing', () => {
    const { files } = nodePorts(() => {})
    const full = () => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    }
    const desk = deskOn({ files: { ...files, rename: full } })
    expect(desk.change({ intervalMinutes: 3 })).toEqual({
      ok: false,
      problems: [
        {
          key: '',
          message:
            'Writing the settings file failed: ENOSPC: no space left on device. Free disk space; checkpoints go on by themselves then.',
        },
      ],
    })
    expect(told).toEqual([])
    expect(readdirSync(path.dirname(file))).toEqual([])
  })

  it('sees an edit by itself while it watches', async () => {
    write('{}')
    const desk = deskOn()
    const stop = desk.watch()
    const seen = Promise.withResolvers<void>()
    const again = setInterval(() => {
      write(`{"language": "de"}${' '.repeat(Math.random() * 50)}`)
      if (told.length > 0) seen.resolve()
    }, 20)
    await seen.promise
    clearInterval(again)
    await stop()
    expect(told.at(-1)?.language).toBe('de')
  })
})
