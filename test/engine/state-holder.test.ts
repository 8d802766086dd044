import { describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import { createStateHolder } from '../../shared/engine/state-holder.ts'
import { createFakeClock } from '../support/fake-clock.ts'

function holder() {
  return createStateHolder(createFakeClock(1_000), {
    engine: 'engine-1',
    phase: 'starting',
    progress: null,
    paused: null,
    sessions: [],
    lastCycle: null,
    nextCycleAtMs: null,
    storeFolder: '/store',
    storeUse: null,
    lastProof: null,
    roots: [],
    activity: [],
    notices: [],
    settings: defaultSettings,
    settingsProblems: [],
  })
}

const notice = { id: 'n', level: 'warn', message: 'm', remedy: 'r' } as const

describe('the state holder', () => {
  it('tells listeners each new state with a higher revision, until they stop listening', () => {
    const state = holder()
    const seen: MonitorState[] = []
    const stop = state.onState(next => seen.push(next))
    state.update({ phase: 'scanning' })
    state.tell({ level: 'info', sessionId: null, message: 'hello' })
    stop()
    state.update({ phase: 'idle' })
    expect(seen.map(({ revision, phase }) => [revision, phase])).toEqual([
      [2, 'scanning'],
      [3, 'scanning'],
    ])
    expect(state.get()).toMatchObject({ revision: 4, phase: 'idle' })
  })

  it('keeps the newest 200 entries of the activity', () => {
    const state = holder()
    for (let i = 1; i <= 205; i++) state.tell({ level: 'info', sessionId: null, message: String(i) })
    const messages = state.get().activity.map(entry => entry.message)
    expect([messages.length, messages[0], messages.at(-1)]).toEqual([200, '6', '205'])
  })

  it('shows a notice once however often it is raised, and makes no new state when there is none to clear', () => {
    const state = holder()
    state.raise(notice)
    state.raise({ ...notice, message: 'again' })
    expect(state.get().notices).toEqual([{ ...notice, message: 'again' }])
    state.clear('n')
    const { revision } = state.get()
    state.clear('n')
    expect(state.get()).toMatchObject({ notices: [], revision })
  })
})
