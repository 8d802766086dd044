import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { TreeFile, TreeManifest } from '../../shared/core/work-tree.ts'
import { nodePorts } from '../../shared/engine/node-ports.ts'
import type { PreviousTree } from '../../shared/engine/saved-content.ts'
import { git } from '../support/repositories.ts'
import {
  agedPorts,
  countingCommands,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
  type Taken,
  withFiles,
} from '../support/snapshot-world.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
  makeCommitted(world)
})
afterEach(() => world.remove())

const at = (...names: string[]) => path.join(world.root, ...names)

/** Ports that note which files are opened in the project itself. */
function watchingReads(ports = agedPorts) {
  const opened: string[] = []
  const watched = withFiles(
    files => ({
      open: (file, mode) => {
        const name = path.relative(world.root, String(file))
        if (!name.startsWith('..') && !name.startsWith('.git/')) opened.push(name)
        return files.open(file, mode)
      },
    }),
    ports,
  )
  return { opened, ports: watched }
}

async function survey(previous: TreeManifest | null = null, by = world.snapshotter()): Promise<Taken> {
  const result = await by.survey(world.root, previous)
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result
}

/** Stores no commits, so that a pack holds files and nothing else. */
const unpinned = () => world.snapshotter({ bounds: { pinBytes: 0 } })

const fileIn = (manifest: TreeManifest, name: string): TreeFile | undefined =>
  manifest.files.find(file => file.path === name)

describeWithGit('a capture that builds on another', () => {
  it('stores nothing again, opens nothing again, and finds everything in the first pack', async () => {
    world.write('a.txt', 'two\n')
    world.write('new/file', 'new\n')
    const first = await world.capture()
    const { opened, ports } = watchingReads()
    const second = await world.capture(first.asPrevious, world.snapshotter({ ports }))
    expect({ opened, added: second.pack.added, changed: second.changedSince, packs: second.manifest.packs }).toEqual({
      opened: [],
      added: [],
      changed: [],
      packs: [first.asPrevious.manifestPack],
    })
    expect(world.restored(second)).toEqual(world.restored(first))
  })

  it('stores only what is new, over a chain of captures', async () => {
    world.write('kept', 'kept\n')
    const first = await world.capture()
    world.write('a.txt', 'two\n')
    const second = await world.capture(first.asPrevious)
    world.write('a.txt', 'three\n')
    const third = await world.capture(second.asPrevious)
    expect([second, third].map(each => each.pack.added.map(String))).toEqual([['two\n'], ['three\n']])
    expect([second, third].map(each => each.changedSince)).toEqual([['a.txt'], ['a.txt']])
    expect(third.manifest.packs).toEqual([first.asPrevious.manifestPack])
    expect(world.restored(third)).toMatchObject({ kept: expect.stringMatching(/^file 644 5 /) })
  })

  it('stores equal content once, and content that moved not at all', async () => {
    world.write('one', 'same content\n')
    world.write('two', 'same content\n')
    const first = await world.capture(null, unpinned())
    fs.renameSync(at('one'), at('renamed'))
    const second = await world.capture(first.asPrevious, unpinned())
    expect([first, second].map(each => each.pack.added.length)).toEqual([1, 0])
    expect(second.changedSince).toEqual(['one', 'renamed'])
  })

  it('keeps places apart for each nested repository', async () => {
    const inner = at('inner')
    fs.mkdirSync(inner)
    git(inner, 'init', '-q')
    world.write('inner/file', 'inside\n')
    const first = await world.capture(null, unpinned())
    world.write('a.txt', 'two\n')
    const second = await world.capture(first.asPrevious, unpinned())
    expect(second.pack.added.map(String)).toEqual(['two\n'])
    expect(second.manifest.packs).toEqual([])
    expect(second.manifest.nested[0]?.manifest.packs).toEqual([first.asPrevious.manifestPack])
    expect(world.restored(second)).toHaveProperty('inner/file')
  })

  it('never comes to depend on more packs than the limit, and stays whole', async () => {
    const bounds = { packs: 4, pinBytes: 0 }
    let previous: PreviousTree | null = null
    const counts: number[] = []
    for (let i = 0; i < 12; i++) {
      world.write(`file-${i}`, `content ${i}\n`.repeat(i + 1))
      const captured = await world.capture(previous, world.snapshotter({ bounds }))
      counts.push(captured.manifest.packs.length)
      previous = captured.asPrevious
    }
    expect(Math.max(...counts)).toBe(4)
    const last = await world.capture(previous, world.snapshotter({ bounds }))
    expect(Object.keys(world.restored(last)).filter(name => name.startsWith('file-'))).toHaveLength(12)
  })

  it('stores again what the manifest places in a pack that it does not list', async () => {
    world.write('a.txt', 'two\n')
    const first = await world.capture()
    const { manifest, manifestPack } = first.asPrevious
    const files = manifest.files.map(file => ({ ...file, place: [7, 0, 4, 4] as [number, number, number, number] }))
    const second = await world.capture({ manifest: { ...manifest, files }, manifestPack })
    expect(second.pack.added.map(String)).toEqual(['two\n'])
  })
})

