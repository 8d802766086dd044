import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { git } from '../support/repositories.ts'
import {
  agedPorts,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
  withFiles,
} from '../support/snapshot-world.ts'

let world: SnapshotWorld
/** A program that leaves a trace when it is run, and the trace. */
let sentinel: string
let canary: string

beforeEach(() => {
  world = makeSnapshotWorld()
  makeCommitted(world)
  canary = path.join(world.folder, 'canary')
  sentinel = path.join(world.folder, 'sentinel')
  fs.writeFileSync(sentinel, `#!/bin/sh\necho "$0 $*" >> '${canary}'\ncat\n`, { mode: 0o755 })
})
afterEach(() => world.remove())

const at = (...names: string[]) => path.join(world.root, ...names)
const wasRun = () => fs.existsSync(canary)

function filterEverything(root: string, driver: string): void {
  fs.writeFileSync(path.join(root, '.gitattributes'), '* filter=evil\n')
  git(root, 'config', `filter.evil.${driver}`, sentinel)
}

/** The file of a submodule keeps its size, so that git must look inside. */
function dirtySubmodule(): string {
  const origin = path.join(world.folder, 'origin')
  fs.mkdirSync(origin)
  git(origin, 'init', '-q', '-b', 'main')
  fs.writeFileSync(path.join(origin, 'lib.txt'), 'one\n')
  git(origin, 'add', '-A')
  git(origin, 'commit', '-q', '-m', 'library')
  world.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin, 'lib')
  world.git('commit', '-q', '-m', 'with a submodule')
  fs.writeFileSync(at('lib/lib.txt'), 'two\n')
  return at('lib')
}

function hook(name: string, folder = at('.git/hooks')): void {
  fs.mkdirSync(folder, { recursive: true })
  fs.copyFileSync(sentinel, path.join(folder, name))
}

/** What a repository can say to make `git status` run a program, and whether it has to be refreshed for that. */
const attacks: readonly (readonly [title: string, arm: () => void])[] = [
  ['core.fsmonitor', () => world.git('config', 'core.fsmonitor', sentinel)],
  [
    'core.fsmonitor in an included file',
    () => {
      fs.writeFileSync(at('evil.inc'), `[core]\n\tfsmonitor = ${sentinel}\n`)
      world.git('config', 'include.path', '../evil.inc')
    },
  ],
  [
    'core.fsmonitor in a file included on a condition',
    () => {
      fs.writeFileSync(at('evil.inc'), `[core]\n\tfsmonitor = ${sentinel}\n`)
      world.git('config', 'includeIf.gitdir:**.path', '../evil.inc')
    },
  ],
  [
    'core.fsmonitor in config.worktree',
    () => {
      world.git('config', 'extensions.worktreeConfig', 'true')
      world.git('config', '--worktree', 'core.fsmonitor', sentinel)
    },
  ],
  ['a clean filter', () => filterEverything(world.root, 'clean')],
  ['a filter process', () => filterEverything(world.root, 'process')],
  [
    'a filter of .git/info/attributes',
    () => {
      fs.mkdirSync(at('.git/info'), { recursive: true })
      fs.writeFileSync(at('.git/info/attributes'), '* filter=evil\n')
      world.git('config', 'filter.evil.clean', sentinel)
    },
  ],
  ['a hook', () => hook('post-index-change')],
  [
    'a hook in core.hooksPath',
    () => {
      hook('post-index-change', at('.githooks'))
      world.git('config', 'core.hooksPath', at('.githooks'))
    },
  ],
  ["a submodule's core.fsmonitor", () => git(dirtySubmodule(), 'config', 'core.fsmonitor', sentinel)],
  ["a submodule's clean filter", () => filterEverything(dirtySubmodule(), 'clean')],
  [
    'a promisor remote behind core.sshCommand',
    () => {
      world.git('config', 'core.repositoryFormatVersion', '1')
      world.git('config', 'extensions.partialClone', 'origin')
      world.git('config', 'remote.origin.promisor', 'true')
      world.git('config', 'remote.origin.url', 'ssh://example.invalid/x')
      world.git('config', 'core.sshCommand', `touch '${canary}'; false`)
      // A staged change below it makes git read the tree that is missing, and fetch it.
      const tree = world.git('rev-parse', 'HEAD:src').trim()
      world.write('src/b.ts', 'staged\n')
      world.git('add', 'src/b.ts')
      fs.rmSync(at('.git/objects', tree.slice(0, 2), tree.slice(2)))
    },
  ],
]

describeWithGit('a hostile repository runs nothing of its own', () => {
  it.each(attacks)('through %s, which git status falls for', async (_title, arm) => {
    // Same size, other time: git has to look at the content.
    world.write('a.txt', 'two\n')
    arm()
    const attempt = () => {
      try {
        git(world.root, 'status')
      } catch {}
    }
    // The first one only refreshes the index, which is what some of the attacks wait for.
    attempt()
    fs.utimesSync(at('run.sh'), 1, 1)
    attempt()
    expect(wasRun()).toBe(true)
    fs.rmSync(canary)
    fs.utimesSync(at('run.sh'), 2, 2)

    const result = await world.capture()
    expect(wasRun()).toBe(false)
    expect(result.manifest.files).toContainEqual(expect.objectContaining({ path: 'a.txt', bytes: 4 }))
  })

  it('through GIT_ variables in the environment that we were started with', async () => {
    const environment = {
      PATH: process.env['PATH'],
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.fsmonitor',
      GIT_CONFIG_VALUE_0: sentinel,
      GIT_DIR: path.join(world.folder, 'elsewhere'),
      GIT_INDEX_FILE: path.join(world.folder, 'elsewhere-index'),
    }
    world.write('a.txt', 'two\n')
    const { manifest } = await world.capture(null, world.snapshotter({ environment }))
    expect(wasRun()).toBe(false)
    expect(manifest.files).toMatchObject([{ path: 'a.txt' }])
  })
})

