import { describe, expect, it } from 'vitest'
import {
  type AlertInput,
  type AlertMemory,
  type AlertNotice,
  type AlertPolicy,
  isQuiet,
  nextAlerts,
  noAlerts,
} from '../../shared/core/alerts.ts'
import type { FailureCode } from '../../shared/core/checkpoint.ts'
import type { MonitorState, SessionView } from '../../shared/core/monitor-state.ts'
import { idOf } from '../support/core-values.ts'
import { sampleSession, sampleState } from '../support/sample-state.ts'

const second = 1_000
const minute = 60_000
const all: AlertPolicy = {
  failures: true,
  silence: true,
  disk: true,
  collisions: true,
  quietHours: null,
  mutedSessions: [],
}
const cycle = {
  startedMs: 0,
  tookMs: 1,
  found: 0,
  due: 0,
  dueBy: {},
  created: 0,
  heldBy: {},
  notDone: {},
  failed: 0,
  averageMs: null,
  addedBytes: 0,
}

const running = (change: Partial<MonitorState> = {}): AlertInput => ({
  kind: 'running',
  state: sampleState({ lastCycle: cycle, ...change }),
})

function inProject(n: number, name: string, change: Partial<SessionView> = {}): SessionView {
  const project = { root: `/home/dev/${name}`, name, kind: 'git' as const }
  return sampleSession({ sessionId: idOf(n), title: `Title ${n}`, project, ...change })
}

function failing(n: number, name: string, code: FailureCode = 'permission'): SessionView {
  const outcome = { kind: 'failed' as const, sessionId: idOf(n), code, message: 'It went wrong', remedy: 'Mend it.' }
  return inProject(n, name, { protection: 'failing', lastOutcome: outcome })
}

const live = (n: number, name: string) =>
  inProject(n, name, { live: { status: 'busy', waitingFor: null, pid: n, sinceMs: null, note: null } })
const ended = (n: number, name: string) =>
  inProject(n, name, { live: { status: 'ended', waitingFor: null, pid: null, sinceMs: null, note: null } })

interface Step {
  readonly atMs: number
  readonly input: AlertInput
  readonly policy?: AlertPolicy
  readonly minuteOfDay?: number
}

/** Every notice with the time at which it was told. */
function told(steps: readonly Step[]): readonly (readonly [number, AlertNotice])[] {
  let memory: AlertMemory = noAlerts
  return steps.flatMap(({ atMs, input, policy = all, minuteOfDay = 720 }) => {
    const next = nextAlerts(memory, input, policy, { monotonicMs: atMs, minuteOfDay })
    memory = next.memory
    return next.notice === null ? [] : [[atMs, next.notice] as const]
  })
}

/** The same input at every second from `fromMs` to `toMs`. */
function everySecond(fromMs: number, toMs: number, input: AlertInput, rest: Partial<Step> = {}): readonly Step[] {
  const count = Math.floor((toMs - fromMs) / second) + 1
  return Array.from({ length: count }, (_, index) => ({ atMs: fromMs + index * second, input, ...rest }))
}

const titles = (steps: readonly Step[]) => told(steps).map(([atMs, { title }]) => [atMs, title])
/** Of failures only: a test that takes long has silence too. */
const failureTitles = (steps: readonly Step[]) =>
  told(steps).flatMap(([atMs, { title, alerts }]) => (alerts[0]?.kind === 'failure' ? [[atMs, title]] : []))

describe('a failed checkpoint', () => {
  it('is told with its project, what happened, the remedy and the session to open', () => {
    const [[, notice] = [0, null]] = told(everySecond(0, 5 * second, running({ sessions: [failing(1, 'shop')] })))
    expect(notice).toEqual({
      title: 'Checkpoint failed: shop',
      body: '“Title 1”. It went wrong. Mend it.',
      sessionId: idOf(1),
      alerts: [
        {
          key: 'failure:permission:/home/dev/shop',
          kind: 'failure',
          title: 'Checkpoint failed: shop',
          body: '“Title 1”. It went wrong. Mend it.',
          sessionId: idOf(1),
        },
      ],
    })
  })
  it('is told once while it lasts', () => {
    expect(failureTitles(everySecond(0, 3_600 * second, running({ sessions: [failing(1, 'shop')] })))).toEqual([
      [2_000, 'Checkpoint failed: shop'],
    ])
  })
  it('is told once however many sessions of the machine fail by the same full disk', () => {
    const sessions = Array.from({ length: 200 }, (_, n) => failing(n, `p${n % 30}`, 'disk-full'))
    const [[, notice] = [0, null], ...more] = told(everySecond(0, 300 * second, running({ sessions })))
    expect([notice?.title, notice?.body, notice?.sessionId, more.length]).toEqual([
      'Checkpoints failed',
      '“Title 0” and 199 other sessions. It went wrong. Mend it.',
      null,
      0,
    ])
  })
  it('is told again only after it was over for half an hour', () => {
    const bad = running({ sessions: [failing(1, 'shop')] })
    const good = running({ sessions: [inProject(1, 'shop')] })
    const flapping = [
      ...everySecond(0, 10 * second, bad),
      ...everySecond(11 * second, 20 * minute, good),
      ...everySecond(20 * minute + second, 21 * minute, bad),
      ...everySecond(21 * minute + second, 52 * minute, good),
      ...everySecond(52 * minute + second, 53 * minute, bad),
    ]
    expect(failureTitles(flapping)).toEqual([
      [2_000, 'Checkpoint failed: shop'],
      [52 * minute + 3 * second, 'Checkpoint failed: shop'],
    ])
  })
  it('is not told of a muted session, nor with failures turned off', () => {
    const steps = everySecond(0, 10 * second, running({ sessions: [failing(1, 'shop')] }))
    const muted = { ...all, mutedSessions: [idOf(1)] }
    const off = { ...all, failures: false }
    expect([muted, off].map(policy => told(steps.map(step => ({ ...step, policy }))))).toEqual([[], []])
  })
})

