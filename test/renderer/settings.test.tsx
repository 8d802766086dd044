// @vitest-environment jsdom
import { configure, screen, waitFor, within } from '@testing-library/react'
import type userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it } from 'vitest'
import { defaultSettings, type Settings } from '../../shared/core/settings.ts'
import { planChange, type SettingsChanges } from '../../shared/core/settings-change.ts'
import { renderPage } from '../support/render-page.tsx'
import { dueSession, sampleSession, sampleState } from '../support/sample-state.ts'

// A form of forty controls takes jsdom long to search by role, more so beside other tests.
configure({ asyncUtilTimeout: 10_000 })

/** The settings view over a monitor that takes what it is given, as the real one does. */
function openSettings(settings: Settings = defaultSettings, hash = '#/settings') {
  const session = sampleSession({
    title: 'Fix the search',
    protection: 'changed',
    decision: { action: 'hold', reason: { kind: 'below-threshold', dueAtMs: null } },
    unsaved: { messages: 1, transcriptBytes: 900, files: 3 },
  })
  let state = sampleState({ settings, sessions: [session] })
  const page = renderPage({ state, hash })
  const saved: SettingsChanges[] = []
  const change = (changes: SettingsChanges) => {
    const planned = planChange(state.settings, changes)
    if (!planned.ok) return planned
    state = { ...state, settings: planned.settings, revision: state.revision + 1 }
    page.tell(state)
    return { ok: true, settings: planned.settings }
  }
  page.answer('changeSettings', request => {
    const { changes } = request as { readonly changes: SettingsChanges }
    saved.push(changes)
    return change(changes)
  })
  return { saved, elsewhere: change, user: page.user }
}

const field = (name: string) => screen.findByLabelText(name, { selector: 'input:not([type=range])' })
const button = (name: string) => screen.getByRole('button', { name })
const retype = async (user: ReturnType<typeof userEvent.setup>, input: HTMLElement, text: string) => {
  await user.clear(input)
  await user.type(input, text)
}

afterEach(() => {
  location.hash = ''
})