describeWithGit('stat keys', () => {
  it('do not vouch for a file that had just been written: a change of the same size is seen', async () => {
    const ports = nodePorts(() => {})
    world.write('a.txt', 'two\n')
    const first = await world.capture(null, world.snapshotter({ ports }))
    expect(fileIn(first.manifest, 'a.txt')?.statKey).toBe('')
    const { opened, ports: watched } = watchingReads()
    await world.capture(first.asPrevious, world.snapshotter({ ports: watched }))
    expect(opened).toEqual(['a.txt'])
  })

  it('see an edit that keeps size and modification time', async () => {
    world.write('a.txt', 'two\n')
    fs.utimesSync(at('a.txt'), 1_000_000, 1_000_000)
    const first = await world.capture()
    fs.writeFileSync(at('a.txt'), 'six\n')
    fs.utimesSync(at('a.txt'), 1_000_000, 1_000_000)
    const second = await world.capture(first.asPrevious)
    expect(second.pack.added.map(String)).toEqual(['six\n'])
  })
})

describeWithGit('a survey', () => {
  it('says what there would be to save, without a place for it', async () => {
    world.write('a.txt', 'two\n')
    const { manifest, changedSince } = await survey()
    expect(manifest.files).toMatchObject([{ path: 'a.txt', place: null, bytes: 4 }])
    expect(manifest.files[0]?.sha256).toBe(createHash('sha256').update('two\n').digest('hex'))
    expect(changedSince).toEqual(['a.txt'])
  })

  it('has the fingerprint of a capture of the same content', async () => {
    world.write('a.txt', 'two\n')
    world.git('add', 'a.txt')
    world.write('a.txt', 'three\n')
    const captured = await world.capture()
    expect((await survey()).manifest.fingerprint).toBe(captured.manifest.fingerprint)
  })

  it('runs one git process and opens no file the second time', async () => {
    world.write('a.txt', 'two\n')
    world.write('src/b.ts', 'export const b = 2\n')
    world.git('update-index', '--assume-unchanged', 'src/b.ts')
    world.git('add', 'a.txt')
    world.write('a.txt', 'three\n')
    const counting = countingCommands()
    const { opened, ports } = watchingReads(counting.ports)
    const by = world.snapshotter({ ports })
    await survey(null, by)
    counting.calls.length = 0
    opened.length = 0
    await survey(null, by)
    expect(counting.calls.map(({ args }) => args.find(arg => !/^-|=/.test(arg)))).toEqual(['status'])
    expect(opened).toEqual([])
  })

  it('runs one git process in a new process, too, when settings have not changed', async () => {
    await survey()
    const counting = countingCommands()
    await survey(null, world.snapshotter({ ports: counting.ports }))
    expect(counting.calls).toHaveLength(1)
  })

  it('believes what the previous manifest vouches for', async () => {
    world.write('a.txt', 'two\n')
    const captured = await world.capture()
    const { opened, ports } = watchingReads()
    const { changedSince } = await survey(captured.manifest, world.snapshotter({ ports }))
    expect({ opened, changedSince }).toEqual({ opened: [], changedSince: [] })
  })
})

