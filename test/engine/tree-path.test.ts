import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayTreePath } from '../../shared/core/tree-name.ts'
import {
  byteKey,
  byteKeyOf,
  isSafeKey,
  isSafeTreePath,
  joinTreePaths,
  nameOfKey,
  pathBelow,
  shownKey,
  treePathBytes,
  treePathOf,
} from '../../shared/engine/tree-path.ts'

const notUtf8 = Buffer.from([0x66, 0xff])

describe('a name in a work tree', () => {
  it.each(['a', 'a/b.txt', '.gitignore', '.github/x', 'a.git', '..a', 'a..', '...', 'ü/项目', '-x', 'a b', 'git~2'])(
    'is safe: %s',
    name => expect(isSafeTreePath(Buffer.from(name))).toBe(true),
  )

  it.each([
    '',
    '.',
    '..',
    '/etc/passwd',
    'a/../b',
    '../a',
    'a//b',
    'a/',
    './a',
    'a\0b',
    '.git',
    '.GIT/config',
    'a/.Git/x',
    '.git. /x',
    'git~1',
    'GIT~1/config',
    '.g\u200cit/config',
  ])('is not safe: %j', name => expect(isSafeTreePath(Buffer.from(name))).toBe(false))

  it.each(['a\\b', 'C:x', 'a:stream'])('is not safe on Windows, and safe elsewhere: %s', name => {
    expect([isSafeTreePath(Buffer.from(name), '\\'), isSafeTreePath(Buffer.from(name), '/')]).toEqual([false, true])
  })

  it.each([Buffer.from('plain'), Buffer.from('ü 项目'), Buffer.from('\ufeffwith a mark'), notUtf8])(
    'survives the way into a manifest and back: %s',
    name => expect(treePathBytes(treePathOf(name))).toEqual(name),
  )

  it('keeps bytes that are no UTF-8 as base64, also when joined', () => {
    expect(treePathOf(notUtf8)).toEqual({ b64: 'Zv8=' })
    const joined = joinTreePaths('outer', treePathOf(notUtf8))
    expect(treePathBytes(joined)).toEqual(Buffer.concat([Buffer.from('outer/'), notUtf8]))
    expect(joinTreePaths('outer', 'inner/x')).toBe('outer/inner/x')
  })

  it('is told safe, shown and found again by its key as by its bytes (seed 42)', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map(each => Buffer.from(each)),
      fc
        .string({ unit: fc.constantFrom('a', '.', '/', '~', ':', '\\', ' ', 'git', '.git', 'ü'), maxLength: 5 })
        .map(text => Buffer.from(text)),
    )
    fc.assert(
      fc.property(bytes, name => {
        const key = byteKey(name)
        expect(nameOfKey(key)).toEqual(name)
        expect(byteKeyOf(treePathOf(name))).toBe(key)
        expect(shownKey(key)).toBe(displayTreePath(treePathOf(name)))
        expect(isSafeKey(key)).toBe(isSafeTreePath(name))
      }),
      { seed: 42, numRuns: 1_000 },
    )
  })

  it('becomes a path on disk without losing a byte', () => {
    expect(pathBelow('/root', Buffer.from('a/b'))).toBe('/root/a/b')
    expect(pathBelow('/root', notUtf8)).toEqual(Buffer.concat([Buffer.from('/root/'), notUtf8]))
  })
})