describe('the settings', () => {
  it('say what a value would change before it is saved, and which session', async () => {
    const { user, saved } = openSettings()
    expect(await screen.findByText('0 sessions are due now')).toBeDefined()
    await retype(user, await field('Files changed'), '3')
    expect(await screen.findByText('With these values 1 session would be due now')).toBeDefined()
    const preview = screen.getByRole('complementary', { name: 'What this means now' })
    expect(within(preview).getByRole('link', { name: 'Fix the search' })).toBeDefined()
    expect(saved).toEqual([])
  })

  it('name those that are due in any case', async () => {
    const unsaved = { messages: 1, transcriptBytes: 900, files: 3 }
    const sessions = [dueSession({ title: 'Fix the search', protection: 'changed', unsaved })]
    const settings = { ...defaultSettings, thresholds: { ...defaultSettings.thresholds, activityFiles: 3 } }
    renderPage({ state: sampleState({ settings, sessions }), hash: '#/settings' })
    const preview = await screen.findByRole('complementary', { name: 'What this means now' })
    expect(within(preview).getByText('1 session is due now')).toBeDefined()
    const list = within(preview).getByText('Due as before').parentElement
    expect(list?.textContent).toContain('Fix the search')
  })

  it('save only what was changed, and undo it in one step', async () => {
    const { user, saved } = openSettings()
    await retype(user, await field('Files changed'), '3')
    await user.click(button('Save'))
    await screen.findByText('Everything is saved')
    await user.click(button('Undo'))
    await waitFor(() => expect(saved).toEqual([{ 'thresholds.activityFiles': 3 }, { 'thresholds.activityFiles': 15 }]))
    await waitFor(async () => expect((await field('Files changed')).getAttribute('value')).toBe('15'))
  })

  it('explain a bad value at its field and do not save it', async () => {
    const { user } = openSettings()
    const input = await field('Files changed')
    await retype(user, input, '0')
    expect(screen.getByText('Must be a whole number from 1 to 10,000.')).toBeDefined()
    expect([input.getAttribute('aria-invalid'), button('Save').hasAttribute('disabled')]).toEqual(['true', true])
    await retype(user, input, 'many')
    expect(screen.getByText('Must be a whole number from 1 to 10,000.')).toBeDefined()
    await user.click(button('Discard'))
    expect([
      (await field('Files changed')).getAttribute('value'),
      screen.getByText('Everything is saved'),
    ]).toHaveLength(2)
  })

  it('take ignored files to save line by line, warn of secrets, and explain a wrong line', async () => {
    const { user, saved } = openSettings()
    const lines = await screen.findByRole('textbox', { name: 'Ignored files to save all the same' })
    await user.type(lines, '.env{Enter}secrets/')
    expect(screen.getByText(/^Line 2 must name files/)).toBeDefined()
    expect([lines.getAttribute('aria-invalid'), button('Save').hasAttribute('disabled')]).toEqual(['true', true])
    await user.type(lines, '{Backspace}*.key{Enter}')
    expect(screen.getByText(/^What these name goes into the store as it is/)).toBeDefined()
    await user.click(button('Save'))
    await waitFor(() => expect(saved).toEqual([{ 'snapshot.includeIgnored': ['.env', 'secrets*.key'] }]))
    expect((lines as HTMLTextAreaElement).value).toBe('.env\nsecrets*.key\n')
  })

  it('take a decimal comma', async () => {
    const { user, saved } = openSettings()
    await retype(user, await field('Time since checkpoint'), '0,5')
    await user.click(button('Save'))
    await waitFor(() => expect(saved).toEqual([{ 'thresholds.timeHours': 0.5 }]))
  })

  it('fill the form from a preset, and say which one holds', async () => {
    const { user, saved } = openSettings()
    await screen.findByText('Everything is saved')
    expect(button('Default').getAttribute('aria-pressed')).toBe('true')
    await user.click(button('Aggressive'))
    expect(button('Aggressive').getAttribute('aria-pressed')).toBe('true')
    await user.click(button('Save'))
    await waitFor(() =>
      expect(saved).toEqual([
        {
          intervalMinutes: 3,
          'thresholds.timeHours': 1,
          'thresholds.activityFiles': 5,
          'thresholds.idleMinutes': 15,
        },
      ]),
    )
  })

  it('show what another process changes, and keep what is being edited', async () => {
    const { user, elsewhere } = openSettings()
    await retype(user, await field('Files changed'), '3')
    elsewhere({ 'thresholds.activityFiles': 20, cooldownMinutes: 45 })
    await waitFor(async () => expect((await field('Cooldown')).getAttribute('value')).toBe('45'))
    expect((await field('Files changed')).getAttribute('value')).toBe('3')
    expect(screen.getByText('Meanwhile set to 20 elsewhere; saving replaces that.')).toBeDefined()
  })

  it('keep what was edited when the view is left and opened again', async () => {
    const { user } = openSettings()
    await retype(user, await field('Cooldown'), '10')
    location.hash = '#/sessions'
    await screen.findByRole('row', { name: 'Fix the search' })
    location.hash = '#/settings'
    expect((await field('Cooldown')).getAttribute('value')).toBe('10')
  })

  it('put one value back to its default', async () => {
    const { user } = openSettings({ ...defaultSettings, cooldownMinutes: 45 })
    await user.click(await screen.findByRole('button', { name: 'Cooldown: back to 30' }))
    expect((await field('Cooldown')).getAttribute('value')).toBe('30')
  })

  it('exclude a folder, and give another one thresholds of its own', async () => {
    const { user, saved } = openSettings()
    await retype(user, await field('Folder'), '/home/me/scratch')
    await user.click(button('Add'))
    const group = screen.getByRole('group', { name: '/home/me/scratch' })
    await user.click(within(group).getByLabelText('Never checkpoint by itself'))
    await user.type(within(group).getByLabelText('Files changed'), '5')
    await user.click(button('Save'))
    await waitFor(() =>
      expect(saved).toEqual([
        { projects: [{ path: '/home/me/scratch', excluded: false, thresholds: { activityFiles: 5 } }] },
      ]),
    )
  })

  it('turn quiet hours on, with times that can be changed', async () => {
    const { user, saved } = openSettings()
    await user.click(await screen.findByLabelText('Quiet hours'))
    await user.click(button('Save'))
    await waitFor(() => expect(saved).toEqual([{ 'notifications.quietHours': { from: '22:00', to: '07:00' } }]))
  })

  it('speak German at once when German is chosen', async () => {
    openSettings({ ...defaultSettings, language: 'de' })
    expect(await screen.findByRole('heading', { name: 'Einstellungen' })).toBeDefined()
    expect((await field('Geänderte Dateien')).getAttribute('value')).toBe('15')
    await waitFor(() => expect(document.documentElement.lang).toBe('de'))
  })

  it('read a file into the form, and refuse one that holds no settings', async () => {
    const { user } = openSettings()
    const picker = await screen.findByLabelText('Import …', { selector: 'input' })
    await user.upload(picker, new File(['no settings'], 'a.json', { type: 'application/json' }))
    expect(await screen.findByText('That file holds no settings.')).toBeDefined()
    await user.upload(picker, new File(['{"cooldownMinutes": 7}'], 'b.json', { type: 'application/json' }))
    await waitFor(async () => expect((await field('Cooldown')).getAttribute('value')).toBe('7'))
    expect(button('Save').hasAttribute('disabled')).toBe(false)
  })
})

describe('a session', () => {
  it('is muted and heard again from its own view', async () => {
    const { user, saved } = openSettings(defaultSettings, `#/session/${sampleSession().sessionId}`)
    await user.click(await screen.findByRole('button', { name: 'Mute notifications' }))
    await user.click(await screen.findByRole('button', { name: 'Unmute notifications' }))
    await waitFor(() =>
      expect(saved).toEqual([
        { 'notifications.mutedSessions': [sampleSession().sessionId] },
        { 'notifications.mutedSessions': [] },
      ]),
    )
  })
})

describe('the first run', () => {
  it('says what was found, what is saved, where and when', async () => {
    openSettings(defaultSettings, '#/welcome')
    expect(await screen.findByRole('heading', { name: 'Your sessions are being protected' })).toBeDefined()
    expect(screen.getByText('1 session in 1 project; 1 of them is live')).toBeDefined()
    expect(screen.getByText(/^Every 5 min all sessions are looked at\. One is saved when 2 h/)).toBeDefined()
  })
})
