import { describe, expect, it, vi } from 'vitest'
import { createMonitorStore, type StoreClock } from '../../renderer/monitor-store.ts'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { serveMonitor } from '../../shared/core/serve-monitor.ts'
import { memoryWires, type Wire } from '../../shared/core/wire.ts'
import { createFakeMonitorApi } from '../support/fake-monitor-api.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { sampleNowMs, sampleSession, sampleState } from '../support/sample-state.ts'

/** A wire that loses, doubles, delays and reorders what is sent over it, until it is told to be good. */
function badWire(wire: Wire, random: Random) {
  let isBad = true
  let held: unknown[] = []
  const release = () => {
    for (const message of random.shuffle(held)) wire.send(message)
    held = []
  }
  const bad: Wire = {
    ...wire,
    send(message) {
      if (!isBad) return wire.send(message)
      const chance = random.next()
      if (chance < 0.2) return
      if (chance < 0.5) held.push(message)
      else wire.send(message)
      if (chance > 0.8) wire.send(message)
      if (chance > 0.9 || held.length > 4) release()
    },
  }
  const heal = () => {
    release()
    isBad = false
  }
  return { bad, heal }
}

const stillClock: StoreClock = { nowMs: () => sampleNowMs, after: () => () => {} }
const settled = () => new Promise(resolve => setTimeout(resolve, 1))

/** What a state says, without the names of its making. */
const said = (state: MonitorState) => JSON.stringify([state.revision, state.phase, state.sessions])

describe('a bad wire', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('never makes the page say what is not true, and heals (seed %i)', async seed => {
    const random = seededRandom(`bad-wire-${seed}`)
    const fake = createFakeMonitorApi()
    let state = sampleState({ revision: 1 })
    fake.answer('getState', () => state)
    const [mine, theirs] = memoryWires()
    const toPage = badWire(theirs, random.branch('to the page'))
    const toMonitor = badWire(mine, random.branch('to the monitor'))
    serveMonitor(fake.api, toPage.bad)
    const store = createMonitorStore(() => ({ ...toMonitor.bad, onClosed: () => () => {} }), stillClock, 0)
    const published = new Set([said(state)])
    const lies: string[] = []
    store.subscribe(() => {
      const shown = store.getSnapshot().state
      if (shown !== null && !published.has(said(shown))) lies.push(said(shown))
    })
    for (let revision = 2; revision < 120; revision++) {
      const sessions = Array.from({ length: random.int(0, 6) }, (_, at) =>
        sampleSession({
          sessionId: `00000000-0000-4000-8000-00000000000${at}`,
          title: `Session ${at} at ${random.int(0, 3)}`,
        }),
      )
      state = sampleState({ revision, sessions, phase: random.pick(['idle', 'scanning']) })
      published.add(said(state))
      fake.tell(state)
      await settled()
    }
    toPage.heal()
    toMonitor.heal()
    // A page that lost its subscription begins anew by itself when nothing comes for long; here it is told to.
    store.reconnect()
    await settled()
    state = sampleState({ revision: 500, sessions: [sampleSession({ title: 'The last word' })] })
    published.add(said(state))
    fake.tell(state)
    await vi.waitFor(() => expect(store.getSnapshot().state?.revision).toBe(500))
    expect(lies).toEqual([])
  })
})
