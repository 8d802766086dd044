/**
 * The page by itself, as built, in real Chromium over the real engine on the demo's machine: what users come for, told
 * by role and name. The desktop app around it has a spec of its own.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type DemoMonitor, startDemoMonitor } from '../support/demo-monitor.ts'
import { type HostedPage, type HostOptions, hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'

const missing = whyNoPage(process.env)
if (missing !== null) console.warn(`\n*** SKIPPED: the page in Chromium: ${missing} ***\n`)

describe.skipIf(missing !== null)('the page in Chromium', () => {
  let browser: Browser
  let demo: DemoMonitor
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
  })
  const show = async (options: HostOptions = {}): Promise<HostedPage> => {
    const hosted = await hostPage(browser, demo.monitor, options)
    onTestFinished(() => hosted.close())
    return hosted
  }

  describe('on the demo', () => {
    beforeAll(async () => {
      demo = await startDemoMonitor()
      await demo.monitor.refresh()
    })
    afterAll(() => demo?.stop())

    it('tells which session is most at risk', async () => {
      const { page, complaints } = await show()
      await page.getByRole('heading', { name: '12 sessions are at risk' }).waitFor()
      await page.getByRole('columnheader', { name: 'Total' }).getByRole('button').click()
      const first = page.getByRole('row').nth(1)
      await expect.poll(() => first.getByRole('link').innerText()).toBe('Find duplicates in the bibliography')
      expect(await first.getByRole('meter', { name: 'Total' }).getAttribute('aria-valuetext')).toMatch(
        /, limit 1 reached$/,
      )
      expect(complaints).toEqual([])
    })
    it('finds a session by a word of its title, its project or its branch', async () => {
      const { page } = await show()
      await page.getByRole('searchbox', { name: 'Search sessions' }).fill('webshop flaky')
      await expect.poll(() => titles(page)).toEqual(['Flaky cart test'])
      await page.getByText('1 of 12', { exact: true }).waitFor()
    })
    it('checkpoints one session now', async () => {
      const { page } = await show()
      const row = page.getByRole('row', { name: 'Flaky cart test' })
      await row.getByRole('button', { name: 'Checkpoint Flaky cart test now' }).click()
      await page.getByRole('status').filter({ hasText: 'Saved as number 1' }).waitFor()
      await expect.poll(() => row.locator('.protection').innerText()).toBe('Protected')
    })
    it('pauses for two hours', async () => {
      const { page } = await show()
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      await page.getByRole('menuitem', { name: 'Pause for 2 hours' }).click()
      await page.getByText('Paused, goes on in 2 hours', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Resume' }).click()
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
    })
  })
})

/** Titles of the sessions in sight, from the top. */
function titles(page: Page): Promise<readonly string[]> {
  return page.getByRole('row').getByRole('link').allInnerTexts()
}
