import { describe, expect, it } from 'vitest'
import type { AlertInput, AlertNotice } from '../../shared/core/alerts.ts'
import { type AlertChannel, localMinuteOfDay, watchAlerts } from '../../shared/engine/alert-watch.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { sampleSession, sampleState } from '../support/sample-state.ts'

const policy = () => ({
  failures: true,
  silence: true,
  disk: true,
  collisions: true,
  quietHours: null,
  mutedSessions: [],
})
const outcome = {
  kind: 'failed',
  sessionId: sampleSession().sessionId,
  code: 'permission',
  message: 'No permission',
  remedy: 'Give it.',
} as const
const bad: AlertInput = {
  kind: 'running',
  state: sampleState({ sessions: [sampleSession({ protection: 'failing', lastOutcome: outcome })] }),
}

function watched(channels: readonly AlertChannel[] = []) {
  const clock = createFakeClock()
  const shown: AlertNotice[] = []
  const logged: string[] = []
  const screen: AlertChannel = {
    name: 'screen',
    show: async notice => {
      shown.push(notice)
      return { ok: true }
    },
  }
  const watch = watchAlerts({
    clock,
    minuteOfDay: () => 720,
    policy,
    channels: [...channels, screen],
    log: (_level, message) => logged.push(message),
  })
  return { clock, shown, logged, watch }
}

describe('the watch over alerts', () => {
  it('shows a failure a moment after it was seen, once', async () => {
    const { clock, shown, watch } = watched()
    watch.see(bad)
    await clock.advance(3_000)
    watch.see(bad)
    await clock.advance(120_000)
    watch.stop()
    expect(shown.map(({ title }) => title)).toEqual(['Checkpoint failed: shop'])
  })
  it('notices silence though nothing happens', async () => {
    const { clock, shown, watch } = watched()
    watch.see({ kind: 'running', state: sampleState() })
    await clock.advance(17 * 60_000)
    watch.stop()
    expect(shown.map(({ title }) => title)).toEqual(['No check has succeeded for a while'])
  })
  it('lets no channel stand in the way of another', async () => {
    const broken: AlertChannel = { name: 'broken', show: () => Promise.reject(new Error('defect')) }
    const refused: AlertChannel = { name: 'refused', show: async () => ({ ok: false, message: 'no bus' }) }
    const { clock, shown, logged, watch } = watched([broken, refused])
    watch.see(bad)
    await clock.advance(3_000)
    watch.stop()
    expect(shown.length).toBe(1)
    expect(logged.sort()).toEqual([
      'A notification could not be shown (broken): Error: defect',
      'A notification could not be shown (refused): no bus',
    ])
  })
  it('goes on after a defect', async () => {
    const { clock, shown, logged, watch } = watched()
    watch.see({ kind: 'running' } as AlertInput)
    await clock.advance(1_000)
    watch.see(bad)
    await clock.advance(4_000)
    watch.stop()
    expect([shown.length, logged.length]).toEqual([1, 1])
  })
  it('shows nothing after it was stopped', async () => {
    const { clock, shown, watch } = watched()
    watch.stop()
    watch.see(bad)
    await clock.advance(60_000)
    expect([shown, clock.sleepers()]).toEqual([[], 0])
  })
})

it('tells the minute of the local day', () => {
  expect(localMinuteOfDay(new Date(2026, 0, 15, 13, 5).getTime())).toBe(785)
})
