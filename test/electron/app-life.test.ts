import { app, powerMonitor } from 'electron'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followPower, quitInOrder } from '../../electron/app-life.ts'
import type { EngineKeeper } from '../../electron/engine-keeper.ts'
import { PreventableEvent } from '../electron-double/control.ts'
import { createFakeMonitorApi } from '../support/fake-monitor-api.ts'
import { sampleState } from '../support/sample-state.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  app.removeAllListeners('before-quit')
  app.removeAllListeners('will-quit')
  powerMonitor.removeAllListeners('resume')
})

describe('after a resume', () => {
  it.each([
    ['everything is checked', null, ['getState', 'runCycle']],
    ['nothing is checked while it is paused', { untilMs: null }, ['getState']],
  ])('%s', async (_title, paused, expected) => {
    const calls: string[] = []
    const fake = createFakeMonitorApi()
    fake.answer('getState', () => {
      calls.push('getState')
      return sampleState({ paused })
    })
    fake.answer('runCycle', () => void calls.push('runCycle'))
    followPower({ monitor: () => fake.api, stop: async () => {} }, () => {})
    powerMonitor.emit('resume')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(calls).toEqual(expected)
  })
  it('trouble is told, and no monitor is no trouble', async () => {
    const troubles: string[] = []
    const fake = createFakeMonitorApi()
    fake.answer('getState', () => Promise.reject(new Error('it has gone')))
    let monitor: ReturnType<EngineKeeper['monitor']> = null
    followPower({ monitor: () => monitor, stop: async () => {} }, message => troubles.push(message))
    powerMonitor.emit('resume')
    await vi.advanceTimersByTimeAsync(10_000)
    monitor = fake.api
    powerMonitor.emit('resume')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(troubles).toEqual(['The check after a resume failed: Error: it has gone'])
  })
})

describe('quitting', () => {
  const hanging = () => new Promise<void>(() => {})
  it.each([
    ['as soon as the engine has stopped', async () => {}, 0],
    ['after all, when the engine does not stop', hanging, 4_500],
    ['after all, when stopping fails', () => Promise.reject(new Error('no disk')), 0],
  ])('ends %s', async (_title, stop, afterMs) => {
    const quit = vi.spyOn(app, 'quit').mockReturnValue(undefined)
    const steps: string[] = []
    quitInOrder(
      { stop },
      {
        before: () => steps.push('before'),
        during: () => steps.push('during'),
        onTrouble: message => steps.push(message),
      },
    )
    const ask = () => {
      const event = new PreventableEvent()
      app.emit('before-quit', event as never)
      app.emit('will-quit', event as never)
      return event.defaultPrevented
    }
    const held = [ask(), ask()]
    await vi.advanceTimersByTimeAsync(afterMs)
    const asked = quit.mock.calls.length
    expect([held, asked, ask()]).toEqual([[true, true], 1, false])
    expect(steps.filter(step => step === 'during').length).toBe(1)
  })
})
