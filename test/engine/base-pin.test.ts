import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { FramePlace } from '../../shared/core/checkpoint.ts'
import { git, gitEnv } from '../support/repositories.ts'
import {
  type Captured,
  countingCommands,
  describeWithGit,
  makeCommitted,
  makeSnapshotWorld,
  type SnapshotWorld,
} from '../support/snapshot-world.ts'

let world: SnapshotWorld
beforeEach(() => {
  world = makeSnapshotWorld()
  makeCommitted(world)
})
afterEach(() => world.remove())

/** A remote beside the project that has everything so far. */
function push(): string {
  const remote = path.join(world.folder, 'remote.git')
  fs.mkdirSync(remote)
  git(remote, 'init', '-q', '--bare')
  world.git('remote', 'add', 'origin', remote)
  world.git('push', '-q', 'origin', 'main')
  return remote
}

function commit(content: string): string {
  world.write('a.txt', content)
  world.git('commit', '-q', '-a', '-m', content)
  return world.git('rev-parse', 'HEAD').trim()
}

/** Applies the packs of a pin, in order, to a repository; returns the names of its commits' files. */
function applyPin(captured: Captured, repository: string): void {
  const { manifest, manifestPack } = captured.asPrevious
  const last = manifest.basePin
  if (last === null) throw new Error('not pinned')
  for (const { place } of [...(last.earlier ?? []), last]) {
    const pack = world.packs.read(place as FramePlace, manifest.packs, manifestPack)
    execFileSync('git', ['index-pack', '--stdin', '--fix-thin'], {
      cwd: repository,
      env: gitEnv(world.folder),
      input: pack,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  }
}

function clone(remote: string): string {
  const target = path.join(world.folder, 'clone.git')
  execFileSync('git', ['clone', '-q', '--bare', remote, target], { env: gitEnv(world.folder) })
  return target
}

const baseOf = ({ manifest }: Captured) => ({ base: manifest.base, parts: manifest.basePin?.earlier?.length ?? null })

describeWithGit('the commit that a work tree is based on', () => {
  it('needs no pin when a remote-tracking branch points at it, loose or packed', async () => {
    push()
    const loose = await world.capture()
    world.git('pack-refs', '--all')
    const packed = await world.capture()
    expect([loose, packed].map(baseOf)).toEqual(Array(2).fill({ base: 'on-remote', parts: null }))
  })

  it('needs no pin when a remote-tracking branch has it in its history', async () => {
    commit('two\n')
    push()
    world.git('checkout', '-q', '--detach', 'HEAD~1')
    expect(baseOf(await world.capture())).toEqual({ base: 'on-remote', parts: null })
  })

  it('is kept whole where there is no remote', async () => {
    const head = world.git('rev-parse', 'HEAD').trim()
    const captured = await world.capture()
    expect(captured.manifest).toMatchObject({ base: 'pinned', basePin: { commits: [head] } })
    const empty = path.join(world.folder, 'empty.git')
    fs.mkdirSync(empty)
    git(empty, 'init', '-q', '--bare')
    applyPin(captured, empty)
    expect(git(empty, 'show', `${head}:a.txt`)).toBe('one\n')
  })

  it('is kept by what it adds to the remote, one small pack after another', async () => {
    // Does not compress: only a difference to what the remote has can be small.
    const large = Array.from({ length: 2_000 }, (_, i) => createHash('sha256').update(`${i}`).digest('base64'))
    world.write('large', large.join('\n'))
    world.git('add', '-A')
    commit('with a large file\n')
    const remote = push()
    world.write('large', large.with(1_000, 'one line changed').join('\n'))
    commit('two\n')
    const first = await world.capture()
    commit('three\n')
    const second = await world.capture(first.asPrevious)
    const head = commit('four\n')
    const third = await world.capture(second.asPrevious)
    expect([first, second, third].map(baseOf)).toEqual([0, 1, 2].map(parts => ({ base: 'pinned', parts })))
    const cloned = clone(remote)
    applyPin(third, cloned)
    git(cloned, 'fsck', '--strict', '--connectivity-only', head)
    expect(git(cloned, 'show', `${head}:a.txt`)).toBe('four\n')
    expect([first, third].map(each => Number(each.manifest.basePin?.bytes) < 2_000)).toEqual([true, true])
  })

  it('is not packed again while HEAD stays', async () => {
    const first = await world.capture()
    const counting = countingCommands()
    const second = await world.capture(first.asPrevious, world.snapshotter({ ports: counting.ports }))
    expect({ calls: counting.calls.length, added: second.pack.added.length }).toEqual({ calls: 1, added: 0 })
    expect(second.manifest.basePin?.sha256).toBe(first.manifest.basePin?.sha256)
  })

  it('is packed anew as one when what was pinned before is gone from the repository', async () => {
    push()
    commit('two\n')
    const first = await world.capture()
    world.git('commit', '-q', '--amend', '-m', 'amended')
    world.git('reflog', 'expire', '--expire=now', '--all')
    world.git('gc', '-q', '--prune=now')
    expect(baseOf(await world.capture(first.asPrevious))).toEqual({ base: 'pinned', parts: 0 })
  })

  it('is not pinned, and says why, when it would take more than the limit; and it is not tried again', async () => {
    const bounds = { pinBytes: 100 }
    const first = await world.capture(null, world.snapshotter({ bounds }))
    expect(first.manifest).toMatchObject({ base: 'not-pinned', basePin: null, baseNote: expect.stringMatching(/100/) })
    const counting = countingCommands()
    const second = await world.capture(first.asPrevious, world.snapshotter({ bounds, ports: counting.ports }))
    expect(second.manifest.baseNote).toBe(first.manifest.baseNote)
    expect(counting.calls).toHaveLength(1)
  })

  it('is said to be pinned by a survey that follows, and not pinned before anything was', async () => {
    const captured = await world.capture()
    const after = await world.snapshotter().survey(world.root, captured.manifest)
    const before = await world.snapshotter().survey(world.root, null)
    expect([after, before]).toMatchObject([
      { manifest: { base: 'pinned', basePin: null } },
      { manifest: { base: 'not-pinned', basePin: null } },
    ])
  })
})
