/** What users come for after some hours of work, told by role and name on the built page over the real engine. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type DemoMonitor, startDemoMonitor, workStepMs } from '../support/demo-monitor.ts'
import { type HostedPage, type HostOptions, hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'

const missing = whyNoPage(process.env)
if (missing !== null) console.warn(`\n*** SKIPPED: stories of the page in Chromium: ${missing} ***\n`)

const poll = { timeout: 10_000 }
const busyTitle = 'Guest checkout without an account'
const rounds = 8

describe.skipIf(missing !== null)('a user of the page', () => {
  let browser: Browser
  let demo: DemoMonitor
  beforeAll(async () => {
    browser = await launchChromium()
    demo = await startDemoMonitor({ behindMs: rounds * workStepMs })
    await demo.work(rounds)
  })
  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })
  const show = async (options: HostOptions = {}): Promise<HostedPage> => {
    const hosted = await hostPage(browser, demo.monitor, options)
    onTestFinished(() => hosted.close())
    return hosted
  }
  const busy = () => demo.session(busyTitle).truth

  it('looks at what changed since a checkpoint, line by line, and compares it with another one', async () => {
    const { page, complaints } = await show({ hash: `#/session/${busy().sessionId}` })
    const first = page.getByRole('list', { name: 'Checkpoints, newest first' }).getByRole('listitem').last()
    await first.getByRole('button', { name: 'What changed since' }).click()
    await page.getByRole('heading', { level: 2, name: 'Checkpoint 1 compared' }).waitFor()
    const lines = page.getByRole('region', { name: 'Differences in src/checkout/guest-form.tsx' })
    await expect.poll(() => lines.getByRole('row', { name: /added/ }).count(), poll).toBe(rounds - 1)
    await lines.getByRole('row', { name: '+ added // Step 8: keep the cart.' }).waitFor()
    await page.getByText('The conversation went on: 7 prompts.').waitFor()
    await page.getByRole('combobox', { name: 'Compare with' }).click()
    await page.getByRole('option', { name: /^checkpoint 2, / }).click()
    await expect.poll(() => lines.getByRole('row', { name: /added/ }).count(), poll).toBeLessThan(rounds - 1)
    expect(complaints).toEqual([])
  })

  it('finds the session that died, with why, and the way back to it', async () => {
    const { page } = await show({ hash: '#/activity' })
    const rescue = page.getByRole('region', { name: 'Sessions that may need you' })
    const died = rescue.getByRole('article', { name: 'VAT rounding per line' })
    await died.getByText('Died', { exact: true }).waitFor()
    await died.getByText(/^Its process ended without a word; it was last at work /).waitFor()
    await died.getByText(/3 uncommitted files saved/).waitFor()
    await died.getByRole('button', { name: 'Restore …' }).click()
    await page.getByRole('heading', { level: 2, name: 'Restore “VAT rounding per line”' }).waitFor()
    await page.getByRole('heading', { name: 'What do you want back?' }).waitFor()
  })

  it('copies the command that goes on with a conversation', async () => {
    const { page } = await show({
      hash: `#/session/${busy().sessionId}`,
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
    await page.getByRole('button', { name: 'Copy resume command' }).click()
    await page.getByRole('status').filter({ hasText: 'Copied.' }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toBe(`cd ${demo.fileOf('webshop', '').replace(/\/$/, '')} && claude --resume ${busy().sessionId}`)
  })

  // Last: it changes the settings of all.
  it('makes it checkpoint more often, and sees the effect first', async () => {
    const hours = async () => (await demo.monitor.getState({})).settings.thresholds.timeHours
    const { page, complaints } = await show({ hash: '#/settings' })
    const preview = page.getByRole('complementary', { name: 'What this means now' })
    await preview.getByText('0 sessions are due now').waitFor()

    await page.getByRole('button', { name: 'Aggressive' }).click()
    expect(await page.getByRole('textbox', { name: 'Time since checkpoint' }).inputValue()).toBe('1')
    await preview.getByText('4 changes, not saved yet').waitFor()
    await page.getByRole('slider', { name: 'Time since checkpoint, slider' }).focus()
    for (let step = 0; step < 20; step++) await page.keyboard.press('ArrowLeft')
    await preview.getByText('With these values 1 session would be due now').waitFor()
    await preview.getByRole('link', { name: busyTitle }).waitFor()
    expect(await hours()).toBe(2)

    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await preview.getByText('Everything is saved').waitFor()
    await preview.getByText('1 session is due now').waitFor()
    expect(await hours()).toBeLessThan(0.75)
    await page.getByRole('link', { name: 'Sessions', exact: true }).click()
    const row = page.getByRole('row', { name: busyTitle })
    await expect.poll(() => row.locator('.protection').innerText(), poll).toBe('At risk')
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByRole('status').filter({ hasText: 'Checked 12 sessions: 1 saved, 0 failed.' }).waitFor()
    await expect.poll(() => row.locator('.protection').innerText(), poll).toBe('Protected')
    expect(complaints).toEqual([])
  })
})
