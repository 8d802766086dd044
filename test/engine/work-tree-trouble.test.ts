import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { TreeManifest } from '../../shared/core/work-tree.ts'
import type { FileSystem, Ports } from '../../shared/engine/ports.ts'
import type { TreeResult } from '../../shared/engine/work-tree-snapshot.ts'
import { folderContent } from '../support/materialised-tree.ts'
import { git } from '../support/repositories.ts'
import {
  agedPorts,
  countingCommands,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
  withFiles,
} from '../support/snapshot-world.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
})
afterEach(() => world.remove())

const at = (...names: string[]) => path.join(world.root, ...names)
const pathsOf = (manifest: TreeManifest) => manifest.files.map(file => file.path)
const noGit: Ports = { ...agedPorts, commands: { ...agedPorts.commands, which: () => null } }

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code })
}

/** Ports on which `name` of the project cannot be opened. */
function unreadable(name: string, code: string): Ports {
  return withFiles(files => ({
    open: (file, mode) => {
      if (String(file) === at(name)) throw systemError(code)
      return files.open(file, mode)
    },
  }))
}

/** Ports that do something once, just before the first `call` for a file of the project. */
function actingBefore(call: 'lstat' | 'open', name: string, act: () => void): Ports {
  let done = false
  return withFiles(files => {
    const once = (file: Parameters<FileSystem['lstat']>[0]) => {
      if (done || String(file) !== at(name)) return
      done = true
      act()
    }
    const lstat: FileSystem['lstat'] = file => {
      once(file)
      return files.lstat(file)
    }
    const open: FileSystem['open'] = (file, mode) => {
      once(file)
      return files.open(file, mode)
    }
    return call === 'lstat' ? { lstat } : { open }
  })
}

