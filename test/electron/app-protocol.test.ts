import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { answer, contentSecurityPolicy, isPageUrl } from '../../electron/app-protocol.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'

const folder = makeScratchFolder('app-protocol')
const root = path.join(folder, 'renderer')
mkdirSync(path.join(root, 'assets'), { recursive: true })
writeFileSync(path.join(folder, 'secret.txt'), 'secret')
mkdirSync(path.join(folder, 'renderer-private'))
writeFileSync(path.join(folder, 'renderer-private', 'secret.txt'), 'secret')
writeFileSync(path.join(root, 'index.html'), '<meta name="csp-nonce" content="__CSP_NONCE__">')
writeFileSync(path.join(root, 'assets', 'app.js'), 'const nonce = "__CSP_NONCE__"')
afterAll(() => removeScratchFolder(folder))

const get = (url: string) => answer(root, { url, method: 'GET' })

describe('answer', () => {
  it('serves a file with its type, untouched', async () => {
    const response = await get('app://bundle/assets/app.js')
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'const nonce = "__CSP_NONCE__"',
    ])
  })
  it('gives every page a new nonce, in the policy and in the page', async () => {
    const responses = [await get('app://bundle/index.html'), await get('app://bundle/index.html')]
    const nonces = await Promise.all(
      responses.map(async page => /content="([^"]+)"/.exec(await page.text())?.[1] ?? ''),
    )
    expect(new Set(nonces).size).toBe(2)
    expect(responses.map(page => page.headers.get('content-security-policy'))).toEqual(
      nonces.map(contentSecurityPolicy),
    )
  })
  it.each([
    'app://bundle/missing.js',
    'app://bundle/',
    'app://bundle/../secret.txt',
    'app://bundle/..%2fsecret.txt',
    'app://bundle/assets/..%2f..%2fsecret.txt',
    'app://bundle/..%2frenderer-private/secret.txt',
    'app://bundle/%2e%2e%2fsecret.txt',
    `app://bundle/${encodeURIComponent(path.join(folder, 'secret.txt'))}`,
    'app://bundle/index.html%00.js',
    'app://bundle/%E0%A4%A',
    'app://other/index.html',
  ])('finds nothing at %s', async url => {
    const response = await get(url)
    expect([response.status, await response.text()]).toEqual([404, 'not found'])
  })
  it('answers nothing but GET', async () => {
    expect((await answer(root, { url: 'app://bundle/index.html', method: 'POST' })).status).toBe(404)
  })
})

describe('the policy', () => {
  it('allows nothing unsafe and nothing from elsewhere', () => {
    expect(contentSecurityPolicy('n')).not.toMatch(/unsafe|\*|https?:/)
    expect(contentSecurityPolicy('n')).toContain("default-src 'none'")
  })
})

describe('isPageUrl', () => {
  it.each([
    ['app://bundle/index.html', true],
    ['app://bundle/index.html#a', true],
    ['app://bundle.evil/index.html', false],
    ['app://evil/index.html', false],
    ['https://bundle/index.html', false],
    ['file:///index.html', false],
    ['about:blank', false],
    ['', false],
  ])('says of %s: %s', (url, expected) => {
    expect(isPageUrl(url)).toBe(expected)
  })
})
