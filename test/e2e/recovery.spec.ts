/** What the desktop app does when something of it breaks: the page, the engine, or the user who quits in the middle. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ElectronApplication } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeScratchHome, type ScratchHome } from '../support/scratch.ts'
import {
  clickTray,
  crashEngine,
  crashPage,
  exitOf,
  type LaunchOptions,
  launch,
  pageText,
  type Target,
  targets,
  trayLabel,
} from './launch.ts'
import { makeSession, projectOf, records, say } from './sessions.ts'

const top = path.resolve(import.meta.dirname, '../..')
const login = { sessionId: '11111111-1111-4111-8111-111111111111', title: 'Mend the login page' }

for (const target of targets) {
  describe.skipIf(target.missing !== null)(`the desktop app on ${target.name}, when something breaks`, () => {
    crashes(target)
    quitInTheMiddle(target)
    besideAnother(target)
  })
}

function crashes(target: Target): void {
  let home: ScratchHome
  let app: ElectronApplication
  beforeAll(async () => {
    home = makeScratchHome('recovery')
    makeSession(home, login)
    app = await launch(target, { userData: path.join(home.folder, 'electron'), env: home.env })
  })
  afterAll(async () => {
    await app?.close().catch(() => {})
    home.remove()
  })

  it('loads a page again that has crashed, with everything on it', async () => {
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('1 session: 1 protected')
    await expect.poll(() => pageText(app)).toContain(login.title)
    await crashPage(app)
    await expect.poll(() => pageText(app), { timeout: 20_000 }).toContain(login.title)
  })
  it('starts an engine again that has crashed, says so meanwhile, and saves as before', async () => {
    await crashEngine(app)
    await expect.poll(() => trayLabel(app, 'status')).toMatch(/^Stopped: The monitor stopped/)
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('1 session: 1 protected')
    say(home, login.sessionId, 'And the logout page')
    await clickTray(app, 'checkpoint-changed')
    await expect.poll(() => records(home, login.sessionId)).toEqual([1, 2])
  })
  it('brings the page back to the new engine by itself', async () => {
    await expect.poll(() => pageText(app), { timeout: 40_000 }).not.toContain('The monitor stopped')
    expect(await pageText(app)).toContain(login.title)
  })
}

/** A project whose checkpoint takes a while. */
function makeLargeProject(home: ScratchHome): void {
  const folder = path.join(projectOf(home, login.sessionId), 'many')
  mkdirSync(folder)
  for (let n = 0; n < 3_000; n++) writeFileSync(path.join(folder, `${n}.txt`), `${n} ${'text '.repeat(2_000)}`)
}

/** Exit code and signal, or that it took longer than quitting may. */
function exitWithin(child: ReturnType<ElectronApplication['process']>, ms: number): Promise<unknown> {
  const late = new Promise(resolve => setTimeout(() => resolve(`still running after ${ms} ms`), ms))
  return Promise.race([exitOf(child), late])
}

function quitInTheMiddle(target: Target): void {
  it('quits within five seconds in the middle of a checkpoint, and nothing is lost', async () => {
    const home = makeScratchHome('quit')
    onTestFinished(home.remove)
    makeSession(home, login)
    makeLargeProject(home)
    const options: LaunchOptions = { userData: path.join(home.folder, 'electron'), env: home.env }
    const app = await launch(target, options)
    await expect.poll(() => trayIsCheckpointing(app), { timeout: 30_000, interval: 5 }).toBe(true)
    const exit = exitWithin(app.process(), 5_000)
    await clickTray(app, 'quit')
    expect(await exit).toEqual([0, null])
    const verify = execFileSync(
      process.execPath,
      [path.join(top, 'dist/cli/session-monitor.js'), 'verify', '--read-data'],
      {
        encoding: 'utf8',
        env: home.env,
      },
    )
    expect(verify).not.toMatch(/damaged|missing/)

    const again = await launch(target, options)
    onTestFinished(() => again.close().catch(() => {}))
    await expect.poll(() => trayLabel(again, 'status'), { timeout: 40_000 }).toBe('1 session: 1 protected')
    expect(records(home, login.sessionId).length).toBeGreaterThan(0)
  })
}

/** By the status line of a state that says so. */
function trayIsCheckpointing(app: ElectronApplication): Promise<boolean> {
  return app.evaluate(() => {
    const { trayImages } = globalThis as unknown as { readonly trayImages: readonly string[] }
    return trayImages.at(-1)?.includes('checkpointing') ?? false
  })
}

function besideAnother(target: Target): void {
  it('asks a monitor that runs already, and takes its place when it has ended', async () => {
    const home = makeScratchHome('beside')
    makeSession(home, login)
    const cli = path.join(top, 'dist/cli/session-monitor.js')
    const daemon = spawn(process.execPath, [cli, 'run'], { env: home.env, stdio: 'ignore' })
    const daemonExit = exitOf(daemon)
    await expect.poll(() => records(home, login.sessionId), { timeout: 30_000 }).toEqual([1])
    const app = await launch(target, { userData: path.join(home.folder, 'electron'), env: home.env })
    onTestFinished(async () => {
      daemon.kill('SIGKILL')
      await app.close().catch(() => {})
      home.remove()
    })
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('1 session: 1 protected')
    daemon.kill('SIGTERM')
    await daemonExit
    say(home, login.sessionId, 'And the logout page')
    await expect.poll(() => trayLabel(app, 'status'), { timeout: 20_000 }).toBe('1 session: 1 changed')
    await clickTray(app, 'checkpoint-changed')
    await expect.poll(() => records(home, login.sessionId)).toEqual([1, 2])
  })
}
