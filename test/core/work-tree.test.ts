import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayTreePath, treePathKey } from '../../shared/core/tree-name.ts'
import {
  changedTreePaths,
  isTreeFile,
  type TreeManifest,
  type TreePath,
  treeFileSchema,
  treeManifestSchema,
} from '../../shared/core/work-tree.ts'
import { hashOf, manifestOf, treeFileOf } from '../support/core-values.ts'

describe('displayTreePath', () => {
  it.each<[TreePath, string]>([
    ['src/a.ts', 'src/a.ts'],
    [{ b64: 'Zv8=' }, '(name is not UTF-8, base64 Zv8=)'],
  ])('shows %j as "%s"', (path, text) => {
    expect(displayTreePath(path)).toBe(text)
  })
})

describe('treePathKey', () => {
  it('keeps a name that is no UTF-8 apart from a text of the same letters', () => {
    expect(new Set([treePathKey('Zv8='), treePathKey({ b64: 'Zv8=' }), treePathKey({ b64: 'Zv8=' })]).size).toBe(2)
  })
})

describe('changedTreePaths', () => {
  const before = manifestOf({
    files: [treeFileOf('same'), treeFileOf('content'), treeFileOf('mode'), treeFileOf('kind'), treeFileOf('reverted')],
    gone: ['still-gone', 'back'],
  })

  it('names what differs in content, mode, kind or presence, and nothing else', () => {
    const after = manifestOf({
      files: [
        treeFileOf('same', { statKey: '2:2:2:12', place: null, status: 'M ' }),
        treeFileOf('content', { sha256: hashOf(2) }),
        treeFileOf('mode', { mode: 0o755 }),
        treeFileOf('kind', { kind: 'link' }),
        treeFileOf('new'),
      ],
      gone: ['still-gone', 'deleted'],
    })
    expect([...changedTreePaths(before, after)].sort()).toEqual(
      ['back', 'content', 'deleted', 'kind', 'mode', 'new', 'reverted'].sort(),
    )
  })

  it('names everything where there was nothing before', () => {
    expect(changedTreePaths(null, before)).toEqual([
      'same',
      'content',
      'mode',
      'kind',
      'reverted',
      'still-gone',
      'back',
    ])
  })

  it('names nothing between equals', () => {
    expect(changedTreePaths(before, structuredClone(before))).toEqual([])
  })

  it('looks into nested work trees, however deep, and names their paths from the outer root', () => {
    const nest = (inner: TreeManifest) =>
      manifestOf({ files: [treeFileOf('a')], nested: [{ path: 'vendor/lib', manifest: inner }] })
    const deep = (n: number) => nest(nest(manifestOf({ files: [treeFileOf('a', { sha256: hashOf(n) })] })))
    expect(changedTreePaths(deep(1), deep(2))).toEqual(['vendor/lib/vendor/lib/a'])
  })

  it.each([121, 122])('names the same paths both ways round, since a difference has no direction (seed %i)', seed => {
    fc.assert(
      fc.property(anyManifest, anyManifest, (one, other) => {
        expect([...changedTreePaths(one, other)].sort()).toEqual([...changedTreePaths(other, one)].sort())
      }),
      { seed, numRuns: 300 },
    )
  })
})

describe('treeManifestSchema', () => {
  const nested = [{ path: 'vendor/lib', manifest: manifestOf({ files: [treeFileOf({ b64: 'Zv8=' })] }) }]
  const whole = manifestOf({
    files: [treeFileOf('a', { torn: true })],
    staged: [{ path: 'b', mode: 0o100644, bytes: 3, sha256: hashOf(3), place: [0, 0, 1, 3] }],
    gone: ['c'],
    skipped: [{ path: 'd', reason: 'too-large', detail: '40 MB' }],
    nested,
  })

  it('takes a whole manifest with nested ones, and keeps what it does not know', () => {
    const read = { ...whole, later: true }
    expect(treeManifestSchema.parse(JSON.parse(JSON.stringify(read)))).toEqual(read)
  })

  it.each([
    ['a newer version', { v: 2 }],
    ['a file without a hash', { files: [{ ...treeFileOf('a'), sha256: '' }] }],
    ['a mode that is none', { files: [treeFileOf('a', { mode: 0o10000 })] }],
    ['a path that is neither text nor bytes', { gone: [7] }],
    ['bytes that are no base64', { gone: [{ b64: '%' }] }],
    ['a damaged nested manifest', { nested: [{ path: 'x', manifest: { ...manifestOf(), fingerprint: 'x' } }] }],
  ])('refuses %s', (_title, change) => {
    expect(treeManifestSchema.safeParse({ ...whole, ...change }).success).toBe(false)
  })
})

describe('isTreeFile', () => {
  const odd = fc.constantFrom<unknown>(
    null,
    undefined,
    '',
    'x',
    -1,
    0.5,
    2 ** 53,
    [],
    {},
    [1, 2, 3],
    [0, 0, 0, -1],
    true,
  )
  const oneChange = fc.record({ key: fc.constantFrom(...Object.keys(treeFileOf('a')), 'torn', 'later'), value: odd })
  const anything = fc.oneof(
    fc.anything(),
    oneChange.map(({ key, value }) => ({ ...treeFileOf('a'), [key]: value })),
    fc.string().map(path => treeFileOf(path)),
    fc.string().map(b64 => treeFileOf({ b64 })),
  )

  it('agrees with the schema on everything (seed 41)', () => {
    const agrees = (value: unknown) => isTreeFile(value) === treeFileSchema.safeParse(value).success
    fc.assert(fc.property(anything, agrees), { seed: 41, numRuns: 2_000 })
  })
})

const anyFile = fc
  .record({
    path: fc.constantFrom('a', 'b', 'c'),
    n: fc.integer({ min: 1, max: 2 }),
    mode: fc.constantFrom(0o644, 0o755),
  })
  .map(({ path, n, mode }) => treeFileOf(path, { sha256: hashOf(n), mode }))
const anyFlat = fc
  .record({
    files: fc.uniqueArray(anyFile, { selector: file => file.path }),
    gone: fc.uniqueArray(fc.constantFrom('d', 'e')),
  })
  .map(manifestOf)
const anyManifest = fc
  .tuple(anyFlat, fc.option(anyFlat))
  .map(([outer, inner]) => ({ ...outer, nested: inner ? [{ path: 'sub', manifest: inner }] : [] }))
