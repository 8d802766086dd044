import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { displayTreePath } from '../../shared/core/tree-name.ts'
import {
  type Captured,
  countingCommands,
  describeWithGit,
  makeSnapshotWorld,
  type SnapshotWorld,
} from '../support/snapshot-world.ts'
import { sha256 } from '../support/stores.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
  fs.mkdirSync(world.root)
  world.write('.gitignore', '.env*\n*.log\nnode_modules/\n')
  world.write('a.txt', 'a\n')
  world.git('init', '-q')
  world.git('add', '.')
  world.git('-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '-qm', 'Begin')
  world.write('.env', 'TOKEN=1\n', 0o600)
  world.write('app/.env.local', 'TOKEN=2\n')
  world.write('debug.log', 'noise\n')
  world.write('node_modules/pkg/.env', 'TOKEN=3\n')
})
afterEach(() => world.remove())

const statuses = ({ manifest }: Captured) => manifest.files.map(file => [displayTreePath(file.path), file.status])
const chosen = (...includeIgnored: readonly string[]) => world.snapshotter({ includeIgnored })

describeWithGit('files that git ignores', () => {
  it('stay out unless they are chosen', async () => {
    expect(statuses(await world.capture())).toEqual([])
  })

  it('are saved when a pattern names them, and come back to the byte; ignored folders are not gone into', async () => {
    const captured = await world.capture(null, chosen('.env', '.env.*'))
    expect(statuses(captured)).toEqual([
      ['.env', '!!'],
      ['app/.env.local', '!!'],
    ])
    const restored = world.restored(captured)
    expect(Object.keys(restored).filter(name => name.includes('.env'))).toEqual(['.env', 'app/.env.local'])
    const content = captured.manifest.files.map(({ sha256: hash }) => hash)
    expect(content).toEqual([sha256('TOKEN=1\n'), sha256('TOKEN=2\n')])
    expect(restored['.env']).toBe(`file 600 8 ${sha256('TOKEN=1\n').slice(0, 16)}`)
  })

  it('count as changed when they change, and are not stored again when they do not', async () => {
    const by = chosen('.env')
    const first = await world.capture(null, by)
    const same = await world.capture(first.asPrevious, by)
    expect([same.manifest.fingerprint, same.changedSince]).toEqual([first.manifest.fingerprint, []])
    world.write('.env', 'TOKEN=4 and more\n')
    const changed = await world.capture(first.asPrevious, by)
    expect(changed.changedSince.map(displayTreePath)).toEqual(['.env'])
  })

  it('cost no further git process', async () => {
    const { ports, calls } = countingCommands()
    const by = world.snapshotter({ includeIgnored: ['.env'], ports })
    const first = await world.capture(null, by)
    const before = calls.length
    await world.capture(first.asPrevious, by)
    expect(calls.slice(before).map(({ args }) => args.includes('status'))).toEqual([true])
  })

  it('are found by the patterns in a nested repository too', async () => {
    world.write('inner/.gitignore', '.env\n')
    world.write('inner/.env', 'TOKEN=5\n')
    world.git('-C', path.join(world.root, 'inner'), 'init', '-q')
    const { manifest } = await world.capture(null, chosen('.env'))
    const inner = manifest.nested[0]?.manifest.files.map(file => [displayTreePath(file.path), file.status])
    expect(inner).toEqual([
      ['.env', '!!'],
      ['.gitignore', '??'],
    ])
  })
})
