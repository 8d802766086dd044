import { readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckpointRecord, FramePlace } from '../../shared/core/checkpoint.ts'
import type { CheckpointStore } from '../../shared/engine/checkpoint-store.ts'
import { encodeRecord } from '../../shared/engine/record-file.ts'
import { type VerifyProgress, verifyStore } from '../../shared/engine/verify-store.ts'
import { seededRandom } from '../support/random.ts'
import { makeScratchFolder, removeScratchFolder } from '../support/scratch.ts'
import {
  checkpoint,
  manifestOf,
  openTestStore,
  realPorts,
  recordPath,
  sessionA,
  sessionB,
  sha256,
  streamBytes,
  type TestCheckpoint,
  transcriptLines,
  treeRecordOf,
  writeTranscript,
} from '../support/stores.ts'

const random = seededRandom(8)
const grown = [4_000, 3_000, 2_000].map(bytes => transcriptLines(random, bytes))
const treeFiles = [
  { path: 'src/a.ts', content: transcriptLines(random, 3_000) },
  { path: 'run.sh', content: '#!/bin/sh\n', mode: 0o755 },
  { path: 'link', content: 'src/a.ts', kind: 'link' as const },
]

const savedTree: NonNullable<TestCheckpoint['tree']> = (sink, table) =>
  treeRecordOf(sink, table, manifestOf(sink, treeFiles))

let scratch: string
let store: CheckpointStore
/** Three checkpoints of session A, each prolonging the last; the last two with a work tree. One of session B. */
let records: CheckpointRecord[]
beforeEach(() => {
  scratch = makeScratchFolder('verify')
  store = openTestStore(path.join(scratch, 'store'))
  records = []
  for (const at of grown.keys()) {
    const streams = [writeTranscript(path.join(scratch, 'a.jsonl'), grown.slice(0, at + 1).join(''))]
    const tree = at === 0 ? {} : { tree: savedTree }
    records.push(checkpoint(store, { older: records.at(-1) ?? null, streams, ...tree }))
  }
  checkpoint(store, { session: sessionB, streams: [writeTranscript(path.join(scratch, 'b.jsonl'), grown.join('x'))] })
})
afterEach(() => removeScratchFolder(scratch))

const verify = (readData: boolean) => verifyStore(store, realPorts.clock, { readData })
const packFile = (name: string | undefined) => path.join(store.paths.packs, `${name}.pack`)
/** What was found, without the words. */
const found = async (readData: boolean) =>
  (await verify(readData)).findings.map(({ code, severity, sessionId, seq }) => [code, severity, sessionId, seq])

