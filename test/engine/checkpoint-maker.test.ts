import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointOutcome, CheckpointRecord } from '../../shared/core/checkpoint.ts'
import type { SessionId } from '../../shared/core/session.ts'
import { defaultSettings } from '../../shared/core/settings.ts'
import type { SavedTree } from '../../shared/engine/checkpoint-history.ts'
import { createMaker, type MakeGuard, type MakeItem } from '../../shared/engine/checkpoint-maker.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { createSnapshotter } from '../../shared/engine/work-tree-snapshot.ts'
import { idOf, requestOf, sessionOf } from '../support/core-values.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  describeTranscript,
  openTestStore,
  realPorts,
  recordPath,
  sessionA,
  streamBytes,
  transcriptLines,
} from '../support/stores.ts'

const random = seededRandom(12)
const guard: MakeGuard = { signal: new AbortController().signal, held: () => true }

/** One session in one plain folder, and its checkpoints through the real maker. */
let scratch: string
let store: CheckpointStore
let transcript: string
let project: string
let doubtful: boolean
beforeEach(() => {
  scratch = makeScratchFolder('maker')
  store = openTestStore(path.join(scratch, 'store'))
  transcript = path.join(scratch, 'main.jsonl')
  project = path.join(scratch, 'project')
  doubtful = false
  mkdirSync(project)
  writeFileSync(transcript, transcriptLines(random, 5_000))
  writeFileSync(path.join(project, 'a.txt'), 'first\n')
})
afterEach(() => removeScratchFolder(scratch))

