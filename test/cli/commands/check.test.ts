import { describe, expect, it } from 'vitest'
import { checkJson, failureLines, renderCheck } from '../../../cli/commands/check.ts'
import { exitCodeOf, exitCodes } from '../../../cli/exit-codes.ts'
import type { CheckpointOutcome } from '../../../shared/core/checkpoint.ts'
import type { CycleSummary } from '../../../shared/core/monitor-state.ts'
import { sampleSession, sampleState } from '../../support/sample-state.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const id = (n: number) => `${n}0000000-0000-4000-8000-000000000000`
const failed: CheckpointOutcome = {
  kind: 'failed',
  sessionId: id(1),
  code: 'disk-full',
  message: 'The disk is full\u001b[2J',
  remedy: 'Free disk space; checkpoints go on by themselves then.',
}
const saved: CheckpointOutcome = {
  kind: 'saved',
  sessionId: id(2),
  seq: 3,
  atMs: 0,
  addedBytes: 12_300,
  tookMs: 40,
  warnings: [],
}
const locked: CheckpointOutcome = { kind: 'locked-elsewhere', sessionId: id(3), owner: 'the tray app (process 4711)' }
const cycle: CycleSummary = {
  startedMs: 0,
  tookMs: 90,
  found: 3,
  due: 2,
  dueBy: { time: 2 },
  created: 1,
  heldBy: { unchanged: 1 },
  notDone: {},
  failed: 1,
  averageMs: 40,
  addedBytes: 12_300,
}
const state = sampleState({
  sessions: [
    sampleSession({ sessionId: id(1), title: 'Fix it\u0007', lastOutcome: failed }),
    sampleSession({ sessionId: id(2), lastOutcome: saved }),
    sampleSession({ sessionId: id(3) }),
  ],
})
const { terminal } = createFakeTerminal()

describe('renderCheck', () => {
  it('is the summary, and with --verbose an answer for each session', () => {
    expect(renderCheck(cycle, state, terminal, false)).toHaveLength(5)
    expect(renderCheck(cycle, state, terminal, true).slice(6)).toEqual([
      '10000000  Fix it: Failed: The disk is full [2J. Free disk space; checkpoints go on by themselves then.',
      '20000000  Add a login page: Saved as number 3, 12 kB added in 40 ms.',
      '30000000  Add a login page: Held: nothing changed since the last checkpoint.',
    ])
  })
})

describe('failureLines', () => {
  it('tells each failure with the session, the reason and the remedy, and nothing else', () => {
    expect(failureLines(state)).toEqual([
      `session-monitor: Fix it (${id(1)}) was not checkpointed: the disk is full [2J; free disk space; checkpoints go on by themselves then`,
    ])
  })
})

describe('checkJson', () => {
  it('has the cycle and an outcome or null for each session', () => {
    const json = checkJson(cycle, state)
    expect(json.cycle).toBe(cycle)
    expect(json.sessions.map(session => [session.sessionId, session.outcome])).toEqual([
      [id(1), failed],
      [id(2), saved],
      [id(3), null],
    ])
  })
})

describe('exitCodeOf', () => {
  it.each([
    ['nothing was asked for', [], exitCodes.fine],
    ['everything was saved', [saved], exitCodes.fine],
    ['one was locked elsewhere', [saved, locked], exitCodes.locked],
    ['one failed, whatever else', [locked, failed, saved], exitCodes.failed],
  ])('when %s it is %#', (_title, outcomes, code) => {
    expect(exitCodeOf(outcomes)).toBe(code)
  })
})
