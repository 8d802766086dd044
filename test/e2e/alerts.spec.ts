/** A checkpoint that fails is shown by a real notification server, on a screen of its own. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ElectronApplication } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { takeBusName } from '../support/bus-name.ts'
import { type Desktop, startDesktop, whyNoDesktop } from '../support/desktop.ts'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import { clickTray, closeWindow, launch, pageText, type Target, targets, trayLabel, windowsVisible } from './launch.ts'
import { makeSession, records, say } from './sessions.ts'

const top = path.resolve(import.meta.dirname, '../..')
const noDesktop = whyNoDesktop()
if (noDesktop !== null) console.warn(`\n*** SKIPPED: notifications on a real server: ${noDesktop} ***\n`)

const direction = '\u202e'
const hostile = {
  sessionId: '33333333-3333-4333-8333-333333333333',
  title: `--help <b>bold</b> & C:\\new ${direction}txt.exe ${'x'.repeat(200_000)}`,
}
const login = { sessionId: '11111111-1111-4111-8111-111111111111', title: 'Mend the login page' }

for (const target of targets) {
  describe.skipIf(target.missing !== null || noDesktop !== null)(`alerts of the desktop app on ${target.name}`, () => {
    steps(target)
    withoutTray(target)
    besideDaemon(target)
  })
}

function steps(target: Target): void {
  let desktop: Desktop
  let home: ScratchHome
  let app: ElectronApplication
  const packs = () => path.join(home.dataDir, 'store', 'packs')

  beforeAll(async () => {
    desktop = await startDesktop()
    // Somebody shows tray icons, or closing the window would only minimise it.
    await takeBusName(desktop.env['DBUS_SESSION_BUS_ADDRESS'] ?? '', 'org.kde.StatusNotifierWatcher')
    home = makeScratchHome('alerts')
    for (const session of [login, hostile]) makeSession(home, session)
    app = await launch(target, { userData: path.join(home.folder, 'electron'), env: { ...home.env, ...desktop.env } })
  })
  afterAll(async () => {
    await app?.close().catch(() => {})
    await desktop?.stop()
    home?.remove()
  })

  it('says once that the app stays when its window is closed', async () => {
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('2 sessions: 2 protected')
    await closeWindow(app)
    await expect.poll(() => desktop.onScreen()).toBe(1)
    expect(desktop.notifications().map(({ title, appName }) => [title, appName])).toEqual([
      ['Active Session Monitor goes on in the tray', 'Active Session Monitor'],
    ])
    await clickTray(app, 'open')
    await closeWindow(app)
    expect(desktop.notifications().length).toBe(1)
  })
  it('tells of a checkpoint that fails, with project, reason and remedy', async () => {
    // A folder that cannot be written; permission bits would not stop root.
    renameSync(packs(), `${packs()}-away`)
    writeFileSync(packs(), 'in the way')
    say(home, hostile.sessionId, 'More')
    await clickTray(app, 'checkpoint-changed')
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('2 sessions: 1 failing, 1 protected')
    await expect.poll(() => desktop.onScreen(), { timeout: 20_000 }).toBe(1)
    const picture = path.join(process.env['DESKTOP_SCREENSHOTS'] ?? home.folder, 'notification.png')
    desktop.screenshot(picture)
    expect(statSync(picture).size).toBeGreaterThan(2_000)
    const shown = desktop.notifications().at(-1)
    expect(shown?.title).toMatch(/^Checkpoints? failed/)
    expect(shown?.body).toMatch(/packs.*\. [A-Z].*\.$/)
  })
  it('shows what a transcript says as text, in the notification, in the tray and on the page', async () => {
    const shown = desktop.notifications().at(-1)
    expect(shown?.body).toContain('&lt;b&gt;bold&lt;/b&gt; &amp; C:')
    const label = (await trayLabel(app, `checkpoint-${hostile.sessionId}`)) ?? ''
    const text = await pageText(app)
    expect(label).toMatch(/^--help <b>bold<\/b> && C:/)
    expect(text).toContain('<b>bold</b>')
    expect([shown?.body ?? '', label].filter(one => one.includes(direction) || one.length > 1_000)).toEqual([])
  })
  it('is quiet about it afterwards, and well again once the folder can be written', async () => {
    const before = desktop.notifications().length
    rmSync(packs())
    mkdirSync(path.dirname(packs()), { recursive: true })
    renameSync(`${packs()}-away`, packs())
    await clickTray(app, 'checkpoint-changed')
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('2 sessions: 2 protected')
    expect([records(home, login.sessionId), records(home, hostile.sessionId)]).toEqual([[1], [1, 2]])
    expect(desktop.notifications().length).toBe(before)
  })
}

function besideDaemon(target: Target): void {
  it('alone tells of what failed in a daemon that has the same desktop', async () => {
    const desktop = await startDesktop()
    const home = makeScratchHome('two-tellers')
    const env = { ...home.env, ...desktop.env }
    makeSession(home, login)
    const cli = path.join(top, 'dist/cli/session-monitor.js')
    const daemon = spawn(process.execPath, [cli, 'run'], { env: { ...process.env, ...env }, stdio: 'ignore' })
    await expect.poll(() => records(home, login.sessionId), { timeout: 30_000 }).toEqual([1])
    const app = await launch(target, { userData: path.join(home.folder, 'electron'), env })
    onTestFinished(async () => {
      await app.close().catch(() => {})
      daemon.kill('SIGKILL')
      await desktop.stop()
      home.remove()
    })
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('1 session: 1 protected')
    const packs = path.join(home.dataDir, 'store', 'packs')
    renameSync(packs, `${packs}-away`)
    writeFileSync(packs, 'in the way')
    say(home, login.sessionId, 'More')
    await clickTray(app, 'checkpoint-changed')
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('1 session: 1 failing')
    const log = () => readFileSync(path.join(home.dataDir, 'logs', 'session-monitor.log'), 'utf8')
    // By then the daemon has decided the same, and left it to the app.
    await expect.poll(log, { timeout: 20_000 }).toContain('Alert: Checkpoint failed')
    await expect.poll(() => desktop.onScreen(), { timeout: 20_000 }).toBe(1)
    expect(desktop.notifications().map(({ title }) => title)).toEqual([expect.stringMatching(/^Checkpoint failed: /)])
  })
}

function withoutTray(target: Target): void {
  it('opens its window where nobody shows tray icons, and only minimises it', async () => {
    const bare = await startDesktop()
    const home = makeScratchHome('no-tray')
    const env = { ...home.env, ...bare.env }
    const app = await launch(target, { userData: path.join(home.folder, 'electron'), env, args: ['--hidden'] })
    onTestFinished(async () => {
      await app.close().catch(() => {})
      await bare.stop()
      home.remove()
    })
    await expect.poll(() => windowsVisible(app)).toEqual([true])
    await closeWindow(app)
    expect(await windowsVisible(app)).toEqual([true])
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(true)
    expect(bare.notifications()).toEqual([])
  })
}