const newest = (): CheckpointRecord => {
  const found = store.newest(sessionA)
  return found.ok && found.record ? found.record : expect.fail('no record')
}
const packFile = (name: string | undefined) => path.join(store.paths.packs, `${name}.pack`)
function grow(): void {
  appendFileSync(transcript, transcriptLines(random, 1_000))
}
const flip = (file: string, at: number) => {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

async function make(through: CheckpointStore = store): Promise<CheckpointOutcome> {
  const [outcome] = await makeAll([sessionA], through)
  return outcome ?? expect.fail('no outcome')
}

/** Of sessions that have the same transcript. */
async function makeAll(ids: readonly SessionId[], through = store): Promise<readonly CheckpointOutcome[]> {
  const snapshotter = createSnapshotter(realPorts, {
    gitFolder: path.join(scratch, 'git'),
    home: path.join(scratch, 'home'),
    limits: defaultSettings.limits,
  })
  const maker = createMaker({ ports: realPorts, store: through, snapshotter, isDoubtful: () => doubtful })
  const items = ids.map((sessionId): MakeItem => {
    const session = {
      ...sessionOf({
        facts: { sessionId, cwd: project },
        streams: [describeTranscript(transcript, readFileSync(transcript))],
      }),
      project: { root: project, name: 'project', kind: 'folder' as const },
    }
    const found = store.newest(sessionId)
    const { record: last, highestSeq: afterSeq } = found.ok ? found : expect.fail('unreadable')
    return { session, request: requestOf(1), last, afterSeq }
  })
  return maker.makeCheckpoints(items, treeOf(items[0]?.last ?? null), guard)
}

function treeOf(record: CheckpointRecord | null): SavedTree | null {
  const read = record && store.readManifest(record)
  return record && read?.ok && read.manifest ? { record, manifest: read.manifest } : null
}

/** What is newest now is whole, by itself. */
function expectWhole(record: CheckpointRecord): void {
  expect(store.verifyRecord(record, { readData: true })).toEqual([])
  expect(streamBytes(store, record)).toEqual(readFileSync(transcript))
}

describe('the maker', () => {
  it('carries over what is there, and writes only what is new', async () => {
    await make()
    const first = newest()
    grow()
    expect(await make()).toMatchObject({ kind: 'saved', seq: 2, warnings: [] })
    expect(newest().streams[0]).toMatchObject({ generation: 1, segments: [{ length: 4 }, { length: 4 }] })
    expect(newest().packs).toEqual(expect.arrayContaining([...first.packs]))
    expectWhole(newest())
  })

  it.each<[string, (file: string) => void]>([
    ['gone', file => rmSync(file)],
    ['cut short', file => truncateSync(file, 40)],
  ])('makes a complete checkpoint at once when a pack of the last one is %s', async (_title, spoil) => {
    await make()
    spoil(packFile(newest().packs[0]))
    grow()
    const outcome = await make()
    expect(outcome).toMatchObject({ kind: 'saved', seq: 2, warnings: [expect.stringContaining('saved anew')] })
    expect(newest().streams[0]).toMatchObject({ generation: 2, segments: [{ length: 4 }] })
    expect(newest().tree).toMatchObject({ files: 1 })
    expectWhole(newest())
    expect(await make()).toMatchObject({ kind: 'unchanged' })
  })

  it('says in a new record what is newly left out, though all that is saved is the same', async () => {
    await make()
    writeFileSync(path.join(project, 'huge'), '')
    truncateSync(path.join(project, 'huge'), 40_000_000)
    grow()
    expect(await make()).toMatchObject({ kind: 'saved', warnings: ['1 path left out of the work tree'] })
    expect(newest().tree).toMatchObject({ files: 1, skipped: 1 })
  })

  it('tells of sessions that share what they added so that all of it is told once, and nothing below nothing', async () => {
    const ids = [idOf(11), idOf(12), idOf(13)]
    const outcomes = await makeAll(ids)
    const added = outcomes.map(each => (each.kind === 'saved' ? each.addedBytes : -1))
    const [pack] = readdirSync(store.paths.packs).map(name => statSync(path.join(store.paths.packs, name)).size)
    const records = ids.map(id => statSync(path.join(store.paths.checkpoints, id, '00000001.json')).size)
    const [first = 0, ...others] = records
    expect(added).toEqual([first + (pack ?? 0), ...others])
  })

  it('finds a file of the work tree again that is the transcript itself, which is being compressed meanwhile', async () => {
    writeFileSync(transcript, transcriptLines(random, 3_000_000))
    writeFileSync(path.join(project, 'copy.jsonl'), readFileSync(transcript))
    expect(await make()).toMatchObject({ kind: 'saved', warnings: [] })
    expectWhole(newest())
  })

  it('makes no record of a file whose place nobody knows: that is a defect', async () => {
    const forgetful: CheckpointStore = {
      ...store,
      newPack: () => {
        const opened = store.newPack()
        return opened.ok
          ? { ok: true, pack: { ...opened.pack, add: content => [0, 0, 0, content.byteLength] } }
          : opened
      },
    }
    await expect(make(forgetful)).rejects.toThrow(/a\.txt has no place/)
    expect(store.newest(sessionA)).toMatchObject({ ok: true, highestSeq: 0 })
  })

  it('makes it even when nothing is new, because nothing else is whole', async () => {
    await make()
    rmSync(packFile(newest().packs[0]))
    expect(await make()).toMatchObject({ kind: 'saved', seq: 2 })
    expectWhole(newest())
  })

  it('reads the packs of a session in doubt before it relies on them', async () => {
    await make()
    flip(packFile(newest().packs[0]), 100)
    doubtful = true
    expect(await make()).toMatchObject({ kind: 'saved', seq: 2 })
    expect(newest().packs).toHaveLength(1)
    expectWhole(newest())
  })

  it('finds nothing to do for a session in doubt whose packs are whole', async () => {
    await make()
    doubtful = true
    expect(await make()).toMatchObject({ kind: 'unchanged', sinceSeq: 1 })
  })

  it('goes on above a damaged newest record, and is whole', async () => {
    await make()
    grow()
    await make()
    writeFileSync(recordPath(store, 2), 'damaged')
    doubtful = true
    grow()
    expect(await make()).toMatchObject({ kind: 'saved', seq: 3 })
    expectWhole(newest())
  })

  it('tries again with nothing carried over when packs are swept in the very moment', async () => {
    await make()
    const swept = packFile(newest().packs[0])
    grow()
    const racing: CheckpointStore = {
      ...store,
      commitTogether: (...args) => {
        rmSync(swept, { force: true })
        return store.commitTogether(...args)
      },
    }
    expect(await make(racing)).toMatchObject({ kind: 'saved', seq: 2 })
    expect(newest().streams[0]).toMatchObject({ generation: 2 })
    expectWhole(newest())
  })

  it('fails in words, not for ever, when they are swept twice', async () => {
    await make()
    grow()
    const racing: CheckpointStore = {
      ...store,
      commitTogether: async drafts =>
        drafts.map(draft => ({ kind: 'packs-gone', sessionId: draft.session, packs: [] })),
    }
    expect(await make(racing)).toMatchObject({ kind: 'failed', code: 'verification' })
    expect(await make()).toMatchObject({ kind: 'saved', seq: 2 })
  })
})
