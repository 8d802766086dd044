// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { MonitorState } from '../../shared/core/monitor-state.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import { renderPage } from '../support/render-page.tsx'
import { checkpointDetails, checkpointDiff, fileDiff, rescueList, restoreJournal } from '../support/restore-values.ts'
import { dueSession, sampleSession, sampleState } from '../support/sample-state.ts'

const hostile =
  '<img src=x onerror=alert(1)>\u202egnp.exe\u0000\u001b[31m\r\n\u2028{{count}} $t(app.title) \ud800 Z\u0335\u0321\u034f 🏴‍☠️ ' +
  'a'.repeat(5_000)

/** Words that decide something; all other texts are free. */
const closed = new Set([
  ...[
    'failing',
    'at-risk',
    'changed',
    'protected',
    'excluded',
    'idle',
    'busy',
    'hold',
    'checkpoint',
    'below-threshold',
  ],
  ...['due', 'time', 'failed', 'disk-full', 'git', 'error', 'warn', 'info', 'scanning', 'file', 'died', 'text', 'now'],
  ...['manual', 'restore', 'complete', 'grew', 'in_progress', 'unchanged'],
])

/** `value` with every free text replaced. */
function poisoned<T>(value: T): T {
  if (typeof value === 'string') return (closed.has(value) || isId(value) ? value : hostile) as T
  if (Array.isArray(value)) return value.map(poisoned) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poisoned(inner)])) as T
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\/\d+)?$/.test(text)
}

const { sessionId } = sampleSession()
const failed = { kind: 'failed', sessionId, code: 'disk-full', message: hostile, remedy: hostile } as const

/** Its other values are checked by `parseSettings` before anybody sees them; paths are free. */
const settings = {
  ...defaultSettings,
  extraRoots: [`/home/${hostile}`],
  projects: [{ path: `/home/${hostile}`, excluded: true }],
}

const poisonedState: MonitorState = poisoned(
  sampleState({
    sessions: [
      dueSession({ lastOutcome: failed, protection: 'failing', problems: [hostile] }),
      sampleSession({ sessionId: '00000000-0000-4000-8000-000000000002' }),
    ],
    notices: [{ id: 'disk', level: 'warn', message: 'x', remedy: 'y' }],
    settingsProblems: [{ key: 'x', message: 'y' }],
    activity: [{ atMs: 5, level: 'error', sessionId, message: 'x' }],
    progress: { task: 'x', done: 1, total: 2 },
    phase: 'scanning',
  }),
)

const state: MonitorState = { ...poisonedState, settings }

/** What a person sees or hears of the page: its texts, and the attributes that are shown or read out. */
function shownTexts(): string {
  const elements = [...document.body.querySelectorAll('*')]
  const spoken = ['title', 'aria-label', 'aria-valuetext', 'alt', 'placeholder']
  const attributes = elements.flatMap(element => spoken.map(name => element.getAttribute(name) ?? ''))
  return [document.body.textContent, ...attributes].join('\n')
}

/** Nothing but our own markup, and no character that moves or turns text. */
function expectHarmless(): void {
  expect(document.querySelectorAll('img, script, iframe')).toHaveLength(0)
  expect(
    shownTexts().match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u),
  ).toBeNull()
  expect(document.querySelector('[role="alert"] summary')).toBeNull()
}

describe('hostile texts', () => {
  it.each([
    ['the list', '#/sessions', 'Sessions'],
    ['the activity', '#/activity', 'Activity'],
    ['a session', `#/session/${sessionId}`, /^<img/],
    ['a comparison', `#/session/${sessionId}/checkpoint/3`, 'Checkpoint 3 compared'],
    ['a restore', `#/session/${sessionId}/restore/3`, /^Restore “<img/],
    ['the settings', '#/settings', 'Settings'],
  ])('harm nothing in %s', async (_name, hash, heading) => {
    const page = renderPage({ state, hash })
    const checkpoint = { ...checkpointDetails.summary, id: `${sessionId}/3`, seq: 3, treeError: hostile }
    page.answer('listCheckpoints', () => [poisoned(checkpoint)])
    page.answer('diffCheckpoint', () => poisoned(checkpointDiff))
    page.answer('diffFile', () => poisoned(fileDiff))
    page.answer('listRescue', () => poisoned(rescueList))
    page.answer('listRestores', () => [poisoned(restoreJournal)])
    page.answer('showCheckpoint', () => poisoned(checkpointDetails))
    await screen.findByRole('heading', { level: 2, name: heading })
    await waitFor(() => expect(screen.queryAllByText('Loading …')).toEqual([]))
    expectHarmless()
  })
})

describe('a newer monitor', () => {
  it('is shown as far as this page knows it, with its own words for the rest', async () => {
    const newer = {
      ...sampleState({ phase: 'idle' }),
      phase: 'dreaming',
      moonPhase: { kind: 'full' },
      sessions: [
        {
          ...sampleSession({ title: 'From tomorrow' }),
          protection: 'archived',
          live: { status: 'teleported', waitingFor: null, pid: null, sinceMs: null, note: null, realm: 7 },
          decision: { action: 'hold', reason: { kind: 'moon' } },
          why: 'Held: the moon is full.',
          aura: ['green'],
        },
        sampleSession({ sessionId: '00000000-0000-4000-8000-000000000002', title: 'As ever' }),
      ],
    } as unknown as MonitorState
    renderPage({ state: newer })
    const row = await screen.findByRole('row', { name: 'From tomorrow' })
    expect([row.textContent?.includes('archived'), row.textContent?.includes('teleported')]).toEqual([true, true])
    await screen.findByRole('row', { name: 'As ever' })
  })
  it('gives its own reason where this page has no words for it', async () => {
    const session = {
      ...sampleSession({ why: 'Held: the moon is full.' }),
      decision: { action: 'hold', reason: { kind: 'moon' } },
    } as unknown as ReturnType<typeof sampleSession>
    renderPage({ state: sampleState({ sessions: [session] }), hash: `#/session/${sessionId}` })
    expect(await screen.findByText('Held: the moon is full.')).toBeDefined()
  })
})
