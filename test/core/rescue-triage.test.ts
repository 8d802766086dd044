import { describe, expect, it } from 'vitest'
import { type TriageFacts, triage } from '../../shared/core/rescue-triage.ts'
import type { LiveStatus } from '../../shared/core/session.ts'
import { noonMs } from '../support/core-values.ts'

const hourMs = 3_600_000

const facts = (status: LiveStatus, hoursAgo: number, more: Partial<TriageFacts> = {}): TriageFacts => ({
  live: { status, waitingFor: status === 'waiting' ? 'permission prompt' : null, pid: null, sinceMs: null, note: null },
  hasTranscript: true,
  lastActivityMs: noonMs - hoursAgo * hourMs,
  uncommitted: 0,
  unsavedFiles: 0,
  unsavedMessages: 0,
  isLastOfProject: true,
  ...more,
})

describe('triage', () => {
  it.each([
    [
      'a process that died',
      facts('ended-abruptly', 1),
      'died',
      'Its process ended without a word; it was last at work 1 h ago.',
    ],
    [
      'a transcript that is gone',
      facts('ended', 48, { hasTranscript: false }),
      'lost',
      'Its transcript is gone; it was last at work 2 d ago.',
    ],
    ['one that is busy and silent', facts('busy', 2), 'stalled', 'It is busy, and nothing has come for 2 h.'],
    ['one that waits for an answer', facts('waiting', 3), 'stalled', 'It has been waiting for 3 h: permission prompt.'],
    ['one left open over a weekend', facts('idle', 60), 'forgotten', 'It has been open and untouched for 2 d 12 h.'],
    [
      'one that ended with work not committed',
      facts('ended', 14, { uncommitted: 3 }),
      'forgotten',
      'It ended 14 h ago and left 3 files not committed.',
    ],
  ])('lists %s', (_title, given, kind, why) => {
    expect(triage(given, noonMs)).toEqual({ kind, why })
  })

  it.each([
    ['one at work', facts('busy', 0.5)],
    ['one that waits since a moment', facts('waiting', 1)],
    ['one that ended in order', facts('ended', 24)],
    ['one after which others were at work there', facts('ended', 24, { uncommitted: 3, isLastOfProject: false })],
    ['one so old that Claude Code removes it itself', facts('ended', 24 * 31, { hasTranscript: false })],
  ])('leaves %s alone', (_title, given) => {
    expect(triage(given, noonMs)).toBeNull()
  })
})
