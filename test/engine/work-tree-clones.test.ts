/** Repositories that are not all there, not ours, or whose files are pointers: saved as they lie on the disk. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { displayTreePath } from '../../shared/core/tree-name.ts'
import { hasGit } from '../support/repositories.ts'
import {
  type Captured,
  countingCommands,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
} from '../support/snapshot-world.ts'
import { sha256 } from '../support/stores.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
})
afterEach(() => world.remove())

const saved = ({ manifest }: Captured) =>
  Object.fromEntries(manifest.files.map(file => [displayTreePath(file.path), [file.status, file.sha256]]))

const pointer = (content: string) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${content.length}\n`

describeWithGit('large files of git-lfs', () => {
  it('are saved as they lie there, pointer or content, and its filters are never run', async () => {
    makeCommitted(world, { '.gitattributes': '*.bin filter=lfs -text\n', 'model.bin': pointer('old') })
    const ran = path.join(world.folder, 'filter-ran')
    for (const name of ['clean', 'smudge', 'process']) world.git('config', `filter.lfs.${name}`, `touch ${ran}`)
    world.write('model.bin', pointer('new'))
    world.write('data.bin', 'the content itself')
    const captured = await world.capture()
    expect(saved(captured)).toEqual({
      'data.bin': ['??', sha256('the content itself')],
      'model.bin': ['.M', sha256(pointer('new'))],
    })
    expect(fs.existsSync(ran)).toBe(false)
    expect(fs.existsSync(path.join(world.root, '.git/lfs'))).toBe(false)
  })
})

describeWithGit('a clone without its blobs', () => {
  it('is saved without fetching what it lacks', async () => {
    makeCommitted(world)
    const origin = path.join(world.folder, 'origin')
    fs.renameSync(world.root, origin)
    const git = (...args: readonly string[]) => execFileSync('git', args, { stdio: 'pipe' })
    git('-C', origin, 'config', 'uploadpack.allowFilter', 'true')
    git('clone', '-q', '--filter=blob:none', '--no-checkout', `file://${origin}`, world.root)
    world.git('checkout', '-q', 'HEAD', '--', 'a.txt')
    world.git('read-tree', 'HEAD')
    world.write('a.txt', 'changed here\n')
    world.write('new.txt', 'new\n')
    // From here on nothing can be fetched.
    fs.renameSync(origin, `${origin}-gone`)
    const { ports, calls } = countingCommands()
    const captured = await world.capture(null, world.snapshotter({ ports }))
    expect(captured.manifest.degraded).toBe(null)
    expect(saved(captured)).toEqual({
      'a.txt': ['.M', sha256('changed here\n')],
      'new.txt': ['??', sha256('new\n')],
    })
    expect(calls.filter(({ args }) => args.includes('fetch'))).toEqual([])
  })
})

/** Refs in one binary table, of which a reader of files sees nothing. */
const keepsReftables = (() => {
  const [, major = '0', minor = '0'] =
    /(\d+)\.(\d+)/.exec(hasGit() ? execFileSync('git', ['version'], { encoding: 'utf8' }) : '') ?? []
  return Number(major) > 2 || (major === '2' && Number(minor) >= 45)
})()

describe.skipIf(!keepsReftables)('a repository that keeps its refs in a table (needs git 2.45)', () => {
  it('is compared with its HEAD like any other, and its remote branches are known', async () => {
    makeCommitted(world)
    fs.rmSync(path.join(world.root, '.git'), { recursive: true })
    world.git('init', '-q', '-b', 'main', '--ref-format=reftable')
    world.git('add', '-A')
    world.git('commit', '-q', '-m', 'first')
    world.git('update-ref', 'refs/remotes/origin/main', 'HEAD')
    const head = world.git('rev-parse', 'HEAD').trim()
    world.write('a.txt', 'two\n')
    const captured = await world.capture()
    expect(captured.manifest).toMatchObject({ head, branch: 'main', base: 'on-remote', degraded: null })
    expect(saved(captured)).toEqual({ 'a.txt': ['.M', sha256('two\n')] })
  })
})

const isRoot = process.getuid?.() === 0

describeWithGit('a repository of another user', () => {
  it.skipIf(!isRoot)(
    'is listed like any other, though git itself refuses it (needs root to give it away)',
    async () => {
      makeCommitted(world)
      world.write('a.txt', 'changed by somebody\n')
      for (const name of fs.readdirSync(world.root, { recursive: true, encoding: 'utf8' })) {
        fs.lchownSync(path.join(world.root, name), 12_345, 12_345)
      }
      fs.chownSync(world.root, 12_345, 12_345)
      expect(() => world.git('status')).toThrow(/dubious ownership/)
      expect(saved(await world.capture())).toEqual({ 'a.txt': ['.M', sha256('changed by somebody\n')] })
    },
  )
})
