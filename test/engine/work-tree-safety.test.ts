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

beforeEach(() => {
  world = makeSnapshotWorld()
  makeCommitted(world)
})
afterEach(() => world.remove())

const at = (...names: string[]) => path.join(world.root, ...names)

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
