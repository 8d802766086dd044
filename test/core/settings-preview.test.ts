import { describe, expect, it } from 'vitest'
import type { SessionView } from '../../shared/core/monitor-state.ts'
import { type SessionSignals, scoreSession } from '../../shared/core/scoring.ts'
import { defaultSettings, policyFor, type Settings } from '../../shared/core/settings.ts'
import { previewSettings } from '../../shared/core/settings-preview.ts'
import { idOf } from '../support/core-values.ts'
import { sampleNowMs, sampleSession } from '../support/sample-state.ts'

const signals: SessionSignals = {
  hoursSinceCheckpoint: 1,
  messages: 12,
  filesChanged: 3,
  contextPercent: 20,
  idleMinutes: 4,
}
const { policy } = policyFor(defaultSettings, null)

/** A session with something new, below every threshold, its last checkpoint an hour old. */
function quiet(n: number, change: Partial<SessionView> = {}, measured: Partial<SessionSignals> = {}): SessionView {
  return sampleSession({
    sessionId: idOf(n),
    protection: 'changed',
    score: scoreSession({ ...signals, ...measured }, policy),
    decision: { action: 'hold', reason: { kind: 'below-threshold', dueAtMs: null } },
    unsaved: { messages: 1, transcriptBytes: 900, files: 3 },
    lastCheckpoint: {
      id: `${idOf(n)}/1`,
      seq: 1,
      atMs: sampleNowMs - 3_600_000,
      why: '',
      causeKind: 'due',
      messages: 11,
      transcriptBytes: 100,
      treeFiles: 1,
      treeSkipped: 0,
      treeError: null,
      fingerprint: null,
    },
    ...change,
  })
}

const ids = (previewed: readonly { readonly view: SessionView }[]) => previewed.map(({ view }) => view.sessionId)
const preview = (views: readonly SessionView[], settings: Settings, pausedUntilMs: number | null = null) => {
  const { due, newlyDue, noLongerDue } = previewSettings(views, { settings, nowMs: sampleNowMs, pausedUntilMs })
  return { due: ids(due), newlyDue: ids(newlyDue), noLongerDue: ids(noLongerDue) }
}
const fewFiles: Settings = {
  ...defaultSettings,
  thresholds: { ...defaultSettings.thresholds, activityFiles: 3 },
}

describe('previewSettings', () => {
  it('says who becomes due by a lower threshold, the highest total first', () => {
    const views = [quiet(1), quiet(2, {}, { filesChanged: 9 }), quiet(3, {}, { filesChanged: 2 })]
    expect(preview(views, fewFiles)).toEqual({ due: [idOf(2), idOf(1)], newlyDue: [idOf(2), idOf(1)], noLongerDue: [] })
    expect(preview(views, defaultSettings)).toEqual({ due: [], newlyDue: [], noLongerDue: [] })
  })

  it('says who is due no longer by a higher one', () => {
    const due = quiet(1, {
      decision: { action: 'checkpoint', cause: { kind: 'due', factors: ['activity'], total: 1 } },
    })
    expect(preview([due], defaultSettings)).toEqual({ due: [], newlyDue: [], noLongerDue: [idOf(1)] })
  })

  it.each<[string, SessionView]>([
    ['nothing new', quiet(1, { protection: 'protected', decision: { action: 'hold', reason: { kind: 'unchanged' } } })],
    ['not read yet', quiet(1, { partial: true })],
    ['no message at all', quiet(1, { lastCheckpoint: null, counts: { ...quiet(1).counts, messages: 0 } })],
  ])('leaves out a session with %s', (_title, view) => {
    expect(preview([view], fewFiles).due).toEqual([])
  })

  it('counts the cooldown that is tried, not the one that holds', () => {
    expect(preview([quiet(1)], { ...fewFiles, cooldownMinutes: 90 }).due).toEqual([])
    expect(preview([quiet(1)], { ...fewFiles, cooldownMinutes: 30 }).due).toEqual([idOf(1)])
  })

  it('counts an exclusion of the project, and its lifting', () => {
    const excluded = { ...fewFiles, projects: [{ path: '/home/dev', excluded: true }] }
    const held = quiet(1, { protection: 'excluded', decision: { action: 'hold', reason: { kind: 'excluded' } } })
    expect(preview([quiet(1)], excluded).due).toEqual([])
    expect(preview([held], fewFiles).due).toEqual([idOf(1)])
  })

  it('makes nobody due in a pause', () => {
    expect(preview([quiet(1)], fewFiles, Number.POSITIVE_INFINITY).due).toEqual([])
  })
})