describe('what comes together', () => {
  it('is one notice, worst first, at most five lines and a count', () => {
    const sessions = Array.from({ length: 7 }, (_, n) => failing(n, `p${n}`))
    const [[, notice] = [0, null]] = told(everySecond(0, 5 * second, running({ sessions })))
    expect([notice?.title, notice?.body.split('\n').length, notice?.body.split('\n').at(-1)]).toEqual([
      '7 things need your attention',
      6,
      '… and 2 more',
    ])
  })
  it('is never more than one notice a minute, and nothing is lost by it', () => {
    const steps = Array.from({ length: 180 }, (_, n) => ({
      atMs: n * second,
      input: running({ sessions: Array.from({ length: n + 1 }, (_, m) => failing(m, `p${m}`)) }),
    }))
    const notices = told(steps)
    expect(notices.map(([atMs]) => atMs)).toEqual([2_000, 62_000, 122_000])
    const keys = notices.flatMap(([, { alerts }]) => alerts.map(({ key }) => key))
    expect([keys.length, new Set(keys).size]).toEqual([123, 123])
  })
  it('says when to look again', () => {
    const input = running({ sessions: [failing(1, 'shop')] })
    expect(nextAlerts(noAlerts, input, all, { monotonicMs: 500, minuteOfDay: 0 }).againMs).toBe(2_000)
  })
})

describe('quiet hours', () => {
  const night = { ...all, quietHours: { from: '22:00', to: '07:00' } }
  const bad = running({ sessions: [failing(1, 'shop')] })
  it.each([
    [21 * 60 + 59, false],
    [22 * 60, true],
    [0, true],
    [6 * 60 + 59, true],
    [7 * 60, false],
  ])('over midnight hold minute %i of the day: %s', (minuteOfDay, quiet) => {
    expect(isQuiet(night, minuteOfDay)).toBe(quiet)
  })
  it.each([
    [9 * 60, true],
    [17 * 60, false],
    [8 * 60, false],
  ])('within a day hold minute %i: %s', (minuteOfDay, quiet) => {
    expect(isQuiet({ ...all, quietHours: { from: '09:00', to: '17:00' } }, minuteOfDay)).toBe(quiet)
  })
  it.each([0, 60, 1_439])('are all day where both ends are equal: minute %i', minuteOfDay => {
    expect(isQuiet({ ...all, quietHours: { from: '01:00', to: '01:00' } }, minuteOfDay)).toBe(true)
  })
  it('keep what still holds until they are over', () => {
    const steps = [
      ...everySecond(0, 10 * second, bad, { policy: night, minuteOfDay: 60 }),
      ...everySecond(11 * second, 20 * second, bad, { policy: night, minuteOfDay: 420 }),
    ]
    expect(titles(steps)).toEqual([[11_000, 'Checkpoint failed: shop']])
  })
  it('forget what is over by then', () => {
    const steps = [
      ...everySecond(0, 10 * second, bad, { policy: night, minuteOfDay: 60 }),
      ...everySecond(11 * second, 20 * second, running(), { policy: night, minuteOfDay: 420 }),
    ]
    expect(told(steps)).toEqual([])
  })
})

