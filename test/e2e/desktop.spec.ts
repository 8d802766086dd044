/**
 * The desktop app from start to quit, with the built preload and page: the same steps on the stand-in and on the real
 * Electron. The steps of a target build on each other.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ElectronApplication, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import {
  askMonitor,
  clickTray,
  closeWindow,
  exitOf,
  type LaunchOptions,
  launch,
  launchAgain,
  listenForNavigation,
  navigatedTo,
  stateOf,
  type Target,
  targets,
  trayLabel,
  watchCycles,
  windowsVisible,
} from './launch.ts'
import { makeSession, projectOf, records, say } from './sessions.ts'

const login = { sessionId: '11111111-1111-4111-8111-111111111111', title: 'Mend the login page' }
const search = { sessionId: '22222222-2222-4222-8222-222222222222', title: 'Make the search faster' }

for (const { name, missing } of targets) {
  if (missing !== null) console.warn(`\n*** SKIPPED on ${name}: ${missing} ***\n`)
}

for (const target of targets) {
  describe.skipIf(target.missing !== null)(`the desktop app on ${target.name}`, () => {
    steps(target)
    refusedStore(target)
  })
}

function steps(target: Target): void {
  let home: ScratchHome
  let options: LaunchOptions
  let app: ElectronApplication
  let page: Page
  const row = (title: string) => page.getByRole('row', { name: title })
  const wordOf = (title: string) => row(title).innerText()
  const stateNow = () => stateOf(home)

  beforeAll(async () => {
    home = makeScratchHome('desktop')
    options = { userData: path.join(home.folder, 'electron'), env: home.env }
    for (const session of [login, search]) makeSession(home, session)
    app = await launch(target, options)
    page = await app.firstWindow()
  })
  afterAll(async () => {
    await app?.close().catch(() => {}) // it has quit already if all went well
    home.remove()
  })

  it('shows every session, checkpointed by itself', async () => {
    await page.getByRole('heading', { name: 'Active Session Monitor' }).waitFor()
    await expect.poll(() => wordOf(login.title)).toContain('Protected')
    await expect.poll(() => wordOf(search.title)).toContain('Protected')
    expect([records(home, login.sessionId), records(home, search.sessionId)]).toEqual([[1], [1]])
    await expect.poll(() => trayLabel(app, 'status')).toBe('2 sessions: 2 protected')
  })
  it('checkpoints one session from its row', async () => {
    say(home, login.sessionId, 'And the logout page')
    await row(login.title)
      .getByRole('button', { name: `Checkpoint ${login.title} now` })
      .click()
    await page.getByRole('status').filter({ hasText: 'Saved as number 2' }).waitFor()
    expect(records(home, login.sessionId)).toEqual([1, 2])
  })
  it('checkpoints what has changed from the tray', async () => {
    say(home, search.sessionId, 'Use an index')
    await clickTray(app, 'checkpoint-changed')
    await expect.poll(() => records(home, search.sessionId)).toEqual([1, 2])
    expect(records(home, login.sessionId)).toEqual([1, 2])
  })
  it('is paused from the tray and resumed from the page', async () => {
    await clickTray(app, 'pause')
    await page.getByText('Paused until resumed', { exact: true }).waitFor()
    await expect.poll(() => trayLabel(app, 'resume')).toBe('Resume')
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
    await expect.poll(() => trayLabel(app, 'resume')).toBe(null)
  })
  it('checks nothing while it is paused, and once when it is resumed', async () => {
    await clickTray(app, 'pause')
    await expect.poll(() => trayLabel(app, 'resume')).toBe('Resume')
    const before = (await stateNow()).lastCycle
    say(home, search.sessionId, 'And a cache')
    await expect.poll(async () => (await stateNow()).sessions.map(({ protection }) => protection)).toContain('changed')
    expect((await stateNow()).lastCycle).toEqual(before)
    const watched = await watchCycles(home)
    onTestFinished(watched.stop)
    await page.waitForTimeout(1_500)
    const whilePaused = watched.startedMs()
    await clickTray(app, 'resume')
    await expect.poll(() => watched.startedMs().length).toBe(whilePaused.length + 1)
    // A second one would come at once, if one came.
    await page.waitForTimeout(1_500)
    expect([whilePaused, watched.startedMs().length]).toEqual([[before?.startedMs], 2])
  })
  it('brings a setting from its form to the file, the engine and the scores on the page', async () => {
    const file = path.join(home.dataDir, 'settings.json')
    const limit = () => row(login.title).getByRole('meter', { name: 'Files changed' }).getAttribute('aria-valuetext')
    await expect.poll(limit).toMatch(/of 15 files$/)
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('textbox', { name: 'Files changed' }).first().fill('7')
    await page.getByText('1 change, not saved yet').waitFor()
    expect(existsSync(file)).toBe(false)
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Everything is saved').waitFor()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ thresholds: { activityFiles: 7 } })
    const thresholds = (await stateNow()).sessions.map(({ score }) => score.factors.activity.threshold)
    expect(thresholds).toEqual([7, 7])
    await page.getByRole('link', { name: 'Sessions' }).click()
    await expect.poll(limit).toMatch(/of 7 files$/)
  })
  it('opens the folder that a session works in', async () => {
    await app.evaluate(({ shell }) => {
      const opened: string[] = []
      Object.assign(globalThis, { opened })
      shell.openPath = async file => {
        opened.push(file)
        return ''
      }
    })
    await page.getByRole('link', { name: login.title }).click()
    await page.getByRole('button', { name: 'Open folder' }).click()
    await page.getByRole('status').filter({ hasText: 'Opened.' }).waitFor()
    const opened = await app.evaluate(() => (globalThis as unknown as { readonly opened: unknown }).opened)
    expect(opened).toEqual([`${projectOf(home, login.sessionId)}${path.sep}`])
    await page.getByRole('link', { name: 'Sessions' }).click()
  })
  it('takes the theme that the settings choose', async () => {
    await askMonitor(page, 'changeSettings', { changes: { appearance: 'dark' } })
    await expect.poll(() => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(true)
    await askMonitor(page, 'changeSettings', { changes: { appearance: null } })
    await expect.poll(() => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(false)
  })
  it.each([
    ['an unknown call', 'toString', {}, 'there is no call "toString" here'],
    ['a prototype', '__proto__', {}, 'there is no call "__proto__" here'],
    ['a wrong shape', 'requestCheckpoint', { sessionIds: ['../../etc'] }, 'requestCheckpoint: '],
    ['too much', 'listCheckpoints', { sessionId: 'x'.repeat(200_000) }, 'listCheckpoints: '],
    ['no object', 'getState', 5, 'getState: '],
  ])('refuses %s from a page, logs it, and lives', async (_what, call, request, message) => {
    const logged = new Promise<string>(resolve => {
      app.process().stderr?.once('data', (data: Buffer) => resolve(data.toString('utf8')))
    })
    const answer = await askMonitor(page, call, request)
    expect([answer['kind'], String(answer['message']).startsWith(message)]).toEqual(['error', true])
    expect(await logged).toContain(message)
    expect((await stateNow()).sessions.length).toBe(2)
  })
  it('is paused from the page and resumed from the tray', async () => {
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Pause for 2 hours' }).click()
    await page.getByText('Paused, goes on in 2 hours', { exact: true }).waitFor()
    await expect.poll(() => trayLabel(app, 'resume')).toBe('Resume')
    await clickTray(app, 'resume')
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
  })
  it('gives the page nothing but the pipe, under its policy', async () => {
    const seen = await page.evaluate(() => {
      const outer = window as unknown as Record<string, unknown>
      const bridge = Object.keys(outer['monitorBridge'] as object).sort()
      return [typeof outer['require'], typeof outer['process'], typeof outer['electron'], bridge]
    })
    expect(seen).toEqual(['undefined', 'undefined', 'undefined', ['onMessage', 'send']])
    const blocked = await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'window.inline = 1'
      const violation = new Promise<string>(resolve => {
        document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective), { once: true })
      })
      document.head.append(script)
      return violation
    })
    expect(blocked).toBe('script-src-elem')
  })
  it.each([
    ['opens no other window', () => void window.open('https://example.org/popup')],
    ['goes to no other page', () => void location.assign('https://example.org/away')],
  ])('%s', async (_title, leave) => {
    const url = page.url()
    await page.evaluate(leave)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByRole('status').filter({ hasText: 'Checked 2 sessions' }).waitFor()
    expect(page.url()).toBe(url)
    await expect.poll(() => app.windows().length).toBe(1)
  })
  it('goes on from where it was after the page is loaded again', async () => {
    await page.reload()
    await expect.poll(() => wordOf(login.title)).toContain('Protected')
  })
  it('leads from the tray to the place that the item names', async () => {
    await listenForNavigation(page)
    await clickTray(app, 'settings')
    expect(await navigatedTo(page)).toEqual({ view: 'settings' })
    await listenForNavigation(page)
    await clickTray(app, 'restore')
    expect(await navigatedTo(page)).toEqual({ view: 'rescue' })
  })
  it('hides when its window is closed, and a second start shows it again', async () => {
    await closeWindow(app)
    expect(await windowsVisible(app)).toEqual([false])
    expect(await exitOf(launchAgain(target, options))).toEqual([0, null])
    await expect.poll(() => windowsVisible(app)).toEqual([true])
  })
  it('comes back from the tray', async () => {
    await closeWindow(app)
    await clickTray(app, 'open')
    await expect.poll(() => windowsVisible(app)).toEqual([true])
  })
  it('ends in order when told to quit', async () => {
    const exit = exitOf(app.process())
    await clickTray(app, 'quit')
    expect(await exit).toEqual([0, null])
  })
}

function refusedStore(target: Target): void {
  it('says why there is no monitor, in the page and in the tray, and still quits', async () => {
    const home = makeScratchHome('desktop-refused')
    mkdirSync(path.join(home.dataDir, 'store'))
    writeFileSync(path.join(home.dataDir, 'store', 'FORMAT'), 'asm-store 99\n')
    const app = await launch(target, { userData: path.join(home.folder, 'electron'), env: home.env })
    onTestFinished(async () => {
      await app.close().catch(() => {}) // it has quit already if all went well
      home.remove()
    })
    const alert = (await app.firstWindow()).getByRole('alert')
    await expect
      .poll(() => alert.innerText(), { timeout: 10_000 })
      .toContain('store/FORMAT names a format that this version does not know. ')
    await expect.poll(() => trayLabel(app, 'status')).toMatch(/^Stopped: /)
    const exit = exitOf(app.process())
    await clickTray(app, 'quit')
    expect(await exit).toEqual([0, null])
  })
}
