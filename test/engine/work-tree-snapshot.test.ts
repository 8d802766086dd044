import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { folderContent } from '../support/materialised-tree.ts'
import { git } from '../support/repositories.ts'
import { describeWithGit, makeCommitted, makeSnapshotWorld, type SnapshotWorld } from '../support/snapshot-world.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
})
afterEach(() => world.remove())

const at = (...names: string[]) => path.join(world.root, ...names)
const bytesAt = (name: Buffer) => Buffer.concat([Buffer.from(`${world.root}/`), name])

/** A change to a committed project, and what must be said about it; `ignored` is what may stay out. */
interface Scenario {
  readonly title: string
  readonly make: () => void
  /** The folder to capture, if it is not the project's root. */
  readonly root?: () => string
  readonly manifest?: object
  readonly ignored?: readonly string[]
}

function embed(name: string): string {
  const inner = at(name)
  fs.mkdirSync(inner, { recursive: true })
  git(inner, 'init', '-q', '-b', 'main')
  fs.writeFileSync(path.join(inner, 'inner.txt'), 'committed\n')
  git(inner, 'add', '-A')
  git(inner, 'commit', '-q', '-m', 'inner')
  return inner
}

function addSubmodule(): string {
  const origin = path.join(world.folder, 'origin')
  fs.mkdirSync(origin)
  git(origin, 'init', '-q', '-b', 'main')
  fs.writeFileSync(path.join(origin, 'lib.txt'), 'library\n')
  git(origin, 'add', '-A')
  git(origin, 'commit', '-q', '-m', 'library')
  world.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin, 'vendored/lib')
  world.git('commit', '-q', '-m', 'with a submodule')
  return at('vendored/lib')
}

function conflict(): void {
  world.git('checkout', '-q', '-b', 'side')
  world.write('a.txt', 'side\n')
  world.git('commit', '-q', '-a', '-m', 'side')
  world.git('checkout', '-q', 'main')
  world.write('a.txt', 'main\n')
  world.git('commit', '-q', '-a', '-m', 'main')
}

function failing(...args: string[]): void {
  expect(() => world.git(...args)).toThrow()
}

/** Of a server that was killed. */
function leaveSocket(file: string): void {
  const server = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  expect(() => execFileSync(process.execPath, ['-e', server, file])).toThrow()
  expect(fs.lstatSync(file).isSocket()).toBe(true)
}

const linkedRoot = () => path.join(world.folder, 'linked')

