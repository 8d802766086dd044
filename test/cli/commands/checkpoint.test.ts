import { describe, expect, it } from 'vitest'
import { outcomeLines, targetOf } from '../../../cli/commands/checkpoint.ts'
import { sampleSession, sampleState } from '../../support/sample-state.ts'

const first = sampleSession({ sessionId: '1a2b0000-0000-4000-8000-000000000000', title: 'First' })
const second = sampleSession({ sessionId: '2a2b0000-0000-4000-8000-000000000000', title: 'Second' })
const state = sampleState({ sessions: [first, second] })

describe('targetOf', () => {
  it('is every session named, once each', () => {
    const target = targetOf(['2a2b', 'first', second.sessionId], {}, state)
    expect(target).toEqual({ ok: true, value: { sessionIds: [second.sessionId, first.sessionId] } })
  })

  it('is all that are due, or all with something new', () => {
    expect(targetOf([], { due: true }, state)).toEqual({ ok: true, value: { which: 'due' } })
    expect(targetOf([], { all: true }, state)).toEqual({ ok: true, value: { which: 'changed' } })
  })

  it('is nothing at all when one name is wrong', () => {
    expect(targetOf(['first', 'third'], {}, state)).toMatchObject({ ok: false, problem: { exitCode: 2 } })
  })
})

describe('outcomeLines', () => {
  it('names the session, or its id where it is not known', () => {
    const unchanged = (sessionId: string) => ({ kind: 'unchanged', sessionId, sinceSeq: 2 }) as const
    expect(outcomeLines([unchanged(first.sessionId), unchanged('gone')], state).map(({ line }) => line)).toEqual([
      `First (${first.sessionId}): Nothing changed since checkpoint 2: it still holds everything.`,
      'gone: Nothing changed since checkpoint 2: it still holds everything.',
    ])
  })
})
