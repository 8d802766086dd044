import { describe, expect, it } from 'vitest'
import {
  parseLegacyConfig,
  parseLegacyState,
  parseLegacyTime,
  readLegacyFiles,
} from '../../shared/engine/legacy-import.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'

const ann = '0ecf3a5a-1111-4111-8111-111111111111'
const bob = '1b2c3d4e-2222-4222-8222-222222222222'

/** As the older monitor writes it, indent and all. */
const state = JSON.stringify(
  {
    [`/home/ann/proj:${ann}`]: {
      session_id: ann,
      project_path: '/home/ann/proj',
      last_checkpoint_time: '2026-11-20T10:11:12.345678',
      checkpoint_count: 3,
      last_checkpoint_reason: 'time threshold',
    },
  },
  null,
  2,
)

describe('parseLegacyState', () => {
  it('gives the local time of each session’s last checkpoint', () => {
    expect(parseLegacyState(state)).toEqual({
      value: new Map([[ann, new Date(2026, 10, 20, 10, 11, 12, 345).getTime()]]),
      problems: [],
    })
  })

  it('takes the newest of one session in two projects, and the session from the key when the entry names none', () => {
    const text = JSON.stringify({
      [`C:\\work\\a:${ann}`]: { last_checkpoint_time: '2026-11-20T10:00:00' },
      [`C:\\work\\b:${ann.toUpperCase()}`]: { last_checkpoint_time: '2026-11-21T10:00:00' },
      [`C:\\work\\c:${ann}`]: { last_checkpoint_time: '2026-11-19T10:00:00' },
    })
    expect(parseLegacyState(text)).toEqual({
      value: new Map([[ann, new Date(2026, 10, 21, 10).getTime()]]),
      problems: [],
    })
  })

  it('passes over a session that was never checkpointed without a word', () => {
    const text = JSON.stringify({ [`/p:${ann}`]: { session_id: ann, last_checkpoint_time: null } })
    expect(parseLegacyState(text)).toEqual({ value: new Map(), problems: [] })
  })

  it('counts what names no session or no time, and keeps the rest', () => {
    const text = JSON.stringify({
      [`/p:${ann}`]: { last_checkpoint_time: '2026-11-20T10:00:00' },
      [`/p:${bob}`]: { last_checkpoint_time: 'yesterday' },
      '/p:test-session': { last_checkpoint_time: '2026-11-20T10:00:00' },
      '/p:list': [1],
      '/p:word': 'x',
    })
    expect(parseLegacyState(text)).toEqual({
      value: new Map([[ann, new Date(2026, 10, 20, 10).getTime()]]),
      problems: ['monitor-state.json: 4 of 5 entries name no session or no time'],
    })
  })

  it.each(['', '{', '[]', 'null', '"x"', '12'])('says that %o is no JSON object', text => {
    expect(parseLegacyState(text)).toEqual({ value: new Map(), problems: ['monitor-state.json is not a JSON object'] })
  })
})

describe('parseLegacyTime', () => {
  it.each<[string, number]>([
    ['2026-01-02T03:04:05', new Date(2026, 0, 2, 3, 4, 5).getTime()],
    ['2026-01-02 03:04:05', new Date(2026, 0, 2, 3, 4, 5).getTime()],
    ['2026-01-02T03:04:05.5', new Date(2026, 0, 2, 3, 4, 5, 500).getTime()],
    ['2026-01-02T03:04:05.999999', new Date(2026, 0, 2, 3, 4, 5, 999).getTime()],
    ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05.123456+02:00', Date.UTC(2026, 0, 2, 1, 4, 5, 123)],
    ['2024-02-29T00:00:00', new Date(2024, 1, 29).getTime()],
  ])('reads %s', (text, expected) => {
    expect(parseLegacyTime(text)).toBe(expected)
  })

  it.each([
    null,
    undefined,
    5,
    '',
    '2026-01-02',
    '2026-02-30T00:00:00',
    '2026-13-01T00:00:00',
    '2026-01-02T25:00:00',
    '02.01.2026 03:04',
  ])('refuses %o', value => {
    expect(parseLegacyTime(value)).toBeNull()
  })
})