describeWithGit('a repository that git cannot read', () => {
  it('with a corrupt index is compared with HEAD, ignored but tracked files included', async () => {
    makeCommitted(world)
    world.write('tracked.log', 'tracked\n')
    world.git('add', '-f', 'tracked.log')
    world.git('commit', '-q', '-m', 'log')
    world.write('tracked.log', 'changed\n')
    world.write('new', 'new\n')
    fs.rmSync(at('a.txt'))
    fs.writeFileSync(at('.git/index'), 'DIRC rubbish')
    const captured = await world.capture()
    expect(captured.manifest).toMatchObject({ degraded: 'corrupt-index', gone: ['a.txt'] })
    expect(pathsOf(captured.manifest)).toEqual(['new', 'tracked.log'])
    expect(captured.warnings.join()).toMatch(/git status/)
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it('without its HEAD commit saves everything that is tracked, and says so', async () => {
    makeCommitted(world)
    world.write('new', 'new\n')
    const head = world.git('rev-parse', 'HEAD').trim()
    fs.rmSync(at('.git/objects', head.slice(0, 2), head.slice(2)))
    const captured = await world.capture()
    expect(captured.manifest).toMatchObject({ degraded: 'no-head', head, base: 'not-pinned' })
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it('without the tree of HEAD and with a corrupt index saves everything', async () => {
    makeCommitted(world)
    const tree = world.git('rev-parse', 'HEAD^{tree}').trim()
    fs.rmSync(at('.git/objects', tree.slice(0, 2), tree.slice(2)))
    fs.writeFileSync(at('.git/index'), 'DIRC rubbish')
    const { manifest } = await world.capture()
    expect(manifest.degraded).toBe('corrupt-index')
    expect(pathsOf(manifest)).toEqual(['.gitignore', 'a.txt', 'link', 'run.sh', 'src/b.ts', 'src/deep/c.ts'])
  })

  it('without an index at all is compared with HEAD', async () => {
    makeCommitted(world)
    fs.rmSync(at('.git/index'))
    world.write('a.txt', 'two\n')
    const captured = await world.capture()
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it('mends our own git dir when that was damaged', async () => {
    makeCommitted(world)
    world.write('a.txt', 'two\n')
    const first = await world.capture()
    const [own = ''] = fs.readdirSync(world.gitFolder)
    fs.appendFileSync(path.join(world.gitFolder, own, 'config'), '[broken')
    const second = await world.capture(first.asPrevious)
    expect(second.manifest).toMatchObject({ degraded: null, fingerprint: first.manifest.fingerprint })
  })
})

describeWithGit('a listing that takes too long', () => {
  const pipeAt = (name: string) => {
    fs.rmSync(at(name), { force: true })
    fs.mkdirSync(path.dirname(at(name)), { recursive: true })
    execFileSync('mkfifo', [at(name)])
  }

  it.each(['.gitignore', 'src/.gitignore', '.gitattributes', '.git/index', '.git/objects/info/alternates'])(
    'is given up at the time limit, for a pipe in the place of %s',
    async name => {
      makeCommitted(world)
      pipeAt(name)
      const { calls, ports } = countingCommands()
      const result = await world.snapshotter({ ports, bounds: { gitMs: 400 } }).survey(world.root, null)
      expect(result).toMatchObject({ ok: false, code: 'timed-out', message: expect.stringContaining(world.root) })
      // Trying the coarser ways of listing would only take as long again.
      expect(calls.filter(({ args }) => args.includes('status'))).toHaveLength(1)
    },
  )

  it.each([
    '.git/config',
    '.git/packed-refs',
    '.git/shallow',
    '.git/commondir',
    '.git/info/exclude',
    '.git/info/sparse-checkout',
    '.git/refs/remotes/origin/main',
    '.git/MERGE_HEAD',
  ])('is none for a pipe in the place of %s, which git has no need to open', async name => {
    makeCommitted(world)
    world.write('a.txt', 'two\n')
    pipeAt(name)
    const { manifest } = await world.capture()
    expect(manifest).toMatchObject({ files: [{ path: 'a.txt' }], degraded: null, base: 'pinned' })
  })

  it('costs only the nested repository that it is in', async () => {
    makeCommitted(world)
    git(world.root, 'init', '-q', 'inner')
    execFileSync('mkfifo', [at('inner/.gitignore')])
    world.write('a.txt', 'two\n')
    const { manifest } = await world.capture(null, world.snapshotter({ bounds: { gitMs: 1_500 } }))
    expect(manifest).toMatchObject({ files: [{ path: 'a.txt' }], skipped: [{ path: 'inner', reason: 'unreadable' }] })
  })

  it('ends when the caller gives up', async () => {
    makeCommitted(world)
    fs.rmSync(at('.gitignore'))
    execFileSync('mkfifo', [at('.gitignore')])
    const giveUp = new AbortController()
    const result = world.snapshotter().survey(world.root, null, giveUp.signal)
    setTimeout(() => giveUp.abort(), 100)
    expect(await result).toMatchObject({ ok: false, code: 'timed-out', message: expect.stringMatching(/stopped/) })
  })
})

describeWithGit('what is left out is listed with the reason', () => {
  beforeEach(() => makeCommitted(world))

  it.each(['EACCES', 'EPERM', 'EIO'])('a file that cannot be read (%s)', async code => {
    world.write('a.txt', 'two\n')
    world.write('locked', 'secret\n')
    const captured = await world.capture(null, world.snapshotter({ ports: unreadable('locked', code) }))
    expect(captured.manifest).toMatchObject({
      files: [{ path: 'a.txt' }],
      skipped: [{ path: 'locked', reason: 'unreadable', detail: code }],
    })
    expect(captured.warnings).toEqual(['1 paths could not be read'])
  })

  it('a folder that git cannot open', async () => {
    world.write('locked/inside.txt', 'one\n')
    const run: Ports['commands']['run'] = async (file, args, options) => {
      const result = await agedPorts.commands.run(file, args, options)
      return { ...result, stderr: "warning: could not open directory 'locked/': Permission denied\n" }
    }
    const captured = await world.capture(
      null,
      world.snapshotter({ ports: { ...agedPorts, commands: { ...agedPorts.commands, run } } }),
    )
    expect(captured.manifest.skipped).toEqual([
      { path: 'locked', reason: 'unreadable', detail: 'the folder cannot be listed' },
    ])
  })

  it.each([
    ['cannot be listed', 'listBytes', ['src']],
    ['cannot be looked at', 'lstat', ['src']],
  ] as const)('a folder that %s, on a machine without git', async (_title, call, left) => {
    const failing = withFiles(
      files => ({
        [call]: (file: string | Buffer) => {
          if (String(file) === at('src')) throw systemError('EACCES')
          return files[call](file)
        },
      }),
      noGit,
    )
    fs.rmSync(at('.git'), { recursive: true })
    const { manifest } = await world.capture(null, world.snapshotter({ ports: failing }))
    expect(manifest.skipped.map(({ path: name, reason }) => [name, reason])).toEqual(
      left.map(name => [name, 'unreadable']),
    )
    expect(pathsOf(manifest)).toContain('a.txt')
  })

  it('nothing: a root that cannot be listed is no empty work tree', async () => {
    const failing = withFiles(
      files => ({
        listBytes: file => {
          if (String(file) === world.root) throw systemError('EIO')
          return files.listBytes(file)
        },
      }),
      noGit,
    )
    const snapshotter = world.snapshotter({ ports: failing })
    const result = await snapshotter.capture(world.root, null, world.packs.open())
    expect(result).toMatchObject({ ok: false, code: 'permission' })
  })

  it('a file over the limit, without reading it', async () => {
    fs.writeFileSync(at('huge'), '')
    fs.truncateSync(at('huge'), 3 * 1024 ** 3)
    const { manifest } = await world.capture()
    const detail = `${3 * 1024 ** 3} bytes, limit ${32 * 1024 ** 2}`
    expect(manifest).toMatchObject({ files: [], skipped: [{ path: 'huge', reason: 'too-large', detail }] })
  })

  it('files beyond the number allowed: tracked ones are in, then what is near the root, then build output', async () => {
    for (const name of ['node_modules/x/index.js', 'deep/er/file', 'near', 'dist/out.js']) world.write(name, 'x\n')
    world.write('src/deep/c.ts', 'changed\n')
    const { manifest, warnings } = await world.capture(null, world.snapshotter({ bounds: { files: 3 } }))
    expect(pathsOf(manifest)).toEqual(['deep/er/file', 'near', 'src/deep/c.ts'])
    expect(manifest.skipped).toMatchObject([
      { path: 'dist/out.js', reason: 'snapshot-full' },
      { path: 'node_modules/x/index.js', reason: 'snapshot-full' },
    ])
    expect(warnings).toEqual(['the snapshot reached its limit; not everything is in it'])
  })

  it('files beyond the bytes allowed, while smaller ones still fit', async () => {
    world.write('1-large', 'x'.repeat(80))
    world.write('2-larger', 'x'.repeat(90))
    world.write('3-small', 'x'.repeat(20))
    const { manifest } = await world.capture(null, world.snapshotter({ bounds: { bytes: 100 } }))
    expect(pathsOf(manifest)).toEqual(['1-large', '3-small'])
    expect(manifest.skipped).toMatchObject([{ path: '2-larger', reason: 'snapshot-full' }])
  })

  it('files of a nested repository, which share the limits of the outer one', async () => {
    git(world.root, 'init', '-q', 'inner')
    for (const name of ['one', 'two', 'inner/three', 'inner/four']) world.write(name, 'x\n')
    const { manifest } = await world.capture(null, world.snapshotter({ bounds: { files: 3 } }))
    expect(pathsOf(manifest)).toEqual(['one', 'two'])
    expect(manifest.nested).toMatchObject([{ manifest: { files: { length: 1 }, skipped: { length: 1 } } }])
  })

  it('more than a thousand of them by number only', async () => {
    for (let i = 0; i < 1_003; i++) world.write(`many/${i}`, 'x\n')
    const { manifest } = await world.capture(null, world.snapshotter({ bounds: { files: 0 } }))
    expect([manifest.skipped.length, manifest.skippedMore]).toEqual([1_000, 3])
  })

  it('repositories that are nested too deep, or too many', async () => {
    git(world.root, 'init', '-q', 'one')
    git(world.root, 'init', '-q', 'one/two')
    git(world.root, 'init', '-q', 'three')
    const deep = await world.capture(null, world.snapshotter({ bounds: { depth: 1 } }))
    const many = await world.capture(null, world.snapshotter({ bounds: { nested: 1 } }))
    expect(deep.manifest.nested).toMatchObject([
      { path: 'one', manifest: { skipped: [{ path: 'two', reason: 'too-deep' }] } },
      { path: 'three', manifest: { skipped: [] } },
    ])
    expect(many.manifest.skipped).toMatchObject([{ path: 'three', reason: 'snapshot-full' }])
  })
})

describeWithGit('a tree that changes while it is captured', () => {
  beforeEach(() => {
    makeCommitted(world)
    world.write('m-here', 'content\n')
  })

  it('is listed again when a listed file was renamed: nothing is missed', async () => {
    const ports = actingBefore('lstat', 'm-here', () => fs.renameSync(at('m-here'), at('a-there')))
    const { manifest } = await world.capture(null, world.snapshotter({ ports }))
    expect(pathsOf(manifest)).toEqual(['a-there'])
  })

  it('is listed again when the file went between the look and the reading', async () => {
    const ports = actingBefore('open', 'm-here', () => fs.renameSync(at('m-here'), at('a-there')))
    const { manifest } = await world.capture(null, world.snapshotter({ ports }))
    expect(pathsOf(manifest)).toEqual(['a-there'])
  })

  it('says so in the end when a file is never there to be read', async () => {
    const ports = withFiles(files => ({
      open: (file, mode) => {
        if (String(file) === at('m-here')) throw systemError('ENOENT')
        return files.open(file, mode)
      },
    }))
    const { manifest } = await world.capture(null, world.snapshotter({ ports }))
    expect(manifest).toMatchObject({ files: [], gone: [], skipped: [{ path: 'm-here', reason: 'unstable' }] })
  })

  it('reads again, after another listing, only what is new or has changed', async () => {
    world.write('other', 'other\n')
    const opened: string[] = []
    const renaming = actingBefore('open', 'm-here', () => fs.renameSync(at('m-here'), at('z-there')))
    const ports = withFiles(
      files => ({
        open: (file, mode) => {
          opened.push(path.relative(world.root, String(file)))
          return files.open(file, mode)
        },
      }),
      renaming,
    )
    world.write('a.txt', 'two\n')
    const { manifest } = await world.capture(null, world.snapshotter({ ports }))
    expect(pathsOf(manifest)).toEqual(['a.txt', 'other', 'z-there'])
    expect(opened.filter(name => pathsOf(manifest).includes(name))).toEqual(['a.txt', 'other', 'z-there'])
  })

  it('is read again when a file was written to meanwhile', async () => {
    const ports = actingBefore('open', 'm-here', () => fs.writeFileSync(at('m-here'), 'longer content\n'))
    const captured = await world.capture(null, world.snapshotter({ ports }))
    expect(captured.manifest.files).toMatchObject([{ path: 'm-here', bytes: 15 }])
    expect(captured.manifest.files[0]).not.toHaveProperty('torn')
  })

  it('is kept with a flag when a file is written to at every reading', async () => {
    const ports = withFiles(files => ({
      open: (file, mode) => {
        const handle = files.open(file, mode)
        if (String(file) !== at('m-here')) return handle
        const stat = () => {
          const found = handle.stat()
          fs.appendFileSync(at('m-here'), '+')
          return found
        }
        return { ...handle, stat }
      },
    }))
    const captured = await world.capture(null, world.snapshotter({ ports }))
    expect(captured.manifest.files).toMatchObject([{ path: 'm-here', torn: true, statKey: '' }])
    expect(captured.warnings).toEqual(['1 files kept changing while they were read'])
  })

  it('takes HEAD from what git compared with, when another process moves it in our git dir meanwhile', async () => {
    const first = world.git('rev-parse', 'HEAD').trim()
    world.write('a.txt', 'two\n')
    world.git('commit', '-q', '-a', '-m', 'second')
    const second = world.git('rev-parse', 'HEAD').trim()
    let runs = 0
    const ports: Ports = {
      ...agedPorts,
      commands: {
        ...agedPorts.commands,
        run: (file, args, options) => {
          const isFirst = args.includes('status') && runs++ === 0
          if (isFirst) fs.writeFileSync(path.join(options.cwd, 'HEAD'), `${first}\n`)
          return agedPorts.commands.run(file, args, options)
        },
      },
    }
    const captured = await world.capture(null, world.snapshotter({ ports }))
    expect({ runs, head: captured.manifest.head, files: pathsOf(captured.manifest) }).toEqual({
      runs: 2,
      head: second,
      files: ['m-here'],
    })
  })
})

describeWithGit('a folder without git', () => {
  beforeEach(() => {
    fs.mkdirSync(world.root)
    world.write('notes.md', '# Notes\n')
    world.write('deep/er/file', 'x\n', 0o755)
    world.write('debug.log', 'noise\n')
    world.write('.gitignore', '*.log\n')
  })

  it('is saved whole but for what a .gitignore names', async () => {
    const captured = await world.capture()
    expect(captured.manifest).toMatchObject({
      head: null,
      branch: null,
      base: 'no-git',
      state: 'clean',
      degraded: null,
    })
    expect(world.restored(captured)).toEqual(folderContent(world.root, { except: ['debug.log'] }))
  })

  it('holds repositories as nested ones', async () => {
    git(world.root, 'init', '-q', 'repository')
    world.write('repository/file', 'x\n')
    const captured = await world.capture()
    expect(captured.manifest.nested).toMatchObject([{ path: 'repository', manifest: { base: 'no-commits' } }])
    expect(world.restored(captured)).toEqual(folderContent(world.root, { except: ['debug.log'] }))
  })

  it('has limits of its own', async () => {
    const { manifest } = await world.capture(null, world.snapshotter({ bounds: { plainFiles: 2 } }))
    expect([manifest.files.length, manifest.skipped.length]).toEqual([2, 1])
  })
})

describeWithGit('a machine without git', () => {
  it('saves every file of a folder', async () => {
    fs.mkdirSync(world.root)
    world.write('notes.md', '# Notes\n')
    world.write('deep/er/file', 'x\n')
    const captured = await world.capture(null, world.snapshotter({ ports: noGit }))
    expect(world.restored(captured)).toEqual(folderContent(world.root))
    expect(captured.warnings).toEqual(['git was not found, so ignored and unchanged files are saved too'])
  })

  it('saves every file of a repository, changed or not, and of those in it, and says so', async () => {
    makeCommitted(world)
    git(world.root, 'init', '-q', 'inner')
    world.write('inner/file', 'x\n')
    world.write('a.txt', 'two\n')
    fs.writeFileSync(Buffer.concat([Buffer.from(`${world.root}/`), Buffer.from([0xff])]), 'not UTF-8\n')
    const captured = await world.capture(null, world.snapshotter({ ports: noGit }))
    expect(captured.manifest).toMatchObject({
      degraded: 'git-failed',
      branch: 'main',
      head: expect.stringMatching(/^[0-9a-f]{40}$/),
      nested: [{ path: 'inner', manifest: { files: [{ path: 'file' }] } }],
    })
    expect(world.restored(captured)).toEqual(folderContent(world.root))
  })

  it('saves what can be made again last, when not everything fits', async () => {
    fs.mkdirSync(world.root)
    world.write('node_modules/a/index.js', 'x\n')
    world.write('src/deep/er/index.js', 'x\n')
    const { manifest, warnings } = await world.capture(
      null,
      world.snapshotter({ ports: noGit, bounds: { plainFiles: 1 } }),
    )
    expect(pathsOf(manifest)).toEqual(['src/deep/er/index.js'])
    expect(warnings[1]).toMatch(/too large/)
  })
})

describeWithGit('what is never captured as a whole', () => {
  const survey = (root: string): Promise<TreeResult> => world.snapshotter().survey(root, null)

  it('is the home folder, also through a link and as a repository, a folder around it, and a drive', async () => {
    git(world.folder, 'init', '-q', 'home')
    const link = path.join(world.folder, 'link-to-home')
    fs.symlinkSync(world.home, link)
    const results = await Promise.all([world.home, link, world.folder, '/'].map(survey))
    expect(results).toMatchObject(Array(4).fill({ ok: false, code: 'refused' }))
  })

  it('is a folder that holds ten repositories, unless it is one itself', async () => {
    fs.mkdirSync(world.root)
    for (let i = 0; i < 10; i++) git(world.root, 'init', '-q', `repository-${i}`)
    const plain = await survey(world.root)
    const withoutGit = await world.snapshotter({ ports: noGit }).survey(world.root, null)
    git(world.root, 'init', '-q')
    const repository = await survey(world.root)
    expect([plain, withoutGit]).toMatchObject(Array(2).fill({ ok: false, code: 'refused' }))
    expect(repository).toMatchObject({ ok: true, manifest: { nested: { length: 10 } } })
  })

  it('is what is not there, or is no folder', async () => {
    const file = path.join(world.folder, 'file')
    fs.writeFileSync(file, '')
    const results = await Promise.all([path.join(world.folder, 'missing'), file, path.join(file, 'x')].map(survey))
    expect(results).toMatchObject(Array(3).fill({ ok: false, code: 'not-a-folder' }))
  })

  it.each([
    ['EACCES', 'permission'],
    ['EIO', 'io-error'],
  ])('is a folder that the system does not let us look at (%s)', async (code, expected) => {
    fs.mkdirSync(world.root)
    const ports = withFiles(files => ({
      stat: file => {
        if (file === world.root) throw systemError(code)
        return files.stat(file)
      },
    }))
    expect(await world.snapshotter({ ports }).survey(world.root, null)).toMatchObject({ ok: false, code: expected })
  })

  it('is anything while our own folder cannot be written', async () => {
    makeCommitted(world)
    const ports = withFiles(() => ({
      makeFolder: () => {
        throw systemError('ENOSPC')
      },
    }))
    expect(await world.snapshotter({ ports }).survey(world.root, null)).toMatchObject({ ok: false, code: 'io-error' })
  })
})
