import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { App } from '../../renderer/app.tsx'
import type { MonitorStore, PageSnapshot } from '../../renderer/monitor-store.ts'
import { dueSession, sampleSession, sampleState } from '../support/sample-state.ts'

const open: PageSnapshot = { connection: { kind: 'open' }, state: sampleState(), running: new Set(), announcement: '' }

/** The page as HTML, for a store that stands still. */
function render(change: Partial<PageSnapshot> = {}): string {
  const store = { getSnapshot: () => snapshot, subscribe: () => () => {} } as unknown as MonitorStore
  const snapshot = { ...open, ...change }
  return renderToStaticMarkup(<App store={store} />)
}

/** The page's text, one space between the parts. */
function textOf(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

describe('the page', () => {
  it('says that it is connecting, and offers nothing to press', () => {
    const html = render({ connection: { kind: 'connecting' }, state: null })
    expect(textOf(html)).toContain('Connecting to the monitor …')
    const outsideDisabledGroups = html.replaceAll(/<fieldset[^>]*disabled="".*?<\/fieldset>/g, '')
    expect(outsideDisabledGroups).toContain('<button')
    expect(outsideDisabledGroups).not.toMatch(/<button(?![^>]*disabled="")/)
  })
  it('says that it is reading, with progress, before it has found a session', () => {
    const progress = { task: 'Reading transcripts', done: 40, total: 100 }
    const html = render({ state: sampleState({ phase: 'scanning', progress }) })
    expect(textOf(html)).toContain('Reading your sessions …')
    expect(html).toContain('<progress value="40" max="100">')
  })
  it('says where it looked when there is no session', () => {
    expect(textOf(render())).toContain('No Claude Code sessions yet')
    expect(textOf(render())).toContain('Looking in /home/dev/.claude')
  })
  it('keeps the last state on screen when the connection is lost, and says why', () => {
    const state = sampleState({ sessions: [sampleSession()] })
    const text = textOf(render({ state, connection: { kind: 'lost', reason: 'The monitor stopped.' } }))
    expect(text).toContain(
      'The connection to the monitor is lost. The monitor stopped. What you see below is what was last known.',
    )
    expect(text).toContain('Add a login page')
  })
  it('shows of each session its protection in a word, its facts, and why', () => {
    const text = textOf(render({ state: sampleState({ sessions: [dueSession({ title: 'Fix the search' })] }) }))
    expect(text).toContain(
      '▲ At risk Fix the search shop main idle 12 messages context 40k (20 %) Due: never checkpointed. Score 0.32 Never checkpointed Checkpoint now',
    )
  })
  it('shows why the last attempt failed, and the remedy', () => {
    const { sessionId } = sampleSession()
    const lastOutcome = {
      kind: 'failed',
      sessionId,
      code: 'disk-full',
      message: 'The disk is full',
      remedy: 'Free some space.',
    } as const
    const session = sampleSession({ protection: 'failing', lastOutcome })
    expect(textOf(render({ state: sampleState({ sessions: [session] }) }))).toContain(
      'Failed: The disk is full. Free some space.',
    )
  })
  it('shows what lasts, with its remedy', () => {
    const notices = [
      { id: 'disk', level: 'warn', message: 'The disk is nearly full.', remedy: 'Free some space.' },
    ] as const
    const settingsProblems = [{ key: 'cooldownMinutes', message: 'cooldownMinutes must be a number' }]
    const text = textOf(render({ state: sampleState({ notices, settingsProblems }) }))
    expect(text).toContain(
      'The disk is nearly full. Free some space. A setting was not used: cooldownMinutes must be a number',
    )
  })
  it('offers to resume instead of to pause while it is paused', () => {
    const text = textOf(render({ state: sampleState({ paused: { untilMs: null } }) }))
    expect([text.includes('Paused until resumed'), text.includes('Resume'), text.includes('30 min')]).toEqual([
      true,
      true,
      false,
    ])
  })
  it('shows hostile texts as text on one line', () => {
    const session = sampleSession({ title: '<img src=x onerror=alert(1)>\u202e\nnext', branch: '<b>' })
    const html = render({ state: sampleState({ sessions: [session] }) })
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; next')
    expect(html).not.toMatch(/<img|<b>|\u202e/)
  })
  it('announces what an action came to', () => {
    expect(render({ announcement: 'Paused.' })).toContain('role="status">Paused.</p>')
  })
})
