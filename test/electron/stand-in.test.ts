/** The stand-in itself: it must refuse what Electron refuses, or tests on it would prove nothing. Needs Chromium. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { BrowserWindow } from '../electron-double/browser-window.ts'
import { findChromium } from '../electron-double/chromium.ts'
import { becomeReady, closeStandIn, control } from '../electron-double/control.ts'
import electron from '../electron-double/index.ts'
import { ipcMain } from '../electron-double/ipc-main.ts'
import { protocol } from '../electron-double/network.ts'
import { Tray } from '../electron-double/tray.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const folder = makeScratchFolder('stand-in')
const missing = findChromium(process.env).missing
if (missing !== null) console.warn(`\n*** SKIPPED: the stand-in's pages: ${missing} ***\n`)

const html = '<!doctype html><title>t</title><script>window.inline = 1</script>'
const headers = { 'content-type': 'text/html', 'content-security-policy': "default-src 'none'" }

afterAll(() => removeScratchFolder(folder))

/** A window whose preload is `code`. */
async function openPage(code: string) {
  const preload = path.join(folder, `${randomUUID()}.cjs`)
  writeFileSync(preload, code)
  const window = new BrowserWindow({ webPreferences: { preload, sandbox: true } })
  const preloadErrors: string[] = []
  window.webContents.on('preload-error', (_event, _file, error: Error) => preloadErrors.push(error.message))
  await window.loadURL('app://x/')
  return { run: (code: string) => window.webContents.executeJavaScript(code), preloadErrors, window }
}

const echo =
  "const { contextBridge, ipcRenderer } = require('electron'); contextBridge.exposeInMainWorld('api', { call: (c, v) => ipcRenderer.invoke(c, v) })"

describe('before the app is ready', () => {
  it('no window, tray or protocol can be made', () => {
    expect(() => new BrowserWindow()).toThrow('before app is ready')
    expect(() => new Tray('x.png')).toThrow('before app is ready')
    expect(() => protocol.handle('early', () => new Response())).toThrow('before app is ready')
  })
  it('what the stand-in lacks throws instead of being undefined', () => {
    expect(() => (electron as unknown as { desktopCapturer: unknown }).desktopCapturer).toThrow(
      'electron.desktopCapturer is not implemented',
    )
  })
})

describe.skipIf(missing !== null)('a page of the stand-in', () => {
  beforeAll(async () => {
    await becomeReady()
    protocol.handle('app', () => new Response(html, { headers }))
  })
  afterAll(closeStandIn)

  it('sees of the preload only what crossed the context bridge', async () => {
    const { run } = await openPage(
      "window.leak = 1; require('electron').contextBridge.exposeInMainWorld('api', { n: 1, add: (a, b) => a + b, later: async x => x * 2, fail: () => { throw new Error('no') }, run: f => f(20) + 1 })",
    )
    expect(await run('[typeof leak, typeof require, typeof process, typeof __electronDoubleSend]')).toEqual(
      Array(4).fill('undefined'),
    )
    expect(await run('api.later(21).then(l => [api.n, api.add(1, 2), l, api.run(v => v * 2)])')).toEqual([1, 3, 42, 41])
    await expect(run('api.fail()')).rejects.toThrow('no')
    await expect(run('"use strict"; api.n = 5')).rejects.toThrow('TypeError')
  })
  it('reports a preload that is a module or wants a Node module', async () => {
    const moduleErrors = (await openPage("import { ipcRenderer } from 'electron'")).preloadErrors
    const nodeErrors = (await openPage("require('fs')")).preloadErrors
    expect([moduleErrors[0], nodeErrors[0]]).toEqual([
      expect.stringContaining('import statement outside a module'),
      expect.stringContaining('module not found: fs'),
    ])
  })
  it('gets values as structured clone and errors as a message', async () => {
    ipcMain.handle('echo', (_event, value) => value)
    ipcMain.handle('boom', () => {
      throw new RangeError('too far')
    })
    const { run } = await openPage(echo)
    const sent = "{ d: new Date(5), m: new Map([['a', new Set([1])]]), u: undefined, n: NaN, b: 10n }"
    const seen = "v => [v.d.getTime(), v.m.get('a').has(1), 'u' in v, Number.isNaN(v.n), String(v.b)]"
    expect(await run(`api.call('echo', ${sent}).then(${seen})`)).toEqual([5, true, true, true, '10'])
    await expect(run("api.call('boom')")).rejects.toThrow("Error invoking remote method 'boom': RangeError: too far")
    await expect(run("api.call('nobody')")).rejects.toThrow("No handler registered for 'nobody'")
    await expect(run("api.call('echo', document.body)")).rejects.toThrow('could not be cloned')
  })
  it('keeps messages in order', async () => {
    ipcMain.handle('number', (_event, value) => value)
    const { run } = await openPage(echo)
    const inOrder =
      "Promise.all(Array.from({ length: 200 }, (_, i) => api.call('number', i))).then(all => all.every((v, i) => v === i))"
    expect(await run(inOrder)).toBe(true)
  })
  it('is under the policy that the app sent with it', async () => {
    expect(await (await openPage('')).run('typeof window.inline')).toBe('undefined')
  })
  it('asks the app before it opens a window', async () => {
    const { run, window } = await openPage('')
    const asked: string[] = []
    window.webContents.setWindowOpenHandler(({ url }) => {
      asked.push(url)
      return { action: 'deny' }
    })
    await run(
      "document.body.innerHTML = '<a id=a target=_blank href=/b>b</a>'; a.click(); window.open('https://example.org/')",
    )
    await vi.waitFor(() => expect(asked).toEqual(['app://x/b', 'https://example.org/']))
  })
  it('has no network, and every try is on record', async () => {
    const { run } = await openPage('')
    await run("location.href = 'https://example.org/away'")
    const window = new BrowserWindow({})
    await expect(window.loadURL('https://example.org/')).rejects.toThrow('ERR_INTERNET_DISCONNECTED')
    expect(control.network.at(-1)).toEqual({ url: 'https://example.org/', type: 'Document' })
  })
})