describe('parseLegacyConfig', () => {
  it('takes interval and thresholds under our names', () => {
    const text = JSON.stringify({
      interval: 10,
      time_hours: 1.5,
      activity_files: 20,
      idle_minutes: 45,
      installed_at: '2025-11-26 10:00:00',
    })
    expect(parseLegacyConfig(text)).toEqual({
      value: { intervalMinutes: 10, thresholds: { timeHours: 1.5, activityFiles: 20, idleMinutes: 45 } },
      problems: [],
    })
  })

  it('leaves out what is not there', () => {
    expect(parseLegacyConfig('{"time_hours": 3}')).toEqual({ value: { thresholds: { timeHours: 3 } }, problems: [] })
  })

  it('leaves out what is out of range or of another type, and says each', () => {
    const parsed = parseLegacyConfig('{"interval": 0, "time_hours": "2", "activity_files": 1.5, "idle_minutes": 30}')
    expect(parsed.value).toEqual({ thresholds: { idleMinutes: 30 } })
    expect(parsed.problems).toEqual([
      expect.stringContaining('interval is not taken over: intervalMinutes must be a number from 1 to 60'),
      expect.stringContaining('time_hours is not taken over'),
      expect.stringContaining('activity_files is not taken over: thresholds.activityFiles must be a whole number'),
    ])
  })

  it('says when it is no JSON object', () => {
    expect(parseLegacyConfig('nonsense')).toEqual({
      value: { thresholds: {} },
      problems: ['monitor-config.json is not a JSON object'],
    })
  })
})

describe('readLegacyFiles', () => {
  const rootWith = (contents: Readonly<Record<string, Buffer>>) => {
    const files = createMemoryFiles()
    files.makeFolder('/claude')
    for (const [name, bytes] of Object.entries(contents)) {
      const file = files.open(`/claude/${name}`, 'create')
      file.append(bytes)
      file.close()
    }
    return files
  }

  it('finds nothing, and has nothing to complain about, where the older monitor never was', () => {
    const nothing = { found: false, settings: { thresholds: {} }, lastCheckpoints: new Map(), problems: [] }
    expect(readLegacyFiles(rootWith({}), '/claude')).toEqual(nothing)
    expect(readLegacyFiles(rootWith({}), '/no/such/root')).toEqual(nothing)
  })

  it('reads both files, also as PowerShell may write them: UTF-16 with a byte order mark', () => {
    const files = rootWith({
      'monitor-config.json': Buffer.from('\ufeff{"interval": 7}', 'utf16le'),
      'monitor-state.json': Buffer.from(`\ufeff${state}`, 'utf8'),
    })
    expect(readLegacyFiles(files, '/claude')).toEqual({
      found: true,
      settings: { intervalMinutes: 7, thresholds: {} },
      lastCheckpoints: new Map([[ann, new Date(2026, 10, 20, 10, 11, 12, 345).getTime()]]),
      problems: [],
    })
  })

  it('changes nothing on disk', () => {
    const files = rootWith({ 'monitor-state.json': Buffer.from(state) })
    files.setReadOnly(true)
    expect(readLegacyFiles(files, '/claude').lastCheckpoints.size).toBe(1)
  })

  it('says which file it could not read, and still reads the other', () => {
    const files = rootWith({ 'monitor-state.json': Buffer.from(state) })
    files.symlink('monitor-state.json', '/claude/monitor-config.json')
    const read = readLegacyFiles(files, '/claude')
    expect(read.problems).toEqual([expect.stringContaining('/claude/monitor-config.json cannot be read')])
    expect(read.lastCheckpoints.size).toBe(1)
  })

  it.each([1, 2, 3, 4, 5, 6])('turns a failure of operation %i into a problem in words', n => {
    const files = rootWith({ 'monitor-config.json': Buffer.from('{}'), 'monitor-state.json': Buffer.from(state) })
    files.failAt(n, 'EIO')
    expect(readLegacyFiles(files, '/claude').problems).toEqual([expect.stringContaining('cannot be read: EIO')])
  })
})
