/**
 * From a line that Claude Code appends on disk to the row in the page: the real engine, which watches and checks by
 * itself, under the built page in real Chromium. How long that takes is measured by `npm run bench -- detect`.
 */
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Monitor, startMonitor } from '../../shared/engine/monitor.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import { type HostedPage, hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import { makeSession, say, transcriptOf } from './sessions.ts'

const missing = whyNoPage(process.env)
if (missing !== null) console.warn(`\n*** SKIPPED: the page in Chromium: ${missing} ***\n`)

const poll = { timeout: 20_000 }
const login = { sessionId: '11111111-1111-4111-8111-111111111111', title: 'Mend the login page' }
const search = { sessionId: '22222222-2222-4222-8222-222222222222', title: 'Make the search faster' }

describe.skipIf(missing !== null)('the page while sessions go on', () => {
  let home: ScratchHome
  let monitor: Monitor
  let browser: Browser
  let hosted: HostedPage
  let page: Page
  const titles = () => page.getByRole('row').getByRole('link').allInnerTexts()
  const append = (record: object) =>
    appendFileSync(
      transcriptOf(home, login.sessionId),
      `${JSON.stringify({ ...record, sessionId: login.sessionId })}\n`,
    )

  beforeAll(async () => {
    home = makeScratchHome('live')
    makeSession(home, login)
    const started = await startMonitor(
      nodePorts(() => {}),
      { dataFolder: path.join(home.folder, 'engine'), roots: [home.configDir], home: home.home, automatic: true },
    )
    if (!started.ok) throw new Error(started.message)
    monitor = started.monitor
    // Nothing but the watcher may bring what follows into the page.
    await monitor.pause({ untilMs: null })
    browser = await launchChromium()
    hosted = await hostPage(browser, monitor)
    page = hosted.page
  })
  afterAll(async () => {
    await hosted?.close()
    await browser?.close()
    await monitor?.stop()
    home?.remove()
  })

  it('shows the new name of a session as soon as its line is there', async () => {
    await expect.poll(() => titles(), poll).toEqual([login.title])
    await expect.poll(async () => (await monitor.getState({})).watch?.mode, poll).toBe('watching')
    append({ type: 'custom-title', customTitle: 'Login, at last' })
    await expect.poll(() => titles(), poll).toEqual(['Login, at last'])
  })

  it('shows how full the context became, though the line before was torn', async () => {
    const reply = JSON.stringify({
      type: 'assistant',
      message: { id: 'm1', model: 'claude-opus-4-5', content: [], usage: { input_tokens: 150_000 } },
      sessionId: login.sessionId,
    })
    appendFileSync(transcriptOf(home, login.sessionId), reply.slice(0, 40))
    append({ type: 'mode' })
    appendFileSync(transcriptOf(home, login.sessionId), `${reply}\n`)
    const row = page.getByRole('row', { name: 'Login, at last' })
    await expect.poll(() => row.innerText(), poll).toMatch(/75\s%/)
  })

  it('shows a session that begins, without a reload', async () => {
    makeSession(home, search)
    await expect.poll(async () => (await titles()).toSorted(), poll).toEqual(['Login, at last', search.title])
    say(home, search.sessionId, 'Faster still')
    await expect
      .poll(async () => (await monitor.getState({})).sessions.map(view => view.counts.prompts).toSorted(), poll)
      .toEqual([1, 2])
    expect(hosted.complaints).toEqual([])
  })
})