describeWithGit('the fingerprint', () => {
  it('is the same for the same content with other times, in another order of writing, and after git add', async () => {
    world.write('x', 'x\n')
    world.write('y', 'y\n')
    const first = await survey()
    fs.rmSync(at('x'))
    fs.rmSync(at('y'))
    world.write('y', 'y\n')
    world.write('x', 'x\n')
    fs.utimesSync(at('x'), 1, 1)
    const second = await survey()
    world.git('add', 'x')
    const third = await survey()
    expect(new Set([first, second, third].map(each => each.manifest.fingerprint)).size).toBe(1)
    expect(second.manifest.files.map(file => file.statKey)).not.toEqual(first.manifest.files.map(file => file.statKey))
  })

  it.each([
    ['content', () => world.write('x', 'z\n')],
    ['mode', () => fs.chmodSync(at('x'), 0o755)],
    ['name', () => fs.renameSync(at('x'), at('xx'))],
    [
      'kind',
      () => {
        fs.rmSync(at('x'))
        fs.symlinkSync('x\n', at('x'))
      },
    ],
    ['a deletion', () => fs.rmSync(at('a.txt'))],
    ['HEAD', () => world.git('commit', '-q', '--allow-empty', '-m', 'second')],
    [
      'content in the index only',
      () => {
        world.git('add', 'x')
        world.write('x', 'z\n')
        world.git('add', 'x')
        world.write('x', 'x\n')
      },
    ],
    ['a nested repository', () => git(world.root, 'init', '-q', 'nested')],
  ])('differs with %s', async (_what, change) => {
    world.write('x', 'x\n')
    const before = await survey()
    change()
    expect((await survey()).manifest.fingerprint).not.toBe(before.manifest.fingerprint)
  })
})

describeWithGit('what changed since', () => {
  it.each<[string, readonly string[], () => void]>([
    ['a changed file', ['m'], () => world.write('m', 'changed\n')],
    ['a new file', ['src/n'], () => world.write('src/n', 'n\n')],
    ['a deleted untracked file', ['m'], () => fs.rmSync(at('m'))],
    ['a deleted tracked file', ['src/b.ts'], () => fs.rmSync(at('src/b.ts'))],
    ['a mode', ['m'], () => fs.chmodSync(at('m'), 0o700)],
    ['a file set back to HEAD', ['a.txt'], () => world.git('checkout', '-q', 'a.txt')],
    ['a commit of everything, which changes no file', [], () => world.git('commit', '-q', '-a', '-m', 'second')],
    ['a file that is ignored now', [], () => fs.writeFileSync(at('.git/info/exclude'), 'm\n')],
    ['a touched file', [], () => fs.utimesSync(at('m'), 1, 1)],
    ['a file in a nested repository', ['inner/file'], () => world.write('inner/file', 'changed\n')],
    ['a nested repository that went', ['inner/file'], () => fs.rmSync(at('inner'), { recursive: true })],
  ])('is told for %s', async (_what, expected, change) => {
    world.write('a.txt', 'two\n')
    world.write('m', 'm\n')
    fs.rmSync(at('src/deep/c.ts'))
    git(world.root, 'init', '-q', 'inner')
    world.write('inner/file', 'inside\n')
    const before = await world.capture()
    change()
    expect((await survey(before.manifest)).changedSince).toEqual(expected)
  })
})

describeWithGit('content that is only in the index', () => {
  beforeEach(() => {
    world.write('a.txt', 'staged\n')
    world.write('added', 'added\n')
    world.git('add', '-A')
    world.write('a.txt', 'on disk\n')
    fs.rmSync(at('added'))
  })

  it('is kept, with its mode and the name of its blob', async () => {
    const captured = await world.capture()
    const blob = world.git('rev-parse', ':a.txt').trim()
    expect(captured.manifest.staged).toMatchObject([
      { path: 'a.txt', mode: 0o100644, bytes: 7, object: blob },
      { path: 'added', mode: 0o100644, bytes: 6 },
    ])
    const { manifest, manifestPack } = captured.asPrevious
    const contents = manifest.staged.map(
      ({ place }) => place && String(world.packs.read(place, manifest.packs, manifestPack)),
    )
    expect(contents).toEqual(['staged\n', 'added\n'])
  })

  it('costs no git process and no space when it is the same again', async () => {
    const first = await world.capture()
    const counting = countingCommands()
    const second = await world.capture(first.asPrevious, world.snapshotter({ ports: counting.ports }))
    expect({ calls: counting.calls.length, added: second.pack.added }).toEqual({ calls: 1, added: [] })
    expect(second.manifest.fingerprint).toBe(first.manifest.fingerprint)
  })

  it('is skipped with the reason when its blob is missing or too large', async () => {
    const blob = world.git('rev-parse', ':added').trim()
    fs.rmSync(at('.git/objects', blob.slice(0, 2), blob.slice(2)))
    const { manifest } = await world.capture(null, world.snapshotter({ bounds: { fileBytes: 6 } }))
    expect(manifest.skipped).toMatchObject([
      { path: 'a.txt', reason: 'too-large' },
      { path: 'a.txt', reason: 'too-large' },
      { path: 'added', reason: 'unreadable' },
    ])
  })
})
