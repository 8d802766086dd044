/**
 * Electron's security checklist, as far as it can be read off the sources and the build. By their numbers, the other
 * items are held elsewhere: 2, 3, 7, 13, 14 on a real page (`e2e/desktop.spec.ts`), 5, 11–15 (`window.test.ts`,
 * `open-external.test.ts`), 17 (`ipc.test.ts`), 18 (`app-protocol.test.ts`), 19 (`packaging/package.test.ts`).
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentSecurityPolicy } from '../../electron/app-protocol.ts'

const top = path.resolve(import.meta.dirname, '../..')
const sources = readdirSync(path.join(top, 'electron'))
  .filter(name => name.endsWith('.ts'))
  .map(name => [name, readFileSync(path.join(top, 'electron', name), 'utf8')] as const)
const manifest = JSON.parse(readFileSync(path.join(top, 'package.json'), 'utf8'))

/** Names of the sources in which `pattern` occurs. */
const found = (pattern: RegExp) => sources.flatMap(([name, text]) => (pattern.test(text) ? [name] : []))

describe('Electron’s security checklist', () => {
  it('1: loads no page but our own', () => {
    expect(found(/loadURL\((?!pageUrl\))|loadFile\(|https?:\/\/(?!\.\.\.)/)).toEqual([])
  })
  it.each([
    ['2: Node in a page', /nodeIntegration\w*:\s*true/],
    ['3: a page that shares the preload’s world', /contextIsolation:\s*false/],
    ['4: a page outside the sandbox', /sandbox:\s*false|no-sandbox|disableSandbox/],
    ['6: a page without web security', /webSecurity:\s*false/],
    ['8: insecure content', /allowRunningInsecureContent/],
    ['9: experimental features', /experimentalFeatures/],
    ['10: Blink features by name', /enableBlinkFeatures/],
    ['11: embedded pages', /webviewTag:\s*true|allowpopups/],
  ])('has nowhere %s', (_what, pattern) => {
    expect(found(pattern)).toEqual([])
  })
  it('4: puts every page into the sandbox before there is one', () => {
    expect(found(/^app\.enableSandbox\(\)$/m)).toEqual(['main.ts'])
  })
  it('7: has a policy that allows nothing by default, nothing unsafe and nothing from elsewhere', () => {
    const policy = contentSecurityPolicy('abc')
    expect(policy.split('; ')[0]).toBe("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:|wss?:/)
    expect(contentSecurityPolicy('other')).not.toBe(policy)
  })
  it('14, 15: opens windows and other programs in one place each', () => {
    expect([found(/new BrowserWindow\(/), found(/shell\.openExternal\(/), found(/shell\.openPath\(/)]).toEqual([
      ['window.ts'],
      ['open-external.ts'],
      ['open-in.ts'],
    ])
  })
  it('16: runs a current Electron, exactly the one that was tested', () => {
    expect(manifest.devDependencies.electron).toMatch(/^(4[5-9]|[5-9]\d)\.\d+\.\d+$/)
  })
  it('17: listens to pages in one place, on one channel', () => {
    expect(found(/ipcMain\.(on|handle|once)\(/)).toEqual(['ipc.ts'])
  })
  it('20: gives the page two functions and no Electron', () => {
    const [, preload = ''] = sources.find(([name]) => name === 'preload.ts') ?? []
    expect(preload.match(/exposeInMainWorld/g)?.length).toBe(1)
    expect(preload).not.toMatch(/invoke|sendSync|webFrame|shell|require/)
  })
})
