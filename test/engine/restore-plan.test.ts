import { describe, expect, it } from 'vitest'
import type { FramePlace } from '../../shared/core/checkpoint.ts'
import type { TreeManifest } from '../../shared/core/work-tree.ts'
import type { HeadEntry } from '../../shared/engine/head-tree.ts'
import { levelsOf, planTree } from '../../shared/engine/restore-plan.ts'
import { manifestOf, sha256, type TestFile } from '../support/stores.ts'

const holder = sha256('the pack with the manifest')
const sink = { add: (): FramePlace => [0, 1, 2, 3] }
const file = (path: TestFile['path'], more: Partial<TestFile> = {}): TestFile => ({ path, content: 'x', ...more })
const head = (name: string, gitMode = '100644'): HeadEntry => ({
  name: Buffer.from(name),
  gitMode,
  objectId: `id of ${name}`,
})

/** Names with where they come from, or why nothing is planned. */
function plan(manifest: TreeManifest, ...heads: (readonly HeadEntry[] | null)[]) {
  const planned = planTree(levelsOf(manifest, '/home/ann'), holder, heads)
  if (!planned.ok) return planned.message
  const entries = planned.entries.map(({ key, kind, source }) => `${kind} ${key} from ${source.from}`)
  return { entries: entries.sort(), leftOut: planned.leftOut, gone: planned.gone }
}

const entries = (...expected: readonly string[]) => ({ entries: expected, leftOut: [], gone: [] })

