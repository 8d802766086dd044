/** The two ends of a state stream, over a wire that a seed makes as bad as a wire can be. */
import { describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import {
  createStateReceiver,
  createStateSender,
  type StateMessage,
  type StateReceiver,
  type StateSender,
} from '../../shared/core/state-stream.ts'
import { stateOf, viewOf } from '../support/core-values.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { nextRandomState } from '../support/random-states.ts'

describe('the state stream', () => {
  it('gathers changes while it waits, and sends no pieces of two updates in turn (invariants 3, 4)', async () => {
    const sent: StateMessage[] = []
    const turns: (() => void)[] = []
    const pace = () => new Promise<void>(resolve => void turns.push(resolve))
    const sender = createStateSender({ send: message => sent.push(message), pace })
    const many = Array.from({ length: 150 }, (_, n) => viewOf(n))
    sender.offer(stateOf(1, { sessions: many }))
    for (const revision of [2, 3, 4]) sender.offer(stateOf(revision, { sessions: many.slice(1) }))
    while (turns.length > 0) {
      turns.shift()?.()
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(sent.map(({ base, revision, part, parts }) => [base, revision, part, parts])).toEqual([
      [null, 1, 0, 2],
      [null, 1, 1, 2],
      [1, 4, 0, 1],
    ])
  })

  it('asks once for what was lost, however much that does not fit is still on its way', () => {
    const asks: number[] = []
    const states: MonitorState[] = []
    const receiver = createStateReceiver({ onAsk: ask => asks.push(ask), onState: state => states.push(state) })
    receiver.ask()
    const sent: StateMessage[] = []
    const sender = createStateSender({ send: message => sent.push(message) })
    sender.restart(1)
    for (const revision of [1, 2, 3, 4, 5]) sender.offer(stateOf(revision))
    for (const message of sent.splice(0).filter(({ revision }) => revision !== 2)) receiver.take(message)
    sender.restart(2)
    for (const message of sent.splice(0)) receiver.take(message)
    expect({ asks, shown: states.map(({ revision }) => revision) }).toEqual({ asks: [1, 2], shown: [1, 5] })
  })

  it('asks again when its question seems to be lost', () => {
    const asks: number[] = []
    const receiver = createStateReceiver({ onAsk: ask => asks.push(ask), onState: () => {} })
    receiver.ask()
    const sender = createStateSender({ send: message => message.base !== null && receiver.take(message) })
    for (let revision = 1; revision <= 20; revision++) sender.offer(stateOf(revision))
    expect(asks).toEqual([1, 2, 3])
  })

  it('takes an answer in many pieces to an earlier question than its last one, and asks no more', () => {
    const asks: number[] = []
    const shown: number[] = []
    const receiver = createStateReceiver({ onAsk: ask => asks.push(ask), onState: s => shown.push(s.sessions.length) })
    receiver.ask()
    receiver.ask()
    const sender = createStateSender({ send: message => receiver.take(message) })
    sender.restart(1)
    sender.offer(stateOf(1, { sessions: Array.from({ length: 2_000 }, (_, n) => viewOf(n)) }))
    sender.restart(2)
    expect({ asks, shown }).toEqual({ asks: [1, 2], shown: [2_000] })
  })

  it('believes an engine that it does not know only as the answer to a new question (invariant 1)', () => {
    const shown: string[] = []
    const receiver = createStateReceiver({ onAsk: () => {}, onState: ({ engine }) => shown.push(engine) })
    const tell = (engine: string, ask: number) => {
      const sender = createStateSender({ send: message => receiver.take({ ...message, ask }) })
      sender.offer(stateOf(1, { engine }))
    }
    for (let ask = 1; ask <= 2; ask++) receiver.ask()
    tell('second', 1)
    tell('first, late', 2)
    receiver.ask()
    tell('first, later', 2)
    tell('third', 4)
    tell('second, late', 4)
    expect(shown).toEqual(['second', 'third'])
  })

  it.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'shows no older state after a newer one, and the true one once the wire is well again (seed %i)',
    seed => {
      const world = createBadWire(seededRandom(`stream ${seed}`))
      for (let i = 0; i < 120; i++) world.step()
      const { shown, last, truth } = world.heal()
      expect(last).toEqual(truth)
      expect(shown).toEqual(shown.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]))
    },
  )
})

/** An engine that changes and now and then starts anew, and a page, with messages lost, doubled, late and out of turn. */
function createBadWire(random: Random) {
  /** What is on its way, in both directions. */
  const under: (() => void)[] = []
  const shown: (readonly [engine: number, revision: number])[] = []
  let run = 0
  let truth: MonitorState = stateOf(0, { engine: 'engine 0' })
  let last: MonitorState | null = null
  let sender: StateSender = newSender()
  const receiver: StateReceiver = createStateReceiver({
    onAsk: ask => post(() => sender.restart(ask)),
    onState: state => {
      last = state
      shown.push([Number(state.engine.split(' ')[1]), state.revision])
    },
  })
  receiver.ask()

  function newSender(): StateSender {
    return createStateSender({ send: message => post(() => receiver.take(JSON.parse(JSON.stringify(message)))) })
  }

  function post(deliver: () => void): void {
    if (random.chance(0.15)) return
    under.push(deliver)
    if (random.chance(0.15)) under.push(deliver)
  }

  function step(): void {
    truth = nextRandomState(random, truth)
    sender.offer(truth)
    if (random.chance(0.08)) startAnew()
    for (let i = random.int(0, 4); i > 0 && under.length > 0; i--) {
      const [deliver] = under.splice(random.chance(0.7) ? 0 : random.int(0, under.length - 1), 1)
      deliver?.()
    }
  }

  function startAnew(): void {
    run += 1
    truth = { ...truth, engine: `engine ${run}`, revision: 1 }
    sender.stop()
    sender = newSender()
    post(() => receiver.ask())
  }

  /** Everything arrives from now on, in order; then the state goes on changing for a while. */
  function heal() {
    const well: Random = { ...random, chance: () => false }
    for (let i = 0; i < 20; i++) {
      truth = { ...truth, revision: truth.revision + 1 }
      sender.offer(truth)
      while (under.length > 0) under.shift()?.()
      random = well
    }
    return { shown, last, truth }
  }

  return { step, heal }
}
