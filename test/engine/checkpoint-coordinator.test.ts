import { beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointOutcome, CheckpointRecord, CheckpointRequest } from '../../shared/core/checkpoint.ts'
import type { DetectedSession, ProjectRef } from '../../shared/core/session.ts'
import { defaultSettings, type Settings } from '../../shared/core/settings.ts'
import { createCoordinator } from '../../shared/engine/checkpoint-coordinator.ts'
import type { CheckpointHistory } from '../../shared/engine/checkpoint-history.ts'
import type { Maker } from '../../shared/engine/checkpoint-maker.ts'
import { createLock } from '../../shared/engine/lock-file.ts'
import type { Ports } from '../../shared/engine/ports.ts'
import { idOf, recordOf, requestOf, sessionOf } from '../support/core-values.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createFakeMachine } from '../support/fake-processes.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'

const cooldownMs = defaultSettings.cooldownMinutes * 60_000

/** Session `n`, in the project that all share unless another is given. */
function sessionAt(n: number, project?: ProjectRef | null): DetectedSession {
  const session = sessionOf({ facts: { sessionId: idOf(n) } })
  return project === undefined ? session : { ...session, project }
}

interface Given {
  readonly groups: readonly (readonly CheckpointRequest[])[]
  readonly sessions: readonly DetectedSession[]
  readonly settings: Settings
  readonly signal: AbortSignal
  /** What must end before each turn. */
  readonly before: () => Promise<void>
}

const everyday: Given = {
  groups: [[requestOf(1), requestOf(2)]],
  sessions: [1, 2, 3].map(n => sessionAt(n)),
  settings: defaultSettings,
  signal: new AbortController().signal,
  before: () => Promise.resolve(),
}