describe('silence', () => {
  const threeIntervals = 15 * minute
  const silence = 'No check has succeeded for a while'
  it('is told after three intervals without a cycle', () => {
    expect(titles(everySecond(0, 20 * minute, running()))).toEqual([[threeIntervals + 3 * second, silence]])
  })
  it('is not told while cycles succeed', () => {
    const steps = Array.from({ length: 60 }, (_, n) => ({
      atMs: n * minute,
      input: running({ lastCycle: { ...cycle, startedMs: Math.floor(n / 5) } }),
    }))
    expect(told(steps)).toEqual([])
  })
  it('is told when every cycle finds the lock taken, and names who to ask', () => {
    const stuck = { ...cycle, due: 3, notDone: { 'locked-elsewhere': 3 } }
    const steps = everySecond(0, 20 * minute, running()).map(({ atMs }) => ({
      atMs,
      input: running({ lastCycle: { ...stuck, startedMs: Math.floor(atMs / minute) } }),
    }))
    const [[, notice] = [0, null]] = told(steps)
    expect(notice?.body).toBe(
      'The monitor saved nothing that was due for over 15 min. Another program holds the lock. See which with `session-monitor lock --status`.',
    )
  })
  it('is not told while it is paused, nor while long work moves on', () => {
    const paused = everySecond(0, 30 * minute, running({ paused: { untilMs: null } }))
    const reading = everySecond(0, 30 * minute, running()).map(({ atMs }) => ({
      atMs,
      input: running({ progress: { task: 'Reading transcripts', done: atMs, total: 1e9 } }),
    }))
    expect([told(paused), told(reading)]).toEqual([[], []])
  })
  it('does not take a night asleep for silence', () => {
    const steps = [...everySecond(0, minute, running()), ...everySecond(480 * minute, 482 * minute, running())]
    expect(told(steps)).toEqual([])
  })
})

describe('what lasts', () => {
  const notice = { id: 'store-over-budget', level: 'warn', message: '2 GB above', remedy: 'Raise it.' } as const
  it('is told when it is an error or concerns the disk budget, and not otherwise', () => {
    const notices = [
      notice,
      { id: 'proof-failed', level: 'error', message: 'A test restore failed', remedy: 'Look.' },
      { id: 'settings-broken', level: 'warn', message: 'Set aside', remedy: 'Mend it.' },
    ] as const
    const [[, told1] = [0, null]] = told(everySecond(0, 5 * second, running({ notices })))
    expect(told1?.alerts.map(({ kind, body }) => [kind, body])).toEqual([
      ['budget', '2 GB above. Raise it.'],
      ['trouble', 'A test restore failed. Look.'],
    ])
  })
  it('is told when there is no monitor at all', () => {
    const input = { kind: 'stopped', message: 'The store is of another version', remedy: 'Update.' } as const
    expect(told(everySecond(0, 5 * second, input)).map(([, { title, body }]) => [title, body])).toEqual([
      ['The monitor has stopped', 'The store is of another version. Update.'],
    ])
  })
})

describe('each kind', () => {
  it.each([
    ['failures', { failures: false }, ['silence', 'budget']],
    ['silence', { silence: false }, ['failure', 'trouble', 'budget']],
    ['disk', { disk: false }, ['silence', 'failure', 'trouble']],
  ])('can be turned off: %s', (_kind, change, kinds) => {
    const notices = [
      { id: 'store-over-budget', level: 'warn', message: '2 GB above', remedy: 'Raise it.' },
      { id: 'proof-failed', level: 'error', message: 'A test restore failed', remedy: 'Look.' },
    ] as const
    const steps = everySecond(0, 20 * minute, running({ notices, sessions: [failing(1, 'shop')] }))
    const alerts = told(steps.map(step => ({ ...step, policy: { ...all, ...change } }))).flatMap(([, n]) => n.alerts)
    expect(alerts.map(({ kind }) => kind).sort()).toEqual(kinds.toSorted())
  })
})

describe('two sessions in one work tree', () => {
  it('are told when the second one begins, not when both were there before', () => {
    const steps = [
      ...everySecond(0, 5 * second, running({ sessions: [live(1, 'shop'), live(2, 'shop'), live(3, 'blog')] })),
      ...everySecond(
        6 * second,
        20 * second,
        running({ sessions: [live(1, 'shop'), live(2, 'shop'), live(3, 'blog'), live(4, 'blog')] }),
      ),
    ]
    expect(told(steps).map(([, { title, body }]) => [title, body])).toEqual([
      [
        '2 sessions in blog',
        '“Title 3” and one other session work on the same files. A checkpoint of each is taken at once; one may overwrite what another did.',
      ],
    ])
  })
  it('are none if one has ended', () => {
    const steps = [
      ...everySecond(0, 5 * second, running({ sessions: [live(1, 'shop')] })),
      ...everySecond(6 * second, 20 * second, running({ sessions: [live(1, 'shop'), ended(2, 'shop')] })),
    ]
    expect(told(steps)).toEqual([])
  })
})

it('keeps hostile and secret texts short, in one line and unsaid', () => {
  const hostile = `\u202e<b>x</b>\n\u0007 --help ${'x'.repeat(200_000)}`
  const secret = 'token=ghp_abcdefghijklmnopqrstuvwxyz0123'
  const view = { ...failing(1, hostile), title: `${secret} ${hostile}` }
  const [[, notice] = [0, null]] = told(everySecond(0, 5 * second, running({ sessions: [view] })))
  const texts = [notice?.title ?? '', notice?.body ?? '']
  expect(texts.filter(text => text.length > 500 || /[\u0000-\u001f\u202e]|ghp_/.test(text))).toEqual([])
  expect(texts[1]).toContain('[github token]')
})
