import { describe, expect, it } from 'vitest'
import { checkPattern, ignoredFilter } from '../../shared/core/ignored-patterns.ts'

describe('a pattern of ignored files', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['.env', ['.env', 'app/.env', 'a/b/.env'], ['.env.local', 'x.env', '.env/x', 'a.env']],
    ['.env*', ['.env', '.env.local', 'app/.env.test'], ['x/.envs/y', 'env']],
    ['*.local.json', ['a.local.json', 'config/b.local.json'], ['local.json', 'a.local.json.bak']],
    ['config/*.key', ['config/a.key'], ['a.key', 'config/deep/a.key', 'app/config/a.key']],
    ['config/**/*.key', ['config/a.key', 'config/deep/er/a.key'], ['other/config/a.key']],
    ['**/secret.txt', ['secret.txt', 'a/b/secret.txt'], ['secret_txt', 'a/secret.txt/b']],
    ['/.env', ['.env'], ['app/.env']],
    ['key?.pem', ['key1.pem', 'x/key2.pem'], ['key.pem', 'key12.pem', 'key/.pem']],
    ['a+b(c)[d].txt', ['a+b(c)[d].txt'], ['aab(c)[d].txt', 'abcd.txt']],
    ['ключ.*', ['ключ.pem', 'dir/ключ.pem'], ['ключ']],
  ])('%s names what it should, and nothing else', (pattern, named, others) => {
    const names = ignoredFilter([pattern]) ?? expect.fail('no filter')
    expect(checkPattern(pattern)).toBe(null)
    expect(named.filter(path => !names(path))).toEqual([])
    expect(others.filter(names)).toEqual([])
  })

  it('is one of several, of which any will do; without any there is nothing to ask git for', () => {
    const names = ignoredFilter(['.env', '*.key']) ?? expect.fail('no filter')
    expect(['.env', 'a.key', 'a.txt'].map(names)).toEqual([true, true, false])
    expect(ignoredFilter([])).toBe(null)
  })

  it.each([
    ['', 'not empty'],
    [7, 'must be a text'],
    ['x'.repeat(201), 'at most 200 characters'],
    ['a\\b', 'no backslash'],
    ['a\nb', 'no control character'],
    ['!.env', 'must not begin with "!"'],
    ['node_modules/', 'not a folder'],
    ['../.env', 'no part'],
    ['a/./b', 'no part'],
  ])('%j is refused in words', (pattern, words) => {
    expect(checkPattern(pattern)).toContain(words)
  })

  it('takes no long time for a name that was made to take one', () => {
    const names = ignoredFilter([`${'*a'.repeat(99)}b`, `${'**/a/'.repeat(39)}b`]) ?? expect.fail('no filter')
    expect(names('a'.repeat(4_000))).toBe(false)
    expect(names('a/'.repeat(2_000))).toBe(false)
  })
})
