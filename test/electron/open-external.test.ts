import { beforeEach, describe, expect, it } from 'vitest'
import { externalUrl, openExternal } from '../../electron/open-external.ts'
import { control } from '../electron-double/control.ts'

beforeEach(() => {
  control.opened.length = 0
})

describe('a link', () => {
  it.each([
    'http://github.com/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://host/share',
    'vscode://file/etc/passwd',
    'ms-msdt:/id',
    'https://github.com.evil.example/',
    'https://evil.example/github.com',
    'https://user:pass@github.com/',
    'https://github.com:8443/',
    'https://',
    'github.com',
    '\\\\host\\share',
    '',
    `https://github.com/${'x'.repeat(3_000)}`,
  ])('that is no page of ours opens nothing: %s', url => {
    const refused: string[] = []
    openExternal(url, message => refused.push(message))
    expect([control.opened, refused.length, refused[0]?.length ?? 0]).toEqual([[], 1, expect.any(Number)])
    expect(refused[0]?.length).toBeLessThan(300)
  })
  it('to one of ours is opened as the browser will read it', () => {
    openExternal('HTTPS://GitHub.com/a b', () => {})
    expect(control.opened).toEqual(['https://github.com/a%20b'])
    expect(externalUrl('https://code.claude.com/docs')).toBe('https://code.claude.com/docs')
  })
})
