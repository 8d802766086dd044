import { EventEmitter } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createMainWindow, lockDownPages, pagePreferences } from '../../electron/window.ts'
import type { Bounds } from '../../electron/window-bounds.ts'
import { app } from '../electron-double/app.ts'
import { findChromium } from '../electron-double/chromium.ts'
import { becomeReady, closeStandIn, control, PreventableEvent } from '../electron-double/control.ts'
import { dialog } from '../electron-double/desktop.ts'
import { protocol, session } from '../electron-double/network.ts'

const missing = findChromium(process.env).missing
if (missing !== null) console.warn(`\n*** SKIPPED: the window's own tests: ${missing} ***\n`)

const refused: string[] = []

beforeAll(async () => {
  await becomeReady()
  lockDownPages(message => refused.push(message))
})

/** A page as the lock-down sees it. */
function newPage() {
  const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler: vi.fn() })
  app.emit('web-contents-created', {}, contents)
  return contents
}

describe('every page', () => {
  it('is sandboxed, isolated and without Node', () => {
    expect(pagePreferences(path.resolve('/app/dist'))).toEqual({
      preload: path.resolve('/app/dist/preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: true,
    })
  })
  it('gets no permission', () => {
    const decide = vi.fn()
    const { permissionRequest, permissionCheck } = session.defaultSession
    const ask = permissionRequest as unknown as (contents: null, permission: string, decide: unknown) => void
    for (const permission of ['media', 'notifications', 'clipboard-read', 'geolocation']) ask(null, permission, decide)
    expect(decide.mock.calls).toEqual(Array(4).fill([false]))
    expect((permissionCheck as unknown as () => boolean)()).toBe(false)
    expect((session.defaultSession.devicePermission as unknown as () => boolean)()).toBe(false)
  })
  it('opens no window', () => {
    const handler = newPage().setWindowOpenHandler.mock.calls[0]?.[0]
    expect(handler({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
    expect(refused.at(-1)).toBe('A link was not opened: "https://example.org/" is no page of ours.')
  })
  it('hands a link to our own pages to the browser instead of opening a window', () => {
    const handler = newPage().setWindowOpenHandler.mock.calls[0]?.[0]
    expect(handler({ url: 'https://github.com/electron/electron' })).toEqual({ action: 'deny' })
    expect(control.opened).toEqual(['https://github.com/electron/electron'])
  })
  it.each([
    ['app://bundle/index.html', true, false],
    ['app://bundle/index.html', false, true],
    ['https://example.org/', true, true],
  ])('has no frame that goes to %s (main frame: %s): stopped %s', (url, isMainFrame, stopped) => {
    const event = Object.assign(new PreventableEvent(), { url, isMainFrame })
    newPage().emit('will-frame-navigate', event)
    expect(event.defaultPrevented).toBe(stopped)
  })
  it.each([
    ['https://example.org/virus.exe', true],
    ['blob:https://example.org/1', true],
    ['data:text/html,x', true],
    ['blob:app://bundle/1', false],
  ])('downloads nothing but what it made itself: %s stopped %s', (url, stopped) => {
    const event = new PreventableEvent()
    session.defaultSession.emit('will-download', event, { getURL: () => url })
    expect(event.defaultPrevented).toBe(stopped)
  })
  it.each([
    ['https://example.org/', true],
    ['file:///etc/passwd', true],
    ['app://evil/index.html', true],
    ['javascript:alert(1)', true],
    ['app://bundle/index.html', false],
  ])('on its way to %s is stopped: %s', (url, stopped) => {
    const event = Object.assign(new PreventableEvent(), { url })
    newPage().emit('will-navigate', event)
    expect(event.defaultPrevented).toBe(stopped)
  })
  it('embeds no other page', () => {
    const event = new PreventableEvent()
    newPage().emit('will-attach-webview', event)
    expect(event.defaultPrevented).toBe(true)
  })
})

describe.skipIf(missing !== null)('the window', () => {
  const troubles: string[] = []
  const kept: unknown[] = []
  const seen = { hidden: 0, hasTray: true, remembered: null as Bounds | null }
  const open = () => {
    for (const window of [...control.windows]) window.destroy()
    const made = createMainWindow({
      dist: path.resolve('/nowhere'),
      onPage: () => {},
      onTrouble: message => troubles.push(message),
      bounds: () => seen.remembered,
      keepBounds: bounds => kept.push(bounds),
      hasTray: () => seen.hasTray,
      onHidden: () => seen.hidden++,
    })
    made.show()
    return made
  }
  const current = () => {
    const [window] = control.windows
    if (window === undefined) throw new Error('there is no window')
    return window
  }
  beforeAll(() => {
    protocol.handle(
      'app',
      () => new Response('<!doctype html><title>t</title>', { headers: { 'content-type': 'text/html' } }),
    )
  })
  afterAll(closeStandIn)

  it('opens where it was, if a screen still shows that place', () => {
    seen.remembered = { x: 10, y: 20, width: 900, height: 600 }
    open()
    expect(current().getNormalBounds()).toEqual({ x: 10, y: 20, width: 900, height: 600 })
  })
  it('hides when it is closed, and says so', () => {
    open()
    current().close()
    expect([current().isVisible(), current().isMinimized(), seen.hidden]).toEqual([false, false, 1])
  })
  it('is only minimised where there is no tray to bring it back', () => {
    seen.hasTray = false
    open()
    current().close()
    seen.hasTray = true
    expect([current().isVisible(), current().isMinimized(), seen.hidden]).toEqual([true, true, 1])
  })
  it('closes when the app quits, and is made anew when it is asked for', () => {
    const made = open()
    made.letClose()
    current().close()
    expect(control.windows).toEqual([])
    made.show()
    expect(current().isVisible()).toBe(true)
  })
  it('remembers where it was moved', async () => {
    open()
    current().setPosition(50, 60)
    await vi.waitFor(() => expect(kept.at(-1)).toMatchObject({ x: 50, y: 60 }))
  })
  it('loads a page again that crashed, and gives up one that goes on crashing', async () => {
    open()
    const { webContents } = current()
    const load = vi.spyOn(current(), 'loadURL').mockResolvedValue(undefined)
    const crash = () => webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
    crash()
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(1), 3_000)
    expect(troubles.at(-1)).toBe('The page crashed (crashed, 5).')
    for (let n = 0; n < 3; n++) crash()
    expect(control.windows).toEqual([])
  })
  it('leaves a page alone that ended as it should', () => {
    open()
    const before = troubles.length
    current().webContents.emit('render-process-gone', {}, { reason: 'clean-exit', exitCode: 0 })
    expect(troubles.length).toBe(before)
  })
  it('asks before it ends a page that hangs', async () => {
    open()
    const end = vi.spyOn(current().webContents, 'forcefullyCrashRenderer').mockReturnValue(undefined)
    control.messageBoxAnswer = 0
    current().emit('unresponsive')
    await vi.waitFor(() => expect(control.messageBoxes).toEqual(['The window does not respond.']))
    expect(end).not.toHaveBeenCalled()
    control.messageBoxAnswer = 1
    await vi.waitFor(() => {
      current().emit('unresponsive')
      expect(end).toHaveBeenCalled()
    })
  })
  it('asks once at a time, and takes the question back when the page answers again', async () => {
    open()
    control.messageBoxes.length = 0
    const asked: (AbortSignal | undefined)[] = []
    const ask = vi.spyOn(dialog, 'showMessageBox').mockImplementation((async (
      _window: unknown,
      { signal }: { readonly signal?: AbortSignal },
    ) => {
      asked.push(signal)
      await new Promise(resolve => signal?.addEventListener('abort', resolve))
      return { response: 0, checkboxChecked: false }
    }) as never)
    onTestFinished(() => ask.mockRestore())
    current().emit('unresponsive')
    current().emit('unresponsive')
    current().emit('responsive')
    await vi.waitFor(() => expect(asked.map(signal => signal?.aborted)).toEqual([true]))
    await vi.waitFor(() => {
      current().emit('unresponsive')
      expect(asked.length).toBe(2)
    })
    current().emit('responsive')
  })
})