const scenarios: readonly Scenario[] = [
  { title: 'nothing but HEAD', make: () => {}, manifest: { files: [], gone: [], branch: 'main', state: 'clean' } },
  {
    title: 'modified and untracked files, nested, with spaces, empty and binary',
    make: () => {
      world.write('a.txt', 'two\n')
      world.write('new folder/with spaces/a file.txt', 'new\n')
      world.write('empty', '')
      world.write('data.bin', Buffer.from([0, 255, 254, 0, 10, 13]))
    },
  },
  { title: 'only the executable bit', make: () => fs.chmodSync(at('a.txt'), 0o755) },
  { title: 'permissions that git does not keep', make: () => world.write('secret', 'key\n', 0o600) },
  {
    title: 'symbolic links: changed, dangling, to a folder, and out of the project',
    make: () => {
      fs.rmSync(at('link'))
      fs.symlinkSync('src/b.ts', at('link'))
      fs.symlinkSync('no/such/file', at('dangling'))
      fs.symlinkSync('src', at('to-folder'))
      fs.symlinkSync('/etc', at('out'))
    },
  },
  {
    title: 'the same name in NFC and NFD',
    make: () => {
      world.write('caf\u00e9.txt', 'composed\n')
      world.write('cafe\u0301.txt', 'decomposed\n')
    },
  },
  {
    title: 'names with newline, tab, quotes, backslash, 255 bytes and no UTF-8',
    make: () => {
      for (const name of ['line\nbreak', 'tab\there', '"quoted"', 'back\\slash', 'n'.repeat(255), '-dash', 'ü 项目']) {
        world.write(name, `${name}\n`)
      }
      fs.writeFileSync(bytesAt(Buffer.from([0x66, 0xff, 0xfe])), 'not UTF-8\n')
    },
  },
  {
    title: 'deletions, in the index and not',
    make: () => {
      world.git('rm', '-q', 'a.txt')
      fs.rmSync(at('src/b.ts'))
    },
    manifest: { gone: ['a.txt', 'src/b.ts'] },
  },
  {
    title: 'a folder that became a file, and a file that became a folder',
    make: () => {
      fs.rmSync(at('src'), { recursive: true })
      world.write('src', 'now a file\n')
      fs.rmSync(at('a.txt'))
      world.write('a.txt/inside', 'now a folder\n')
    },
  },
  {
    title: 'a tracked folder that became a link out of the project',
    make: () => {
      const outside = path.join(world.folder, 'outside')
      fs.renameSync(at('src'), outside)
      fs.symlinkSync(outside, at('src'))
    },
    manifest: { gone: ['src/b.ts', 'src/deep/c.ts'] },
  },
  {
    title: 'a file removed from the index only, and one only announced to it',
    make: () => {
      world.git('rm', '-q', '--cached', 'a.txt')
      world.write('announced', 'intent to add\n')
      world.git('add', '-N', 'announced')
    },
    manifest: { gone: [], staged: [] },
  },
  {
    title: 'ignored files stay out, ignored but tracked ones do not',
    make: () => {
      world.write('tracked.log', 'first\n')
      world.git('add', '-f', 'tracked.log')
      world.git('commit', '-q', '-m', 'tracked log')
      world.write('tracked.log', 'second\n')
      world.write('debug.log', 'noise\n')
      world.write('build/out.js', 'output\n')
      fs.writeFileSync(at('.git/info/exclude'), 'private\n')
      world.write('private', 'excluded by this clone\n')
      fs.writeFileSync(path.join(world.home, '.gitconfig'), '[core]\n\texcludesFile = ~/my-ignores\n')
      fs.writeFileSync(path.join(world.home, 'my-ignores'), '*.mine\n')
      world.write('x.mine', 'excluded by this user\n')
    },
    ignored: ['debug.log', 'build', 'private', 'x.mine'],
  },
  {
    title: 'a dirty submodule',
    make: () => {
      const lib = addSubmodule()
      fs.writeFileSync(path.join(lib, 'lib.txt'), 'changed\n')
      fs.writeFileSync(path.join(lib, 'untracked.txt'), 'new\n')
    },
    manifest: {
      nested: [{ path: 'vendored/lib', manifest: { files: [{ path: 'lib.txt' }, { path: 'untracked.txt' }] } }],
    },
  },
  {
    title: 'an untracked repository with another one inside it',
    make: () => {
      const inner = embed('tools/inner')
      fs.writeFileSync(path.join(inner, 'inner.txt'), 'changed\n')
      embed('tools/inner/innermost')
    },
  },
  {
    title: 'a submodule that a file has replaced, and one that was never checked out',
    make: () => {
      addSubmodule()
      fs.rmSync(at('vendored/lib'), { recursive: true })
      world.write('vendored/lib', 'a file now\n')
      world.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},absent`)
      fs.mkdirSync(at('absent'))
    },
    manifest: { nested: [] },
  },
  {
    title: 'a submodule that was removed from the disk',
    make: () => {
      addSubmodule()
      fs.rmSync(at('vendored'), { recursive: true })
    },
    manifest: { gone: ['vendored/lib'], nested: [] },
  },
  {
    title: 'no commit yet',
    make: () => {
      fs.rmSync(at('.git'), { recursive: true })
      world.git('init', '-q', '-b', 'fresh')
      world.git('add', 'a.txt')
    },
    manifest: { head: null, branch: 'fresh', base: 'no-commits', degraded: null },
  },
  {
    title: 'a merge with a conflict',
    make: () => {
      conflict()
      failing('merge', 'side')
    },
    manifest: { state: 'merge', branch: 'main', files: [{ path: 'a.txt', status: 'UU' }] },
  },
  {
    title: 'a rebase with a conflict',
    make: () => {
      conflict()
      failing('rebase', 'side')
    },
    manifest: { state: 'rebase', branch: 'main' },
  },
  {
    title: 'a cherry-pick with a conflict',
    make: () => {
      conflict()
      failing('cherry-pick', 'side')
    },
    manifest: { state: 'cherry-pick' },
  },
  {
    title: 'a conflict between a change and a deletion',
    make: () => {
      world.git('checkout', '-q', '-b', 'side')
      world.git('rm', '-q', 'a.txt')
      world.git('commit', '-q', '-m', 'removed')
      world.git('checkout', '-q', 'main')
      world.write('a.txt', 'changed\n')
      world.git('commit', '-q', '-a', '-m', 'changed')
      failing('merge', 'side')
    },
    manifest: { state: 'merge' },
  },
  {
    title: 'a detached HEAD',
    make: () => {
      world.git('checkout', '-q', '--detach')
      world.write('a.txt', 'two\n')
    },
    manifest: { branch: null, state: 'clean' },
  },
  {
    title: 'packed refs',
    make: () => {
      world.git('pack-refs', '--all')
      world.git('branch', 'main-2')
      world.write('a.txt', 'two\n')
    },
    manifest: { branch: 'main', degraded: null },
  },
  {
    title: 'entries that git was told not to look at: changed, made executable, deleted',
    make: () => {
      world.git('update-index', '--assume-unchanged', 'a.txt', 'run.sh', 'src/b.ts', 'link')
      world.git('update-index', '--skip-worktree', 'src/deep/c.ts')
      world.write('a.txt', 'two\n')
      fs.chmodSync(at('run.sh'), 0o644)
      fs.rmSync(at('src/b.ts'))
      world.write('src/deep/c.ts', 'export const c = 2\n')
    },
    manifest: { files: [{ path: 'a.txt' }, { path: 'run.sh' }, { path: 'src/deep/c.ts' }], gone: ['src/b.ts'] },
  },
  {
    title: 'automatic line ends',
    make: () => {
      world.git('config', 'core.autocrlf', 'input')
      world.write('a.txt', 'one\r\n')
      world.write('crlf.txt', 'new\r\nfile\r\n')
    },
  },
  {
    title: 'line ends and ids that git would write in another form, mixed ones too',
    make: () => {
      world.write('.gitattributes', '*.id ident\n*.crlf text eol=crlf\n*.lf text eol=lf\n')
      world.git('config', 'core.autocrlf', 'true')
      for (const name of ['a.txt', 'x.crlf', 'y.lf', 'z.id'])
        world.write(name, 'one\r\ntwo\n$Id: not mine $\nthree\r\n')
      world.git('add', 'x.crlf', 'z.id')
      world.write('z.id', 'one\n$Id$\n')
    },
  },
  {
    title: 'a file system monitor that told git that nothing has changed',
    make: () => {
      fs.writeFileSync(at('.git/liar'), "#!/bin/sh\nprintf 'token\\0'\n", { mode: 0o755 })
      world.git('config', 'core.fsmonitor', at('.git/liar'))
      world.git('update-index', '--fsmonitor')
      world.git('status')
      world.git('status')
      world.write('a.txt', 'two\n')
      world.write('src/b.ts', 'export const b = 22\n')
      // It is believed: git itself sees nothing.
      expect(world.git('status', '--porcelain')).toBe('')
    },
    manifest: { files: [{ path: 'a.txt' }, { path: 'src/b.ts' }], degraded: null },
  },
  {
    title: 'index version 4 and an untracked cache',
    make: () => {
      world.git('update-index', '--index-version', '4')
      world.git('update-index', '--force-untracked-cache')
      world.git('status')
      world.git('update-index', '--assume-unchanged', 'src/b.ts')
      world.write('src/b.ts', 'export const b = 2\n')
      world.write('later', 'untracked\n')
    },
    manifest: { files: [{ path: 'later' }, { path: 'src/b.ts' }] },
  },
  {
    title: 'a split index',
    make: () => {
      world.git('update-index', '--split-index')
      world.write('staged', 'staged\n')
      world.git('add', 'staged')
      world.git('update-index', '--assume-unchanged', 'src/b.ts')
      world.write('src/b.ts', 'export const b = 2\n')
      world.write('a.txt', 'two\n')
    },
    manifest: { files: [{ path: 'a.txt' }, { path: 'src/b.ts' }, { path: 'staged' }], degraded: null },
  },
  {
    title: 'a linked work tree with a branch and settings of its own',
    make: () => {
      const linked = linkedRoot()
      world.git('worktree', 'add', '-q', '-b', 'other', linked)
      world.git('config', 'extensions.worktreeConfig', 'true')
      git(linked, 'config', '--worktree', 'core.fileMode', 'true')
      fs.writeFileSync(path.join(linked, 'a.txt'), 'linked\n')
      fs.writeFileSync(path.join(linked, 'new'), 'new\n')
      git(linked, 'add', 'new')
    },
    root: linkedRoot,
    manifest: { branch: 'other', files: [{ path: 'a.txt' }, { path: 'new' }], degraded: null },
  },
  {
    title: 'a sparse checkout with a sparse index',
    make: () => {
      world.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'src/deep')
      world.write('src/deep/c.ts', 'export const c = 2\n')
      world.write('other/new', 'outside the cone\n')
    },
    manifest: { files: [{ path: 'other/new' }, { path: 'src/deep/c.ts' }], gone: [] },
    ignored: ['lib/outside.ts'],
  },
  {
    title: 'a sparse checkout by patterns',
    make: () => {
      world.git('sparse-checkout', 'set', '--no-cone', '/*', '!/lib/')
      world.write('src/deep/c.ts', 'export const c = 2\n')
      world.write('lib/new', 'outside the patterns\n')
    },
    manifest: { files: [{ path: 'lib/new' }, { path: 'src/deep/c.ts' }], gone: [] },
    ignored: ['lib/outside.ts'],
  },
  {
    title: 'SHA-256 objects',
    make: () => {
      fs.rmSync(at('.git'), { recursive: true })
      world.git('init', '-q', '-b', 'main', '--object-format=sha256')
      world.git('add', '-A')
      world.git('commit', '-q', '-m', 'first')
      world.git('update-index', '--assume-unchanged', 'src/b.ts')
      world.write('src/b.ts', 'export const b = 2\n')
      world.write('a.txt', 'two\n')
    },
    manifest: { files: [{ path: 'a.txt' }, { path: 'src/b.ts' }], degraded: null },
  },
  {
    title: 'an index.lock that somebody holds',
    make: () => {
      fs.writeFileSync(at('.git/index.lock'), '')
      world.write('a.txt', 'two\n')
    },
    manifest: { files: [{ path: 'a.txt' }] },
  },
  {
    title: 'settings that point the repository elsewhere or call it bare',
    make: () => {
      world.write('a.txt', 'two\n')
      world.git('config', 'core.worktree', world.home)
      fs.appendFileSync(at('.git/config'), '[core]\n\tbare = true\n')
    },
    manifest: { files: [{ path: 'a.txt' }], degraded: null },
  },
  {
    title: 'a pipe, a socket and a special file among the files',
    make: () => {
      execFileSync('mkfifo', [at('pipe')])
      leaveSocket(at('socket'))
      fs.rmSync(at('a.txt'))
      execFileSync('mkfifo', [at('a.txt')])
    },
    manifest: { skipped: [{ path: 'a.txt', reason: 'special' }] },
    ignored: ['pipe', 'socket', 'a.txt'],
  },
]

describeWithGit('a captured work tree, written out again', () => {
  it.each(scenarios)('is what was on disk: $title', async ({ make, root: rootOf, manifest = {}, ignored = [] }) => {
    makeCommitted(world, { 'lib/outside.ts': 'export {}\n' })
    make()
    const root = rootOf?.() ?? world.root
    const before = folderContent(root, { withGit: true, withTimes: true })
    const gitBefore = folderContent(at('.git'), { withTimes: true })
    const captured = await world.capture(null, world.snapshotter(), root)
    expect(folderContent(root, { withGit: true, withTimes: true })).toEqual(before)
    expect(folderContent(at('.git'), { withTimes: true })).toEqual(gitBefore)
    expect(captured.manifest).toMatchObject(manifest)
    const restored = Object.entries(world.restored(captured)).filter(([name]) => !ignored.includes(name))
    expect(Object.fromEntries(restored)).toEqual(folderContent(root, { except: ignored }))
  })
})
