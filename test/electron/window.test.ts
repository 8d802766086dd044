import { EventEmitter } from 'node:events'
import path from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { lockDownPages, pagePreferences } from '../../electron/window.ts'
import { app } from '../electron-double/app.ts'
import { becomeReady, PreventableEvent } from '../electron-double/control.ts'
import { session } from '../electron-double/network.ts'

beforeAll(async () => {
  await becomeReady()
  lockDownPages()
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
      spellcheck: false,
    })
  })
  it('gets no permission', () => {
    const decide = vi.fn()
    const { permissionRequest, permissionCheck } = session.defaultSession
    const ask = permissionRequest as unknown as (contents: null, permission: string, decide: unknown) => void
    for (const permission of ['media', 'notifications', 'clipboard-read', 'geolocation']) ask(null, permission, decide)
    expect(decide.mock.calls).toEqual(Array(4).fill([false]))
    expect((permissionCheck as unknown as () => boolean)()).toBe(false)
  })
  it('opens no window', () => {
    const handler = newPage().setWindowOpenHandler.mock.calls[0]?.[0]
    expect(handler({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
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
