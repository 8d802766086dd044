import { beforeEach, describe, expect, it } from 'vitest'
import type { FrameSink } from '../../shared/engine/frame-sink.ts'
import type { PackTable } from '../../shared/engine/record-packs.ts'
import { createStoreSizes } from '../../shared/engine/store-sizes.ts'
import { createGcWorld, type GcWorld, hour } from '../support/gc-world.ts'
import { seededRandom } from '../support/random.ts'
import {
  checkpoint,
  draftOf,
  manifestOf,
  sessionA,
  sessionB,
  sha256,
  transcriptLines,
  treeRecordOf,
} from '../support/stores.ts'

let world: GcWorld
beforeEach(() => {
  world = createGcWorld()
  world.save(sessionA, hour)
  world.save(sessionA, hour)
})

const onDisk = () =>
  world
    .everything()
    .filter(line => /\/(packs|checkpoints)\//.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)

describe('the sizes of a store', () => {
  it('are those of its files, by project', () => {
    checkpoint(world.store, { session: sessionB, more: { cwd: '/home/dev/blog' } })
    const sizes = createStoreSizes(world.memory, world.store).read()
    expect(sizes?.bytes).toBe(onDisk())
    expect(sizes?.projects.map(({ root, sessions, checkpoints }) => [root, sessions, checkpoints])).toEqual([
      ['/home/dev/work', 1, 2],
      ['/home/dev/blog', 1, 1],
    ])
    expect(sizes?.projects.reduce((sum, project) => sum + project.bytes, 0)).toBe(onDisk())
  })

  it('count a pack that two projects need half for each', () => {
    const other = createGcWorld()
    const opened = other.store.newPack()
    const pack = opened.ok ? opened.pack : expect.fail('refused')
    const tree = (sink: FrameSink, table: PackTable) =>
      treeRecordOf(sink, table, manifestOf(sink, [{ path: 'a', content: transcriptLines(seededRandom(1), 4_000) }]))
    const drafts = [sessionA, sessionB].map(session => {
      const draft = draftOf(other.store, pack, { session, tree })
      return { ...draft, tree: draft.tree && { ...draft.tree, root: `/home/dev/${session}` } }
    })
    const finish = pack.finish()
    other.store.commit(drafts, finish.ok ? finish.pack : null, () => true)
    const sizes = createStoreSizes(other.memory, other.store).read()
    const [one, two] = sizes?.projects ?? []
    const half = Math.round((sizes?.bytes ?? 0) / 2)
    expect([one?.bytes, two?.bytes]).toEqual([half, half])
  })

  it('count a pack that nobody needs for no project', () => {
    const opened = world.store.newPack()
    const pack = opened.ok ? opened.pack : expect.fail('refused')
    pack.add(Buffer.from('nobody needs this'), sha256('nobody needs this'))
    const finish = pack.finish()
    const orphan = finish.ok ? (finish.pack?.bytes ?? 0) : 0
    const sizes = createStoreSizes(world.memory, world.store).read()
    expect(sizes?.bytes).toBe(onDisk())
    expect(sizes?.projects[0]?.bytes).toBe(onDisk() - orphan)
  })

  it('are found again without reading a record twice, and follow what comes and goes', () => {
    const view = world.memory.another()
    const opened: string[] = []
    const sizes = createStoreSizes(view, { ...world.store, read: (id, seq) => read(id, seq) })
    const read = (id: string, seq: number) => {
      opened.push(`${id}/${seq}`)
      return world.store.read(id, seq)
    }
    sizes.read()
    const record = world.save(sessionA, hour)
    sizes.read()
    expect(opened).toEqual([`${sessionA}/1`, `${sessionA}/2`, `${sessionA}/3`])
    for (const name of ['witness', 'checkpoints']) world.memory.unlink(`/store/${name}/${sessionA}/00000001.json`)
    expect(sizes.read()).toMatchObject({ bytes: onDisk(), projects: [{ checkpoints: 2 }] })
    expect(record.seq).toBe(3)
  })

  it('are null when the store cannot be listed, and leave out what cannot be read', () => {
    world.memory.chmod('/store/checkpoints', 0)
    expect(createStoreSizes(world.memory, world.store).read()).toBeNull()
  })
})
