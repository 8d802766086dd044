/** What axe finds on the built page: in every view and step, with whatever can be open, in every look and language. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { en } from '../../renderer/messages/en.ts'
import { violations } from '../support/axe.ts'
import { type DemoMonitor, startDemoMonitor, workStepMs } from '../support/demo-monitor.ts'
import { hostPage, launchChromium, whyNoPage } from '../support/page-host.ts'

const missing = whyNoPage(process.env)
if (missing !== null) console.warn(`\n*** SKIPPED: axe on the page in Chromium: ${missing} ***\n`)

const busyTitle = 'Guest checkout without an account'
const looks = [
  ['light', 'no-preference', 'en-GB'],
  ['dark', 'no-preference', 'en-GB'],
  ['light', 'more', 'en-GB'],
  ['dark', 'more', 'en-GB'],
  ['light', 'no-preference', 'de-DE'],
] as const

/** What is pressed on the way, in the page's own words. */
function wordsOf(locale: (typeof looks)[number][2]) {
  const { list, actions, restore, session } = locale === 'de-DE' ? de : en
  return {
    grouped: list.group,
    select: list.select.replace('{{title}}', busyTitle),
    keys: actions.shortcuts,
    pause: actions.pause,
    appearance: actions.appearance,
    preview: restore.choose.next,
    chosen: restore.choose.paths,
    sideways: restore.choose.side,
    compare: session.diff.compare,
    language: locale === 'de-DE' ? de.settings.fields.language.label : 'Language',
  }
}

describe.skipIf(missing !== null)('the page has nothing for axe to find', () => {
  let browser: Browser
  let demo: DemoMonitor
  beforeAll(async () => {
    browser = await launchChromium()
    demo = await startDemoMonitor({ behindMs: 8 * workStepMs })
    await demo.work(8)
  })
  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })

  it.each(looks)(
    '%s, contrast %s, %s',
    async (colorScheme, contrast, locale) => {
      const hosted = await hostPage(browser, demo.monitor, { context: { colorScheme, contrast, locale } })
      onTestFinished(() => hosted.close())
      const { page, goTo } = hosted
      const says = wordsOf(locale)
      const button = (name: string) => page.getByRole('button', { name, exact: true })
      const session = `#/session/${demo.session(busyTitle).truth.sessionId}`
      const found: Record<string, readonly string[]> = {}
      const look = async (where: string) => {
        found[where] = await violations(page)
      }
      const show = async (where: string, hash: string) => {
        await goTo(hash)
        await settled(page)
        await look(where)
      }
      await page.getByRole('grid').waitFor()
      await look('the list')
      await page.getByText(says.grouped).click()
      await page.getByRole('checkbox', { name: says.select }).check()
      await look('the list, grouped, with a selection')
      await button(says.pause).click()
      await page.getByRole('menu').waitFor()
      await look('what pauses')
      await page.keyboard.press('Escape')
      await button(says.appearance).click()
      await page.getByRole('dialog').waitFor()
      await look('the appearance')
      await page.keyboard.press('Escape')
      await button(says.keys).click()
      await page.getByRole('dialog').waitFor()
      await look('the keys')
      await page.keyboard.press('Escape')

      await show('a session', session)
      await show('a comparison', `${session}/checkpoint/1`)
      await page.getByRole('combobox', { name: says.compare }).click()
      await page.getByRole('listbox').waitFor()
      await look('a comparison, choosing the other side')
      await page.keyboard.press('Escape')

      await show('a restore', `${session}/restore/1`)
      await page.getByRole('radio', { name: says.chosen }).check()
      await page.getByRole('radio', { name: says.sideways }).check()
      await page.getByRole('checkbox', { name: 'src/checkout/guest-form.tsx' }).check()
      await look('a restore of chosen files into a folder')
      await page.getByRole('radio', { name: says.sideways }).press('ArrowUp')
      await button(says.preview).click()
      await page.getByRole('table').waitFor()
      await look('the preview of a restore')

      await show('the activity', '#/activity')
      await show('the settings', '#/settings')
      await page.getByRole('combobox', { name: says.language }).click()
      await page.getByRole('listbox').waitFor()
      await look('the settings, choosing a language')
      await page.keyboard.press('Escape')
      await show('the first run', '#/welcome')
      await show('what is gone', '#/session/00000000-0000-4000-8000-000000000000')
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map(where => [where, []])))
      expect(hosted.complaints).toEqual([])
    },
    240_000,
  )

  it('after a restore and its undo, and while it is paused', async () => {
    const hash = `#/session/${demo.session(busyTitle).truth.sessionId}/restore/1`
    const hosted = await hostPage(browser, demo.monitor, { hash })
    onTestFinished(() => hosted.close())
    const { page } = hosted
    const found: Record<string, readonly string[]> = {}
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByRole('button', { name: 'Restore now' }).click()
    await page.getByRole('heading', { name: 'Restored', exact: true }).waitFor()
    found['done'] = await violations(page)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('heading', { name: 'Undone' }).waitFor()
    found['undone'] = await violations(page)
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Pause until resumed' }).click()
    await page.getByText('Paused until resumed', { exact: true }).waitFor()
    found['paused'] = await violations(page)
    await page.getByRole('button', { name: 'Resume' }).click()
    expect(found).toEqual({ done: [], undone: [], paused: [] })
  }, 120_000)
})

/** The view has its title, and what it asked for has come. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 2 }).first().waitFor()
  await page.waitForFunction(() => document.querySelector('main p[role=status]:not(.quiet, .preview-count)') === null)
}
