/**
 * The page by itself, as built, in real Chromium over the real engine on the demo's machine: what users come for, told
 * by role and name. The desktop app around it has a spec of its own.
 */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type DemoMonitor, startDemoMonitor, workStepMs } from '../support/demo-monitor.ts'
import { tabTo } from '../support/keyboard.ts'
import { type HostedPage, type HostOptions, hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'

const missing = whyNoPage(process.env)
if (missing !== null) console.warn(`\n*** SKIPPED: the page in Chromium: ${missing} ***\n`)

const poll = { timeout: 10_000 }
const busyTitle = 'Guest checkout without an account'

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

  describe('before anything was saved', () => {
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
      await expect.poll(() => first.getByRole('link').innerText(), poll).toBe('Find duplicates in the bibliography')
      expect(await first.getByRole('meter', { name: 'Total' }).getAttribute('aria-valuetext')).toMatch(
        /, limit 1 reached$/,
      )
      expect(complaints).toEqual([])
    })
    it('finds a session by a word of its title, its project or its branch', async () => {
      const { page } = await show()
      await page.getByRole('searchbox', { name: 'Search sessions' }).fill('webshop flaky')
      await expect.poll(() => titles(page), poll).toEqual(['Flaky cart test'])
      await page.getByText('1 of 12', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Show all' }).click()
      await page.getByText('12 sessions', { exact: true }).waitFor()
    })
    it('shows the projects above their sessions, and folds them', async () => {
      const { page } = await show()
      await page.getByText('Group by project').click()
      const webshop = page.getByRole('row', { name: /^webshop/ })
      await webshop.waitFor()
      await page.getByRole('row', { name: 'Flaky cart test' }).waitFor()
      await webshop.click()
      await expect.poll(() => page.getByRole('row', { name: 'Flaky cart test' }).count(), poll).toBe(0)
    })
    // Saved, it moves to the end of the list: only in a tall window is that still in sight.
    it('checkpoints one session now', async () => {
      const { page } = await show({ context: { viewport: { width: 1_200, height: 1_600 } } })
      const row = page.getByRole('row', { name: 'Flaky cart test' })
      await row.getByRole('button', { name: 'Checkpoint Flaky cart test now' }).click()
      await page.getByRole('status').filter({ hasText: 'Saved as number 1' }).waitFor()
      await expect.poll(() => row.locator('.protection').innerText(), poll).toBe('Protected')
    })
    it('checkpoints those that are selected', async () => {
      const { page } = await show()
      for (const title of ['Release 2.4', 'Thumbnails as WebP']) {
        await page.getByRole('checkbox', { name: `Select ${title}` }).check()
      }
      await page.getByText('2 selected', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Checkpoint selected' }).click()
      await page.getByRole('status').filter({ hasText: '2 of 2 saved.' }).waitFor()
    })
    it('pauses for two hours', async () => {
      const { page } = await show()
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      await page.getByRole('menuitem', { name: 'Pause for 2 hours' }).click()
      await page.getByText('Paused, goes on in 2 hours', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Resume' }).click()
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
    })
    it('is worked by keys alone in the list: search, move, select, open, back', async () => {
      const { page } = await show()
      await page.getByRole('grid').waitFor()
      await page.keyboard.press('/')
      await expect.poll(() => page.evaluate(() => document.activeElement?.id), poll).toBe('session-search')
      await page.keyboard.type('webshop')
      await expect.poll(() => titles(page).then(all => all.length), poll).toBe(3)
      await tabTo(page, 'row', /./)
      await page.keyboard.press('End')
      await page.keyboard.press('Home')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Space')
      await page.getByText('1 selected', { exact: true }).waitFor()
      const second = (await titles(page))[1] ?? ''
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 2, name: second }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('grid').waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    })
    it('tells what failed and what to do, and does it', async () => {
      const { page } = await show()
      demo.fillDisk(true)
      onTestFinished(() => demo.fillDisk(false))
      await page.getByRole('grid').waitFor()
      await page.getByRole('button', { name: `Checkpoint ${busyTitle} now` }).click()
      await page.getByRole('heading', { name: '1 session could not be saved' }).waitFor()
      await page.getByRole('link', { name: /^Activity/ }).click()
      const failures = page.getByRole('region', { name: 'What failed' })
      const failure = failures.getByRole('group', { name: busyTitle })
      await expect.poll(() => failure.innerText(), poll).toMatch(/the disk is full \(ENOSPC\)\. Free some space/)
      demo.fillDisk(false)
      await failure.getByRole('button', { name: `Try ${busyTitle} again` }).click()
      await failures.getByText('Nothing has failed.').waitFor()
    })
  })

  describe('after some hours of work', () => {
    const rounds = 8
    const file = () => demo.fileOf('webshop', 'src/checkout/guest-form.tsx')
    const busyId = () => demo.session(busyTitle).truth.sessionId
    beforeAll(async () => {
      demo = await startDemoMonitor({ behindMs: rounds * workStepMs })
      await demo.work(rounds)
    })
    afterAll(() => demo?.stop())

    it('says why one session was not checkpointed, with the arithmetic', async () => {
      const { page, complaints } = await show()
      await page.getByRole('link', { name: busyTitle }).click()
      await page.getByRole('heading', { level: 2, name: busyTitle }).waitFor()
      const why = page.getByRole('region', { name: 'Why' })
      await why
        .getByText(/^It is not due: every factor is below its limit, and the total of 0\.\d+ is below 1;/)
        .waitFor()
      const context = why.getByRole('row', { name: /^Context fill/ })
      expect((await context.getByRole('cell').allInnerTexts()).map(text => text.trim())).toEqual([
        '42 %',
        '75 %',
        '0.56',
        '× 0.5',
        '= 0.28',
      ])
      await page.getByRole('img', { name: /^Score over time, \d+ samples .* 3 checkpoints are marked\.$/ }).waitFor()
      expect(await page.getByRole('list', { name: 'Checkpoints, newest first' }).getByRole('listitem').count()).toBe(3)
      expect(complaints).toEqual([])
    })
    it('gives an earlier file back by keys alone, and today’s again by undo', async () => {
      const today = readFileSync(file(), 'utf8')
      const { page } = await show({ hash: `#/session/${busyId()}/restore/1` })
      await page.getByRole('heading', { name: 'What do you want back?' }).waitFor()
      await tabTo(page, 'radio', 'Files and conversation')
      for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowDown')
      await tabTo(page, 'checkbox', 'src/checkout/guest-form.tsx')
      await page.keyboard.press('Space')
      await tabTo(page, 'radio', 'Keep them as they are now')
      await page.keyboard.press('ArrowDown')
      await tabTo(page, 'button', 'Preview')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'This would happen' }).waitFor()
      await page.getByText('Writes 1 file,').waitFor()
      await tabTo(page, 'button', 'Restore now')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Restored', exact: true }).waitFor()
      expect(readFileSync(file(), 'utf8')).not.toContain('Step 8')
      await tabTo(page, 'button', 'Undo')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Undone' }).waitFor()
      expect(readFileSync(file(), 'utf8')).toBe(today)
    })
    it('puts a file into a folder of its own when that is asked for, and says what is wrong with a bad one', async () => {
      const { page } = await show({ hash: `#/session/${busyId()}/restore/1` })
      await page.getByRole('radio', { name: 'A folder of its own' }).check()
      await page.getByRole('textbox', { name: 'Folder' }).fill('not/absolute')
      await page.getByRole('button', { name: 'Preview' }).click()
      await page.getByText('This must be an absolute path.').waitFor()
      await page.getByRole('textbox', { name: 'Folder' }).fill(`${demo.folder}/given back`)
      await page.getByRole('button', { name: 'Preview' }).click()
      await page.getByRole('button', { name: 'Restore now' }).click()
      await page.getByRole('heading', { name: 'Restored', exact: true }).waitFor()
      expect(readFileSync(`${demo.folder}/given back/files/src/checkout/guest-form.tsx`, 'utf8')).toContain('Step 1')
    })
    it('shows the view that the address names while it is open', async () => {
      const { page, goTo } = await show()
      await page.getByRole('grid').waitFor()
      await goTo('#/activity')
      await page.getByRole('heading', { level: 2, name: 'Activity' }).waitFor()
      await goTo(`#/session/${busyId()}`)
      await page.getByRole('heading', { level: 2, name: busyTitle }).waitFor()
    })

    const views = [
      ['the list', () => '#/sessions', 'Sessions'],
      ['a session', () => `#/session/${busyId()}`, busyTitle],
      ['a restore', () => `#/session/${busyId()}/restore`, `Restore “${busyTitle}”`],
      ['the activity', () => '#/activity', 'Activity'],
      ['the settings', () => '#/settings', 'Settings'],
      ['the first run', () => '#/welcome', 'Your sessions are being protected'],
      ['what is gone', () => '#/session/00000000-0000-4000-8000-000000000000', 'This session is not there'],
    ] as const
    it.each([
      [420, 1],
      [1_200, 1],
      [1_200, 2],
      [3_840, 1],
    ])('needs no sideways scrolling at %i pixels, magnified %i times', async (width, zoom) => {
      const size = { width: Math.round(width / zoom), height: Math.round(800 / zoom) }
      const { page, goTo } = await show({ context: { viewport: size, deviceScaleFactor: zoom } })
      for (const [name, hash, heading] of views) {
        await goTo(hash())
        await page.getByRole('heading', { level: 2, name: heading, exact: true }).waitFor()
        const over = await page.evaluate(() => {
          const app = document.querySelector('.app')
          return app === null ? -1 : app.scrollWidth - app.clientWidth
        })
        expect([name, over]).toEqual([name, 0])
      }
    })
  })
})

/** Titles of the sessions in sight, from the top. */
function titles(page: Page): Promise<readonly string[]> {
  return page.getByRole('row').getByRole('link').allInnerTexts()
}