describe('the coordinator', () => {
  let clock: FakeClock
  let ports: Ports
  let records: Map<string, CheckpointRecord>
  let made: string[][]
  let make: Maker['makeCheckpoints']

  beforeEach(() => {
    clock = createFakeClock()
    const commands = { run: () => Promise.reject(new Error('no commands here')), which: () => null }
    ports = { clock, files: createMemoryFiles(), processes: createFakeMachine().start(), commands, log: () => {} }
    records = new Map()
    made = []
    make = async items => items.map(({ session }) => saved(session.facts.sessionId))
  })

  const saved = (sessionId: string): CheckpointOutcome => {
    records.set(sessionId, recordOf({ session: sessionId, seq: 1, at: clock.nowMs() }))
    return { kind: 'saved', sessionId, seq: 1, atMs: clock.nowMs(), addedBytes: 1, tookMs: 1, warnings: [] }
  }
  const history: CheckpointHistory = {
    last: id => records.get(id) ?? null,
    highestSeq: id => records.get(id)?.seq ?? 0,
    problems: () => [],
    manifestOf: () => null,
    treeOf: () => null,
    trim: () => {},
  }
  const lock = () => createLock(ports, '/lock', { name: 'a test' })
  /** `groups`: what is taken at each turn. */
  const coordinate = (given: Partial<Given> = {}) => {
    const outcomes: CheckpointOutcome[] = []
    const { sessions, settings, signal, before } = { ...everyday, ...given }
    const groups = [...(given.groups ?? everyday.groups)]
    const maker: Maker = {
      makeCheckpoints: (items, savedTree, guard) => {
        made.push(items.map(item => item.session.facts.sessionId))
        return make(items, savedTree, guard)
      },
    }
    const run = createCoordinator({ ports, lock: lock(), history, maker }).run({
      waiting: () => groups.length > 0,
      take: () => groups.shift() ?? [],
      session: id => sessions.find(session => session.facts.sessionId === id) ?? null,
      settings: () => settings,
      signal,
      onOutcome: outcome => outcomes.push(outcome),
      inTurn: work => before().then(work),
    })
    return clock.runUntil(run, 120_000).then(() => outcomes)
  }

  it('starts nothing while another holds the lock, and says who it is (invariant 1)', async () => {
    const other = { ...ports, processes: createFakeMachine({ hostName: 'forge', machineId: 'other' }).start() }
    await createLock(other, '/lock', { name: 'the tray app' }).acquire({ waitMs: 0 })
    const outcomes = await coordinate()
    expect(made).toEqual([])
    expect(outcomes).toEqual(
      [1, 2].map(n => ({
        kind: 'locked-elsewhere',
        sessionId: idOf(n),
        owner: expect.stringContaining('the tray app'),
      })),
    )
  })

  it('gives the lock back when it is done, and when a checkpoint throws (invariants 1 and 4)', async () => {
    make = () => Promise.reject(new Error('a bug'))
    const outcomes = await coordinate()
    expect(outcomes.map(outcome => outcome.kind === 'failed' && outcome.code)).toEqual(['internal', 'internal'])
    expect(lock().status()).toMatchObject({ kind: 'free' })
  })

  it('lets a session cool down that was checkpointed since the decision (invariant 2)', async () => {
    const at = clock.nowMs() - 60_000
    records.set(idOf(1), recordOf({ at }))
    const outcomes = await coordinate()
    expect(made).toEqual([[idOf(2)]])
    expect(outcomes[0]).toEqual({ kind: 'cooling-down', sessionId: idOf(1), untilMs: at + cooldownMs })
  })

  it.each([{ kind: 'manual' } as const, { kind: 'urgent', event: 'session-ended' } as const])(
    'does not make $kind requests wait for the cooldown',
    async cause => {
      records.set(idOf(1), recordOf({ at: clock.nowMs() - 60_000 }))
      const outcomes = await coordinate({ groups: [[requestOf(1, { cause })]] })
      expect(outcomes.map(outcome => outcome.kind)).toEqual(['saved'])
    },
  )

  it('takes each group only when its turn has come, so that what came meanwhile can go first', async () => {
    const groups = [[requestOf(1)], [requestOf(2)]]
    const taken: string[][] = []
    const before = async () => void taken.push(made.flat())
    await coordinate({ groups, before })
    expect(taken).toEqual([[], [idOf(1)]])
  })

  it('gives every request one outcome, also for a session that is gone, and goes on after a failure (invariant 4)', async () => {
    const working = make
    make = async (items, ...rest) => {
      if (items[0]?.session.facts.sessionId === idOf(1)) throw new Error('a bug')
      return working(items, ...rest)
    }
    const outcomes = await coordinate({ groups: [[requestOf(9)], [requestOf(1)], [requestOf(2)]] })
    expect(outcomes.map(outcome => [outcome.sessionId, outcome.kind])).toEqual([
      [idOf(9), 'failed'],
      [idOf(1), 'failed'],
      [idOf(2), 'saved'],
    ])
  })

  it('answers all that wait when the lock cannot be had, and waits for it once', async () => {
    const other = { ...ports, processes: createFakeMachine({ hostName: 'forge', machineId: 'other' }).start() }
    await createLock(other, '/lock', { name: 'the tray app' }).acquire({ waitMs: 0 })
    const fromMs = clock.monotonicMs()
    const outcomes = await coordinate({ groups: [[requestOf(1)], [requestOf(2)], [requestOf(3)]] })
    expect(outcomes.map(outcome => outcome.kind)).toEqual(['locked-elsewhere', 'locked-elsewhere', 'locked-elsewhere'])
    expect(clock.monotonicMs() - fromMs).toBe(defaultSettings.lockWaitSeconds * 1000)
  })

  it('lets others have the lock between two projects when it held it for long (invariant 5)', async () => {
    const other = createLock(ports, '/lock', { name: 'another' })
    const fences: number[] = []
    make = async items => {
      const status = other.status()
      fences.push(status.kind === 'free' ? 0 : 1)
      await clock.sleep(4_000)
      return items.map(({ session }) => saved(session.facts.sessionId))
    }
    const groups = [1, 2, 3, 1].map(n => [requestOf(n, { cause: { kind: 'manual' } })])
    const waiting = clock.sleep(8_050).then(() => other.acquire({ waitMs: 0 }))
    const outcomes = coordinate({ groups })
    const attempt = await waiting
    expect(attempt.kind).toBe('held')
    const release = attempt.kind === 'held' ? attempt.lock.release : () => {}
    release()
    expect((await outcomes).map(outcome => outcome.kind)).toEqual(['saved', 'saved', 'saved', 'saved'])
    expect(fences).toEqual([1, 1, 1, 1])
  })

  it('ends a checkpoint whose time is up, with a reason that says so', async () => {
    make = (items, _saved, { signal }) =>
      new Promise(resolve => {
        const failure = () => ({ kind: 'failed', sessionId: idOf(1), ...signal.reason }) as CheckpointOutcome
        signal.addEventListener('abort', () => resolve(items.map(failure)))
      })
    const settings = { ...defaultSettings, checkpointTimeoutSeconds: 5 }
    const outcomes = await coordinate({ groups: [[requestOf(1)]], settings })
    expect(outcomes).toMatchObject([{ code: 'timed-out', message: 'The checkpoint took longer than 5 s' }])
  })

  it('begins nothing once the monitor stops, and calls that no failure', async () => {
    const outcomes = await coordinate({ signal: AbortSignal.abort() })
    expect(made).toEqual([])
    expect(outcomes).toEqual([1, 2].map(n => ({ kind: 'put-off', sessionId: idOf(n), why: 'stopping' })))
  })

  it('gives up what has begun when the monitor stops, keeps what was saved, and gives the lock back', async () => {
    const stopping = new AbortController()
    make = async (items, _saved, { signal }) => {
      stopping.abort()
      const reason = signal.reason as object
      return items.map(({ session: { facts } }, index) =>
        index === 0 ? saved(facts.sessionId) : ({ kind: 'failed', sessionId: facts.sessionId, ...reason } as never),
      )
    }
    const groups = [[requestOf(1), requestOf(2)], [requestOf(3)]]
    const outcomes = await coordinate({ groups, signal: stopping.signal })
    expect(made).toEqual([[idOf(1), idOf(2)]])
    expect(outcomes.map(outcome => outcome.kind)).toEqual(['saved', 'put-off', 'put-off'])
    expect(lock().status()).toMatchObject({ kind: 'free' })
  })
})