describeWithGit('nothing outside the project is read', () => {
  /** A folder outside with a file of the same name as one inside. */
  function makeOutside(): string {
    const outside = path.join(world.folder, 'outside')
    fs.mkdirSync(outside)
    fs.writeFileSync(path.join(outside, 'b.ts'), 'outside secret\n')
    return outside
  }

  function swapIn(outside: string): void {
    fs.renameSync(at('src'), path.join(world.folder, 'moved-away'))
    fs.symlinkSync(outside, at('src'))
  }

  /** Ports that act just before the nth look at, or opening of, src/b.ts. */
  function acting(call: 'lstat' | 'open', nth: number, act: () => void) {
    let count = 0
    const on = (wanted: string, file: string | Buffer) => {
      if (call === wanted && String(file) === at('src/b.ts') && ++count === nth) act()
    }
    return withFiles(files => ({
      lstat: file => {
        on('lstat', file)
        return files.lstat(file)
      },
      open: (file, mode) => {
        on('open', file)
        return files.open(file, mode)
      },
    }))
  }

  it.each([
    ['the look and the reading', 'lstat', 2],
    ['the last look and the opening', 'open', 1],
  ] as const)('when a folder becomes a link out of it between %s', async (_title, call, nth) => {
    world.write('src/b.ts', 'changed inside\n')
    const outside = makeOutside()
    const ports = acting(call, nth, () => swapIn(outside))
    const captured = await world.capture(null, world.snapshotter({ ports, bounds: { pinBytes: 0 } }))
    expect(captured.pack.added.map(String)).toEqual([outside])
    expect(captured.manifest.files).toMatchObject([{ path: 'src', kind: 'link' }])
    expect(captured.manifest.gone).toEqual(['src/b.ts', 'src/deep/c.ts'])
  })

  it('when a link took the place of a folder between the last look and the opening: not a byte of it', async () => {
    world.write('src/b.ts', 'changed inside\n')
    const outside = makeOutside()
    const swapping = acting('open', 1, () => swapIn(outside))
    const read: string[] = []
    const ports = withFiles(
      files => ({
        open: (file, mode) => {
          const handle = files.open(file, mode)
          const reading: typeof handle.read = (into, position) => {
            const bytes = handle.read(into, position)
            read.push(Buffer.from(into.subarray(0, bytes)).toString())
            return bytes
          }
          return { ...handle, read: reading }
        },
      }),
      swapping,
    )
    await world.capture(null, world.snapshotter({ ports }))
    expect(read.length).toBeGreaterThan(0)
    expect(read.join()).not.toContain('outside secret')
  })

  it('when an index names a path that leads out of it', async () => {
    fs.writeFileSync(path.join(world.folder, 'secret'), 'outside secret\n')
    world.write('xx/secret', 'inside\n')
    world.git('add', 'xx/secret')
    world.git('update-index', '--assume-unchanged', 'xx/secret')
    const index = fs.readFileSync(at('.git/index'))
    index.write('../secret', index.indexOf('xx/secret'))
    createHash('sha1')
      .update(index.subarray(0, -20))
      .digest()
      .copy(index, index.length - 20)
    fs.writeFileSync(at('.git/index'), index)
    const opened: string[] = []
    const ports = withFiles(files => ({
      open: (file, mode) => {
        opened.push(path.resolve(String(file)))
        return files.open(file, mode)
      },
    }))
    const captured = await world.capture(null, world.snapshotter({ ports }))
    expect(opened).not.toContain(path.join(world.folder, 'secret'))
    expect(captured.pack.added.map(String).join()).not.toContain('outside secret')
    expect(captured.manifest.files.map(file => file.path)).toEqual(['xx/secret'])
  })

  it('through a link in the place of a submodule', async () => {
    dirtySubmodule()
    const outside = makeOutside()
    git(outside, 'init', '-q')
    fs.rmSync(at('lib'), { recursive: true })
    fs.symlinkSync(outside, at('lib'))
    const captured = await world.capture(null, world.snapshotter({ bounds: { pinBytes: 0 } }))
    expect(captured.manifest.nested).toEqual([])
    expect(captured.pack.added.map(String)).toEqual([outside])
  })
})

describeWithGit('our own git dirs', () => {
  it('can be read by this user only, and deleting them changes nothing', async () => {
    world.write('a.txt', 'two\n')
    const first = await world.capture()
    const entries = fs.readdirSync(world.gitFolder, { recursive: true, withFileTypes: true })
    const modes = entries.map(entry => {
      const { mode } = fs.statSync(path.join(entry.parentPath, entry.name))
      return [entry.isDirectory(), (mode & 0o777).toString(8)].join()
    })
    expect(new Set(modes)).toEqual(new Set(['true,700', 'false,600']))
    fs.rmSync(world.gitFolder, { recursive: true })
    const second = await world.capture(first.asPrevious)
    expect(second.manifest.fingerprint).toBe(first.manifest.fingerprint)
  })

  it('are not touched by a second look', async () => {
    const by = world.snapshotter({ ports: agedPorts })
    await by.survey(world.root, null)
    const times = () =>
      fs.readdirSync(world.gitFolder, { recursive: true }).map(name => {
        const { mtimeNs, ino } = fs.statSync(path.join(world.gitFolder, String(name)), { bigint: true })
        return `${name} ${mtimeNs} ${ino}`
      })
    const before = times()
    await by.survey(world.root, null)
    expect(times()).toEqual(before)
  })
})
