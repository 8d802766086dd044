// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { renderPage } from '../support/render-page.tsx'
import { dueSession, sampleSession, sampleState } from '../support/sample-state.ts'

const row = (name: string) => screen.findByRole('row', { name })

describe('the page', () => {
  it('says that it is connecting, and offers nothing to press that would ask the monitor', () => {
    renderPage({ state: null })
    expect(screen.getByRole('heading', { name: 'Connecting to the monitor …' })).toBeDefined()
    const names = ['Check now', 'Pause'].map(name => screen.getByRole('button', { name }))
    expect(names.map(button => button.hasAttribute('disabled'))).toEqual([true, true])
  })
  it('says that it is reading, with progress, before it has found a session', async () => {
    const progress = { task: 'Reading transcripts', done: 40, total: 100, leftMs: 90_000 }
    renderPage({ state: sampleState({ phase: 'scanning', progress }) })
    const bar = await screen.findByRole('progressbar', { name: 'Reading sessions …' })
    expect(bar.getAttribute('aria-valuenow')).toBe('40')
    expect(screen.getByText('Reading sessions … 40 of 100, about 2 min left')).toBeDefined()
    expect(screen.getByRole('heading', { name: 'Reading your sessions …' })).toBeDefined()
  })
  it('says where it looked when there is no session', async () => {
    renderPage()
    expect(await screen.findByRole('heading', { name: 'No Claude Code sessions yet' })).toBeDefined()
    expect(screen.getByText('Looking in /home/dev/.claude')).toBeDefined()
  })
  it('keeps the last state on screen when the connection is lost, and says why', async () => {
    const page = renderPage({ state: sampleState({ sessions: [sampleSession()] }) })
    await row('Add a login page')
    page.breakWire('The monitor stopped.')
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toContain('The connection to the monitor is lost. The monitor stopped. What you see')
    expect(within(alert).getByRole('button', { name: 'Try again' })).toBeDefined()
    await row('Add a login page')
  })
  it('tells of sessions that died, where to look, and no more of those once that was dismissed', async () => {
    const died = {
      sessionId: sampleSession().sessionId,
      kind: 'died',
      title: 'Add a login page',
      lastActivityMs: 0,
    } as const
    const counts = { died: 1, stalled: 0, forgotten: 0 }
    const page = renderPage({ state: sampleState({ sessions: [sampleSession()], rescue: { counts, newest: [died] } }) })
    const banner = await screen.findByRole('complementary', { name: 'Sessions that died' })
    expect(banner.textContent).toContain('1 session died. Add a login page')
    expect(within(banner).getByRole('link', { name: 'Review' }).getAttribute('href')).toBe('#/activity')
    await page.user.click(within(banner).getByRole('button', { name: 'Dismiss' }))
    expect(screen.queryByRole('complementary', { name: 'Sessions that died' })).toBeNull()
    const other = {
      ...died,
      sessionId: '00000000-0000-4000-8000-000000000002' as typeof died.sessionId,
      title: 'Search',
    }
    page.tell(
      sampleState({
        revision: 2,
        sessions: [sampleSession()],
        rescue: { counts: { ...counts, died: 2 }, newest: [other, died] },
      }),
    )
    const again = await screen.findByRole('complementary', { name: 'Sessions that died' })
    expect(again.textContent).toContain('2 sessions died. Search and Add a login page')
  })
  it('connects again by itself', async () => {
    const page = renderPage()
    await screen.findByRole('heading', { name: 'No Claude Code sessions yet' })
    page.breakWire('The monitor stopped.')
    await screen.findByRole('alert')
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull(), { timeout: 3_000 })
  })
  it('shows of each session its protection in a word, its facts, and what is at stake', async () => {
    renderPage({ state: sampleState({ sessions: [dueSession({ title: 'Fix the search' })] }) })
    const cells = within(await row('Fix the search')).getAllByRole('gridcell')
    expect(cells.map(cell => cell.textContent)).toEqual([
      '',
      'At risk',
      'Fix the searchshop · main',
      'idle',
      '30m',
      '3',
      '20 %',
      '4m',
      '0.32',
      'nothing new',
      'never',
      'now',
      '',
    ])
  })
  it('says of every factor how much of its limit is used', async () => {
    renderPage({ state: sampleState({ sessions: [sampleSession()] }) })
    const meters = within(await row('Add a login page')).getAllByRole('meter')
    expect(meters.map(meter => [meter.getAttribute('aria-label'), meter.getAttribute('aria-valuetext')])).toEqual([
      ['Time since the last checkpoint', '30 min of 2 hr'],
      ['Files changed', '3 files of 15 files'],
      ['Context fill', '20 % of 75 %'],
      ['Idle time', '4 min of 30 min'],
      ['Total', '0.32 of 1'],
    ])
  })
  it('shows what lasts, with its remedy', async () => {
    const notices = [
      { id: 'disk', level: 'warn', message: 'The disk is nearly full.', remedy: 'Free some space.' },
    ] as const
    const settingsProblems = [{ key: 'cooldownMinutes', message: 'cooldownMinutes must be a number' }]
    renderPage({ state: sampleState({ notices, settingsProblems }) })
    const region = await screen.findByRole('region', { name: 'Notices' })
    expect(within(region).getByRole('group', { name: 'The disk is nearly full.' }).textContent).toContain(
      'Free some space.',
    )
    expect(within(region).getByRole('group', { name: 'A setting was not used:' }).textContent).toContain(
      'cooldownMinutes must be a number',
    )
  })
  it('pauses for as long as is chosen, and offers to resume while it is paused', async () => {
    const page = renderPage()
    await screen.findByRole('heading', { name: 'No Claude Code sessions yet' })
    await page.user.click(screen.getByRole('button', { name: 'Pause' }))
    await page.user.click(await screen.findByRole('menuitem', { name: 'Pause until resumed' }))
    expect(page.asked.filter(({ call }) => call === 'pause')).toEqual([{ call: 'pause', request: { untilMs: null } }])
    page.tell(sampleState({ revision: 2, paused: { untilMs: null } }))
    await page.user.click(await screen.findByRole('button', { name: 'Resume' }))
    expect(page.asked.at(-1)).toEqual({ call: 'resume', request: {} })
  })
  it('asks for a checkpoint from the row, and says what came of it', async () => {
    const session = dueSession()
    const page = renderPage({ state: sampleState({ sessions: [session] }) })
    page.answer('requestCheckpoint', () => [{ kind: 'unchanged', sessionId: session.sessionId, sinceSeq: 3 }])
    await page.user.click(await screen.findByRole('button', { name: 'Checkpoint Add a login page now' }))
    const said = 'Nothing changed since checkpoint 3: it still holds everything.'
    await waitFor(() => expect(screen.getAllByRole('status').map(({ textContent }) => textContent)).toContain(said))
  })
  it('shows hostile texts as text on one line', async () => {
    const title = '<img src=x onerror=alert(1)>\u202e\nnext {{count}} $t(app.title)'
    renderPage({ state: sampleState({ sessions: [sampleSession({ title, branch: '<b>' })] }) })
    const hostile = await row('<img src=x onerror=alert(1)> next {{count}} $t(app.title)')
    expect(hostile.querySelector('img, b')).toBeNull()
    expect(document.body.innerHTML).not.toContain('\u202e')
  })
  it('shows a list of keys when asked by its own', async () => {
    const page = renderPage()
    await screen.findByRole('heading', { name: 'No Claude Code sessions yet' })
    await page.user.keyboard('?')
    expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeDefined()
  })
  it.each([
    ['#/activity', 'Activity'],
    ['#/settings', 'Settings'],
    ['#/session/00000000-0000-4000-8000-000000000001', 'Add a login page'],
    ['#/session/00000000-0000-4000-8000-00000000dead', 'This session is not there'],
    ['#/sessions', 'Sessions'],
    ['#/nonsense/../', 'Sessions'],
  ])('opens the view that the address names: %s', async (hash, heading) => {
    renderPage({ hash, state: sampleState({ sessions: [sampleSession()] }) })
    expect(await screen.findByRole('heading', { level: 2, name: heading })).toBeDefined()
  })
})
