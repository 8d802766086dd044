import { describe, expect, it } from 'vitest'
import { newsPrinter } from '../../../cli/commands/run.ts'
import { timeStamp } from '../../../cli/session-words.ts'
import type { CycleSummary } from '../../../shared/core/monitor-state.ts'
import { sampleNowMs, sampleSession, sampleState } from '../../support/sample-state.ts'
import { createFakeTerminal } from '../fake-terminal.ts'

const lastCycle: CycleSummary = {
  startedMs: 0,
  tookMs: 90,
  found: 1,
  due: 0,
  dueBy: {},
  created: 0,
  heldBy: { unchanged: 1 },
  notDone: {},
  failed: 0,
  averageMs: null,
  addedBytes: 0,
}
const stamp = timeStamp(sampleNowMs)
const state = sampleState({ sessions: [sampleSession()] })

describe('newsPrinter', () => {
  it('prints one line per check, however many states show it', () => {
    const { terminal, out } = createFakeTerminal()
    const say = newsPrinter(terminal, false)
    const checked = { ...state, lastCycle }
    for (const next of [
      state,
      checked,
      { ...checked, revision: 3 },
      { ...checked, lastCycle: { ...lastCycle, startedMs: 1 } },
    ])
      say(next)
    const line = `${stamp}  1 session: 1 protected; found 1, due 0, created 0, held 1, failed 0; took 90 ms\n`
    expect(out()).toBe(line + line)
  })

  it('tells warnings and errors once, with the session they are about, and leaves out what went well', () => {
    const { terminal, out, err } = createFakeTerminal()
    const say = newsPrinter(terminal, true)
    const { sessionId } = sampleSession()
    const good = { atMs: 0, level: 'info', sessionId, message: 'Saved.' } as const
    const bad = { atMs: 0, level: 'error', sessionId, message: 'Failed: no room.\u001b[2J' } as const
    say({ ...state, activity: [good, bad] })
    say({ ...state, activity: [good, bad, good], lastCycle })
    expect(err()).toBe(`${stamp}  session-monitor: Add a login page (${sessionId}): Failed: no room. [2J\n`)
    expect(out()).toBe('')
  })

  it('tells a lasting condition when it begins or changes, not as long as it lasts', () => {
    const { terminal, err } = createFakeTerminal()
    const say = newsPrinter(terminal, true)
    const notice = (message: string) => ({ id: 'disk', level: 'warn', message, remedy: 'Free some.' }) as const
    for (const message of ['Low disk.', 'Low disk.', 'Full disk.']) say({ ...state, notices: [notice(message)] })
    expect(err()).toBe(
      `${stamp}  session-monitor: low disk; free some\n${stamp}  session-monitor: full disk; free some\n`,
    )
  })
})