describe('verifyStore', () => {
  it.each([false, true])('finds nothing in a good store, and counts it (read data: %s)', async readData => {
    const packs = readdirSync(store.paths.packs)
    const packBytes = packs.reduce((sum, name) => sum + readFileSync(path.join(store.paths.packs, name)).length, 0)
    const counts = { sessions: 2, checkpoints: 4, packs: packs.length, packBytes }
    expect(await verify(readData)).toEqual({ complete: true, findings: [], ...counts })
  })

  it('finds a record that is damaged', async () => {
    writeFileSync(recordPath(store, 2), readFileSync(recordPath(store, 2)).fill('~', 90, 91))
    expect(await found(false)).toEqual([['record-damaged', 'damage', sessionA, 2]])
  })

  it('notes a record of a later version and files that are none of ours, without calling them damage', async () => {
    const { bytes } = encodeRecord({ ...records[0], v: 3, seq: 9, sum: undefined })
    writeFileSync(recordPath(store, 9), bytes)
    writeFileSync(path.join(store.paths.packs, 'notes.txt'), '')
    expect(await found(true)).toEqual([
      ['unexpected-entry', 'note', null, null],
      ['record-newer', 'note', sessionA, 9],
    ])
  })

  it('finds which checkpoints a missing pack hurts', async () => {
    rmSync(packFile(records[1]?.packs.at(-1)))
    expect(await found(false)).toEqual([
      ['pack-missing', 'damage', sessionA, 2],
      ['pack-missing', 'damage', sessionA, 3],
    ])
  })

  it('finds which checkpoints a truncated pack hurts, without reading it', async () => {
    truncateSync(packFile(records[0]?.packs[0]), 50)
    const hurt = [1, 2, 3].map(seq => ['pack-truncated', 'damage', sessionA, seq])
    expect(await found(false)).toEqual(hurt)
  })

  it('finds one changed byte only when it reads data, and then every checkpoint that it hurts', async () => {
    const pack = packFile(records[0]?.packs[0])
    const bytes = readFileSync(pack)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    writeFileSync(pack, bytes)
    expect(await found(false)).toEqual([])
    expect(await found(true)).toEqual([
      ['pack-damaged', 'damage', null, null],
      ...[3, 2, 1].map(seq => ['frame-damaged', 'damage', sessionA, seq]),
    ])
  })

  it('finds a stream that is made of good frames but is not the one recorded', async () => {
    const [record] = records
    const streams = record?.streams.map(stream => ({ ...stream, sha256: sha256('another') }))
    writeFileSync(recordPath(store, 1), encodeRecord({ ...record, streams, sum: undefined }).bytes)
    expect(await found(false)).toEqual([])
    expect(await found(true)).toEqual([['stream-damaged', 'damage', sessionA, 1]])
  })

  it.each<[string, (record: CheckpointRecord) => object]>([
    ['a place outside its pack', record => withPlace(record, [0, 99_999_999, 10, 4_000])],
    ['a place in a pack that is not listed', record => withPlace(record, [7, 0, 10, 4_000])],
    [
      'a length that its segments do not add up to',
      record => ({ streams: record.streams.map(s => ({ ...s, bytes: 1 })) }),
    ],
    ['a tree in a pack that is not listed', record => ({ tree: record.tree && { ...record.tree, packs: [8] } })],
    [
      'a manifest with another hash',
      record => ({ tree: record.tree && { ...record.tree, manifestSha256: sha256('m') } }),
    ],
  ])('finds a forged record with %s', async (_title, forge) => {
    const record = records[2] ?? expect.fail('no record')
    writeFileSync(recordPath(store, 3), encodeRecord({ ...record, ...forge(record), sum: undefined }).bytes)
    expect(await found(false)).toEqual([[expect.any(String), 'damage', sessionA, 3]])
  })

  it('finds a manifest that needs packs which its record does not list: they could be swept', async () => {
    const listed = records[0]?.packs[0] ?? ''
    checkpoint(store, {
      session: sessionB,
      tree: (sink, table) => ({
        ...treeRecordOf(sink, table, manifestOf(sink, treeFiles, { packs: [listed] })),
        packs: [0],
      }),
    })
    expect(await found(false)).toEqual([['pack-unlisted', 'damage', sessionB, 2]])
  })

  it('finds files of a work tree in the packs of older checkpoints, and says when one of them is damaged there', async () => {
    const last = records[2] ?? expect.fail('no record')
    const older = last.packs[last.tree?.place[0] ?? -1] ?? ''
    const read = store.readManifest(last)
    const saved = (read.ok && read.manifest?.files) || []
    const files = saved.map(file => ({ ...file, place: [2, ...(file.place?.slice(1) ?? [])] as FramePlace }))
    checkpoint(store, {
      session: sessionB,
      tree: (sink, table) =>
        treeRecordOf(sink, table, manifestOf(sink, [], { files, packs: [records[0]?.packs[0] ?? '', older] })),
    })
    expect(await found(true)).toEqual([])
    const [, offset = 0] = files[0]?.place ?? []
    writeFileSync(packFile(older), readFileSync(packFile(older)).fill(0xff, offset + 20, offset + 40))
    const hurt = (await found(true)).map(([, , sessionId, seq]) => [sessionId, seq])
    expect(hurt).toContainEqual([sessionA, 3])
    expect(hurt).toContainEqual([sessionB, 2])
  })

  it('goes on where a folder or a pack cannot be read, and says so', async () => {
    rmSync(path.dirname(recordPath(store, 1, sessionB)), { recursive: true })
    symlinkSync(path.dirname(recordPath(store, 1)), path.dirname(recordPath(store, 1, sessionB)))
    expect(await found(true)).toEqual([['store-unreadable', 'damage', sessionB, null]])
    rmSync(store.paths.packs, { recursive: true })
    const codes = (await found(true)).map(([code]) => code)
    expect(codes).toContain('store-unreadable')
    expect(codes).toContain('pack-missing')
  })

  it('tells how far it is, and stops when it is told to', async () => {
    const seen: VerifyProgress[] = []
    const stop = new AbortController()
    const onProgress = (progress: VerifyProgress) => {
      seen.push(progress)
      stop.abort()
    }
    const report = await verifyStore(store, realPorts.clock, { readData: true, onProgress, signal: stop.signal })
    expect(report.complete).toBe(false)
    expect(seen.at(0)).toEqual({ what: 'packs', done: 0, total: 4 })
  })

  it('misses no changed byte in any file of the store, and nothing damaged is ever given back (150 bytes, seed 6)', async () => {
    const chance = seededRandom(6)
    const files = readdirSync(store.paths.folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && entry.name !== 'FORMAT')
      .map(entry => path.join(entry.parentPath, entry.name))
    const missed: string[] = []
    for (let n = 0; n < 150; n++) {
      const file = chance.pick(files)
      const good = readFileSync(file)
      const at = chance.int(0, good.length - 1)
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ (1 << chance.int(0, 7))
      writeFileSync(file, bad)
      const { findings } = await verify(true)
      const wrong = grown.filter((_, i) => !givesBackGoodOrNothing(i))
      missed.push(
        ...(findings.some(f => f.severity === 'damage') && wrong.length === 0 ? [] : [`byte ${at} of ${file}`]),
      )
      writeFileSync(file, good)
    }
    expect(missed).toEqual([])
    expect(await verify(true)).toMatchObject({ findings: [] })
  })

  function givesBackGoodOrNothing(at: number): boolean {
    const read = store.read(sessionA, at + 1)
    if (!read.ok) return true
    try {
      return streamBytes(store, read.record).toString() === grown.slice(0, at + 1).join('')
    } catch {
      return true
    }
  }
})

function withPlace(record: CheckpointRecord, place: [number, number, number, number]) {
  return { streams: record.streams.map(stream => ({ ...stream, segments: [place], bytes: place[3] })) }
}