describe('planTree', () => {
  it('takes what was recorded, and the rest from HEAD', () => {
    const manifest = manifestOf(sink, [file('changed'), file('new/link', { kind: 'link' })])
    expect(plan(manifest, [head('changed'), head('clean'), head('run.sh', '100755'), head('l', '120000')])).toEqual(
      entries(
        'file changed from store',
        'file clean from head',
        'file run.sh from head',
        'link l from head',
        'link new/link from store',
      ),
    )
  })

  it('restores neither what was deleted nor what was left out, and says so', () => {
    const skipped = [{ path: 'huge.bin', reason: 'too-large' as const, detail: '3 GB' }]
    const manifest = manifestOf(sink, [], { gone: ['old'], skipped, skippedMore: 7 })
    expect(plan(manifest, [head('old'), head('huge.bin'), head('kept')])).toEqual({
      entries: ['file kept from head'],
      leftOut: [
        { path: 'huge.bin', reason: 'too-large: 3 GB' },
        { path: '.', reason: '7 more paths' },
      ],
      gone: ['old'],
    })
  })

  it('follows what became a folder, and what became a file', () => {
    const manifest = manifestOf(sink, [file('was-file/inner'), file('was-folder')])
    expect(plan(manifest, [head('was-file'), head('was-folder/a'), head('was-folder/b/c')])).toEqual(
      entries('file was-file/inner from store', 'file was-folder from store'),
    )
  })

  it('goes into nested repositories, each with its own HEAD', () => {
    const inner = manifestOf(sink, [file('changed')])
    const outer = manifestOf(sink, [file('top')], { nested: [{ path: 'lib/sub', manifest: inner }] })
    const outerHead = [head('lib/sub', '160000'), head('lib/beside'), head('lib/sub/tracked-before')]
    expect(plan(outer, outerHead, [head('changed'), head('clean')])).toEqual(
      entries(
        'file lib/beside from head',
        'file lib/sub/changed from store',
        'file lib/sub/clean from head',
        'file top from store',
      ),
    )
    expect(levelsOf(outer, '/home/ann').map(level => level.root)).toEqual(['/home/ann', '/home/ann/lib/sub'])
  })

  it('says which submodules it has nothing of', () => {
    const planned = plan(manifestOf(sink, []), [head('sub', '160000')])
    expect(planned).toMatchObject({ leftOut: [{ path: 'sub', reason: 'submodule at id of sub' }] })
  })

  it('gives no more than permission bits, and shows a staged link as text', () => {
    const staged = [{ path: 'l', mode: 0o120000, bytes: 1, sha256: sha256('x'), place: [0, 0, 0, 0] as FramePlace }]
    const planned = planTree(levelsOf(manifestOf(sink, [file('s', { mode: 0o6755 })], { staged }), '/w'), holder, [])
    expect(planned).toMatchObject({ entries: [{ mode: 0o755 }], staged: [{ kind: 'file', mode: 0o644 }] })
  })

  it('finds the packs of a nested manifest in that manifest, and of index 0 in the outer one’s pack', () => {
    const packs = [sha256('p')]
    const inner = manifestOf({ add: (): FramePlace => [1, 5, 6, 7] }, [file('a')], { packs })
    const outer = manifestOf(sink, [file('b')], { nested: [{ path: 'sub', manifest: inner }] })
    const planned = planTree(levelsOf(outer, '/w'), holder, [])
    const sources = planned.ok ? planned.entries.map(({ source }) => source.from === 'store' && source.pack) : []
    expect(sources).toEqual([holder, packs[0]])
  })

  it.each<[string, TestFile[]]>([
    ['climbs out', [file('../outside')]],
    ['climbs out in the middle', [file('a/../../outside')]],
    ['is absolute', [file('/etc/passwd')]],
    ['has an empty part', [file('a//b')]],
    ['is empty', [file('')]],
    ['is a dot', [file('a/./b')]],
    ['has a NUL', [file('a\0b')]],
    ['is the repository', [file('.git')]],
    ['is in a repository', [file('sub/.git/hooks/pre-commit')]],
    ['is in a repository, in other letters', [file('.GiT/config')]],
    ['is in a repository, in NTFS spelling', [file('git~1/config')]],
    ['is in a repository, in HFS+ spelling', [file('.g\u200cit/config')]],
    [
      'climbs out, in bytes that are no text',
      [file({ b64: Buffer.from([0x2e, 0x2e, 0x2f, 0xff]).toString('base64') })],
    ],
    ['comes twice', [file('a'), file('a')]],
    ['comes twice in two spellings', [file('a'), file({ b64: Buffer.from('a').toString('base64') })]],
    ['is below a link', [file('link', { kind: 'link' }), file('link/x')]],
    ['is below a link far above', [file('a/link', { kind: 'link' }), file('a/link/b/c')]],
  ])('plans nothing at all when one name %s', (_title, files) => {
    expect(plan(manifestOf(sink, [file('good'), ...files]), [head('clean')])).toEqual(expect.any(String))
  })

  it('plans nothing at all when a nested repository, or staged content, has such a name', () => {
    const inner = manifestOf(sink, [file('x')])
    expect(plan(manifestOf(sink, [], { nested: [{ path: '../up', manifest: inner }] }))).toEqual(expect.any(String))
    expect(plan(manifestOf(sink, [], { nested: [{ path: '../up', manifest: manifestOf(sink, []) }] }))).toEqual(
      expect.any(String),
    )
    expect(
      plan(manifestOf(sink, [file('sub', { kind: 'link' })], { nested: [{ path: 'sub', manifest: inner }] })),
    ).toEqual(expect.any(String))
    const staged = [{ path: '../up', mode: 0o644, bytes: 1, sha256: sha256('x'), place: [0, 0, 0, 0] as FramePlace }]
    expect(plan(manifestOf(sink, [], { staged }))).toEqual(expect.any(String))
  })

  it.each<[string, HeadEntry[]]>([
    ['climbs out', [head('../up')]],
    ['is in a repository', [head('.git/config')]],
  ])('leaves out a name of HEAD that %s, and restores the rest', (_title, odd) => {
    const planned = plan(manifestOf(sink, [file('mine')]), [head('clean'), ...odd])
    expect(planned).toMatchObject({
      entries: ['file clean from head', 'file mine from store'],
      leftOut: [{ path: odd[0]?.name.toString(), reason: 'unsafe name' }],
    })
  })

  it('leaves out a HEAD whose own names exclude each other', () => {
    const planned = plan(manifestOf(sink, [file('mine')]), [head('a', '120000'), head('a/b')])
    expect(planned).toMatchObject({ entries: ['file mine from store'], leftOut: [{ path: '.' }] })
  })
})
